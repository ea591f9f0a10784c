"""Correlation coefficients of a sample and of all its resamples at once.

A resample is a row of counts: how often each observation occurs in it. With that every
coefficient is a handful of array operations for thousands of resamples together, the data
themselves are the row of ones, and a jackknife replicate has a single zero. A coefficient that is
not defined (a constant variable) is nan.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import stats

# A variance below this, of a variable scaled to a range of 1 (or of ranks), is rounding error.
_NO_VARIANCE = 1e-20
# A residual variance below this share of the whole is rounding error: fully explained.
_NO_RESIDUAL = 1e-9


def scaled(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Shifts and scales to [0, 1], which no coefficient notices; all 0 if constant."""
    low, spread = np.min(x), np.ptp(x)
    if spread <= 1e-13 * np.max(np.abs(x)):
        return np.zeros_like(x)
    return (x - low) / spread


def ranks(x: Float[np.ndarray, " n"], counts: Float[np.ndarray, "b n"]) -> Float[np.ndarray, "b n"]:
    """Ranks of `x` within each resample, the mean rank for ties (copies tie with each other)."""
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    in_group = np.add.reduceat(counts[:, order], np.flatnonzero(first), axis=1)
    mean_rank = np.cumsum(in_group, axis=1) - (in_group - 1) / 2
    result = np.empty_like(counts)
    result[:, order] = mean_rank[:, np.cumsum(first) - 1]
    return result


def correlation(
    x: Float[np.ndarray, "#b n"], y: Float[np.ndarray, "#b n"], counts: Float[np.ndarray, "b n"]
) -> Float[np.ndarray, " b"]:
    """Pearson's r of `x` and `y` in each resample."""
    weights = counts / counts.sum(axis=1, keepdims=True)
    dx = x - (weights * x).sum(axis=1, keepdims=True)
    dy = y - (weights * y).sum(axis=1, keepdims=True)
    var_x, var_y = (weights * dx**2).sum(axis=1), (weights * dy**2).sum(axis=1)
    defined = (var_x > _NO_VARIANCE) & (var_y > _NO_VARIANCE)
    scale = np.sqrt(np.where(defined, var_x * var_y, 1.0))
    r = np.clip((weights * dx * dy).sum(axis=1) / scale, -1.0, 1.0)
    return np.where(defined, r, np.nan)


def pearson(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], counts: Float[np.ndarray, "b n"]
) -> Float[np.ndarray, " b"]:
    """Pearson's r in each resample."""
    return correlation(scaled(x)[None], scaled(y)[None], counts)


def spearman(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], counts: Float[np.ndarray, "b n"]
) -> Float[np.ndarray, " b"]:
    """Spearman's rho in each resample, ranked anew in each."""
    return correlation(ranks(x, counts), ranks(y, counts), counts)


def kendall(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], counts: Float[np.ndarray, "b n"]
) -> Float[np.ndarray, " b"]:
    """Kendall's tau-b in each resample. Memory: four n x n matrices.

    Copies of one observation are tied in both variables, and tau-b leaves such pairs out.
    """
    sign_x, sign_y = np.sign(x[:, None] - x), np.sign(y[:, None] - y)

    def pairs(kind: Float[np.ndarray, "n n"]) -> Float[np.ndarray, " b"]:
        return np.einsum("bn,bn->b", counts @ kind, counts)

    untied = pairs(np.abs(sign_x)) * pairs(np.abs(sign_y))
    tau = pairs(sign_x * sign_y) / np.sqrt(np.where(untied > 0, untied, 1.0))
    return np.where(untied > 0, np.clip(tau, -1.0, 1.0), np.nan)


def partial_spearman(
    x: Float[np.ndarray, " n"],
    y: Float[np.ndarray, " n"],
    given: Sequence[Float[np.ndarray, " n"]],
    counts: Float[np.ndarray, "b n"],
) -> Float[np.ndarray, " b"]:
    """Spearman's rho of `x` and `y` given covariates, in each resample.

    Everything is ranked; the result is Pearson's r of what least squares on the covariates'
    ranks (with intercept) leaves of the two, here in closed form from the correlations. Collinear
    and constant covariates are harmless. nan where the covariates explain a variable fully.
    """
    ranked = [ranks(v, counts) for v in (x, y, *given)]
    size = len(ranked)
    r = np.ones((len(counts), size, size))
    for i in range(size):
        for j in range(i):
            r[:, i, j] = r[:, j, i] = correlation(ranked[i], ranked[j], counts)
    undefined = np.isnan(r[:, 0, 1])
    # A covariate that is constant in a resample explains nothing there.
    r = np.nan_to_num(r, nan=0.0)
    between = r[:, 2:, 2:]
    explained = r[:, :2, 2:] @ np.linalg.pinv(between, rcond=1e-9, hermitian=True) @ r[:, 2:, :2]
    left = r[:, :2, :2] - explained
    undefined |= (left[:, 0, 0] < _NO_RESIDUAL) | (left[:, 1, 1] < _NO_RESIDUAL)
    scale = np.sqrt(np.where(undefined, 1.0, left[:, 0, 0] * left[:, 1, 1]))
    return np.where(undefined, np.nan, np.clip(left[:, 0, 1] / scale, -1.0, 1.0))


def covariate_rank(given: Sequence[Float[np.ndarray, " n"]]) -> int:
    """Number of degrees of freedom that the ranks of the covariates take."""
    if not given:
        return 0
    centred = np.stack([stats.rankdata(v) for v in given])
    centred -= centred.mean(axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(centred, rtol=1e-5))


def t_test(r: float, n: int, covariates: int = 0) -> float:
    """Two-sided p value of a (partial) correlation of 0, by Student's t; nan if undefined."""
    freedom = n - 2 - covariates
    if np.isnan(r) or freedom < 1:
        return float("nan")
    if abs(r) >= 1:
        return 0.0
    return float(2 * stats.t.sf(abs(r) * np.sqrt(freedom / ((1 - r) * (1 + r))), freedom))
