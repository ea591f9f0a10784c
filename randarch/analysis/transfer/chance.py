"""Could picking architectures at random have done as well? By picking at random."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

DRAWS = 99_999
_EQUAL = 1e-12


def chance_p(
    errors: Sequence[Float[np.ndarray, " _"]], mean_regret: float, rng: np.random.Generator
) -> float:
    """How often a random architecture for each data set has as low a mean regret as the one found, or lower.

    Signs of differences to the expected regret would not do: regrets are skewed, and most random picks lie below their
    mean.

    Args:
      errors: of the architectures that there are, of each data set.
      mean_regret: error of what was picked less that of the best, mean over data sets.
      rng: source of 99,999 draws; what was found is one more.
    """
    total = np.zeros(DRAWS)
    for own in errors:
        total += rng.choice(own - own.min(), size=DRAWS)
    return float((1 + np.sum(total / len(errors) <= mean_regret + _EQUAL)) / (1 + DRAWS))
