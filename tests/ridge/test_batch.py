"""The batched dual readout against scikit-learn, explicit refits, and `readout`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from randarch.ridge import RidgeSettings, cross_kernel, encode, readout, solve_batch
from randarch.ridge.batch import EXACT_BLOCK

CLASSES = 4


def draw(
    seeds: int, n: int, m: int, d: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n * d + seeds)
    labels = rng.integers(0, CLASSES, n + m)
    labels[:CLASSES] = range(CLASSES)
    signal = rng.standard_normal((seeds, CLASSES, d))[:, labels]
    x = signal + rng.standard_normal((seeds, n + m, d)) + 0.5
    return x.astype(np.float32), labels[:n], labels[n:], signal


@pytest.mark.parametrize(("n", "d"), [(60, 200), (80, 30), (50, 50)])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("penalty", [0.1, 1.0, 100.0])
def test_it_is_scikit_learns_classifier(n: int, d: int, center: bool, penalty: float) -> None:
    features, y_train, y_test, _ = draw(3, n, 150, d)
    encoded = encode(y_train, CLASSES, "sign", center)
    kernels = cross_kernel(jnp.asarray(features), num_train=n, center=center)
    scores = solve_batch(kernels, encoded, y_test, penalty=penalty, center=center, targets="sign")
    for seed, x in enumerate(features.astype(np.float64)):
        peer = RidgeClassifier(alpha=penalty, fit_intercept=center).fit(x[:n], y_train)
        for name, rows, labels in (("train", x[:n], y_train), ("test", x[n:], y_test)):
            ours = float(getattr(scores, f"{name}_accuracy")[seed])
            assert ours == pytest.approx(peer.score(rows, labels), abs=1.01 / len(labels))
        wanted = np.where(y_test[:, None] == np.arange(CLASSES), 1, -1)
        error = np.mean((peer.decision_function(x[n:]) - wanted) ** 2)
        assert float(scores.test_error[seed]) == pytest.approx(error, rel=1e-4)
    assert float(np.max(scores.certificate)) < 1e-8


@pytest.mark.parametrize("center", [True, False])
def test_left_out_scores_are_those_of_refits(center: bool) -> None:
    features, y_train, y_test, _ = draw(1, 30, 10, 80)
    encoded = encode(y_train, CLASSES, "sign", center)
    kernels = cross_kernel(jnp.asarray(features), num_train=30, center=center)
    scores = solve_batch(kernels, encoded, y_test, penalty=1.0, center=center, targets="sign")
    x, squared, right = features[0, :30].astype(np.float64), [], 0
    for i in range(30):
        rest = np.arange(30) != i
        assert len(set(y_train[rest])) == CLASSES
        peer = RidgeClassifier(alpha=1.0, fit_intercept=center).fit(x[rest], y_train[rest])
        decision = peer.decision_function(x[i : i + 1])[0]
        squared.append((decision - np.where(np.arange(CLASSES) == y_train[i], 1, -1)) ** 2)
        right += int(decision.argmax() == y_train[i])
    assert float(scores.loo_error[0]) == pytest.approx(np.mean(squared), rel=1e-4)
    assert float(scores.loo_accuracy[0]) == pytest.approx(right / 30)


def test_it_agrees_with_the_general_readout_for_seeds_and_ensemble() -> None:
    features, y_train, y_test, _ = draw(3, 70, 90, 120)
    encoded = encode(y_train, CLASSES, "sign", True)
    kernels = cross_kernel(jnp.asarray(features), num_train=70, center=True)
    kernels = jnp.concatenate([kernels, kernels.sum(axis=0, keepdims=True)])
    ours = solve_batch(kernels, encoded, y_test, penalty=1.0, center=True, targets="sign")
    theirs = readout(
        features[:, :70],
        y_train,
        features[:, 70:],
        y_test,
        num_classes=CLASSES,
        settings=RidgeSettings(lambdas=(1.0,)),
    )
    for name in ("loo_error", "loo_accuracy", "test_error", "test_accuracy"):
        wanted = [*getattr(theirs.seeds, name), float(getattr(theirs.ensemble, name))]
        np.testing.assert_allclose(getattr(ours, name), wanted, rtol=1e-4)


def test_a_class_that_training_lacks_is_never_predicted() -> None:
    features, y_train, _, _ = draw(1, 60, 40, 90)
    encoded = encode(np.minimum(y_train, 2), CLASSES, "sign", True)
    kernels = cross_kernel(jnp.asarray(features), num_train=60, center=True)
    scores = solve_batch(kernels, encoded, np.full(40, 3), penalty=1.0, center=True, targets="sign")
    assert float(scores.test_accuracy[0]) == 0
    assert np.isfinite(float(scores.loo_error[0]))


def test_features_that_are_not_finite_show_in_the_certificate() -> None:
    features, y_train, y_test, _ = draw(2, 40, 10, 50)
    features[1, 3, 7] = np.inf
    kernels = cross_kernel(jnp.asarray(features), num_train=40, center=True)
    encoded = encode(y_train, CLASSES, "sign", True)
    scores = solve_batch(kernels, encoded, y_test, penalty=1.0, center=True, targets="sign")
    assert np.isfinite(jax.device_get(scores.certificate)).tolist() == [True, False]


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_a_penalty_that_is_not_positive_is_refused(penalty: float) -> None:
    features, y_train, y_test, _ = draw(1, 20, 5, 10)
    kernels = cross_kernel(jnp.asarray(features), num_train=20, center=True)
    encoded = encode(y_train, CLASSES, "sign", True)
    with pytest.raises(ValueError, match="above 0"):
        solve_batch(kernels, encoded, y_test, penalty=penalty, center=True, targets="sign")


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("d", [7, EXACT_BLOCK, EXACT_BLOCK + 3])
def test_exact_kernels_are_products_in_float64(center: bool, d: int) -> None:
    x = (1e3 + np.random.default_rng(d).standard_normal((2, 9, d))).astype(np.float32)
    found = np.asarray(cross_kernel(jnp.asarray(x), num_train=5, center=center, exact=True))
    assert found.dtype == np.float64
    wide = x.astype(np.float64)
    if center:
        wide = wide - wide[:, :5].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found, wide @ wide[:, :5].transpose(0, 2, 1), rtol=1e-11, atol=1e-9)
