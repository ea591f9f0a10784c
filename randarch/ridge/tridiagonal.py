"""diag G and G y, G = (K + lambda I)^-1, for a path of lambdas, without eigenvalues.

K = Q T Q' with T tridiagonal takes a third of the work of an eigendecomposition. T + lambda I =
L D L' is a recurrence, and with M = Q L^-T (another one, column by column)

    G_ii = sum_j M_ij^2 / D_j,        G y = Q (T + lambda I)^-1 Q'y.

That is O(n^2) a lambda and backward stable for a positive definite K + lambda I, so it needs every
lambda to be above rounding in K; the eigendecomposition (`dual.dual_path`) has no such need.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from randarch.ridge.gram import EXACT


class Tridiagonal(NamedTuple):
    """K = Q T Q'."""

    rotation: Float[Array, "n n"]
    diagonal: Float[Array, " n"]
    off_diagonal: Float[Array, " n-1"]


def tridiagonalise(matrix: Float[Array, "n n"]) -> Tridiagonal:
    """Householder reduction; reads the lower triangle."""
    reflectors, diagonal, off_diagonal, taus = jax.lax.linalg.tridiagonal(matrix, lower=True)
    inner = jax.lax.linalg.householder_product(reflectors[1:, :-1], taus)
    rotation = jnp.pad(inner, ((1, 0), (1, 0))).at[0, 0].set(1)
    return Tridiagonal(rotation, diagonal, off_diagonal)


def inverse_path(
    reduced: Tridiagonal, targets: Float[Array, "n c"], lambdas: Float[Array, " l"]
) -> tuple[Float[Array, "l n"], Float[Array, "l n c"]]:
    """diag G and G y for every lambda."""
    n, c = targets.shape
    paths, dtype = lambdas.size, targets.dtype
    rotated = jnp.matmul(reduced.rotation.T, targets, precision=EXACT)
    before = jnp.pad(reduced.off_diagonal, (1, 0))

    def forward(carry, row):
        column, pivot, solved, total = carry
        q, d, e, u = row
        factor = e / pivot
        pivot = d + lambdas - factor * e
        column = q - factor[:, None] * column
        solved = u - factor[:, None] * solved
        total = total + column * (column / pivot[:, None])
        return (column, pivot, solved, total), (factor, solved / pivot[:, None])

    zeros = jnp.zeros((paths, n), dtype)
    start = (zeros, jnp.ones(paths, dtype), jnp.zeros((paths, c), dtype), zeros)
    rows = (reduced.rotation.T, reduced.diagonal, before, rotated)
    (_, _, _, diagonal), (factors, scaled) = jax.lax.scan(forward, start, rows)

    def backward(later, row):
        factor_after, own = row
        solution = own - factor_after[:, None] * later
        return solution, solution

    after = jnp.concatenate([factors[1:], jnp.zeros((1, paths), dtype)])
    _, solution = jax.lax.scan(
        backward, jnp.zeros((paths, c), dtype), (after, scaled), reverse=True
    )
    product = jnp.matmul(reduced.rotation, solution.reshape(n, -1), precision=EXACT)
    return diagonal, product.reshape(n, paths, c).transpose(1, 0, 2)
