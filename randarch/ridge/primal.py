"""Ridge in the primal form: one eigendecomposition of the d x d Gram matrix, every lambda.

A = X'X = V diag(w) V' (columns of X centred with an intercept), B = V diag(1 / (w + lambda)) V'X'y,
leverage h_i = sum_j (x_i . v_j)^2 / (w_j + lambda), plus 1/n for an intercept, and the left-out
residual is e_i = (y_i - x_i B) / (1 - h_i). The leverages take a second pass over the rows.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from randarch.ridge.gram import EXACT, Moments, mirror
from randarch.ridge.spectrum import eigh, regularised_inverse


class Normal(NamedTuple):
    """The normal equations (A + lambda I) B = r, and the means that centring took away."""

    gram: Float[Array, "d d"]
    cross: Float[Array, "d c"]
    mean: Float[Array, " d"]
    target_mean: Float[Array, " c"]


class Spectrum(NamedTuple):
    """A's eigenvectors, 1 / (w + lambda), and the cross moments in that basis, V'r."""

    vectors: Float[Array, "d d"]
    inverse: Float[Array, "l d"]
    projected: Float[Array, "d c"]


@partial(jax.jit, static_argnames="center")
def normal_equations(moments: Moments, shift: Float[Array, " d"], *, center: bool) -> Normal:
    """From sums of shifted features to the (centred) normal equations.

    A shift near the mean leaves nothing to cancel. Without centring it has to be zero.
    """
    gram = mirror(moments.gram)
    if not center:
        target_mean = jnp.zeros_like(moments.target_total)
        return Normal(gram, moments.cross, jnp.zeros_like(shift), target_mean)
    drift = moments.total / moments.rows
    target_mean = moments.target_total / moments.rows
    return Normal(
        gram - jnp.outer(drift, moments.total),
        moments.cross - jnp.outer(drift, moments.target_total),
        shift + drift,
        target_mean,
    )


@jax.jit
def primal_spectrum(
    gram: Float[Array, "d d"], cross: Float[Array, "d c"], lambdas: Float[Array, " l"]
) -> Spectrum:
    """The decomposition that serves every lambda, in the Gram matrix's precision."""
    vectors, values = eigh(gram)
    inverse = regularised_inverse(lambdas.astype(gram.dtype), values)
    return Spectrum(vectors, inverse, jnp.matmul(vectors.T, cross, precision=EXACT))


@jax.jit
def primal_coefficients(spectrum: Spectrum) -> Float[Array, "l d c"]:
    """B for every lambda."""
    scaled = spectrum.inverse[:, :, None] * spectrum.projected
    return jnp.einsum("de,lec->ldc", spectrum.vectors, scaled, precision=EXACT)


@jax.jit
def primal_solution(spectrum: Spectrum, index: Int[Array, ""]) -> Float[Array, "d c"]:
    """B for one lambda of the path."""
    scaled = spectrum.inverse[index][:, None] * spectrum.projected
    return jnp.matmul(spectrum.vectors, scaled, precision=EXACT)


@partial(jax.jit, static_argnames=("centered", "products"))
def left_out_residuals(
    block: Float[Array, "b d"],
    targets: Float[Array, "b c"],
    mean: Float[Array, " d"],
    rows: Float[Array, ""],
    spectrum: Spectrum,
    *,
    centered: bool,
    products: str,
) -> Float[Array, "l b c"]:
    """e_i of these rows, y less the prediction of the model fitted without row i.

    Args:
        block: Rows of the features as they are; `mean` is subtracted here.
        targets: Their (centred) targets.
        mean: Column means (zeros without an intercept).
        rows: Rows of the whole training set.
        spectrum: The decomposition.
        centered: Whether an intercept is fitted.
        products: Precision of the products with the eigenvectors. In float32 they move a
            leverage by about eps32 * sqrt(d * |x|^2 / lambda), not by its square.
    """
    x = (block.astype(mean.dtype) - mean).astype(products)
    b, c = targets.shape
    inverse = spectrum.inverse.astype(products)
    basis = jnp.matmul(x, spectrum.vectors.astype(products), precision=EXACT)
    scaled = inverse[:, :, None] * spectrum.projected.astype(products)
    scaled = scaled.transpose(1, 0, 2).reshape(scaled.shape[1], -1)
    fitted = jnp.matmul(basis, scaled, precision=EXACT).astype(mean.dtype)
    fitted = fitted.reshape(b, -1, c).transpose(1, 0, 2)
    leverage = jnp.matmul(inverse, (basis * basis).T, precision=EXACT).astype(mean.dtype)
    if centered:
        leverage = leverage + 1 / rows
    # A row that alone spans a direction has leverage 1 up to rounding and no left-out fit there.
    slack = jnp.maximum(1 - leverage, 10 * jnp.finfo(products).eps)
    return (targets - fitted) / slack[:, :, None]


@jax.jit
def primal_cholesky(
    gram: Float[Array, "d d"], cross: Float[Array, "d c"], penalty: Float[Array, ""]
) -> Float[Array, "d c"]:
    """B for one lambda, without an eigendecomposition."""
    system = gram + penalty * jnp.eye(gram.shape[0], dtype=gram.dtype)
    factor = jax.lax.linalg.cholesky(system, symmetrize_input=False)
    return jax.scipy.linalg.cho_solve((factor, True), cross)


@jax.jit
def apply_primal(
    block: Float[Array, "b d"], mean: Float[Array, " d"], coefficients: Float[Array, "d c"]
) -> Float[Array, "b c"]:
    """Decision values of these rows, without the intercept's offset."""
    return jnp.matmul(block.astype(mean.dtype) - mean, coefficients, precision=EXACT)
