"""Votes, naive Bayes and greedy selection, each against a slow and plain version."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.analysis.structure.greedy import greedy_selection, right_if_joined, sorted_start
from randarch.analysis.structure.voting import bayes, class_shares, log_evidence, vote, vote_weights

CLASSES = 4


def majority(decisions: Sequence[int], members: int) -> int:
    """The class with most votes; then that of the earlier members; then the lower one."""
    votes = [sum(d == c for d in decisions) for c in range(CLASSES)]
    # Summed ranks from the back: the earlier, the more.
    early = [sum(members - i for i, d in enumerate(decisions) if d == c) for c in range(CLASSES)]
    return max(range(CLASSES), key=lambda c: (votes[c], early[c], -c))


@given(st.integers(0, 10**6), st.integers(1, 9))
def test_votes_are_counted_and_earlier_members_break_ties(seed: int, members: int) -> None:
    predictions = np.random.default_rng(seed).integers(CLASSES, size=(members, 12))
    sizes = range(1, members + 1)
    decided = vote(predictions.astype(np.uint8), CLASSES, sizes)
    for k in sizes:
        expected = [majority(predictions[:k, i].tolist(), members) for i in range(12)]
        assert decided[k - 1].tolist() == expected
    if members > 2:
        np.testing.assert_array_equal(vote(predictions, CLASSES, [3]), decided[2:3])


@pytest.mark.parametrize("members", [1, 2, 50, 500])
def test_tie_breaks_never_outweigh_a_vote(members: int) -> None:
    weights = vote_weights(members)
    assert (np.diff(weights) < 0).all()
    k = members // 2
    # The first k members against the last k + 1.
    assert weights[:k].sum() < weights[members - k - 1 :].sum()


def test_evidence_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 0, 1, 1, 1, 1], dtype=np.uint8)
    shares = class_shares(labels, 3)
    np.testing.assert_allclose(shares, [4 / 9, 3 / 9, 2 / 9])
    found = log_evidence(predicted, labels, 3, 0.5)
    # Decision 1: one image of class 0, two of 1, one of 2, and 1.5 more.
    expected = (np.array([1, 2, 1]) + 1.5 * shares) / (4 + 1.5) / shares
    np.testing.assert_allclose(found[:, 1], np.log(expected))
    # A decision that never occurred says nothing.
    np.testing.assert_allclose(found[:, 2], 0, atol=1e-12)


def test_bayes_sums_the_evidence() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(CLASSES, size=60)
    predictions = np.where(
        rng.random((5, 60)) < 0.5, labels, rng.integers(CLASSES, size=(5, 60))
    ).astype(np.int16)
    known = rng.random(60) < 0.6
    decided = bayes(predictions, labels, known, CLASSES, [1, 4], 1.0)
    prior = np.log(class_shares(labels[known], CLASSES))
    for row, k in enumerate([1, 4]):
        for image in range(60):
            score = prior.copy()
            for member in predictions[:k]:
                score += log_evidence(member[known], labels[known], CLASSES, 1.0)[:, member[image]]
            assert decided[row, image] == score.argmax()


def test_bayes_hears_a_network_that_is_always_wrong_and_not_one_that_says_one_class() -> None:
    labels = np.tile(np.arange(CLASSES), 50)
    wrong, constant = (labels + 1) % CLASSES, np.full(200, 2)
    known = np.arange(200) < 100
    decided = bayes(np.stack([constant, wrong, constant]), labels, known, CLASSES, [3], 0.1)
    np.testing.assert_array_equal(decided[0], labels)
    alone = bayes(np.stack([constant]), labels, known, CLASSES, [1], 0.1)
    # Equal priors: the evidence of a constant is 0.
    evidence = log_evidence(constant[known], labels[known], CLASSES, 0.1)[:, 2]
    np.testing.assert_allclose(evidence, 0, atol=1e-12)
    assert len(np.unique(alone)) == 1


@given(st.integers(0, 10**6), st.integers(0, 5))
def test_what_a_newcomer_changes_is_the_vote_with_it(seed: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    size = members + 1
    labels, weights = rng.integers(CLASSES, size=8), vote_weights(size)
    votes = np.zeros((8, CLASSES), dtype=np.int64)
    joined = rng.integers(CLASSES, size=(members, 8))
    for row, weight in zip(joined, weights[:members], strict=True):
        votes[np.arange(8), row] += weight
    table = right_if_joined(votes, labels, int(weights[members]))
    for c in range(CLASSES):
        newcomer = np.full((1, 8), c)
        decided = vote(np.concatenate([joined, newcomer]), CLASSES, [size])[0]
        np.testing.assert_array_equal(table[:, c], decided == labels)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3))
def test_greedy_selection_is_the_best_of_all_newcomers(seed: int, size: int, start: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=15)
    predictions = np.where(rng.random((5, 15)) < 0.4, labels, rng.integers(CLASSES, size=(5, 15)))
    start = min(start, size)
    chosen, right = greedy_selection(predictions.astype(np.uint8), labels, CLASSES, size, start)
    assert chosen[:start].tolist() == list(range(start))

    def accuracy(members: list[int]) -> float:
        decided = [
            majority([int(predictions[m, i]) for m in members], size) for i in range(len(labels))
        ]
        return float(np.mean(decided == labels))

    for k in range(start, size):
        each = [accuracy([*chosen[:k].tolist(), m]) for m in range(5)]
        assert chosen[k] == int(np.argmax(each))
        assert right[k] == max(each)
    assert right[start - 1] == accuracy(list(range(start)))


def test_greedy_selection_takes_one_again() -> None:
    """Two poor networks outvote a good one; a second copy of it helps."""
    rng = np.random.default_rng(0)
    labels = rng.integers(CLASSES, size=400)
    poor = (labels + 1) % CLASSES
    some = np.where(rng.random(400) < 0.4, labels, poor)
    predictions = np.stack([labels, poor, some])
    chosen, right = greedy_selection(predictions, labels, CLASSES, 5, 3)
    assert chosen[3:].tolist() == [0, 0] and right[2] < right[3] < right[4] == 1


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([0.5], 1),
        ([0.5, 0.4], 2),
        ([0.5, 0.4, 0.6, 0.7], 3),
        ([0.9, 0.4, 0.5, 0.5, 0.6, 0.9, 0.9, 0.9, 0.9, 0.9], 5),
        ([0.9, 0.4, 0.6, 0.5, 0.6, 0.9, 0.9, 0.9, 0.9, 0.9], 3),
    ],
)
def test_where_greedy_selection_starts(right: list[float], expected: int) -> None:
    assert sorted_start(np.array(right)) == expected
