"""One lambda for many networks: the dual problem in batches, without a round trip to the host.

For sweeps, where images are few and networks many: each network's features become one small kernel,
and its scores are computed where the kernel is. `readout` is for everything else.
"""

from functools import partial
from typing import NamedTuple

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

    train_accuracy: Float[Array, "b"]
    loo_accuracy: Float[Array, "b"]
    loo_error: Float[Array, "b"]
    test_accuracy: Float[Array, "b"]
    test_error: Float[Array, "b"]
    certificate: Float[Array, "b"]


@partial(jax.jit, static_argnames=("num_train", "center"))
def cross_kernel(
    features: Float[Array, "s rows d"], *, num_train: int, center: bool
) -> Float[Array, "s rows n"]:
    """Products of every sample with every training sample, for each seed.

    Args:
      features: of the training samples, then of the others.
      num_train: how many rows are training samples.
      center: subtract the training mean of each column first (for an intercept).
    """
    train = features[:, :num_train]
    if center:
        mean = train.mean(axis=1, keepdims=True)
        features, train = features - mean, train - mean
    return jnp.matmul(features, train.transpose(0, 2, 1), precision=EXACT)


def solve_batch(
    kernels: Float[Array, "b rows n"],
    encoded: Encoded,
    test_labels: Int[np.ndarray, "m"],
    *,
    penalty: float,
    center: bool,
    targets: str,
) -> BatchScores:
    """Ridge on each kernel, in float64 where the device has it.

    Args:
      kernels: as `cross_kernel` gives them, training rows first.
      encoded: the training targets.
      test_labels: classes of the remaining rows.
      penalty: lambda, absolute, above 0.
      center: whether an intercept is fitted (the kernels and targets are centred then).
      targets: `sign` or `one_hot`, as `encoded` has them.

    Raises:
      ValueError: for a penalty of 0 or less, which leaves a singular problem.
    """
    if not penalty > 0:
        raise ValueError(f"lambda is {penalty}; expected a number above 0, or use ridge.readout")
    with jax.enable_x64(jax.default_backend() != "tpu"):
        wanted = raw_targets(test_labels, encoded.offset.size, targets)  # type: ignore[arg-type]
        labels, targets_there = jnp.asarray(test_labels), jnp.asarray(wanted)
        return _solve(kernels, encoded, labels, targets_there, penalty, center=center)


@partial(jax.jit, static_argnames="center")
def _solve(
    kernels: Float[Array, "b rows n"],
    encoded: Encoded,
    test_labels: Int[Array, "m"],
    wanted: Float[Array, "m c"],
    penalty: Float[Array, ""] | float,
    *,
    center: bool,
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

        def right(values: Float[Array, "k c"], labels: Int[Array, "k"]) -> Float[Array, ""]:
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
