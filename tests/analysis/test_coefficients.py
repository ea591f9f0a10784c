"""Coefficients against SciPy, on the data and on resamples written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from randarch.analysis import Estimate, coefficients

KINDS = {
    "pearson": (coefficients.pearson, stats.pearsonr),
    "spearman": (coefficients.spearman, stats.spearmanr),
    "kendall": (coefficients.kendall, stats.kendalltau),
}


def sample(n: int, levels: int | None, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two correlated variables; `levels` rounds them so that ties occur."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = 0.6 * x + 0.8 * rng.normal(size=n)
    return (x, y) if levels is None else (np.round(x * levels), np.round(y * levels))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("levels", [None, 2], ids=["untied", "tied"])
@pytest.mark.parametrize("n", [3, 10, 57])
def test_ones_are_the_data(kind: str, levels: int | None, n: int) -> None:
    ours, scipy_version = KINDS[kind]
    x, y = sample(n, levels, seed=n)
    expected = scipy_version(x, y).statistic
    np.testing.assert_allclose(ours(x, y, np.ones((1, n)))[0], expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("levels", [None, 1], ids=["untied", "tied"])
def test_counts_are_repeated_rows(kind: str, levels: int | None) -> None:
    ours, scipy_version = KINDS[kind]
    x, y = sample(20, levels)
    counts = np.random.default_rng(1).multinomial(20, np.full(20, 1 / 20), size=30)
    expected = [scipy_version(np.repeat(x, c), np.repeat(y, c)).statistic for c in counts]
    np.testing.assert_allclose(ours(x, y, counts.astype(float)), expected, atol=1e-12)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_ranks_are_scipys_of_the_resample(rows: list[tuple[int, int]]) -> None:
    x, counts = np.array(rows, dtype=float).T
    ranked = coefficients.ranks(x, counts[None])[0]
    ours = np.repeat(ranked, counts.astype(int))
    np.testing.assert_array_equal(ours, stats.rankdata(np.repeat(x, counts.astype(int))))


@given(
    st.lists(
        st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), min_size=3, max_size=15
    )
)
def test_coefficients_are_symmetric_odd_and_bounded(rows: list[tuple[float, float]]) -> None:
    x, y = np.array(rows).T
    ones = np.ones((1, len(x)))
    for ours, _ in KINDS.values():
        r = ours(x, y, ones)[0]
        np.testing.assert_allclose(ours(y, x, ones)[0], r, atol=1e-12)
        np.testing.assert_allclose(ours(x, -y, ones)[0], -r, atol=1e-12)
        assert np.isnan(r) == (np.ptp(x) == 0 or np.ptp(y) == 0)
        assert np.isnan(r) or -1 <= r <= 1


def residual_spearman(x: np.ndarray, y: np.ndarray, given: list[np.ndarray]) -> float:
    """The definition: Pearson's r of the residuals of two regressions on ranks."""
    design = np.column_stack([np.ones(len(x)), *(stats.rankdata(v) for v in given)])
    left = []
    for v in (x, y):
        r = stats.rankdata(v)
        left.append(r - design @ np.linalg.lstsq(design, r, rcond=None)[0])
    return float(stats.pearsonr(*left).statistic)


@pytest.mark.parametrize("covariates", [1, 2, 3])
@pytest.mark.parametrize("levels", [None, 2], ids=["untied", "tied"])
def test_partial_is_the_correlation_of_residuals(covariates: int, levels: int | None) -> None:
    rng = np.random.default_rng(covariates)
    data = rng.normal(size=(40, covariates + 2)) @ rng.normal(size=(covariates + 2,) * 2)
    x, y, *given = (data if levels is None else np.round(data * levels)).T
    counts = np.concatenate([np.ones((1, 40)), rng.multinomial(40, np.full(40, 1 / 40), size=10)])
    rows = [np.repeat(np.arange(40), c.astype(int)) for c in counts]
    expected = [residual_spearman(x[i], y[i], [g[i] for g in given]) for i in rows]
    ours = coefficients.partial_spearman(x, y, given, counts)
    np.testing.assert_allclose(ours, expected, atol=1e-9)


