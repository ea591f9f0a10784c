"""Top-k overlap and regret: perfect, reversed and random rankings, ties by enumeration."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.analysis import top_k

TRAINED = np.array([0.3, 0.9, 0.5, 0.7, 0.1, 0.6])


def test_a_perfect_ranking_loses_nothing() -> None:
    result = top_k(TRAINED**2, TRAINED, 2)
    assert (result.overlap, result.regret) == (1, 0)
    assert result.mean_picked == pytest.approx(0.8)
    assert result.mean_all == pytest.approx(TRAINED.mean())
    assert result.best == 0.9


def test_a_reversed_ranking_picks_the_worst() -> None:
    result = top_k(-TRAINED, TRAINED, 2)
    assert result.overlap == 0
    assert result.regret == pytest.approx(0.9 - 0.3)
    assert result.mean_picked == pytest.approx(0.2)


def test_chance_is_the_mean_over_all_picks() -> None:
    result = top_k(TRAINED, TRAINED, 3)
    picks = list(itertools.combinations(TRAINED, 3))
    best = set(np.sort(TRAINED)[-3:])
    assert result.expected_overlap == pytest.approx(
        np.mean([len(best & set(p)) / 3 for p in picks])
    )
    assert result.expected_regret == pytest.approx(np.mean([0.9 - max(p) for p in picks]))


scores = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=5).map(
    lambda rows: np.array(rows, dtype=float).T
)


@given(scores, st.integers(1, 7))
def test_ties_are_the_mean_over_all_orders(both: np.ndarray, k: int) -> None:
    score, trained = both
    n = len(score)
    result = top_k(score, trained, k)
    k = min(k, n)
    by_score, by_trained = (
        [o[:k] for o in itertools.permutations(range(n)) if (np.diff(v[list(o)]) <= 0).all()]
        for v in (score, trained)
    )
    overlap = [len(set(a) & set(b)) / k for a in by_score for b in by_trained]
    assert result.overlap == pytest.approx(np.mean(overlap))
    picked = [trained[list(o)] for o in by_score]
    assert result.regret == pytest.approx(trained.max() - np.mean([p.max() for p in picked]))
    assert result.mean_picked == pytest.approx(np.mean(picked))


@given(scores, st.integers(1, 7), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(both: np.ndarray, k: int, random) -> None:
    order = list(range(both.shape[1]))
    random.shuffle(order)
    a, b = top_k(*both, k), top_k(*both[:, order], k)
    for name in ("overlap", "regret", "expected_regret", "mean_picked"):
        assert getattr(a, name) == pytest.approx(getattr(b, name))


def test_missing_values_drop_out() -> None:
    gaps = np.append(TRAINED, np.nan)
    assert top_k(np.append(-TRAINED, 9.0), gaps, 2) == top_k(-TRAINED, TRAINED, 2)


def test_nothing_to_pick_from_is_undefined() -> None:
    result = top_k(np.full(3, np.nan), np.ones(3), 2)
    assert result.n == 0
    assert np.isnan([result.overlap, result.regret, result.best]).all()
    assert result.to_summary()["regret"] is None


def test_picking_all_has_no_regret() -> None:
    result = top_k(-TRAINED, TRAINED, 50)
    assert (result.overlap, result.expected_overlap, result.n) == (1, 1, 6)
    assert result.regret == pytest.approx(0)


def test_k_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="top_k is 0"):
        top_k(TRAINED, TRAINED, 0)
