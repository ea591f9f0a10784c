"""Classes: Table II by hand, Benjamini and Hochberg by hand, planted specialists."""

import json

import numpy as np
import pytest

from randarch.analysis.structure import ClassAnalysis, analyze_classes, layer_distribution
from tests.analysis.structure.examples import make_sampled, sampled_from


def analyze(sampled: object, **settings: int) -> ClassAnalysis:
    given = {"top": 40, "class_top": 20, "permutations": 199, "simulations": 20, "resamples": 40}
    return analyze_classes(sampled, rng=np.random.default_rng(0), **(given | settings))


def test_a_class_by_hand() -> None:
    layers = np.array([[0, 1], [1, 1], [2, 2], [3, 3], [4, 4]])
    accuracy = np.array([[0.3, np.nan], [0.5, 0.9], [0.7, 0.6], [0.7, 0.2], [0.1, 0.95]])
    failed = np.array([True, False, False, False, False])
    found = analyze(sampled_from(layers, accuracy, failed=failed), top=2, class_top=2)
    assert (found.n, found.architectures) == (4, 4)
    # Overall .7, .65, .45, .525: the best of all are the conv3's and the conv5's network.
    assert found.overall[:, 0].tolist() == [0, 50, 50, 0, 0]
    first, second = found.classes
    assert (first.top, first.cutoff, second.top) == (0.7, 0.7, 0.95)
    assert first.mean == pytest.approx(0.5)
    assert first.counts[:, 1].tolist() == [0, 0, 50, 50, 0]
    # Half of conv3 less and half of max2 more, at both positions.
    assert first.distance == 200 and second.distance == 200
    assert (first.rank_of_best, second.rank_of_best) == (3, 2)
    assert (first.accuracy_of_best, second.accuracy_of_best) == (0.5, 0.9)
    # Two networks are equal in the first class; the better one of all is shown. Rows count from 0, failed or not.
    assert (first.best, first.best_ties, second.best, second.best_ties) == (2, 2, 4, 1)
    assert first.best_layers == ("conv5", "conv5") and second.best_layers == ("avg3", "avg3")
    assert first.best_accuracy_elsewhere == 0.65
    assert first.quantiles[0.0] == 0.1 and first.quantiles[1.0] == 0.7


def test_counts_are_those_of_the_layer_distribution() -> None:
    sampled = make_sampled(150, copies=2, failed=3)
    found = analyze(sampled)
    for c, result in enumerate(found.classes):
        scores = sampled.class_accuracy[:, c]
        table = layer_distribution(sampled, scores, 20, np.random.default_rng(0), 40)
        np.testing.assert_allclose(result.counts, table.counts)
    overall = layer_distribution(sampled, sampled.accuracy, 40, np.random.default_rng(0), 40)
    np.testing.assert_allclose(found.overall, overall.counts)
    for result in found.classes:
        assert result.distance == pytest.approx(np.abs(result.counts - found.overall).sum())


def test_q_is_benjamini_and_hochbergs() -> None:
    found = analyze(make_sampled(120, 9, special=0.6))
    p = np.array([c.p for c in found.classes])
    assert len(np.unique(p)) > 3
    order, q, lowest = np.argsort(p), np.empty(9), 1.0
    for rank in range(9, 0, -1):
        lowest = min(lowest, p[order[rank - 1]] * 9 / rank)
        q[order[rank - 1]] = lowest
    np.testing.assert_allclose([c.q for c in found.classes], q)


def test_a_class_of_specialists_is_found_and_others_are_not() -> None:
    sampled = make_sampled(500, 6, effect=0.6, special=1.5)
    found = analyze(sampled, simulations=60)
    (special,) = found.most_deviating(1)
    assert special.name == "class 0" and special in found.found
    assert special.noise_p == pytest.approx(1 / 61) and special.distance > special.noise_high
    assert special.counts[3, 0] > 80 and found.overall[3, 0] < 10
    assert special.rank_of_best > max(c.rank_of_best for c in found.classes[1:])
    assert found.classes[3].counts[3, 0] < 20


def test_most_deviating_are_in_falling_order() -> None:
    found = analyze(make_sampled(100, 5), simulations=0)
    distances = [c.distance for c in found.most_deviating(9)]
    assert len(distances) == 5 and distances == sorted(distances, reverse=True)


def test_without_simulations_nothing_exceeds_noise() -> None:
    found = analyze(make_sampled(100, 5, special=2.0), simulations=0)
    assert all(np.isnan(c.noise_high) and not c.exceeds_noise for c in found.classes)
    assert found.found == () and found.to_summary()["classes"][0]["noise_high"] is None


def test_if_all_are_best_there_is_no_distance() -> None:
    found = analyze(make_sampled(15), top=40, class_top=20)
    assert all((c.distance, c.p, c.q) == (0, 1, 1) for c in found.classes)
    assert found.found == ()


def test_the_generator_decides_and_the_summary_is_json() -> None:
    sampled = make_sampled(80)
    summary = analyze(sampled).to_summary()
    assert summary == analyze(sampled).to_summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["classes"][0]["quantiles"]["0.5"] == pytest.approx(
        np.median(sampled.class_accuracy[:, 0])
    )


def test_dead_networks_are_not_the_best_for_a_class() -> None:
    sampled = make_sampled(60, images=50)
    accuracy = sampled.class_accuracy.copy()
    accuracy[7] = np.eye(6)[2]
    dead = sampled_from(sampled.layers, accuracy, images=50)
    found = analyze(dead, top=10, class_top=5)
    without = analyze(dead.rows(np.flatnonzero(~dead.dead)), top=10, class_top=5)
    assert (found.n, found.classes[2].best) != (60, 7)
    for one, other in zip(found.classes, without.classes, strict=True):
        assert (one.top, one.distance, one.p) == (other.top, other.distance, other.p)
    # Rows are those of the sample.
    best = found.classes[2].best
    assert dead.class_accuracy[best, 2] == found.classes[2].top < 1
    only = analyze(dead.rows([7]), top=1, class_top=1)
    assert only.n == 1 and only.classes[2].top == 1
