"""Size bins against the published table and pandas; size classes against their definition."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from randarch.analysis import Bootstrap, bin_edges, size_classes, within_bins, within_classes

# Evans et al., Table V: (low, high] by the largest final size of the depth; the smallest is 192.
PAPER_TABLE_V = {
    1216: [(806.4, 857.6), (499.2, 550.4), (190.976, 243.2)],
    2304: [(1142.4, 1248.0), (614.4, 720.0), (403.2, 508.8)],
    3456: [(1660.8, 1824.0), (681.6, 844.7), (188.7, 355.2)],
    9664: [(3033.6, 3507.2), (1612.8, 2086.4), (182.528, 665.6)],
}


def bootstrap() -> Bootstrap:
    return Bootstrap(100, np.random.default_rng(0))


@pytest.mark.parametrize("largest", PAPER_TABLE_V)
def test_bins_are_the_papers(largest: int) -> None:
    edges = bin_edges(np.array([192, largest]))
    assert len(edges) == 21
    ours = np.column_stack([edges[:-1], edges[1:]])
    for published in PAPER_TABLE_V[largest]:
        distance = np.abs(ours - published).max(axis=1)
        assert distance.min() <= 0.11, (published, ours[distance.argmin()])


def test_within_bins_are_pandas_groups() -> None:
    rng = np.random.default_rng(0)
    size = 64 * rng.integers(3, 40, size=300)
    score, trained = rng.normal(size=(2, 300))
    bins = within_bins(size, score, trained, bootstrap())
    cut = pd.cut(size, 20, precision=12)
    assert sum(b.n for b in bins) == 300
    for ours, interval in zip(bins, cut.categories, strict=True):
        inside = cut == interval
        assert (ours.low, ours.high) == pytest.approx((interval.left, interval.right))
        assert ours.n == inside.sum()
        if ours.n >= 3:
            expected = stats.pearsonr(score[inside], trained[inside]).statistic
            assert ours.pearson.value == pytest.approx(expected)
            expected = stats.spearmanr(score[inside], trained[inside]).statistic
            assert ours.spearman.value == pytest.approx(expected)


def test_bins_count_only_complete_pairs() -> None:
    size = np.array([192, 192, 192, 192, 256])
    trained = np.array([0.1, np.nan, 0.3, 0.2, 0.5])
    bins = within_bins(size, np.arange(5.0), trained, bootstrap())
    assert [bins[0].n, bins[0].pearson.n, bins[-1].n] == [3, 3, 1]


def test_equal_sizes_are_one_bin_and_one_class() -> None:
    size, rng = np.full(12, 640), np.random.default_rng(0)
    score, trained = rng.normal(size=(2, 12))
    (only,) = within_bins(size, score, trained, bootstrap())
    assert only.low < 640 == only.high
    assert only.n == 12
    (middle,) = within_classes(size, score, trained, bootstrap())
    assert (middle.label, middle.low, middle.high, middle.n) == ("medium", 640, 640, 12)


def test_no_architectures_have_no_groups() -> None:
    sizes, none = np.array([], dtype=int), np.array([])
    assert within_bins(sizes, none, none, bootstrap()) == ()
    assert within_classes(sizes, none, none, bootstrap()) == ()
    with pytest.raises(ValueError, match="at least one"):
        bin_edges(sizes)


@given(st.integers(1, 40))
def test_untied_classes_are_terciles(n: int) -> None:
    sizes = np.random.default_rng(n).permutation(n) + 1
    classes = size_classes(sizes)
    counts = [(classes == label).sum() for label in ("low", "medium", "high")]
    assert max(counts) - min(counts) <= 1


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30))
def test_classes_follow_size(sizes: list[int]) -> None:
    order = {"low": 0, "medium": 1, "high": 2}
    classes = [order[str(c)] for c in size_classes(np.array(sizes))]
    for a, b in zip(sizes, classes, strict=True):
        for c, d in zip(sizes, classes, strict=True):
            assert (b == d) if a == c else ((b <= d) == (a < c) or b == d)
