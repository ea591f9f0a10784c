"""The additive model of right answers against a general optimiser, and what noise alone may look like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from randarch.analysis.structure import top_weights
from randarch.analysis.structure.columns import one_hot
from randarch.analysis.structure.exchange import Structures, distance
from randarch.analysis.structure.no_specialisation import (
    best_by_count,
    fit_additive_logit,
    noise_distances,
)
from tests.analysis.structure.examples import TYPES, make_sampled


def test_fit_is_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(0)
    images = np.array([20, 35, 50])
    right = rng.binomial(images, rng.random((6, 3))).astype(float)
    fit = fit_additive_logit(right, images)
    assert fit.converged and fit.of_class.sum() == pytest.approx(0, abs=1e-9)

    def loss(x: np.ndarray) -> float:
        eta = x[:6, None] + np.append(x[6:], -x[6:].sum())
        # The half right and half wrong image that each network is given.
        k, n = right + 0.5 / 3, images + 1 / 3
        return float((n * np.logaddexp(0, eta) - k * eta).sum())

    best = optimize.minimize(loss, np.zeros(8), tol=1e-10)
    found = np.append(fit.network, fit.of_class[:2])
    assert loss(found) <= best.fun + 1e-7
    np.testing.assert_allclose(found, best.x, atol=1e-4)


def test_none_and_all_right_are_finite() -> None:
    right = np.array([[0.0, 0, 10], [0, 0, 0], [10, 0, 10], [3, 0, 10]])
    fit = fit_additive_logit(right, np.array([10, 10, 10]))
    p = fit.probability
    assert fit.converged and np.isfinite([*fit.network, *fit.of_class]).all()
    assert (p[:, 1] < p[:, 0]).all() and (p[:, 1] < 0.07).all() and fit.network.argmin() == 1


def test_parameters_are_found_again() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(-1, 0.5, size=400), rng.normal(0, 1, size=30)
    b -= b.mean()
    right = rng.binomial(100, 1 / (1 + np.exp(-(a[:, None] + b)))).astype(float)
    fit = fit_additive_logit(right, np.full(30, 100))
    assert np.abs(fit.of_class - b).max() < 0.1
    assert np.sqrt(np.mean((fit.network - a) ** 2)) < 0.06


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 20))
def test_best_by_count_are_the_top_weights(seed: int, g: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    right, copies = rng.integers(4, size=g), rng.integers(1, 4, size=g)
    chosen, weights = best_by_count(right, copies.astype(float), count)
    ours = np.zeros(g)
    ours[chosen] = weights
    np.testing.assert_allclose(
        np.repeat(ours, copies), top_weights(np.repeat(right, copies).astype(float), count)
    )


def noise(special: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Measured distances of the classes, and simulated ones."""
    sampled = make_sampled(250, 8, seed, special=special, images=60)
    held = one_hot(sampled.layers, len(TYPES))
    structures = Structures.of(held, sampled.cluster, sampled.layers.shape[1])
    weights = [top_weights(column, 15) for column in sampled.class_accuracy.T]
    both = structures.composition(np.stack([top_weights(sampled.accuracy, 30), *weights]))
    simulated = noise_distances(
        structures,
        sampled.class_accuracy * 60,
        sampled.class_images,
        top=30,
        class_top=15,
        simulations=80,
        rng=np.random.default_rng(seed),
    )
    return distance(both[1:], both[:1]), simulated


def test_noise_alone_rarely_exceeds_its_reference() -> None:
    beyond = []
    for seed in range(20):
        found, simulated = noise(0.0, seed)
        beyond.extend(found > np.quantile(simulated, 0.95, axis=0))
    # Classes of one sample share its best networks; as if half of them were independent.
    assert np.sum(beyond) / 2 <= stats.binom.ppf(0.9999, len(beyond) // 2, 0.05)


def test_a_special_class_exceeds_it() -> None:
    found, simulated = noise(1.0, 0)
    assert found[0] > simulated[:, 0].max()
