"""Search spaces: genomes, the architectures that they stand for, and how to draw and vary them."""

import difflib
from collections.abc import Callable
from typing import Any

from randarch.spaces.conv_chain import ConvChain
from randarch.spaces.conv_grid import ConvGrid, ValidCount
from randarch.spaces.space import Genome, InvalidGenomeError, SearchSpace

SPACES: dict[str, Callable[..., SearchSpace]] = {
    "conv_chain": ConvChain.of,
    "conv_grid": ConvGrid,
}
"""The families of spaces by name; their parameters are keyword arguments, as `depth=9`."""


def make_space(family: str, **parameters: Any) -> SearchSpace:
    """A space by the name of its family: `make_space("conv_chain", depth=9, init_channels=3)`.

    Raises:
      ValueError: an unknown family, or parameters that it does not take.
    """
    if family not in SPACES:
        near = difflib.get_close_matches(family, SPACES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"space {family!r} is unknown; expected one of {', '.join(SPACES)}{hint}")
    try:
        return SPACES[family](**parameters)
    except TypeError as error:
        raise ValueError(f"space {family!r} with {parameters}: {error}") from error


__all__ = [
    "SPACES",
    "ConvChain",
    "ConvGrid",
    "Genome",
    "InvalidGenomeError",
    "SearchSpace",
    "ValidCount",
    "make_space",
]
