"""Search spaces: genomes, the architectures that they stand for, and how to draw and vary them."""

import difflib
from collections.abc import Callable
from typing import Any

from randarch.spaces.anynet import AnyNetX, StageGenes
from randarch.spaces.conv_chain import ConvChain
from randarch.spaces.conv_grid import ConvGrid, ValidCount
from randarch.spaces.layer_library import LayerLibrary
from randarch.spaces.space import Genome, InvalidGenomeError, SearchSpace
from randarch.spec import ArchSpec

SPACES: dict[str, Callable[..., SearchSpace]] = {
    "anynet_x": AnyNetX,
    "conv_chain": ConvChain.of,
    "conv_grid": ConvGrid,
    "layer_library": LayerLibrary,
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


def decode_text(text: str) -> ArchSpec:
    """The architecture that a space and a genome stand for, written `SPACE:GENOME`.

    For example `conv_chain:3x1 5x1.25 3x1.5`, `conv_grid:9,9,7 - 2,2,1 - 2,1,1`, `layer_library:conv3 - conv7 - max3`
    or `anynet_x:d1,1,4,7 w24,56,152,368 b1,1,1,1 g8,8,8,8`, the genome as the space formats it; the number of layers is
    the genome's, all else the space's default.

    Raises:
      ValueError: an unknown space, or a text that is no genome of it.
    """
    family, _, genome = text.partition(":")
    layers: dict[str, int] = {}
    if family == "conv_chain":
        layers = {"depth": len(genome.split())}
    if family == "conv_grid":
        layers = {"layers": genome.split("-")[0].count(",") + 1}
    if family == "layer_library":
        layers = {"layers": genome.count("-") + 1}
    space = make_space(family, **layers)
    return space.decode(space.parse(genome))


__all__ = [
    "SPACES",
    "AnyNetX",
    "ConvChain",
    "ConvGrid",
    "Genome",
    "InvalidGenomeError",
    "LayerLibrary",
    "SearchSpace",
    "StageGenes",
    "ValidCount",
    "decode_text",
    "make_space",
]
