"""Architectures at random, of those that a filter lets through."""

from collections.abc import Sequence

import numpy as np

from randarch.receptive_field import AtMostUnproductive
from randarch.spaces import Genome, SearchSpace

MOST = 20_000
"""Architectures that are looked at before the search for enough is given up, or ten times those wanted."""


def sample_accepted(
    space: SearchSpace, count: int, seed: Sequence[int], accept: AtMostUnproductive
) -> list[Genome]:
    """The first of a space's random order (`SearchSpace.sample`) that a filter lets through.

    Raises:
      ValueError: there are not so many, or they are too rare.
    """
    if not count:
        return []
    found: list[Genome] = []
    seen, most = 0, min(space.num_architectures, max(MOST, 10 * count))
    asked = min(count, most)
    while True:
        # A longer sample begins with the shorter one.
        for genome in space.sample(asked, np.random.default_rng(seed))[seen:]:
            if accept(space.decode(genome)):
                found.append(genome)
            if len(found) == count:
                return found
        seen = asked
        if asked == most:
            raise ValueError(
                f"{count} architectures of {space.name} asked with max_unproductive {accept.most}, but of "
                f"{asked:,} only {len(found):,} have no more unproductive convolutions than that at "
                f"{' x '.join(map(str, accept.input_shape[:2]))} pixels; raise it, or ask for fewer architectures"
            )
        asked = min(2 * asked, most)
