"""Networks that everybody knows, as graphs: by name, with the changes that receptive fields ask for."""

import difflib
import functools
from collections.abc import Callable, Mapping
from typing import Any

from randarch.reference.attention import ATTENTIONS, Attention, attend
from randarch.reference.mpnet import mpnet
from randarch.reference.resnet import resnet
from randarch.reference.vgg import vgg
from randarch.spec import ArchSpec

NETWORKS: Mapping[str, Callable[..., ArchSpec]] = {
    **{f"vgg{depth}": functools.partial(vgg, depth) for depth in (11, 13, 16, 19)},
    "vgg19_dilated": functools.partial(vgg, 19, dilation=3),
    **{f"resnet{depth}": functools.partial(resnet, depth) for depth in (18, 34)},
    **{
        f"resnet{depth}_no_stem": functools.partial(resnet, depth, stem=False) for depth in (18, 34)
    },
    **{f"mpnet{depth}": functools.partial(mpnet, depth) for depth in (18, 36)},
}
"""Builders by name; they take `num_classes` and `width_divisor`, those of ResNets `skips` and `attention` too."""


def make_network(name: str, num_classes: int, **options: Any) -> ArchSpec:
    """A network by its name: `make_network("resnet18", 10, skips=False)`.

    Args:
      name: of `NETWORKS`.
      num_classes: outputs.
      **options: of its builder.

    Raises:
      ValueError: an unknown name, or options that the network does not have.
    """
    if name not in NETWORKS:
        near = difflib.get_close_matches(name, NETWORKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"network {name!r} is unknown; expected one of {', '.join(NETWORKS)}{hint}"
        )
    if num_classes < 1:
        raise ValueError(f"num_classes is {num_classes}; expected at least 1")
    if options.get("width_divisor", 1) < 1:
        raise ValueError(f"width_divisor is {options['width_divisor']}; expected at least 1")
    try:
        return NETWORKS[name](num_classes, **options)
    except TypeError:
        raise ValueError(
            f"network {name!r} does not have all of {', '.join(options)}; skips and attention are of ResNets alone"
        ) from None


__all__ = [
    "ATTENTIONS",
    "NETWORKS",
    "Attention",
    "attend",
    "make_network",
    "mpnet",
    "resnet",
    "vgg",
]
