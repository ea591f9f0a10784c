"""One lambda for many networks: the dual problem in batches, without a round trip to the host.

For sweeps, where images are few and networks many: each network's features become one small kernel,
and its scores are computed where the kernel is. `readout` is for everything else.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from randarch.ridge.gram import EXACT
from randarch.ridge.targets import Encoded, classify, raw_targets


class BatchScores(NamedTuple):
    """Scores of each network, shares and means over samples.

    Attributes:
      train_accuracy: on the training samples themselves.
      loo_accuracy: of the models fitted without the sample.
      loo_error: mean squared left-out residual over samples and present classes.
      test_accuracy: on the test samples.
      test_error: mean squared error there.
      certificate: relative residual of the normal equations, given the kernel.
    """

    train_accuracy: Float[Array, " b"]
    loo_accuracy: Float[Array, " b"]
    loo_error: Float[Array, " b"]
    test_accuracy: Float[Array, " b"]
    test_error: Float[Array, " b"]
    certificate: Float[Array, " b"]


Compile = Callable[..., Callable[..., Any]]
"""`compile(function, static, *args)` compiles `function(static, *args)`; to share programs and to count them."""

EXACT_BLOCK = 2048
"""Columns that are multiplied at a time in float64."""


def _jit(function: Callable[..., Any], static: Any, *args: Any) -> Callable[..., Any]:
    """The default `Compile`: JAX keeps and shares the programs."""
    del args
    return partial(_JITTED[function], static)


class Kernels(NamedTuple):
    """How kernels are made of features.

    Attributes:
      num_train: rows that are training samples.
      center: subtract the training mean of each column first (for an intercept).
      exact: in float64, a block of columns at a time; on a device that has it, under `jax.enable_x64`.
    """

    num_train: int
    center: bool
    exact: bool = False


def cross_kernel(
    features: Float[Array, "s rows d"],
    *,
    num_train: int,
    center: bool,
    exact: bool = False,
    compile: Compile = _jit,
) -> Float[Array, "s rows n"]:
    """Products of every sample with every training sample, for each seed.

    Args:
      features: of the training samples, then of the others.
      num_train: how many rows are training samples.
      center: subtract the training mean of each column first (for an intercept).
      exact: products and means in float64, from float32 features; not for TPUs, which have none.
      compile: gives the program.
    """
    static = Kernels(num_train, center, exact)
    with jax.enable_x64(exact):
        kernels: Array = compile(_cross_kernel, static, features)(features)
    return kernels


def _cross_kernel(static: Kernels, features: Float[Array, "s rows d"]) -> Float[Array, "s rows n"]:
    if not static.exact:
        return _products(static, features)
    seeds, rows, columns = features.shape
    blocks = -(-columns // EXACT_BLOCK)
    features = jnp.pad(features, ((0, 0), (0, 0), (0, blocks * EXACT_BLOCK - columns)))

    def add(block: Array, total: Array) -> Array:
        part = jax.lax.dynamic_slice_in_dim(features, block * EXACT_BLOCK, EXACT_BLOCK, axis=2)
        return total + _products(static, part.astype(total.dtype))

    start = jnp.zeros((seeds, rows, static.num_train), jnp.float64)
    return jax.lax.fori_loop(0, blocks, add, start)


def _products(static: Kernels, features: Float[Array, "s rows d"]) -> Float[Array, "s rows n"]:
    train = features[:, : static.num_train]
    if static.center:
        mean = train.mean(axis=1, keepdims=True)
        features, train = features - mean, train - mean
    return jnp.matmul(features, train.transpose(0, 2, 1), precision=EXACT)


def solve_batch(
    kernels: Float[Array, "b rows n"],
    encoded: Encoded,
    test_labels: Int[np.ndarray, " m"],
    *,
    penalty: float,
    center: bool,
    targets: str,
    compile: Compile = _jit,
) -> BatchScores:
    """Ridge on each kernel, in float64 where the device has it.

    Args:
      kernels: as `cross_kernel` gives them, training rows first.
      encoded: the training targets.
      test_labels: classes of the remaining rows.
      penalty: lambda, absolute, above 0.
      center: whether an intercept is fitted (the kernels and targets are centred then).
      targets: `sign` or `one_hot`, as `encoded` has them.
      compile: gives the program.

    Raises:
      ValueError: for a penalty of 0 or less, which leaves a singular problem.
    """
    if not penalty > 0:
        raise ValueError(f"lambda is {penalty}; expected a number above 0, or use ridge.readout")
    with jax.enable_x64(jax.default_backend() != "tpu"):
        wanted = raw_targets(test_labels, encoded.offset.size, targets)  # type: ignore[arg-type]
        args = (kernels, encoded, np.asarray(test_labels), wanted, np.float64(penalty))
        scores: BatchScores = compile(_solve, center, *args)(*args)
        return scores


def _solve(
    center: bool,
    kernels: Float[Array, "b rows n"],
    encoded: Encoded,
    test_labels: Int[Array, " m"],
    wanted: Float[Array, "m c"],
    penalty: Float[Array, ""],
) -> BatchScores:
    labels, present = jnp.asarray(encoded.labels), jnp.asarray(encoded.present)
    n = labels.size
    count = present.sum()

    def one(kernel: Float[Array, "rows n"]) -> BatchScores:
        kernel = kernel.astype(jnp.result_type(float))
        y = jnp.asarray(encoded.values, kernel.dtype)
        if center:
            # The features were centred in float32; what that left is taken out of the products.
            column = kernel[:n].mean(axis=0)
            kernel = kernel - kernel.mean(axis=1, keepdims=True) - column + column.mean()
        own, other = kernel[:n], kernel[n:]
        # See `ridge.dual`: the intercept's direction gets an eigenvalue of its own, tau, so that what is
        # subtracted from the inverse's diagonal below is small.
        tau = jnp.trace(own) / n if center else jnp.zeros((), kernel.dtype)
        system = own + tau / n + penalty * jnp.eye(n, dtype=kernel.dtype)
        factor = jnp.linalg.cholesky(system, symmetrize_input=False)
        inverse = jax.scipy.linalg.solve_triangular(
            factor, jnp.eye(n, dtype=kernel.dtype), lower=True
        )
        diagonal = jnp.sum(jnp.square(inverse), axis=0)
        if center:
            diagonal = diagonal - 1 / (n * (tau + penalty))
        weights = inverse.T @ (inverse @ y)
        left_out = weights / diagonal[:, None]
        decision = other @ weights + encoded.offset
        rest = own @ weights + penalty * weights - y

        def right(values: Float[Array, "k c"], labels: Int[Array, " k"]) -> Float[Array, ""]:
            return jnp.mean(classify(values, present) == labels, dtype=kernel.dtype)

        def error(residuals: Float[Array, "k c"]) -> Float[Array, ""]:
            return jnp.where(present, jnp.square(residuals), 0).sum() / (residuals.shape[0] * count)

        return BatchScores(
            train_accuracy=right(y - penalty * weights + encoded.offset, labels),
            loo_accuracy=right(y - left_out + encoded.offset, labels),
            loo_error=error(left_out),
            test_accuracy=right(decision, test_labels),
            test_error=error(wanted - decision),
            certificate=jnp.linalg.norm(rest) / jnp.linalg.norm(y),
        )

    # One after the other on a CPU, whose factorisations come from LAPACK; side by side on the others.
    return jax.lax.map(one, kernels) if jax.default_backend() == "cpu" else jax.vmap(one)(kernels)


_JITTED = {f: jax.jit(f, static_argnums=0) for f in (_cross_kernel, _solve)}
