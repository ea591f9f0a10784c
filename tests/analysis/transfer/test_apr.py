"""The matrix of architecture and performance relationships."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from randarch.analysis import reliability, spearman_brown
from randarch.analysis.transfer import apr_matrix, disattenuated_spearman
from tests.analysis.transfer.examples import bootstrap, errors_of, noisy_errors

pytestmark = pytest.mark.filterwarnings("error")


def test_entries_are_spearmans_of_mean_errors() -> None:
    errors = noisy_errors(25, datasets=("base", "base:10", "base:2", "t2"))
    apr = apr_matrix(errors, bootstrap())
    means = pd.DataFrame({name: errors.mean(name) for name in errors.datasets})
    np.testing.assert_allclose(apr.spearman, means.corr("spearman"))
    assert apr.datasets == errors.datasets and apr.source == "trained"
    assert [(p.first, p.second) for p in apr.pairs][:2] == [("base", "base:10"), ("base", "base:2")]
    assert len(apr.pairs) == 6
    pair = apr.pair("t2", "base")
    assert pair is apr.pair("base", "t2")
    assert pair.spearman.value == apr.spearman[0, 3]
    assert pair.spearman.low < pair.spearman.value < pair.spearman.high


def test_freed_is_rho_over_the_root_of_both_reliabilities() -> None:
    errors = noisy_errors(30, datasets=("a", "b"), repeats=3)
    apr = apr_matrix(errors, bootstrap())
    reliabilities = [reliability(errors.repeats(n), bootstrap()) for n in ("a", "b")]
    expected = apr.spearman[0, 1] / np.sqrt(
        np.prod([r.spearman_of_mean.value for r in reliabilities])
    )
    assert apr.disattenuated[0, 1] == pytest.approx(expected)
    assert apr.disattenuated[1, 0] == apr.pairs[0].disattenuated.value
    assert apr.disattenuated[0, 0] == 1
    assert apr.reliability["a"].spearman_of_mean.value == pytest.approx(
        reliabilities[0].spearman_of_mean.value
    )


def test_freed_recovers_the_correlation_without_noise() -> None:
    rng = np.random.default_rng(1)
    n, r = 800, 0.6
    a = rng.normal(size=n)
    b = r * a + np.sqrt(1 - r**2) * rng.normal(size=n)
    x = a[:, None] + rng.normal(size=(n, 2))
    y = b[:, None] + 0.7 * rng.normal(size=(n, 3))
    found = disattenuated_spearman(x, y, bootstrap(40))
    exact = 6 / np.pi * np.arcsin(r / 2)
    seen = stats.spearmanr(x.mean(axis=1), y.mean(axis=1)).statistic
    assert seen < exact - 0.06
    # Two and a half standard errors; the formula is Pearson's, and off by about .01 for ranks here.
    assert found.value == pytest.approx(exact, abs=0.1)
    assert found.low < exact < found.high


def test_one_repeat_frees_nothing() -> None:
    errors = errors_of({"a": [0.1, 0.2, 0.4, 0.3], "b": [[0.3, 0.2], [0.5, 0.1], [0, 0.4], [1, 1]]})
    apr = apr_matrix(errors, bootstrap())
    assert np.isnan(apr.disattenuated[0, 1]) and not np.isnan(apr.spearman[0, 1])
    assert apr.reliability["a"].repeats == 1 and apr.reliability["b"].repeats == 2


def test_noise_alone_frees_nothing() -> None:
    a = np.random.default_rng(0).normal(size=(12, 1))
    assert not disattenuated_spearman(
        np.hstack([a, -a]), np.hstack([a, a + 1]), bootstrap()
    ).defined


def test_missing_architectures_drop_out_in_pairs() -> None:
    errors = noisy_errors(20, datasets=("a", "b", "c"))
    errors.values[0, 3, 0] = np.nan
    apr = apr_matrix(errors, bootstrap())
    assert [p.spearman.n for p in apr.pairs] == [19, 19, 20]
    assert apr.pair("a", "b").disattenuated.n == 19
    keep = np.arange(20) != 3
    assert apr.spearman[0, 1] == pytest.approx(
        stats.spearmanr(errors.mean("a")[keep], errors.mean("b")[keep]).statistic
    )


@pytest.mark.parametrize("bad", [np.full((8, 2), 0.1), np.full((8, 2), np.nan)])
def test_constant_and_missing_errors_are_undefined(bad: np.ndarray) -> None:
    good = noisy_errors(8, datasets=("good",)).values[0]
    apr = apr_matrix(errors_of({"good": good, "bad": bad}), bootstrap())
    assert np.isnan(apr.spearman[0, 1]) and np.isnan(apr.disattenuated[0, 1])
    assert not apr.reliability["bad"].single.defined
    summary = apr.to_summary()
    assert summary["spearman"] == [[1.0, None], [None, 1.0]]
    assert summary["pairs"][0]["spearman"]["value"] is None


def test_two_architectures_say_nothing() -> None:
    apr = apr_matrix(noisy_errors(2, datasets=("a", "b")), bootstrap())
    assert not apr.pairs[0].spearman.defined and not apr.pairs[0].disattenuated.defined


def test_spearman_brown_of_a_perfect_repeat() -> None:
    a = np.random.default_rng(0).random((9, 1))
    found = disattenuated_spearman(np.hstack([a, a]), np.hstack([-a, -a]), bootstrap())
    assert found.value == pytest.approx(-1) and spearman_brown(np.array([1.0]), 2)[0] == 1
