"""Groups of networks by overall accuracy, by hand."""

import itertools
import json

import numpy as np
import pytest

from randarch.analysis.structure import accuracy_groups
from tests.analysis.structure.examples import make_sampled, sampled_from


def test_groups_by_hand() -> None:
    accuracy = np.array([[0.8, 0.6, 0.1], [0.0, 0.3, 0.0], [0.2, 0.9, 0.7], [0.6, 0.0, 0.0]])
    worse, better = accuracy_groups(sampled_from(np.zeros((4, 2), int), accuracy), 2)
    assert (worse.n, worse.low, worse.high) == (2, pytest.approx(0.1), pytest.approx(0.2))
    np.testing.assert_allclose(worse.curve, [0.45, 0, 0])
    np.testing.assert_allclose(better.curve, [0.85, 0.65, 0.15])
    np.testing.assert_allclose(better.class_mean, [0.5, 0.75, 0.4])
    np.testing.assert_allclose(better.curve_low, [0.825, 0.625, 0.125])
    assert (worse.covered, better.covered) == (1, 3)
    # Of 100 images guessing has 41 or fewer right in 95 % of cases.
    assert (worse.above_chance, better.above_chance) == (0.5, 2)
    assert better.best_class == pytest.approx(0.85) and better.mean == pytest.approx(0.55)


def test_groups_hold_every_network_once_in_order() -> None:
    sampled = make_sampled(53, failed=2)
    groups = accuracy_groups(sampled, 10)
    assert [g.n for g in groups] == [6] + [5] * 9
    assert all(a.high <= b.low for a, b in itertools.pairwise(groups))
    overall = sum(g.n * g.mean for g in groups) / 51
    assert overall == pytest.approx(sampled.sound.accuracy.mean())
    assert all((np.diff(g.curve) <= 0).all() for g in groups)
    json.dumps([g.to_summary() for g in groups], allow_nan=False)


def test_there_are_no_more_groups_than_networks() -> None:
    assert [g.n for g in accuracy_groups(make_sampled(3), 10)] == [1, 1, 1]
    with pytest.raises(ValueError, match="at least 1"):
        accuracy_groups(make_sampled(3), 0)


def test_a_guesser_is_hardly_ever_better_than_guessing() -> None:
    rng = np.random.default_rng(0)
    accuracy = rng.binomial(50, 0.01, size=(400, 100)) / 50
    (group,) = accuracy_groups(sampled_from(np.zeros((400, 2), int), accuracy, images=50), 1)
    assert 0 < group.above_chance <= 5
    assert group.covered == pytest.approx(100 * (1 - 0.99**50), abs=1)