def test_partial_matches_the_closed_form_for_normals() -> None:
    # Spearman's rho of a bivariate normal is 6/pi arcsin(r/2); the partial one follows from three.
    r = np.array([[1.0, 0.7, 0.8], [0.7, 1.0, 0.6], [0.8, 0.6, 1.0]])
    s = 6 / np.pi * np.arcsin(r / 2)
    expected = (s[0, 1] - s[0, 2] * s[1, 2]) / np.sqrt((1 - s[0, 2] ** 2) * (1 - s[1, 2] ** 2))
    n = 40_000
    x, y, z = np.random.default_rng(0).multivariate_normal(np.zeros(3), r, size=n).T
    ours = coefficients.partial_spearman(x, y, [z], np.ones((1, n)))[0]
    assert ours == pytest.approx(expected, abs=5 / np.sqrt(n))


def test_partial_ignores_constant_and_repeated_covariates() -> None:
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=(3, 30)) + rng.normal(size=30)
    ones, constant = np.ones((1, 30)), np.full(30, 2.0)
    once = coefficients.partial_spearman(x, y, [z], ones)
    many = coefficients.partial_spearman(x, y, [z, np.exp(z), constant, -z], ones)
    np.testing.assert_allclose(many, once, atol=1e-9)
    plain = coefficients.partial_spearman(x, y, [constant], ones)
    np.testing.assert_allclose(plain, coefficients.spearman(x, y, ones), atol=1e-12)


def test_partial_is_undefined_where_covariates_explain_all() -> None:
    x, y = sample(20, None)
    assert np.isnan(coefficients.partial_spearman(x, y, [x**3], np.ones((1, 20)))[0])


def test_covariate_rank_counts_directions_of_ranks() -> None:
    x, y = sample(20, None)
    assert coefficients.covariate_rank([]) == 0
    assert coefficients.covariate_rank([np.ones(20)]) == 0
    assert coefficients.covariate_rank([x, np.exp(x), -x]) == 1
    assert coefficients.covariate_rank([x, y, x]) == 2


@pytest.mark.parametrize("n", [3, 8, 60])
def test_t_test_is_scipys(n: int) -> None:
    x, y = sample(n, None)
    result = stats.pearsonr(x, y)
    assert coefficients.t_test(result.statistic, n) == pytest.approx(result.pvalue)


def test_t_test_of_a_partial_loses_degrees_of_freedom() -> None:
    # The t test of a coefficient in a multiple regression is that of the partial correlation.
    rng = np.random.default_rng(3)
    n, z = 25, rng.normal(size=25)
    x, y = rng.normal(size=n) + z, rng.normal(size=n) + z
    design = np.column_stack([np.ones(n), z, x])
    beta, rss, *_ = np.linalg.lstsq(design, y, rcond=None)
    t = beta[2] / np.sqrt(rss[0] / (n - 3) * np.linalg.inv(design.T @ design)[2, 2])
    base = design[:, :2]
    left = [v - base @ np.linalg.lstsq(base, v, rcond=None)[0] for v in (x, y)]
    p = coefficients.t_test(stats.pearsonr(*left).statistic, n, covariates=1)
    assert p == pytest.approx(2 * stats.t.sf(abs(t), n - 3))


def test_t_test_without_degrees_of_freedom_is_undefined() -> None:
    assert np.isnan(coefficients.t_test(0.5, 4, covariates=2))
    assert coefficients.t_test(-1.0, 5) == 0


def test_an_estimate_in_words_has_no_minus_before_a_zero() -> None:
    assert str(Estimate(-1e-5, -0.2, 1e-5, 0.9, 7)) == "0.000 [-0.200, 0.000] (n = 7)"
    assert str(Estimate(-0.25, float("nan"), float("nan"), float("nan"), 2)) == "-0.250 (n = 2)"
    assert str(Estimate.undefined(1)) == "undefined (n = 1)"
