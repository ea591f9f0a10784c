"""Eigendecomposition of a positive semi-definite matrix, and the lambdas that it can resolve."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def eigh(matrix: Float[Array, "m m"]) -> tuple[Float[Array, "m m"], Float[Array, " m"]]:
    """Eigenvectors (columns) and eigenvalues, those below zero being rounding and set to it.

    Reads the lower triangle alone.
    """
    vectors, values = jax.lax.linalg.eigh(matrix, lower=True, symmetrize_input=False)
    return vectors, jnp.maximum(values, 0)


def rounding(eigenvalues: Float[Array, " m"]) -> Float[Array, ""]:
    """The size below which an eigenvalue, or a lambda, is rounding: m * eps * (the largest).

    Of the matrix 0, whose solution is 0 for every lambda, it is 1.
    """
    largest = jnp.max(eigenvalues)
    floor = eigenvalues.size * jnp.finfo(eigenvalues.dtype).eps * largest
    return jnp.where(largest > 0, floor, 1)


def resolvable(lambdas: Float[Array, " l"], eigenvalues: Float[Array, " m"]) -> Float[Array, " l"]:
    """The lambdas, those below rounding (zero above all) raised to it."""
    return jnp.maximum(lambdas, rounding(eigenvalues))


def regularised_inverse(
    lambdas: Float[Array, " l"], eigenvalues: Float[Array, " m"]
) -> Float[Array, "l m"]:
    """1 / (eigenvalue + lambda), and 0 where both are below rounding: the least-norm solution."""
    floor = rounding(eigenvalues)
    null = (lambdas < floor)[:, None] & (eigenvalues < floor)
    return jnp.where(null, 0, 1 / (eigenvalues + jnp.maximum(lambdas, floor)[:, None]))
