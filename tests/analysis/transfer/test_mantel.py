"""Mantel's test against brute force."""

import itertools

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.transfer.mantel import mantel
from tests.analysis.transfer.examples import bootstrap

pytestmark = pytest.mark.filterwarnings("error")


def symmetric(d: int, seed: int) -> np.ndarray:
    a = np.random.default_rng(seed).normal(size=(d, d))
    return (a + a.T) / 2 + np.eye(d)


def entries(matrix: np.ndarray) -> np.ndarray:
    return np.array([matrix[i, j] for i, j in itertools.combinations(range(len(matrix)), 2)])


def by_brute_force(first: np.ndarray, second: np.ndarray, coefficient) -> tuple[float, float]:
    found = []
    for order in itertools.permutations(range(len(first))):
        moved = second[np.ix_(order, order)]
        keep = ~np.isnan(entries(first) + entries(moved))
        found.append(coefficient(entries(first)[keep], entries(moved)[keep]).statistic)
    return found[0], np.mean(np.array(found) >= found[0] - 1e-9)


@pytest.mark.parametrize("d", [3, 4, 5])
def test_all_orders_as_by_brute_force(d: int) -> None:
    first = symmetric(d, 0)
    second = first + 0.7 * symmetric(d, 1)
    found = mantel(first, second, np.random.default_rng(0))
    assert found.exact and found.permutations == [6, 24, 120][d - 3]
    for estimate, coefficient in (
        (found.spearman, stats.spearmanr),
        (found.pearson, stats.pearsonr),
    ):
        r, p = by_brute_force(first, second, coefficient)
        assert estimate.value == pytest.approx(r)
        assert estimate.p == pytest.approx(p)
        assert estimate.n == d and np.isnan(estimate.low)


def test_a_single_pair_that_is_nan() -> None:
    first = symmetric(5, 2)
    second = first + symmetric(5, 3)
    first[0, 1] = first[1, 0] = np.nan
    second[3, 4] = second[4, 3] = np.nan
    found = mantel(first, second, np.random.default_rng(0))
    r, p = by_brute_force(first, second, stats.spearmanr)
    assert found.spearman.value == pytest.approx(r) and found.spearman.p == pytest.approx(p)
    assert found.spearman.n == 5


def test_a_thing_without_any_pair_is_left_out() -> None:
    first = symmetric(5, 4)
    second = first + 0.5 * symmetric(5, 5)
    without = mantel(first[1:, 1:], second[1:, 1:], np.random.default_rng(0))
    second[0, 1:] = second[1:, 0] = np.nan
    assert mantel(first, second, np.random.default_rng(0)) == without
    assert without.spearman.n == 4 and without.permutations == 24


def test_equal_matrices_have_the_smallest_p() -> None:
    a = symmetric(6, 6)
    found = mantel(a, a, np.random.default_rng(0))
    assert found.spearman.value == pytest.approx(1)
    assert found.spearman.p == pytest.approx(1 / 720)
    opposite = mantel(a, -a, np.random.default_rng(0))
    assert opposite.spearman.value == pytest.approx(-1) and opposite.spearman.p == 1


def test_many_things_take_random_orders() -> None:
    a = symmetric(9, 7)
    found = mantel(a, a + 0.1 * symmetric(9, 8), np.random.default_rng(0))
    assert not found.exact and found.permutations == 10_000
    assert found.spearman.p == pytest.approx(1e-4)
    assert found == mantel(a, a + 0.1 * symmetric(9, 8), np.random.default_rng(0))


def test_ties_count_as_as_large() -> None:
    same = np.ones((4, 4))
    same[0, 1] = same[1, 0] = 2.0
    # Only the orders that move the odd pair somewhere else (4 of the 24 keep it) are worse.
    assert mantel(same, same, np.random.default_rng(0)).pearson.p == pytest.approx(4 / 24)


@pytest.mark.parametrize(
    "second", [np.ones((4, 4)), np.full((4, 4), np.nan), symmetric(2, 0), symmetric(1, 0)]
)
def test_nothing_to_compare(second: np.ndarray) -> None:
    found = mantel(symmetric(len(second), 1), second, bootstrap().rng)
    assert not found.spearman.defined and not found.pearson.defined
