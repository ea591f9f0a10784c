"""Logistic-regression probes: how well a linear classifier does on a layer's output.

Multinomial, with an L2 penalty on the weights that a held-out part of the training images chooses. Where there
are more features than images they are rotated first into as many as images, which changes no solution (the weights are
combinations of the samples). Layers of all widths, filled up with zeros, then have one shape and are fitted side by
side.
"""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""Tried, for features whose mean squared norm is 1."""
HELD_OUT = 0.2
"""Share of the training images that chooses the penalty."""
STEPS = 100
"""Of L-BFGS."""
BLOCK = 256
"""Features that are rotated at a time."""


@dataclass(frozen=True)
class ProbeScores:
    """Of one layer; all NaN if its features are not finite.

    Attributes:
      test_accuracy: share of the test images.
      train_accuracy: of the training images.
      held_out_accuracy: of the images that chose the penalty, before all were fitted.
      penalty: the one chosen.
      gradient_norm: of the last fit, relative to the first; small where the solver has arrived.
    """

    test_accuracy: float
    train_accuracy: float
    held_out_accuracy: float
    penalty: float
    gradient_norm: float


def probe(
    layers: list[tuple[Float[np.ndarray, "n _d"], Float[np.ndarray, "m _d"]]],
    y_train: Int[np.ndarray, " n"],
    y_test: Int[np.ndarray, " m"],
    *,
    num_classes: int,
    seed: int = 0,
) -> list[ProbeScores]:
    """Fits a classifier on each layer's features, all side by side.

    Args:
      layers: training and test features of each layer.
      y_train, y_test: classes.
      num_classes: how many there are.
      seed: of the choice of held-out images.
    """
    if not layers:
        return []
    n = len(y_train)
    order = np.random.default_rng(seed).permutation(n)
    held, fitted = order[: max(1, int(HELD_OUT * n))], order[max(1, int(HELD_OUT * n)) :]
    widest = max(min(own.shape) for own, _ in layers)
    filled = [np.zeros((len(layers), len(own), widest), np.float32) for own in layers[0]]
    for index, (own, other) in enumerate(layers):
        for into, z in zip(filled, _rotate(own, other), strict=True):
            into[index, :, : z.shape[1]] = z
    train, test = (jnp.asarray(values) for values in filled)
    labels = jnp.asarray(y_train)
    penalties = jnp.asarray(PENALTIES, jnp.float32)
    tried, _ = _fit_paths(train[:, fitted], labels[fitted], penalties, num_classes)
    found = _accuracy(tried, train[:, None, held], labels[held])
    # Of penalties that do equally well the strongest.
    best = len(PENALTIES) - 1 - np.asarray(found)[:, ::-1].argmax(axis=1)
    weights, norms = _fit_each(train, labels, penalties[best], num_classes)
    scores = {
        "test_accuracy": _accuracy(weights, test, jnp.asarray(y_test)),
        "train_accuracy": _accuracy(weights, train, labels),
        "held_out_accuracy": np.asarray(found)[np.arange(len(layers)), best],
        "penalty": np.asarray(PENALTIES)[best],
        "gradient_norm": norms,
    }
    finite = [np.isfinite(own).all() and np.isfinite(other).all() for own, other in layers]
    return [
        ProbeScores(
            **{n: float(values[i]) if finite[i] else math.nan for n, values in scores.items()}
        )
        for i in range(len(layers))
    ]


def rotating_bytes(train: int, test: int, width: int) -> int:
    """What the rotation of a layer's features takes, by the numbers of images and features, about."""
    if width <= train:
        return 8 * 2 * (train + test) * width  # in float64, as they are and scaled
    # A block of features, products with the test images before and after, and those of the training images, their
    # vectors, and both scaled.
    return 8 * ((train + test) * BLOCK + 2 * test * train + 4 * train**2)


def _rotate(
    train: Float[np.ndarray, "n d"], test: Float[np.ndarray, "m d"]
) -> tuple[Float[np.ndarray, "n _k"], Float[np.ndarray, "m _k"]]:
    """Centred, with a mean squared norm of 1, in coordinates of the training samples' span: k = min(n, d) of them."""
    if not np.isfinite(train).all() or not np.isfinite(test).all():
        train, test = np.zeros_like(train), np.zeros_like(test)
    mean = train.mean(axis=0, dtype=np.float64)
    n, width = train.shape
    if width <= n:
        own, other = train - mean, test - mean
        scale = np.sqrt(np.sum(np.square(own)) / n) or 1.0
        return own / scale, other / scale
    products, crossed = np.zeros((n, n)), np.zeros((len(test), n))
    for start in range(0, width, BLOCK):
        columns = slice(start, start + BLOCK)
        own = train[:, columns] - mean[columns]
        products += own @ own.T
        crossed += (test[:, columns] - mean[columns]) @ own.T
    squared = np.trace(products) / n or 1.0
    values, vectors = np.linalg.eigh(products / squared)
    kept = values > values[-1] * 1e-10 if values[-1] > 0 else np.zeros(len(values), bool)
    roots = np.sqrt(np.where(kept, values, 1.0))
    z = np.where(kept, vectors * roots, 0.0)
    z_test = np.where(kept, (crossed / squared) @ vectors / roots, 0.0)
    return z, z_test


def _loss(
    weights: tuple[Array, Array], x: Array, labels: Array, penalty: Array
) -> Float[Array, ""]:
    matrix, bias = weights
    logits = x @ matrix + bias
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.mean() + 0.5 * penalty * jnp.sum(jnp.square(matrix))


def _fit(
    x: Float[Array, "n d"], labels: Int[Array, " n"], penalty: Array, num_classes: int
) -> tuple[tuple[Array, Array], Array]:
    solver = optax.lbfgs()
    start = (jnp.zeros((x.shape[1], num_classes)), jnp.zeros(num_classes))
    loss = partial(_loss, x=x, labels=labels, penalty=penalty)
    value_and_grad = optax.value_and_grad_from_state(loss)

    def step(carry: tuple, _: None) -> tuple[tuple, None]:
        weights, state = carry
        value, gradient = value_and_grad(weights, state=state)
        updates, state = solver.update(
            gradient, state, weights, value=value, grad=gradient, value_fn=loss
        )
        return (optax.apply_updates(weights, updates), state), None

    (weights, _), _ = jax.lax.scan(step, (start, solver.init(start)), None, STEPS)
    first, last = (optax.tree.norm(jax.grad(loss)(w)) for w in (start, weights))
    return weights, last / first


@partial(jax.jit, static_argnames="num_classes")
def _fit_each(x: Array, labels: Array, penalties: Array, num_classes: int) -> tuple:
    """Each layer with its own penalty."""
    return jax.lax.map(lambda one: _fit(one[0], labels, one[1], num_classes), (x, penalties))


@partial(jax.jit, static_argnames="num_classes")
def _fit_paths(x: Array, labels: Array, penalties: Array, num_classes: int) -> tuple:
    """Each layer with every penalty."""
    return jax.lax.map(
        lambda one: jax.vmap(lambda p: _fit(one, labels, p, num_classes))(penalties), x
    )


def _accuracy(weights: tuple[Array, Array], x: Array, labels: Array) -> Array:
    matrix, bias = weights
    return ((x @ matrix + bias[..., None, :]).argmax(-1) == labels).mean(axis=-1)
