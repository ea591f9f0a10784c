"""Networks that everybody knows, as graphs: by name, with the changes that receptive fields ask for."""

import difflib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from randarch.reference.attention import ATTENTIONS, Attention, attend
from randarch.reference.mpnet import mpnet
from randarch.reference.resnet import resnet
from randarch.reference.vgg import vgg
from randarch.spec import ArchSpec


def _resnets() -> Iterator[tuple[str, Callable[..., ArchSpec]]]:
    for depth, stem, skips, attention in itertools.product(
        (18, 34), (True, False), (True, False), ATTENTIONS
    ):
        changes: dict[str, Any] = {}
        name = f"resnet{depth}"
        if not stem:
            name, changes["stem"] = f"{name}_no_stem", False
        if not skips:
            name, changes["skips"] = f"{name}_no_skips", False
        if attention != "none":
            name, changes["attention"] = f"{name}_{attention}", attention
        yield name, functools.partial(resnet, depth, **changes)


NETWORKS: Mapping[str, Callable[..., ArchSpec]] = {
    **{f"vgg{depth}": functools.partial(vgg, depth) for depth in (11, 13, 16, 19)},
    "vgg19_dilated": functools.partial(vgg, 19, dilation=3),
    **dict(_resnets()),
    **{f"mpnet{depth}": functools.partial(mpnet, depth) for depth in (18, 36)},
}
"""Builders by name; they take `num_classes` and `width_divisor`, and what their family has.

Names of ResNets say what was changed, in this order: `resnet18_no_stem_no_skips_se`.
"""

NAMES = (
    "vgg11, vgg13, vgg16, vgg19, vgg19_dilated, mpnet18, mpnet36, resnet18, resnet34; ResNets with any of _no_stem, "
    "_no_skips, and one of _se, _spatial, _cbam, in this order"
)
"""The same for people."""


def variant(name: str, *, skips: bool | None = None, attention: str | None = None) -> str:
    """The name of a ResNet with or without its skip connections and attention.

    Args:
      name: of a ResNet.
      skips, attention: what it is to have; None: what its name says.

    Raises:
      ValueError: not a ResNet, one whose name says otherwise, or unknown attention.
    """
    if attention not in (None, *ATTENTIONS):
        raise ValueError(f"attention is {attention!r}; expected one of {', '.join(ATTENTIONS)}")
    check_name(name)
    if not name.startswith("resnet"):
        raise ValueError(f"{name!r} is not a ResNet; skips and attention are of ResNets alone")
    stem, own = name, "none"
    for known in ATTENTIONS:
        if name.endswith(f"_{known}"):
            stem, own = name.removesuffix(f"_{known}"), known
    has_skips = not stem.endswith("_no_skips")
    for what, says, asked in (
        ("attention", own, attention if own != "none" else None),
        ("skips", has_skips, skips if not has_skips else None),
    ):
        if asked is not None and asked != says:
            raise ValueError(
                f"{name!r} has {what} {says!r}, but {asked!r} is asked for; take the plain network, or leave the "
                "option out"
            )
    stem = f"{stem}_no_skips" if has_skips and skips is False else stem
    chosen = attention or own
    return stem if chosen == "none" else f"{stem}_{chosen}"


def check_name(name: str) -> None:
    """Raises ValueError for a name that no network has."""
    if name not in NETWORKS:
        near = difflib.get_close_matches(name, NETWORKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"network {name!r} is unknown; expected one of {NAMES}{hint}")


def make_network(name: str, num_classes: int, **options: Any) -> ArchSpec:
    """A network by its name: `make_network("resnet18", 10, skips=False)`.

    Args:
      name: of `NETWORKS`.
      num_classes: outputs.
      **options: of its builder, but for those that the name gives.

    Raises:
      ValueError: an unknown name, or options that the network does not have.
    """
    check_name(name)
    if num_classes < 1:
        raise ValueError(f"num_classes is {num_classes}; expected at least 1")
    if options.get("width_divisor", 1) < 1:
        raise ValueError(f"width_divisor is {options['width_divisor']}; expected at least 1")
    given = getattr(NETWORKS[name], "keywords", {})
    for option in options.keys() & given.keys():
        if options[option] != given[option]:
            raise ValueError(
                f"network {name!r} has {option} {given[option]!r}, but {options[option]!r} is asked for; take the "
                "plain network, or leave the option out"
            )
    try:
        return NETWORKS[name](num_classes, **options)
    except TypeError:
        raise ValueError(
            f"network {name!r} does not have all of {', '.join(options)}; skips and attention are of ResNets alone"
        ) from None


__all__ = [
    "ATTENTIONS",
    "NAMES",
    "NETWORKS",
    "Attention",
    "attend",
    "make_network",
    "mpnet",
    "resnet",
    "variant",
    "vgg",
]
