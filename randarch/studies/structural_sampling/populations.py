"""Which networks train together: as many as memory holds, or as asked."""

from collections.abc import Sequence

from randarch.training import networks_at_once


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
