"""Do two matrices of the same things agree? Mantel's test (1967): the entries of a symmetric matrix are not
independent, so the test permutes the names of the things, rows and columns together."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis import coefficients
from randarch.analysis.results import Estimate

MAX_EXACT = 40_320
"""Up to as many orders (8 things) all are compared; beyond, random ones."""
RANDOM_ORDERS = 9_999
_ELEMENTS_AT_ONCE = 4_000_000
# Sums in another order differ by rounding.
_EQUAL = 1e-9


@dataclass(frozen=True)
class Mantel:
    """Agreement of two matrices.

    Attributes:
      spearman, pearson: of the entries off the diagonal; no interval. p is one-sided: the share of orders with a
        correlation at least as large. n is the number of things that have a pair in both matrices.
      permutations: how many orders were compared, the one found included; 0 where there is nothing to compare.
      exact: whether those were all.
    """

    spearman: Estimate
    pearson: Estimate
    permutations: int
    exact: bool


def mantel(
    first: Float[np.ndarray, "d d"], second: Float[np.ndarray, "d d"], rng: np.random.Generator
) -> Mantel:
    """Mantel's test with Spearman's rho and Pearson's r, one-sided.

    Args:
      first, second: symmetric; pairs that are nan in either are left out, the diagonal is not read.
      rng: source of random orders, where all are too many.

    Returns:
      Undefined for fewer than three things, and where a matrix is constant off its diagonal.
    """
    off = ~np.eye(len(first), dtype=bool)
    known = (np.isfinite(first) & np.isfinite(second) & off).any(axis=1)
    first, second = first[np.ix_(known, known)], second[np.ix_(known, known)]
    d = len(first)
    undefined = Estimate.undefined(d)
    if d < 3:
        return Mantel(undefined, undefined, 0, True)
    orders, exact = _orders(d, rng)
    found = []
    for ranked in (True, False):
        r = _correlations(first, second, orders, ranked)
        if math.isnan(r[0]):
            found.append(undefined)
            continue
        # An order that defines no correlation counts against the one found.
        p = float(np.mean(np.isnan(r) | (r >= r[0] - _EQUAL)))
        found.append(Estimate(float(r[0]), math.nan, math.nan, p, d))
    return Mantel(found[0], found[1], len(orders), exact)


def _orders(d: int, rng: np.random.Generator) -> tuple[Int[np.ndarray, "p d"], bool]:
    """Orders of d things, the one as they are first, and whether these are all."""
    if math.factorial(d) <= MAX_EXACT:
        return np.array(list(itertools.permutations(range(d)))), True
    drawn = rng.permuted(np.tile(np.arange(d), (RANDOM_ORDERS, 1)), axis=1)
    return np.concatenate([np.arange(d)[None], drawn]), False


def _correlations(
    first: Float[np.ndarray, "d d"],
    second: Float[np.ndarray, "d d"],
    orders: Int[np.ndarray, "p d"],
    ranked: bool,
) -> Float[np.ndarray, " p"]:
    """Of the entries of `first` and of `second` in each order; nan where undefined."""
    i, j = np.tril_indices(len(first), -1)
    step = max(1, _ELEMENTS_AT_ONCE // len(i) ** 2)
    result = []
    for start in range(0, len(orders), step):
        some = orders[start : start + step]
        moved = second[some[:, i], some[:, j]]
        x = np.broadcast_to(first[i, j], moved.shape)
        both = np.isfinite(x) & np.isfinite(moved)
        x, y = np.where(both, x, np.nan), np.where(both, moved, np.nan)
        if ranked:
            x, y = _ranks(x), _ranks(y)
        r = np.full(len(some), np.nan)
        rows = both.sum(axis=1) >= 2
        x, y = np.where(both, x, 0.0)[rows], np.where(both, y, 0.0)[rows]
        r[rows] = coefficients.correlation(x, y, both[rows].astype(float))
        result.append(r)
    return np.concatenate(result)


def _ranks(rows: Float[np.ndarray, "p m"]) -> Float[np.ndarray, "p m"]:
    """Mean ranks within each row of what is not nan."""
    below = (rows[:, None, :] < rows[:, :, None]).sum(axis=2)
    equal = (rows[:, None, :] == rows[:, :, None]).sum(axis=2)
    return below + (equal + 1) / 2
