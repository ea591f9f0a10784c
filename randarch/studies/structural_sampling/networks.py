"""The networks of a run: what was drawn, and which of it is one architecture."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from randarch.geometry import Shape
from randarch.receptive_field import AtMostUnproductive
from randarch.spaces import Genome, LayerLibrary
from randarch.spec import ArchSpec, GlobalPool, Identity, Node
from randarch.studies.structural_sampling.config import Config

MOST = 100
"""Draws, for each network wanted, after which the search for enough that pass a filter is given up."""


@dataclass(frozen=True)
class Drawn:
    """Networks as they were drawn, and their architectures.

    Attributes:
      genomes: of the draws, in order.
      architecture: which of `distinct` each draw is.
      distinct: canonical genomes in the order of their first draw.
    """

    genomes: tuple[Genome, ...]
    architecture: tuple[int, ...]
    distinct: tuple[Genome, ...]

    @functools.cached_property
    def first(self) -> tuple[int, ...]:
        """Number of the first draw of each of `distinct`."""
        seen: dict[int, int] = {}
        for number, one in enumerate(self.architecture):
            seen.setdefault(one, number)
        return tuple(seen.values())


def draw(config: Config, input_shape: Shape) -> Drawn:
    """Genomes with replacement, of those that the filter lets through; more draws begin with the fewer.

    Raises:
      ValueError: networks that pass the filter are too rare.
    """
    space = config.space()
    passes = AtMostUnproductive(config.max_unproductive, input_shape)
    rng = np.random.default_rng(config.seed)
    wanted = config.num_networks
    genomes: list[Genome] = []
    known: dict[Genome, bool] = {}
    for _ in range(MOST):
        for genome in space.draw(wanted, rng):
            one = space.canonical(genome)
            if one not in known:
                known[one] = passes(space.decode(one))
            if known[one] and len(genomes) < wanted:
                genomes.append(genome)
        if len(genomes) == wanted:
            return _numbered(space, genomes)
    raise ValueError(
        f"of {MOST * wanted:,} draws only {len(genomes):,} have at most {config.max_unproductive} unproductive "
        f"convolutions at {input_shape[0]} x {input_shape[1]} pixels, and {wanted:,} are asked; raise max_unproductive "
        "or ask for fewer networks"
    )


def _numbered(space: LayerLibrary, genomes: Sequence[Genome]) -> Drawn:
    numbers: dict[Genome, int] = {}
    architecture = tuple(numbers.setdefault(space.canonical(g), len(numbers)) for g in genomes)
    return Drawn(tuple(genomes), architecture, tuple(numbers))


def last_map(arch: ArchSpec) -> ArchSpec:
    """A network without its global average pooling."""
    if not isinstance(arch.nodes[-1].op, GlobalPool):
        raise ValueError(f"{arch.digest[:12]} does not end in a global pooling")
    if len(arch) == 2:  # no layer at all: the images
        return ArchSpec((arch.nodes[0], Node(Identity(), (0,))))
    return ArchSpec(arch.nodes[:-1])
