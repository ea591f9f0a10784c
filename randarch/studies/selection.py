"""Architectures at random, of those that a filter lets through."""

from collections.abc import Sequence

import numpy as np

from randarch.receptive_field import AtMostUnproductive
from randarch.spaces import Genome, SearchSpace

MOST = 100_000
"""Architectures that are looked at before the search for enough is given up."""


def sample_accepted(
    space: SearchSpace, count: int, seed: Sequence[int], accept: AtMostUnproductive
) -> list[Genome]:
    """The first of a space's random order (`SearchSpace.sample`) that a filter lets through.

    Raises:
      ValueError: there are not so many, or they are too rare.
    """
    asked = count
    while True:
        sample = space.sample(asked, np.random.default_rng(seed))
        found = [genome for genome in sample if accept(space.decode(genome))]
        if len(found) >= count:
            return found[:count]
        if asked == space.num_architectures or asked >= MOST:
            raise ValueError(
                f"{count} architectures of {space.name} asked with max_unproductive {accept.most}, but of "
                f"{asked:,} only {len(found):,} have no more unproductive convolutions than that at "
                f"{' x '.join(map(str, accept.input_shape[:2]))} pixels; raise it, or ask for fewer architectures"
            )
        asked = min(2 * asked, space.num_architectures)
