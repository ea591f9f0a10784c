"""Ridge in the dual form: one eigendecomposition of the n x n kernel, every lambda.

G = (K + lambda I)^-1, c = G y, left-out residual e_i = c_i / G_ii (Rifkin and Lippert 2007). With
an intercept K is centred on both sides and the constant direction, which the intercept fits for
free, has to leave G's diagonal: e_i = c_i / (G_ii - 1 / (n lambda)). For small lambda that
difference cancels catastrophically, so the direction is moved first: K + tau 1 1' / n has the
known eigenvalue tau there, and what is subtracted is the small 1 / (n (tau + lambda)).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from randarch.ridge.gram import EXACT
from randarch.ridge.spectrum import eigh, regularised_inverse, resolvable
from randarch.ridge.tridiagonal import inverse_path, tridiagonalise


class DualPath(NamedTuple):
    """Solutions for every lambda: dual weights c, and leave-one-out residuals y - prediction."""

    weights: Float[Array, "l n c"]
    residuals: Float[Array, "l n c"]


@partial(jax.jit, static_argnames="centered")
def dual_path(
    kernel: Float[Array, "n n"],
    targets: Float[Array, "n c"],
    lambdas: Float[Array, " l"],
    *,
    centered: bool,
) -> DualPath:
    """Every lambda from one eigendecomposition, in the kernel's precision.

    Args:
        kernel: X X', with X's columns centred when `centered`; its lower triangle is read.
        targets: Centred likewise.
        lambdas: Penalties, absolute.
        centered: Whether an intercept is fitted.
    """
    n, c = targets.shape
    dtype = kernel.dtype
    tau = jnp.trace(kernel) / n if centered else jnp.zeros((), dtype)
    vectors, values = eigh(kernel + tau / n)
    lambdas = lambdas.astype(dtype)
    projected = jnp.matmul(vectors.T, targets.astype(dtype), precision=EXACT)

    def rotated(inverse: Float[Array, "l n"]) -> Float[Array, "l n c"]:
        scaled = (inverse[:, :, None] * projected).transpose(1, 0, 2).reshape(n, -1)
        product = jnp.matmul(vectors, scaled, precision=EXACT)
        return product.reshape(n, -1, c).transpose(1, 0, 2)

    # The two differ below rounding only: there G itself has to stay, or c_i / G_ii would be 0 / 0.
    penalties = resolvable(lambdas, values)
    inverse = 1 / (values + penalties[:, None])
    diagonal = jnp.matmul(inverse, (vectors * vectors).T, precision=EXACT)
    if centered:
        diagonal = diagonal - (1 / (tau + penalties))[:, None] / n
    weights = rotated(regularised_inverse(lambdas, values))
    return DualPath(weights, rotated(inverse) / diagonal[:, :, None])


@partial(jax.jit, static_argnames="centered")
def fast_dual_path(
    kernel: Float[Array, "n n"],
    targets: Float[Array, "n c"],
    lambdas: Float[Array, " l"],
    *,
    centered: bool,
) -> DualPath:
    """As `dual_path`, by tridiagonal reduction: less work, for lambdas above rounding alone.

    `gram.resolves` says whether they are.
    """
    n = kernel.shape[0]
    dtype = kernel.dtype
    tau = jnp.trace(kernel) / n if centered else jnp.zeros((), dtype)
    lambdas = lambdas.astype(dtype)
    reduced = tridiagonalise(kernel + tau / n)
    diagonal, weights = inverse_path(reduced, targets.astype(dtype), lambdas)
    if centered:
        diagonal = diagonal - (1 / (tau + lambdas))[:, None] / n
    return DualPath(weights, weights / diagonal[:, :, None])


class Held(NamedTuple):
    """Dual weights on the samples that were not held back, and decision values on those that
    were (without the intercept's offset)."""

    weights: Float[Array, "n c"]
    decision: Float[Array, "n c"]


@partial(jax.jit, static_argnames="centered")
def dual_cholesky(
    kernel: Float[Array, "n n"],
    targets: Float[Array, "n c"],
    penalty: Float[Array, ""],
    kept: Bool[Array, " n"],
    *,
    centered: bool,
) -> Held:
    """One lambda, fitted on the kept samples alone.

    Held-back samples are cut out by an identity block instead of by indexing, so one program
    serves every subset and the final fit on all of them.
    """
    keep = kept.astype(kernel.dtype)
    count = keep.sum()
    if centered:
        # Centre on the kept samples; the kernel may have been centred on all of them.
        column = jnp.matmul(kernel, keep, precision=EXACT) / count
        mean = jnp.dot(column, keep, precision=EXACT) / count
        kernel = kernel - column[:, None] - column[None, :] + mean
        offset = jnp.matmul(keep, targets, precision=EXACT) / count
    else:
        offset = jnp.zeros(targets.shape[1], targets.dtype)
    inside = kernel * keep[:, None] * keep[None, :]
    system = inside + jnp.diag(jnp.where(kept, penalty, 1))
    factor = jax.lax.linalg.cholesky(system, symmetrize_input=False)
    weights = jax.scipy.linalg.cho_solve((factor, True), (targets - offset) * keep[:, None])
    return Held(weights, jnp.matmul(kernel, weights, precision=EXACT) + offset)


@partial(jax.jit, static_argnames="center")
def apply_dual(
    train: Float[Array, "n w"],
    test: Float[Array, "m w"],
    weights: Float[Array, "n c"],
    *,
    center: bool,
) -> tuple[Float[Array, "n c"], Float[Array, "m c"]]:
    """What these columns of the features add to K c (training) and to the test decisions.

    In the weights' precision, through the coefficients X'c: no product is squared, so the first
    output gives a residual of the normal equations that sees errors in the kernel too.
    """
    exact = train.astype(weights.dtype)
    other = test.astype(weights.dtype)
    if center:
        mean = exact.mean(axis=0)
        exact, other = exact - mean, other - mean
    coefficients = jnp.matmul(exact.T, weights, precision=EXACT)
    return (
        jnp.matmul(exact, coefficients, precision=EXACT),
        jnp.matmul(other, coefficients, precision=EXACT),
    )
