"""The mean of several correlations of the same architectures, with one interval: architectures are resampled, and the
mean is that of all correlations on the same resample."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from randarch.analysis import coefficients
from randarch.analysis.bootstrap import Bootstrap, Statistic
from randarch.analysis.correlation import complete
from randarch.analysis.results import Estimate

Pair = tuple[Float[np.ndarray, " a"], Float[np.ndarray, " a"]]


def spearman_of(x: Float[np.ndarray, " a"], y: Float[np.ndarray, " a"]) -> Statistic:
    """Spearman's rho in each resample, over the architectures that have both values.

    nan where fewer than three have, or a resample holds none of them.
    """
    keep = complete(x, y)

    def statistic(counts: np.ndarray) -> np.ndarray:
        rho = np.full(len(counts), np.nan)
        kept = counts[:, keep]
        rows = kept.sum(axis=1) > 0
        if keep.sum() >= 3 and rows.any():
            rho[rows] = coefficients.spearman(x[keep], y[keep], kept[rows])
        return rho

    return statistic


def mean_spearman(
    pairs: Sequence[Pair], bootstrap: Bootstrap, *, minus: Sequence[Pair] = ()
) -> Estimate:
    """The mean over pairs of their Spearman's rho.

    Every pair is correlated over the architectures that have both of its values, so the mean is that of the single
    correlations, whoever misses what.

    Args:
      pairs: two errors of a architectures each, nan where missing.
      bootstrap: how intervals are made; its n are the architectures that enter any pair.
      minus: as many pairs, whose mean is subtracted on the same resamples; none for none.

    Returns:
      Undefined without pairs, and where one of the correlations is.
    """
    if not pairs:
        return Estimate.undefined(0)
    used = np.logical_or.reduce([complete(*pair) for pair in (*pairs, *minus)])
    plus_terms, minus_terms = (
        [spearman_of(x[used], y[used]) for x, y in some] for some in (pairs, minus)
    )

    def statistic(counts: np.ndarray) -> np.ndarray:
        mean = np.mean([term(counts) for term in plus_terms], axis=0)
        if minus_terms:
            mean = mean - np.mean([term(counts) for term in minus_terms], axis=0)
        return mean

    return bootstrap.estimate(statistic, int(used.sum()))
