"""Ensembles of specialists: the split, what is chosen on which part, and what they gain."""

import json

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.structure import Specialists, combine_specialists, split_images
from randarch.analysis.structure.specialists import METHODS, _Ranking, paired_gain

CLASSES = 5
LABELS = np.tile(np.arange(CLASSES), 120)


def networks(seed: int = 0, n: int = 30, good: float = 0.9, poor: float = 0.15) -> np.ndarray:
    """Network i knows class i % 5 and next to nothing of the others."""
    rng = np.random.default_rng(seed)
    knows = np.where(np.arange(n)[:, None] % CLASSES == LABELS, good, poor)
    guess = rng.integers(CLASSES, size=(n, len(LABELS)))
    return np.where(rng.random(guess.shape) < knows, LABELS, guess).astype(np.uint8)


def combine(predictions: np.ndarray, seed: int = 0, **settings: float) -> Specialists:
    rng = np.random.default_rng(seed)
    given = {"largest": 12, "per_class": 2, "resamples": 500}
    return combine_specialists(predictions, LABELS, CLASSES, rng=rng, **(given | settings))


def test_the_split_is_that_of_every_class() -> None:
    labels = np.repeat([0, 1, 2], [10, 4, 7])
    known = split_images(labels, 0.5, np.random.default_rng(0))
    assert [int(known[labels == c].sum()) for c in range(3)] == [5, 2, 4]
    assert (known != split_images(labels, 0.5, np.random.default_rng(1))).any()
    np.testing.assert_array_equal(known, split_images(labels, 0.5, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_images(labels, 1.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="too few"):
        split_images(np.array([0, 1]), 0.2, np.random.default_rng(0))


def test_ranking_by_hand() -> None:
    labels = np.array([0, 0, 1, 1, 0, 1])
    known = np.array([True, True, True, True, False, False])
    predictions = np.array(
        [[0, 1, 1, 0, 1, 0], [0, 0, 0, 0, 1, 0], [1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 0, 0]]
    )
    found = _Ranking.of(predictions, labels, known, 2)
    assert found.by_class.tolist() == [[0.5, 0.5], [1, 0], [0, 1], [0, 0.5]]
    assert found.order.tolist() == [0, 1, 2, 3]
    assert found.any_right.tolist() == [True, True, True, True, True, False]
    # Best for class 0: 1, then 0; for class 1: 2, then 0 (equal to 3, and better of all).
    assert found.specialists(2).tolist() == [1, 2, 0, 0]


def test_specialists_together_beat_the_best_network() -> None:
    found = combine(networks())
    assert [e.method for e in found.ensembles] == list(METHODS)
    best = found.of("best")
    assert (best.size, best.members, best.gain.defined) == (1, (found.best,), False)
    for method in ("specialists", "greedy", "bayes", "bayes_specialists"):
        assert found.of(method).gain.low > 0.1, method
    assert {m % CLASSES for m in found.of("specialists").members[:CLASSES]} == set(range(CLASSES))
    assert (found.n, found.selection_images, found.report_images) == (30, 300, 300)
    assert found.any_right == 1
    with pytest.raises(KeyError, match="expected one of best"):
        found.of("stacking")
    json.dumps(found.to_summary(), allow_nan=False)


def test_curves_are_those_of_the_sizes() -> None:
    found = combine(networks(poor=0.3))
    known = split_images(LABELS, 0.5, np.random.default_rng(0))
    for e in found.ensembles:
        assert len(e.sizes) == len(e.selection) == len(e.report) == len(e.low) == len(e.high)
        k = e.sizes.index(e.size)
        assert e.selection[k] == e.selection.max() and len(e.members) == e.size
        assert e.accuracy.value == e.report[k] and e.accuracy.n == 300
        assert ((e.low < e.report) & (e.report < e.high)).all()
        expected = stats.binomtest(round(300 * e.report[0]), 300).proportion_ci(method="wilson")
        assert (e.low[0], e.high[0]) == pytest.approx((expected.low, expected.high))
    assert found.of("specialists").sizes == (5, 10)
    assert found.of("vote").sizes == found.of("greedy").sizes == tuple(range(1, 13))
    right = networks(poor=0.3)[found.best] == LABELS
    for method in ("best", "vote", "greedy"):
        assert found.of(method).selection[0] == right[known].mean()
        assert found.of(method).report[0] == right[~known].mean()
    greedy, vote = found.of("greedy"), found.of("vote")
    assert greedy.selection.max() >= vote.selection[:6].max()


def test_nothing_is_chosen_on_the_report_part() -> None:
    predictions = networks(poor=0.4)
    known = split_images(LABELS, 0.5, np.random.default_rng(0))
    other = predictions.copy()
    other[:, ~known] = np.random.default_rng(9).integers(CLASSES, size=(30, 300))
    one, two = combine(predictions), combine(other)
    for a, b in zip(one.ensembles, two.ensembles, strict=True):
        assert a.members == b.members
        np.testing.assert_array_equal(a.selection, b.selection)
        # Chance, on images that tell nothing.
        assert b.accuracy.low < 1 / CLASSES < b.accuracy.high


def test_bayes_is_not_judged_on_its_own_confusions() -> None:
    """Networks that guess: with confusions from the same images their evidence would look good."""
    guesses = np.random.default_rng(1).integers(CLASSES, size=(40, len(LABELS)))
    found = combine(guesses.astype(np.int16), largest=40, smoothing=0.1).of("bayes")
    # 40 correlated sizes, so within five standard errors.
    assert np.abs(found.selection - 0.2).max() < 5 * np.sqrt(0.16 / 300)


def test_a_gain_is_paired() -> None:
    rng = np.random.default_rng(0)
    baseline = rng.random(2000) < 0.4
    right = baseline ^ (rng.random(2000) < 0.05)
    found = paired_gain(right, baseline, 4000, rng)
    difference = right.astype(float) - baseline
    assert found.value == pytest.approx(difference.mean())
    margin = 1.96 * difference.std() / np.sqrt(2000)
    assert found.high - found.low == pytest.approx(2 * margin, rel=0.08)
    gained = int((difference > 0).sum())
    expected = stats.binomtest(gained, int((difference != 0).sum())).pvalue
    assert found.p == expected and found.n == 2000
    same = paired_gain(baseline, baseline, 100, rng)
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_one_network_and_few() -> None:
    found = combine(networks(n=1))
    assert all(set(e.members) == {0} for e in found.ensembles)
    assert found.of("vote").gain.value == found.of("specialists").gain.value == 0
    assert combine(networks(n=2)).of("vote").sizes == (1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predictions": np.full((2, 600), 5)}, "predictions from 5 to 5; expected 0 to 4"),
        ({"predictions": np.full((2, 600), -1)}, "predictions from -1 to -1"),
        ({"predictions": np.zeros((0, 600), int)}, "0 networks"),
        ({"largest": 0}, "largest = 0"),
        ({"smoothing": 0.0}, "smoothing = 0.0"),
    ],
)
def test_what_cannot_be_combined_is_refused(change: dict[str, object], message: str) -> None:
    given = {"predictions": networks(n=2), "labels": LABELS, "classes": CLASSES}
    with pytest.raises(ValueError, match=message):
        combine_specialists(**(given | change), rng=np.random.default_rng(0))
