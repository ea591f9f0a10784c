"""The difference of two means with an interval, without assuming equal variances."""

import math

import numpy as np
from jaxtyping import Float
from scipy import stats

from randarch.analysis.results import Estimate

_EQUAL = 1e-12


def difference_of_means(
    first: Float[np.ndarray, " k"], second: Float[np.ndarray, " m"], level: float = 0.95
) -> Estimate:
    """Mean of the first sample minus that of the second, with Welch's interval; none for fewer than two values.

    Args:
      first, second: samples, each of at least one value.
      level: of the interval.
    """
    value, n = float(first.mean() - second.mean()), len(first) + len(second)
    if min(len(first), len(second)) < 2:
        return Estimate(value, math.nan, math.nan, math.nan, n)
    parts = np.array([first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)])
    error = float(np.sqrt(parts.sum()))
    if error <= _EQUAL:
        return Estimate(value, value, value, math.nan, n)
    freedom = parts.sum() ** 2 / (parts**2 / [len(first) - 1, len(second) - 1]).sum()
    margin = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return Estimate(value, value - margin, value + margin, math.nan, n)
