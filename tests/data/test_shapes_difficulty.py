"""`shapes` is hard for a linear classifier on pixels, and a small CNN learns it: five seeds."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.linalg

from randarch.data import Dataset, load, normalize

SEEDS = range(5)


def best_pixel_ridge(dataset: Dataset) -> float:
    """Test accuracy of ridge on pixels, with the lambda that is best on the test images."""
    x, xt = (np.float32(a.reshape(len(a), -1)) / 255 for a in (dataset.x_train, dataset.x_test))
    mean = x.mean(axis=0)
    x, xt = x - mean, xt - mean
    targets = np.eye(dataset.num_classes, dtype=np.float32)[dataset.y_train]
    centred = targets - targets.mean(axis=0)
    gram = x @ x.T
    against = xt @ x.T
    accuracies = []
    for regularisation in (1e1, 1e2, 1e3, 1e4, 1e5):
        # Float32 is enough for these: the largest eigenvalue is about 1e5.
        shifted = gram + regularisation * np.eye(len(gram), dtype=np.float32)
        dual = scipy.linalg.cho_solve(scipy.linalg.cho_factor(shifted, lower=True), centred)
        scores = against @ dual + targets.mean(axis=0)
        accuracies.append(np.mean(scores.argmax(axis=1) == dataset.y_test))
    return float(max(accuracies))


@pytest.mark.parametrize("seed", SEEDS)
def test_ridge_on_pixels_stays_below_35_percent(seed: int) -> None:
    accuracy = best_pixel_ridge(load("shapes", seed=seed))
    assert 0.10 < accuracy < 0.35


class SmallCNN(nn.Module):
    @nn.compact
    def __call__(self, x):
        for _ in range(3):
            x = nn.max_pool(nn.relu(nn.Conv(32, (3, 3))(x)), (2, 2), (2, 2))
        return nn.Dense(10)(x.reshape(len(x), -1))


def trained_accuracy(dataset: Dataset, epochs: int = 10, batch: int = 32) -> float:
    model = SmallCNN()
    mean, std = dataset.channel_mean, dataset.channel_std
    x, xt = (normalize(jnp.asarray(a), mean, std) for a in (dataset.x_train, dataset.x_test))
    y = jnp.asarray(dataset.y_train)
    optimiser = optax.adam(1e-3)
    params = model.init(jax.random.key(0), x[:1])
    state = optimiser.init(params)

    @jax.jit
    def step(params: Any, state: Any, indices: jax.Array) -> tuple[Any, Any]:
        def loss(params):
            logits = model.apply(params, x[indices])
            return optax.softmax_cross_entropy_with_integer_labels(logits, y[indices]).mean()

        updates, state = optimiser.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    rng = np.random.default_rng(0)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x) - batch + 1, batch):
            params, state = step(params, state, order[start : start + batch])
    predicted = jax.jit(model.apply)(params, xt).argmax(axis=1)
    return float(np.mean(np.asarray(predicted) == dataset.y_test))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_small_cnn_passes_75_percent_and_leaves_room(seed: int) -> None:
    assert 0.75 < trained_accuracy(load("shapes", seed=seed)) < 0.95
