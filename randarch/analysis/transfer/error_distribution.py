"""How good the architectures of a space are on a data set: the empirical distribution of their errors, as the design
spaces' authors draw it (Radosavovic et al., 2019)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from randarch.analysis.bootstrap import MIN_POINTS_FOR_INTERVAL, Bootstrap
from randarch.analysis.transfer.summary import Summarized


@dataclass(frozen=True, eq=False)
class ErrorDistribution(Summarized):
    """Which share of the architectures has at most a given error.

    Attributes:
      dataset: name.
      errors: mean errors of the architectures that have one, the lowest first.
      shares: of the architectures with at most that error; the last is 1.
      low, high: ends of a band, 95 % at each error by itself (percentiles, architectures resampled); nan for fewer than
        6 architectures.
    """

    dataset: str
    errors: Float[np.ndarray, " n"]
    shares: Float[np.ndarray, " n"]
    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]


def error_distribution(
    dataset: str, errors: Float[np.ndarray, " a"], bootstrap: Bootstrap
) -> ErrorDistribution:
    """The distribution of one data set's mean errors; those that are nan are left out."""
    ordered = np.sort(errors[np.isfinite(errors)])
    n = len(ordered)
    # The last of equal errors has the share of all of them.
    last = np.searchsorted(ordered, ordered, side="right") - 1
    low = high = np.full(n, np.nan)
    if n >= MIN_POINTS_FOR_INTERVAL:
        counts = bootstrap.rng.multinomial(n, np.full(n, 1 / n), size=bootstrap.resamples)
        tails = (1 - bootstrap.level) / 2, (1 + bootstrap.level) / 2
        low, high = np.quantile(np.cumsum(counts, axis=1)[:, last] / n, tails, axis=0)
    return ErrorDistribution(dataset, ordered, (last + 1) / max(n, 1), low, high)
