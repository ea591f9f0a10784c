"""Which networks train together: as many as memory holds, or as asked."""

from collections.abc import Sequence

import jax

from randarch.geometry import Geometry
from randarch.training import networks_at_once

COPIES = 3
"""Of each value of a network that a step holds: itself, its gradient, and what programs work in. An estimate: a
population that turns out to be too large is halved (`Study`)."""
DEVICE_SHARE = 0.7
"""Of an accelerator's memory that populations may take."""


def network_bytes(found: Geometry, batch_size: int) -> int:
    """What a network of a geometry takes in a step of its training, about."""
    values = batch_size * sum(node.size for node in found.nodes)
    return 4 * (COPIES * values + 4 * found.params)


def memory_of_populations(budget: int) -> int:
    """Bytes for all populations at work: a share of the accelerator's memory, or the budget where it has none."""
    stats = jax.devices()[0].memory_stats() if networks_at_once() > 1 else None
    limit = (stats or {}).get("bytes_limit")
    return int(DEVICE_SHARE * limit) if limit else budget


def populations(
    order: Sequence[int], sizes: Sequence[int], *, asked: int | None, memory: int
) -> tuple[list[list[int]], str]:
    """Networks in populations, and a sentence where memory made them smaller than asked.

    Args:
      order: numbers of the networks, in the order in which they are to be trained.
      sizes: bytes of each network, by its number.
      asked: most networks of a population; None takes one on a CPU, where programs hold one anyway, and else as many
        as fit.
      memory: bytes for one population.
    """
    most = asked or (1 if networks_at_once() == 1 else len(order))
    found: list[list[int]] = []
    used, smaller = 0, 0
    for number in order:
        fits = bool(found) and used + sizes[number] <= memory
        if fits and len(found[-1]) < most:
            found[-1].append(number)
            used += sizes[number]
            continue
        if found and not fits and len(found[-1]) < most:
            smaller += 1
        found.append([number])
        used = sizes[number]
    if not asked or not smaller:
        return found, ""
    return found, (
        f"{asked} networks were to train together; {memory / 2**30:.2f} GiB do not hold so many, so {smaller} of "
        f"{len(found)} populations are smaller, the smallest of {min(map(len, found))}."
    )
