"""Pairs of neighbours: what counts as one, explicit refits as oracles, a planted pair."""

import itertools

import numpy as np
import pytest

from randarch.analysis.structure import PairEffect, pair_effects, top_weights
from randarch.analysis.structure.columns import NONE, contains_pair, neighbours, without
from randarch.analysis.structure.ngrams import _PairSums
from randarch.analysis.structure.pair_ridge import additive_columns
from tests.analysis.structure.examples import TYPES, make_sampled, sampled_from


def effects(
    sampled: object, top: int = 20, **settings: object
) -> dict[tuple[str, str], PairEffect]:
    found = pair_effects(
        sampled, sampled.accuracy, top, rng=np.random.default_rng(0), resamples=100, **settings
    )
    return {(e.first, e.second): e for e in found}


def test_neighbours_by_hand() -> None:
    layers = np.array([[0, 2, 0, 1], [0, 0, 0, 0], [2, 1, 2, 1]])
    assert neighbours(layers, 3).tolist() == [[2, 6, 1], [0, 0, 0], [7, 5, 7]]
    moved = without(layers, 0)
    assert moved.tolist() == [[2, 1, NONE, NONE], [NONE] * 4, [2, 1, 2, 1]]
    assert neighbours(moved, 3).tolist() == [[7, NONE, NONE], [NONE] * 3, [7, 5, 7]]
    assert [np.flatnonzero(row).tolist() for row in contains_pair(layers, 3)] == [
        [1, 2, 6],
        [0],
        [5, 7],
    ]
    assert [np.flatnonzero(row).tolist() for row in contains_pair(moved, 3)] == [[7], [], [5, 7]]


def holders(layers: np.ndarray, first: int, second: int) -> np.ndarray:
    return np.array([(first, second) in itertools.pairwise(row) for row in layers.tolist()])


def test_excess_and_lift_by_hand() -> None:
    sampled = make_sampled(120, copies=2, positions=3)
    x, y = additive_columns(sampled.layers, 5), sampled.accuracy
    predicted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    weights = top_weights(y, 30)
    found = effects(sampled, 30)
    assert len(found) == 25
    for (first, second), e in found.items():
        has = holders(sampled.layers, TYPES.index(first), TYPES.index(second))
        assert (e.n, 2 * e.architectures) == (has.sum(),) * 2
        assert e.mean == pytest.approx(y[has].mean())
        assert e.expected == pytest.approx(predicted[has].mean())
        assert e.excess.value == pytest.approx((y - predicted)[has].mean(), abs=1e-12)
        assert e.share_sample == pytest.approx(has.mean())
        assert e.share_top == pytest.approx(weights[has].sum() / 30)
        assert e.lift.value == pytest.approx(e.share_top / e.share_sample)
        assert (e.excess.n, e.lift.n) == (e.architectures, 120)
    excesses = [e.excess.value for e in found.values()]
    assert excesses == sorted(excesses, reverse=True)


def test_resampled_means_are_refits_of_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    sampled = make_sampled(60, copies=2, positions=3)
    x, y = additive_columns(sampled.layers, 5), sampled.accuracy
    contains = contains_pair(sampled.layers, 5).astype(float)
    # As many groups as architectures: a permutation says which is which.
    sums = _PairSums.of(x, y, contains, sampled.cluster, np.random.default_rng(1))
    group = np.random.default_rng(1).permutation(60)[sampled.cluster]
    counts = rng.multinomial(60, np.full(60, 1 / 60), size=3).astype(float)
    means, expected = sums.means(counts)
    for b in range(3):
        rows = np.repeat(np.arange(120), counts[b].astype(int)[group])
        predicted = x[rows] @ np.linalg.lstsq(x[rows], y[rows], rcond=None)[0]
        for k in range(25):
            has = contains[rows, k] > 0
            if has.any():
                assert means[b, k] == pytest.approx(y[rows][has].mean())
                assert expected[b, k] == pytest.approx(predicted[has].mean())
            else:
                assert np.isnan(means[b, k])


def test_a_planted_pair_comes_first() -> None:
    found = list(effects(make_sampled(700, pair=0.8, images=400), 70).values())
    assert (found[0].first, found[0].second) == ("conv3", "max2")
    assert found[0].excess.low > 0 and found[0].lift.low > 1
    assert found[0].excess.low > found[1].excess.high


def test_without_pair_effects_intervals_hold_zero() -> None:
    rng, hits = np.random.default_rng(0), []
    for _ in range(12):
        layers = rng.integers(5, size=(250, 3))
        y = 0.3 + np.linspace(-0.02, 0.02, 5)[layers].sum(axis=1) + rng.normal(0, 0.02, 250)
        found = effects(sampled_from(layers, y[:, None]), 25)
        hits.extend(e.excess.low <= 0 <= e.excess.high for e in found.values())
    assert 0.88 < np.mean(hits) < 0.98


def test_skipping_a_type_joins_what_is_beside_it() -> None:
    sampled = make_sampled(150, positions=4)
    found = effects(sampled, skip="identity")
    assert len(found) == 16 and not any("identity" in pair for pair in found)
    rest = [[t for t in row if t != 0] for row in sampled.layers.tolist()]
    has = np.array([(1, 3) in itertools.pairwise(row) for row in rest])
    assert found["conv3", "max2"].n == has.sum() > effects(sampled)["conv3", "max2"].n


def test_pairs_that_no_network_has_come_last_and_undefined() -> None:
    sampled = make_sampled(40, positions=2)
    layers = np.where((sampled.layers == [4, 4]).all(axis=1)[:, None], 0, sampled.layers)
    found = effects(sampled_from(layers, sampled.class_accuracy))
    e = found["avg3", "avg3"]
    assert list(found)[-1] == ("avg3", "avg3") or e.n == 0
    assert e.n == 0 and not e.excess.defined and not e.lift.defined and np.isnan(e.mean)
    assert e.to_summary()["excess"]["value"] is None


def test_a_model_that_follows_every_network_leaves_no_excess() -> None:
    found = effects(make_sampled(8, positions=5))
    assert not any(e.excess.defined for e in found.values())
    assert any(e.n for e in found.values())


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of identity"):
        effects(make_sampled(10), skip="dropout")
