"""Intervals: coverage on simulated normals, SciPy's BCa, and the data that allow none."""

import numpy as np
import pytest
from scipy import stats

from randarch.analysis import Bootstrap, coefficients, correlate, pearson, spearman


def bootstrap(seed: int = 0, resamples: int = 500) -> Bootstrap:
    return Bootstrap(resamples, np.random.default_rng(seed))


def normals(n: int, r: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=n)
    return x, r * x + np.sqrt(1 - r**2) * rng.normal(size=n)


@pytest.mark.parametrize(
    ("n", "r"),
    [(24, 0.7), *(pytest.param(*case, marks=pytest.mark.slow) for case in [(24, 0.0), (60, 0.7)])],
)
def test_coverage_on_bivariate_normals(n: int, r: float) -> None:
    rng = np.random.default_rng(0)
    truth = {"pearson": r, "spearman": 6 / np.pi * np.arcsin(r / 2), "kendall": 2 / np.pi}
    truth["kendall"] *= np.arcsin(r)
    trials = 300
    hits = dict.fromkeys(truth, 0)
    for _ in range(trials):
        estimates = correlate(*normals(n, r, rng), Bootstrap(200, rng))
        for kind, value in truth.items():
            estimate = getattr(estimates, kind)
            hits[kind] += estimate.low <= value <= estimate.high
    # Pearson's interval, the worst, covers 92.5 % at n = 24 (2,000 samples). One of 92 % falls
    # below `least` once in ten thousand runs; one of 85 % does so in most of them.
    least = stats.binom.ppf(1e-4, trials, 0.92)
    assert all(least <= hit for hit in hits.values()), hits


def test_agrees_with_scipys_bca_where_the_correction_matters() -> None:
    # The variance of a skewed sample: biased, and its spread grows with its value.
    x = np.random.default_rng(1).exponential(size=25)
    theirs = {
        method: stats.bootstrap(
            (x,), np.var, n_resamples=40_000, method=method, rng=np.random.default_rng(2)
        ).confidence_interval
        for method in ("BCa", "percentile")
    }

    def variance(counts: np.ndarray) -> np.ndarray:
        return counts @ x**2 / counts.sum(axis=1) - (counts @ x / counts.sum(axis=1)) ** 2

    ours = bootstrap(3, 40_000).estimate(variance, 25)
    for end in ("low", "high"):
        bca, percentile = (getattr(theirs[m], end) for m in ("BCa", "percentile"))
        assert abs(getattr(ours, end) - bca) < 0.2 * abs(percentile - bca)


def test_interval_brackets_the_value_and_shrinks_with_n() -> None:
    widths = []
    for n in (20, 80, 320):
        estimate = spearman(*normals(n, 0.5, np.random.default_rng(n)), bootstrap())
        assert -1 <= estimate.low < estimate.value < estimate.high <= 1
        widths.append(estimate.high - estimate.low)
    assert widths[0] > widths[1] > widths[2]


def test_the_generator_decides() -> None:
    x, y = normals(30, 0.5, np.random.default_rng(0))
    assert pearson(x, y, bootstrap(1)) == pearson(x, y, bootstrap(1))
    assert pearson(x, y, bootstrap(1)) != pearson(x, y, bootstrap(2))


def test_chunks_cover_all_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normals(30, 0.5, np.random.default_rng(0))
    whole = pearson(x, y, bootstrap(1))
    monkeypatch.setattr("randarch.analysis.bootstrap._ELEMENTS_AT_ONCE", 7 * 30)
    seen: list[int] = []

    def statistic(counts: np.ndarray) -> np.ndarray:
        seen.append(len(counts))
        return coefficients.pearson(x, y, counts)

    chunked = bootstrap(1).estimate(statistic, 30)
    assert max(seen) == 7
    assert sum(seen) == 1 + 500 + 30
    assert (chunked.low, chunked.high) == (whole.low, whole.high)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_points_define_nothing(n: int) -> None:
    estimate = pearson(np.arange(n, dtype=float), np.arange(n, dtype=float), bootstrap())
    assert estimate.n == n
    assert not estimate.defined
    assert estimate.contains_zero


def test_few_points_have_a_value_but_no_interval() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    y = np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    estimate = spearman(x, y, bootstrap())
    expected = stats.spearmanr(x, y)
    assert estimate.value == pytest.approx(expected.statistic)
    assert estimate.p == pytest.approx(expected.pvalue)
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.contains_zero


def test_mostly_undefined_resamples_give_no_interval() -> None:
    estimate = bootstrap().estimate(lambda c: np.where((c > 1).any(axis=1), np.nan, 1.0), 10)
    assert estimate.value == 1
    assert np.isnan([estimate.low, estimate.high]).all()


def test_infinite_resamples_leave_the_interval_unbounded() -> None:
    estimate = bootstrap().estimate(lambda c: np.where(c[:, 0] > 1, np.inf, c[:, 1]), 10)
    assert estimate.low == 0
    assert estimate.high == np.inf
    assert estimate.to_summary()["high"] is None


def test_missing_values_drop_out_in_pairs() -> None:
    x, y = normals(30, 0.5, np.random.default_rng(0))
    gaps_x, gaps_y = np.insert(x, [0, 5], np.nan), np.insert(y, [0, 5], 9.0)
    assert correlate(gaps_x, gaps_y, bootstrap()) == correlate(x, y, bootstrap())


def test_kendall_has_scipys_p() -> None:
    x, y = normals(15, 0.5, np.random.default_rng(0))
    expected = stats.kendalltau(x, y)
    estimate = correlate(x, y, bootstrap()).kendall
    assert (estimate.value, estimate.p) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize(("resamples", "level"), [(39, 0.95), (500, 1.0), (500, 0.0)])
def test_bad_settings_are_refused(resamples: int, level: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        Bootstrap(resamples, np.random.default_rng(0), level)
