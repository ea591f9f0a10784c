"""Repeated trainings: the textbook's intraclass correlation, simulations, verdicts."""

import json

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.structure import analyze_repeats
from randarch.analysis.structure.repeats import icc

# Shrout and Fleiss (1979), Table 2: six targets, four judges.
TEXTBOOK = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_icc_is_the_textbooks() -> None:
    found = icc(TEXTBOOK)
    assert found.value == pytest.approx(0.17, abs=0.005)
    # The interval that the R package `psych` gives for the same data.
    assert (found.low, found.high) == pytest.approx((-0.133, 0.723), abs=0.001)
    anova = stats.f_oneway(*TEXTBOOK)
    assert found.p == pytest.approx(anova.pvalue) and found.n == 6


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_icc_covers_the_share_of_variance(share: float) -> None:
    rng, hits, runs = np.random.default_rng(0), 0, 300
    for _ in range(runs):
        values = np.sqrt(share) * rng.normal(size=(12, 1))
        found = icc(values + np.sqrt(1 - share) * rng.normal(size=(12, 3)))
        hits += found.low <= share <= found.high
    assert stats.binom.ppf(1e-4, runs, 0.95) <= hits <= stats.binom.ppf(1 - 1e-4, runs, 0.95)


def test_spreads_are_found_again() -> None:
    rng = np.random.default_rng(0)
    values = 0.3 + 0.05 * rng.normal(size=(4000, 1)) + 0.01 * rng.normal(size=(4000, 3))
    found = analyze_repeats(values)
    assert found.within == pytest.approx(0.01, rel=0.05)
    assert found.between == pytest.approx(0.05, rel=0.05)
    assert found.mean == pytest.approx(values.mean())
    assert (found.networks, found.trainings, found.left_out) == (4000, 3, 0)
    assert not found.distance.defined and not found.agreement.defined
    assert found.parameters_repeat == "unclear" and found.accuracy_repeats == "yes"


def test_networks_with_a_failed_training_are_left_out_of_everything() -> None:
    rng = np.random.default_rng(0)
    values, classes = rng.random((9, 2)), rng.random((9, 2, 3))
    distance = rng.random(9) + 0.5
    gap, class_gap = values.copy(), classes.copy()
    gap[4, 1] = class_gap[4, 1] = np.nan
    others = np.arange(9) != 4
    found = analyze_repeats(gap, class_accuracy=class_gap, distance=distance, agreement=distance)
    expected = analyze_repeats(
        values[others],
        class_accuracy=classes[others],
        distance=distance[others],
        agreement=distance[others],
    )
    assert found.left_out == 1 and found.icc == expected.icc and found.distance == expected.distance
    np.testing.assert_array_equal(found.class_within, expected.class_within)
    assert found.agreement.n == 8


def test_classes_are_judged_one_by_one() -> None:
    rng = np.random.default_rng(0)
    classes = rng.random((20, 2, 3))
    found = analyze_repeats(classes.mean(axis=2), class_accuracy=classes)
    for c in range(3):
        assert found.class_icc[c] == pytest.approx(icc(classes[:, :, c]).value)
        assert found.class_within[c] == pytest.approx(
            np.sqrt(classes[:, :, c].var(axis=1, ddof=1).mean())
        )


@pytest.mark.parametrize(
    ("distance", "start", "expected"),
    [
        *((0.03, 1.4, "yes"), (0.7, 1.4, "closer"), (1.4, 1.2, "no")),
        *((1.0, 1.0, "apart"), (0.1, 1.4, "unclear")),
    ],
)
def test_verdict_on_parameters(distance: float, start: float, expected: str) -> None:
    jitter = np.tile([0.98, 1.02], 10)
    found = analyze_repeats(
        np.random.default_rng(0).random((20, 2)),
        distance=distance * jitter,
        start_distance=np.full(20, start),
    )
    assert found.distance_ratio.value == pytest.approx(distance / start)
    assert found.parameters_repeat == expected
    assert found.accuracy_repeats == "no"
    assert "20 networks, 2 trainings each" in found.verdict
    summary = found.to_summary()
    assert summary["verdict"] == found.verdict
    json.dumps(summary, allow_nan=False)


def test_what_cannot_vary_is_undefined() -> None:
    assert not icc(np.full((5, 3), 0.2)).defined
    assert not icc(np.full((1, 3), 0.2)).defined
    exact = icc(np.repeat(np.arange(4.0)[:, None], 2, axis=1))
    assert (exact.value, exact.low, exact.high, exact.p) == (1, 1, 1, 0)
    alone = analyze_repeats(np.array([[0.3, 0.4]]))
    # One network says how far trainings spread, and nothing of how networks do.
    assert alone.within == pytest.approx(np.std([0.3, 0.4], ddof=1))
    assert np.isnan(alone.between) and alone.accuracy_repeats == "unclear"
    nothing = analyze_repeats(np.full((2, 2), np.nan), distance=np.ones(2))
    assert nothing.networks == 0 and np.isnan(nothing.mean) and not nothing.distance.defined
    json.dumps(nothing.to_summary(), allow_nan=False)


def test_one_training_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        analyze_repeats(np.zeros((4, 1)))
