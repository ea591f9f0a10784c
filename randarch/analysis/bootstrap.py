"""Bootstrap intervals: bias-corrected and accelerated (BCa), architectures resampled.

BCa (Efron, 1987) was chosen over the percentile interval by simulation: bivariate normal data of 6
to 100 points, correlations 0, .5 and .85, 400 samples each. Both follow transformations and stay
inside [-1, 1]. Of Pearson's r with 6 to 15 points the percentile interval covered 91 % and BCa
94 %; from 24 points on both covered 93 %, and both covered 93 % or more of the rank coefficients
almost everywhere. Like any bootstrap it is blind at the edge: a perfect correlation gets [1, 1].
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from randarch.analysis.results import Estimate

# Below this the resamples hold too few distinct points; the coverage above starts at 6.
MIN_POINTS_FOR_INTERVAL = 6
_ELEMENTS_AT_ONCE = 2_000_000

Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes:
      resamples: number of resamples, at least 40 (the tails of 2.5 % need one each).
      rng: source of the resamples; it advances with every estimate.
      level: coverage asked for.

    Raises:
      ValueError: fewer than 40 resamples, or a level outside (0, 1).
    """

    resamples: int
    rng: np.random.Generator
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.resamples < 40:
            raise ValueError(
                f"resamples is {self.resamples}; expected at least 40, better 2000 or more"
            )
        if not 0 < self.level < 1:
            raise ValueError(f"level is {self.level}; expected a share such as 0.95")

    def estimate(
        self, statistic: Statistic, n: int, test: Callable[[float], float] | None = None
    ) -> Estimate:
        """The statistic of `n` observations with its interval.

        Args:
          statistic: takes counts of shape (b, n), how often each observation occurs in each of b
            resamples, to the b values; nan where undefined.
          n: number of observations; fewer than 3 leave everything undefined.
          test: takes the value to its p value; none leaves p undefined.
        """
        if n < 3:
            return Estimate.undefined(n)
        value = float(statistic(np.ones((1, n)))[0])
        if math.isnan(value):
            return Estimate.undefined(n)
        low, high = self._interval(statistic, n, value)
        return Estimate(value, low, high, test(value) if test else math.nan, n)

    def _interval(self, statistic: Statistic, n: int, value: float) -> tuple[float, float]:
        if n < MIN_POINTS_FOR_INTERVAL:
            return math.nan, math.nan
        resampled = np.concatenate([statistic(counts) for counts in self._resamples(n)])
        resampled = resampled[~np.isnan(resampled)]
        if len(resampled) < self.resamples / 2:
            return math.nan, math.nan
        left_out = np.concatenate([statistic(counts) for counts in _leave_one_out(n)])
        tails = (1 - self.level) / 2, (1 + self.level) / 2
        levels = _bca_levels(resampled, left_out, value, tails)
        # No interpolation between resamples: an infinite one would make it nan.
        low, high = np.quantile(resampled, levels, method="inverted_cdf")
        return float(low), float(high)

    def _resamples(self, n: int) -> Iterator[Float[np.ndarray, "b n"]]:
        for rows in _chunks(self.resamples, n):
            yield self.rng.multinomial(n, np.full(n, 1 / n), size=len(rows)).astype(float)


def _leave_one_out(n: int) -> Iterator[Float[np.ndarray, "b n"]]:
    for rows in _chunks(n, n):
        counts = np.ones((len(rows), n))
        counts[np.arange(len(rows)), rows] = 0
        yield counts


def _chunks(total: int, n: int) -> Iterator[np.ndarray]:
    step = max(1, _ELEMENTS_AT_ONCE // n)
    for start in range(0, total, step):
        yield np.arange(start, min(start + step, total))


def _bca_levels(
    resampled: Float[np.ndarray, " b"],
    left_out: Float[np.ndarray, " n"],
    value: float,
    tails: tuple[float, float],
) -> Float[np.ndarray, " 2"]:
    """Which quantiles of the resamples bound the interval (Efron & Tibshirani, 1993, 14.10)."""
    # Half of the ties count as below, so that a discrete statistic is not called biased.
    below = (np.mean(resampled < value) + np.mean(resampled <= value)) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / len(resampled), 1 - 1 / len(resampled)))
    left_out = left_out[np.isfinite(left_out)]
    deviation = left_out.mean() - left_out if len(left_out) else np.zeros(1)
    spread = np.sum(deviation**2) ** 1.5
    acceleration = np.sum(deviation**3) / (6 * spread) if spread > 0 else 0.0
    z = bias + stats.norm.ppf(tails)
    return stats.norm.cdf(bias + z / (1 - acceleration * z))
