"""Beside published tables."""

import numpy as np
import pytest
from scipy import stats

from randarch.analysis import Bootstrap
from randarch.analysis.structure import (
    analyze_classes,
    compare_class_table,
    compare_classes,
    compare_distribution,
)
from tests.analysis.structure.examples import make_sampled


def test_cells_are_compared_one_by_one() -> None:
    rng = np.random.default_rng(0)
    ours = rng.integers(40, size=(10, 5)).astype(float)
    theirs = ours + rng.normal(0, 8, size=(10, 5))
    found = compare_distribution(ours, theirs, Bootstrap(200, rng))
    assert found.spearman.value == pytest.approx(
        stats.spearmanr(ours.ravel(), theirs.ravel()).statistic
    )
    assert found.pearson.value == pytest.approx(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
    assert found.spearman.n == 50 and found.spearman.low > 0
    # Transposed, the same numbers are other cells.
    other = compare_distribution(ours[:5], theirs[:5].T.copy(), Bootstrap(200, rng))
    assert other.spearman.value < 0.5


def test_percent_and_fractions_are_the_same_order() -> None:
    rng = np.random.default_rng(0)
    mean = rng.random(30)
    found = compare_classes(mean, np.append(100 * mean[:29], np.nan), Bootstrap(100, rng))
    assert found.spearman.value == found.pearson.value == pytest.approx(1)
    assert found.kendall.n == 29


def test_a_table_of_classes() -> None:
    rng = np.random.default_rng(0)
    ours = analyze_classes(
        make_sampled(60, 12), top=12, class_top=6, rng=rng, permutations=9, simulations=0
    )
    top = np.array([c.top for c in ours.classes])
    mean = np.array([c.mean for c in ours.classes])
    noise = rng.normal(size=12)
    found = compare_class_table(ours, 100 * top, -mean, noise, Bootstrap(100, rng))
    assert found.top.spearman.value == pytest.approx(1)
    assert found.mean.spearman.value == pytest.approx(-1)
    distances = [c.distance for c in ours.classes]
    assert found.distance.pearson.value == pytest.approx(np.corrcoef(distances, noise)[0, 1])
    assert found.to_summary()["top"]["pearson"]["n"] == 12
    with pytest.raises(ValueError, match="11 published numbers \\(top\\) for 12 classes"):
        compare_class_table(ours, top[:11], mean[:11], noise[:11], Bootstrap(100, rng))
