"""Correlations of two scores with intervals and p values; missing values drop out in pairs."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Shaped
from scipy import stats

from randarch.analysis import coefficients
from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.results import Correlations, Estimate

Variable = Shaped[np.ndarray, " n"]


def complete(*variables: Shaped[np.ndarray, "n ..."]) -> Bool[np.ndarray, " n"]:
    """Which observations have a finite value in every variable (all columns of a matrix)."""
    return np.logical_and.reduce(
        [np.isfinite(v).all(axis=tuple(range(1, v.ndim))) for v in variables]
    )


def _paired(*variables: Variable) -> list[Float[np.ndarray, " m"]]:
    keep = complete(*variables)
    return [np.asarray(v[keep], dtype=float) for v in variables]


def pearson(x: Variable, y: Variable, bootstrap: Bootstrap) -> Estimate:
    """Pearson's r; p by Student's t (exact for normal data)."""
    x, y = _paired(x, y)
    return bootstrap.estimate(
        lambda counts: coefficients.pearson(x, y, counts),
        len(x),
        lambda r: coefficients.t_test(r, len(x)),
    )


def spearman(x: Variable, y: Variable, bootstrap: Bootstrap) -> Estimate:
    """Spearman's rho, mean ranks for ties; p by Student's t (approximate)."""
    x, y = _paired(x, y)
    return bootstrap.estimate(
        lambda counts: coefficients.spearman(x, y, counts),
        len(x),
        lambda r: coefficients.t_test(r, len(x)),
    )


def kendall(x: Variable, y: Variable, bootstrap: Bootstrap) -> Estimate:
    """Kendall's tau-b; p exact for few untied points, else asymptotic (SciPy's choice)."""
    x, y = _paired(x, y)
    return bootstrap.estimate(
        lambda counts: coefficients.kendall(x, y, counts),
        len(x),
        lambda tau: float(stats.kendalltau(x, y).pvalue),
    )


def correlate(x: Variable, y: Variable, bootstrap: Bootstrap) -> Correlations:
    """All three coefficients."""
    return Correlations(
        pearson=pearson(x, y, bootstrap),
        spearman=spearman(x, y, bootstrap),
        kendall=kendall(x, y, bootstrap),
    )


def partial_spearman(
    x: Variable, y: Variable, given: Sequence[Variable], bootstrap: Bootstrap
) -> Estimate:
    """Spearman's rho given covariates; p by Student's t with their degrees of freedom less."""
    x, y, *given = _paired(x, y, *given)
    lost = coefficients.covariate_rank(given) if len(x) else 0
    if len(x) < 3 + lost:
        return Estimate.undefined(len(x))
    return bootstrap.estimate(
        lambda counts: coefficients.partial_spearman(x, y, given, counts),
        len(x),
        lambda r: coefficients.t_test(r, len(x), lost),
    )


def spearman_gain(
    better: Variable, worse: Variable, target: Variable, bootstrap: Bootstrap
) -> Estimate:
    """Spearman with `target` of one score minus that of another, on the same resamples."""
    better, worse, target = _paired(better, worse, target)
    return bootstrap.estimate(
        lambda counts: (
            coefficients.spearman(better, target, counts)
            - coefficients.spearman(worse, target, counts)
        ),
        len(target),
    )
