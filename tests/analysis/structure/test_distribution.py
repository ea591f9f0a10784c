"""Layers of the best: counts by hand, explicit resamples as oracles, coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from randarch.analysis.structure import layer_distribution, top_weights
from randarch.analysis.structure.columns import one_hot
from randarch.analysis.structure.distribution import cutoff_score
from randarch.analysis.structure.resampling import (
    _Ranked,
    cluster_counts,
    clustered_estimate,
    interval,
    resampled_shares,
)
from tests.analysis.structure.examples import make_sampled, sampled_from


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [0, 1, 0, 0, 0]),
        (2, [1 / 3, 1, 1 / 3, 0, 1 / 3]),
        (3, [2 / 3, 1, 2 / 3, 0, 2 / 3]),
        (4, [1, 1, 1, 0, 1]),
        (5, [1, 1, 1, 1, 1]),
        (9, [1, 1, 1, 1, 1]),
    ],
)
def test_equals_share_the_places_that_are_left(count: int, expected: list[float]) -> None:
    scores = np.array([0.8, 0.9, 0.8, 0.1, 0.8])
    np.testing.assert_allclose(top_weights(scores, count), expected)
    assert cutoff_score(scores, count) == sorted(scores)[::-1][min(count, 5) - 1]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 35), st.randoms())
def test_weights_are_those_of_random_tie_breaks_on_average(
    steps: list[int], count: int, random: object
) -> None:
    scores = np.array(steps, float)
    weights = top_weights(scores, count)
    assert weights.sum() == pytest.approx(min(count, len(scores)))
    for value in set(steps):
        at = scores == value
        # Any tie-break gives a set of equals the same number of places.
        placed = np.sort(scores)[::-1][:count]
        assert weights[at].sum() == pytest.approx((placed == value).sum())
        assert np.ptp(weights[at]) == 0


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 1"):
        top_weights(np.array([1.0]), 0)
    with pytest.raises(ValueError, match="not finite"):
        top_weights(np.array([1.0, np.nan]), 1)


def test_counts_by_hand() -> None:
    layers = np.array([[1, 3], [1, 1], [2, 3], [0, 0], [4, 4]])
    accuracy = np.array([[0.9], [0.5], [0.5], [0.2], [np.nan]])
    failed = np.array([False] * 4 + [True])
    sampled = sampled_from(layers, accuracy, failed=failed)
    found = layer_distribution(sampled, sampled.accuracy, 2, np.random.default_rng(0), 40)
    expected = np.zeros((5, 2))
    # The best counts 1, each of the two equals 1/2; two are 100.
    expected[1, 0], expected[2, 0] = 75, 25
    expected[3, 1], expected[1, 1] = 75, 25
    np.testing.assert_allclose(found.counts, expected)
    assert found.base[:, 0].tolist() == [25, 50, 25, 0, 0]
    assert (found.n, found.architectures, found.top, found.cutoff) == (4, 4, 2, 0.5)
    assert np.isnan(found.low).all()
    summary = found.to_summary()
    assert summary["counts"][1] == [75, 25] and summary["low"][0] == [None, None]


def by_hand(
    properties: np.ndarray, scores: np.ndarray, times: np.ndarray, top: int
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.repeat(np.arange(len(scores)), times.astype(int))
    weights = top_weights(scores[rows], top)
    return weights @ properties[rows] / weights.sum(), properties[rows].mean(axis=0)


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 12))
def test_a_resample_is_a_sample_with_repeated_rows(seed: int, n: int, top: int) -> None:
    rng = np.random.default_rng(seed)
    cluster = np.unique(rng.integers(max(1, n // 2), size=n), return_inverse=True)[1]
    scores = rng.integers(5, size=cluster.max() + 1)[cluster].astype(float)
    properties = rng.integers(2, size=(n, 3)).astype(float)
    seeds = rng.integers(10**6)
    shares = resampled_shares(properties, scores, cluster, top, 40, np.random.default_rng(seeds))
    again = cluster_counts(int(cluster.max()) + 1, 40, np.random.default_rng(seeds))
    for b, counts in enumerate(np.concatenate(list(again))):
        best, every = by_hand(properties, scores, counts[cluster], top)
        np.testing.assert_allclose(shares.top[b], best, atol=1e-12)
        np.testing.assert_allclose(shares.sample[b], every, atol=1e-12)


def test_a_resample_without_the_best_looks_further_down() -> None:
    n, top = 700, 4
    rng = np.random.default_rng(0)
    scores, properties = np.arange(n, 0, -1.0), rng.random((n, 2))
    counts = rng.integers(1, 3, size=(3, n)).astype(float)
    # More than the rows that are looked at first, and at second.
    counts[0, :300], counts[1, :10] = 0, 0
    found = _Ranked(scores, np.arange(n), properties).best(counts, top)
    for b in range(3):
        np.testing.assert_allclose(found[b], by_hand(properties, scores, counts[b], top)[0])


def test_resamples_have_as_many_architectures_as_the_sample() -> None:
    chunks = list(cluster_counts(7, 50, np.random.default_rng(0)))
    counts = np.concatenate(chunks)
    assert counts.shape == (50, 7) and (counts.sum(axis=1) == 7).all()
    assert stats.chisquare(counts.sum(axis=0)).pvalue > 1e-4
    with pytest.raises(ValueError, match="at least 40"):
        next(cluster_counts(7, 39, np.random.default_rng(0)))


def test_chunks_cover_all_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(cluster_counts(9, 50, np.random.default_rng(1))))
    monkeypatch.setattr("randarch.analysis.structure.resampling._ELEMENTS_AT_ONCE", 7 * 9)
    chunks = list(cluster_counts(9, 50, np.random.default_rng(1)))
    assert [len(c) for c in chunks] == [7] * 7 + [1]
    np.testing.assert_array_equal(np.concatenate(chunks), whole)


def test_intervals_pass_over_undefined_resamples() -> None:
    values = np.stack([np.arange(101.0), np.arange(101.0), np.full(101, np.nan)], axis=1)
    values[:40, 1] = np.nan
    low, high = interval(values, 20)
    np.testing.assert_allclose(low[:2], [2.5, 40 + 1.5])
    np.testing.assert_allclose(high[:2], [97.5, 100 - 1.5])
    assert np.isnan([low[2], high[2]]).all()
    assert np.isnan(interval(values, 5)).all()


def test_intervals_cover_the_population() -> None:
    """Of the best tenth of a population, 70 % begin with conv3, of the others 10 %."""
    rng, runs, hits = np.random.default_rng(0), 120, 0
    for _ in range(runs):
        score = np.round(rng.random(300), 3)
        first = np.where(rng.random(300) < np.where(score > 0.9, 0.7, 0.1), 1, 2)
        sampled = sampled_from(np.stack([first, first], axis=1), score[:, None])
        found = layer_distribution(sampled, score, 30, rng, 200)
        hits += found.low[1, 0] <= 70 <= found.high[1, 0]
    assert hits >= stats.binom.ppf(1e-4, runs, 0.92)


def test_copies_of_an_architecture_are_no_new_observations() -> None:
    rng = np.random.default_rng(0)
    sampled = make_sampled(200, copies=4)
    apart = sampled_from(sampled.layers, sampled.class_accuracy)
    together = layer_distribution(sampled, sampled.accuracy, 80, rng, 600)
    naive = layer_distribution(apart, apart.accuracy, 80, rng, 600)
    np.testing.assert_allclose(together.counts, naive.counts)
    inside = (together.counts > 15) & (together.counts < 85)
    ratio = (together.high - together.low)[inside] / (naive.high - naive.low)[inside]
    # Four rows a training: twice the standard error.
    assert ratio.mean() == pytest.approx(2, rel=0.2)


def test_a_statistic_of_rows_resamples_architectures() -> None:
    rng = np.random.default_rng(0)
    x, cluster = rng.normal(size=150), np.repeat(np.arange(150), 3)
    found = clustered_estimate(
        lambda counts: counts @ x[cluster] / counts.sum(axis=1), cluster, 2000, rng
    )
    assert found.n == 150 and found.value == pytest.approx(x.mean())
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(x.std() / np.sqrt(150), rel=0.1)
    assert not clustered_estimate(lambda c: c[:, 0], np.array([0, 1]), 40, rng).defined


def test_columns_reshape_to_types_by_positions() -> None:
    table = one_hot(np.array([[2, 0, -1]]), 3).reshape(3, 3)
    assert table.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
