"""Reliability and ceiling against simulations whose noise is known."""

import itertools

import numpy as np
import pytest
from scipy import stats

from randarch.analysis import Bootstrap, reliability, spearman_brown
from randarch.analysis.attenuation import ceiling, seed_correlation


def bootstrap(resamples: int = 200) -> Bootstrap:
    return Bootstrap(resamples, np.random.default_rng(0))


def noisy(truth: np.ndarray, noise: float, k: int, rng: np.random.Generator) -> np.ndarray:
    return truth[:, None] + noise * rng.normal(size=(len(truth), k))


def test_single_is_the_mean_over_pairs_of_seeds() -> None:
    rng = np.random.default_rng(0)
    scores = noisy(rng.normal(size=50), 0.8, 4, rng)
    result = reliability(scores, bootstrap())
    pairs = list(itertools.combinations(scores.T, 2))
    assert result.repeats == 4
    assert result.single.value == pytest.approx(
        np.mean([stats.pearsonr(*p).statistic for p in pairs])
    )
    assert result.spearman_single.value == pytest.approx(
        np.mean([stats.spearmanr(*p).statistic for p in pairs])
    )
    assert result.single.low < result.single.value < result.single.high
    assert np.isnan(result.single.p)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_spearman_brown_is_the_correlation_of_two_independent_means(k: int) -> None:
    rng = np.random.default_rng(k)
    n, noise = 20_000, 1.5
    truth = rng.normal(size=n)
    scores = noisy(truth, noise, k, rng)
    again = noisy(truth, noise, k, rng).mean(axis=1)
    simulated = stats.pearsonr(scores.mean(axis=1), again).statistic
    single = seed_correlation(scores, np.ones((1, n)), ranked=False)
    # Both estimates have standard errors below 1 / sqrt(n) = 0.007 times k / (1 + (k - 1) r) <= 2.
    assert spearman_brown(single, k)[0] == pytest.approx(simulated, abs=0.05)
    exact = 1 / (1 + noise**2 / k)
    assert simulated == pytest.approx(exact, abs=0.03)
    assert spearman_brown(np.array([1 / (1 + noise**2)]), k)[0] == pytest.approx(exact)


def test_spearman_brown_is_a_share() -> None:
    r = np.array([-1.0, -0.2, 0.0, 0.4, 1.0])
    np.testing.assert_allclose(spearman_brown(r, 1), [0, 0, 0, 0.4, 1])
    assert (np.diff(spearman_brown(r, 5)) >= 0).all()
    assert spearman_brown(r, 5)[[0, -1]].tolist() == [0, 1]


def test_one_seed_says_nothing() -> None:
    result = reliability(np.random.default_rng(0).normal(size=(30, 1)), bootstrap())
    assert result.repeats == 1
    assert not result.single.defined
    assert not result.of_mean.defined
    assert result.of_mean.n == 30


def test_a_missing_seed_drops_the_architecture() -> None:
    scores = np.random.default_rng(0).normal(size=(30, 3))
    gaps = scores.copy()
    gaps[[3, 7], [0, 2]] = np.nan
    full = np.delete(scores, [3, 7], axis=0)
    assert reliability(gaps, bootstrap()) == reliability(full, bootstrap())


def test_constant_seeds_are_undefined() -> None:
    assert not reliability(np.full((20, 3), 0.1), bootstrap()).single.defined


def test_ceiling_and_disattenuation_recover_the_noiseless_correlation() -> None:
    rng = np.random.default_rng(5)
    n, r = 1000, 0.6
    a = rng.normal(size=n)
    b = r * a + np.sqrt(1 - r**2) * rng.normal(size=n)
    x, y = noisy(a, 1.0, 3, rng), noisy(b, 0.7, 2, rng)
    result = ceiling(x.mean(axis=1), x, y.mean(axis=1), y, bootstrap())
    exact = np.sqrt(1 / (1 + 1 / 3) / (1 + 0.49 / 2))
    assert result.uses == ("score", "trained")
    assert result.ceiling.value == pytest.approx(exact, abs=0.06)
    assert result.disattenuated.value == pytest.approx(r, abs=0.15)
    assert result.disattenuated.low < result.disattenuated.value < result.disattenuated.high


def test_an_unknown_reliability_counts_as_one() -> None:
    rng = np.random.default_rng(0)
    x, y = noisy(rng.normal(size=60), 1.0, 3, rng), rng.normal(size=(60, 1))
    known = ceiling(x.mean(axis=1), x, y[:, 0], y, bootstrap())
    assert known.uses == ("score",)
    expected = np.sqrt(reliability(x, bootstrap()).of_mean.value)
    assert known.ceiling.value == pytest.approx(expected)
    assert not known.disattenuated.defined
    neither = ceiling(x[:, 0], x[:, :1], y[:, 0], y, bootstrap())
    assert neither.uses == ()
    assert not neither.ceiling.defined


def test_noise_alone_has_ceiling_zero_and_nothing_to_divide_by() -> None:
    a = np.random.default_rng(0).normal(size=30)
    seeds = np.column_stack([a, -a])
    result = ceiling(a, seeds, a, np.column_stack([a, a]), bootstrap())
    assert result.ceiling.value == 0
    assert not result.disattenuated.defined
