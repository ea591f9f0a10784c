"""Which architectures a run has."""

from dataclasses import dataclass

import numpy as np

from randarch import geometry
from randarch.analysis.transfer import Population
from randarch.spaces import AnyNetX, Genome
from randarch.spec import ArchSpec

LOOK, MOST = 1_000, 20_000
"""Draws after which a search without a hit is given up, and those that a whole search may be foreseen to take: a minute
or so."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Architectures, in the order in which they were drawn.

    Attributes:
      genomes: different ones.
      archs: what they stand for.
      population: their numbers.
    """

    genomes: tuple[Genome, ...]
    archs: tuple[ArchSpec, ...]
    population: Population


def draw(
    space: AnyNetX,
    count: int,
    mac_range: tuple[float, float],
    input_shape: geometry.Shape,
    seed: int,
) -> Drawn:
    """The first `count` different draws (`AnyNetX.draw`) whose multiply-adds are in the range.

    Raises:
      ValueError: they are too rare; says how many there were and what their multiply-adds are.
    """
    rng = np.random.default_rng([seed, 3])
    found: dict[Genome, tuple[ArchSpec, geometry.Geometry]] = {}
    seen: list[int] = []
    low, high = mac_range
    while len(found) < count:
        genome = space.draw(rng)
        arch = space.decode(genome)
        analysis = geometry.analyze(arch, input_shape)
        seen.append(analysis.macs)
        if low <= analysis.macs <= high:
            found.setdefault(genome, (arch, analysis))
        foreseen = len(seen) * count / max(len(found), 1)
        if len(seen) % LOOK == 0 and len(found) < count and (not found or foreseen > MOST):
            few, half, many = np.quantile(seen, [0.05, 0.5, 0.95])
            raise ValueError(
                f"mac_range is {low:g}-{high:g}: {len(found)} of {len(seen):,} draws are in it and {count} are wanted; "
                f"half of the draws have less than {half:.3g} multiply-adds, nine of ten {few:.3g} to {many:.3g}: "
                "take another range, or other caps"
            )
    archs = tuple(arch for arch, _ in found.values())
    stages = [space.stages(genome) for genome in found]

    def column(name: str) -> np.ndarray:
        return np.array([[getattr(stage, name) for stage in one] for one in stages], float)

    population = Population(
        texts=tuple(space.format(genome) for genome in found),
        depths=column("depth"),
        widths=column("width"),
        bottlenecks=column("bottleneck"),
        group_widths=column("group_width"),
        params=np.array([analysis.params for _, analysis in found.values()], float),
        macs=np.array([analysis.macs for _, analysis in found.values()], float),
    )
    return Drawn(tuple(found), archs, population)
