"""Saturation: the share of a layer's directions that its values fill (Richter et al., section II.B)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

DELTA = 0.99
"""Share of the variance that the counted directions explain."""


@dataclass(frozen=True, eq=False)
class Covariance:
    """Of a stream of samples, in float64.

    Attributes:
      count: samples so far.
      mean: of each variable.
      scatter: sum of outer products of deviations from the mean.
    """

    count: int
    mean: Float[np.ndarray, " c"]
    scatter: Float[np.ndarray, "c c"]

    @classmethod
    def empty(cls, variables: int) -> "Covariance":
        """Before the first sample."""
        return cls(0, np.zeros(variables), np.zeros((variables, variables)))

    def add(self, samples: Float[np.ndarray, "n c"]) -> "Covariance":
        """With more samples; parts in any order give the same up to rounding (Chan et al. 1983)."""
        n = len(samples)
        if not n:
            return self
        wide = np.asarray(samples, np.float64)
        mean = wide.mean(axis=0)
        centred = wide - mean
        total, shift = self.count + n, mean - self.mean
        scatter = self.scatter + centred.T @ centred
        scatter += np.outer(shift, shift) * (self.count * n / total)
        return Covariance(total, self.mean + shift * (n / total), scatter)


def saturation(covariance: Covariance, delta: float = DELTA) -> float:
    """The share of eigen-directions that explain `delta` of the variance, largest first.

    0 for values that do not vary; NaN for values that are not finite.

    Args:
      covariance: channels are the variables, all positions of all images the samples.
      delta: share of the variance, above 0 and at most 1.
    """
    if not 0 < delta <= 1:
        raise ValueError(f"delta is {delta}; expected a share above 0 and at most 1")
    if not np.isfinite(covariance.scatter).all():
        return float("nan")
    values = np.clip(np.linalg.eigvalsh(covariance.scatter)[::-1], 0, None)
    total = values.sum()
    if total == 0:
        return 0.0
    # What rounding leaves of a sum that is complete must not ask for one direction more.
    explained = np.cumsum(values) / total
    needed = int(np.searchsorted(explained, delta * (1 - 1e-12))) + 1
    return min(needed, len(values)) / len(values)
