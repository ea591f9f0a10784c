"""How many networks train together: as many as memory allows, or as asked."""

import math
from collections.abc import Sequence

from randarch import geometry
from randarch.geometry import Shape
from randarch.spec import ArchSpec
from randarch.training import networks_at_once

COPIES = 3
"""Of each value of a network that a step holds: itself, its gradient, and what programs work in."""


def network_bytes(arch: ArchSpec, input_shape: Shape, batch_size: int) -> int:
    """What one network takes in a step of its training, at the most."""
    found = geometry.analyze(arch, input_shape)
    values = batch_size * sum(node.size for node in found.nodes)
    return 4 * (COPIES * values + 4 * found.params)


def population_size(
    archs: Sequence[ArchSpec],
    input_shape: Shape,
    batch_size: int,
    *,
    asked: int | None,
    memory: int,
) -> tuple[int, str]:
    """Networks of a population, and a sentence where that is not what was asked for.

    Args:
      archs: what is to be trained.
      input_shape: height, width, channels of the images.
      batch_size: images a step.
      asked: networks; None takes one on a CPU, where programs hold one anyway, and else as many as fit.
      memory: bytes for one population.
    """
    largest = max((network_bytes(arch, input_shape, batch_size) for arch in archs), default=1)
    fit = max(1, memory // largest)
    if asked is None:
        return (1 if networks_at_once() == 1 else min(fit, len(archs) or 1)), ""
    if asked <= fit:
        return asked, ""
    return fit, (
        f"{asked} networks of up to {math.ceil(largest / 2**20):,} MiB each were to train together; "
        f"{memory / 2**30:.2f} GiB hold {fit}, so {fit} do."
    )
