"""Probes against scikit-learn's logistic regression."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from randarch.layerwise import probe
from randarch.layerwise.probes import BLOCK, PENALTIES, _rotate

pytestmark = pytest.mark.usefixtures("compiled_plainly")

CLASSES, N, M = 3, 120, 400


def draw(d: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, N + M)
    x = rng.standard_normal((CLASSES, d))[labels] + 2 * rng.standard_normal((N + M, d)) + 5
    x = x.astype(np.float32)
    return x[:N], x[N:], labels[:N], labels[N:]


@pytest.mark.parametrize("d", [8, 60, 300])
def test_a_probe_is_scikit_learns_fit_at_the_penalty_that_was_chosen(d: int) -> None:
    train, test, y_train, y_test = draw(d, d)
    (found,) = probe([(train, test)], y_train, y_test, num_classes=CLASSES)
    assert found.penalty in PENALTIES and found.gradient_norm < 1e-2
    centred = train - train.mean(axis=0)
    scale = np.sqrt(np.mean(np.sum(centred.astype(float) ** 2, axis=1)))
    peer = LogisticRegression(C=1 / (N * found.penalty), max_iter=5000, tol=1e-8)
    peer.fit(centred / scale, y_train)
    accuracy = peer.score((test - train.mean(axis=0)) / scale, y_test)
    assert found.test_accuracy == pytest.approx(accuracy, abs=0.011)
    assert found.train_accuracy == pytest.approx(peer.score(centred / scale, y_train), abs=0.02)


def test_layers_of_all_widths_are_fitted_together_as_alone() -> None:
    layers = [draw(d, 1)[:2] for d in (5, 40, 200)]
    _, _, y_train, y_test = draw(5, 1)
    together = probe(layers, y_train, y_test, num_classes=CLASSES)
    for layer, found in zip(layers, together, strict=True):
        (alone,) = probe([layer], y_train, y_test, num_classes=CLASSES)
        assert found.penalty == alone.penalty
        assert found.test_accuracy == pytest.approx(alone.test_accuracy, abs=0.005)


def test_a_constant_layer_says_nothing() -> None:
    _, _, y_train, y_test = draw(5, 2)
    layer = (np.ones((N, 7), np.float32), np.ones((M, 7), np.float32))
    (found,) = probe([layer], y_train, y_test, num_classes=CLASSES)
    most = np.bincount(y_train).argmax()
    assert found.test_accuracy == pytest.approx(np.mean(y_test == most))


@pytest.mark.parametrize("d", [300, BLOCK, BLOCK + 7])
def test_rotated_features_have_the_same_products(d: int) -> None:
    train, test, *_ = draw(d, 3)
    z, z_test = _rotate(train, test)
    own, other = train - train.mean(axis=0, dtype=float), test - train.mean(axis=0, dtype=float)
    scale = np.mean(np.sum(own**2, axis=1))
    np.testing.assert_allclose(z @ z.T, own @ own.T / scale, atol=1e-9)
    np.testing.assert_allclose(z_test @ z.T, other @ own.T / scale, atol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_layer_that_is_not_finite_has_no_score_and_harms_no_other(value: float) -> None:
    train, test, y_train, y_test = draw(8, 4)
    broken = train.copy()
    broken[3, 2] = value
    found, other = probe([(broken, test), (train, test)], y_train, y_test, num_classes=CLASSES)
    assert all(np.isnan(v) for v in vars(found).values())
    (alone,) = probe([(train, test)], y_train, y_test, num_classes=CLASSES)
    assert other.test_accuracy == alone.test_accuracy
