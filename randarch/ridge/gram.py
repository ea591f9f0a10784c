"""Kernels and Gram matrices, block by block, and how precise their products must be.

Features are float32. Products are added up in float64 across blocks; within a block they may be
formed in float32, which for centred columns leaves an error matrix whose spectral norm is about
eps32 * sqrt(size) * (largest diagonal entry): rounding errors of different entries are
independent, so it is far below the worst case size * eps32 * diagonal. `float32_products_suffice`
asks for that estimate, times 8, to stay below a quarter of the smallest lambda.
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from randarch.ridge.settings import Precision

EPS32 = float(np.finfo(np.float32).eps)
EXACT = jax.lax.Precision.HIGHEST  # never TF32 or bfloat16 passes


class Size(NamedTuple):
    """What the choice of lambdas and of precision needs to know about a symmetric matrix."""

    trace: Float[Array, ""]
    largest_diagonal: Float[Array, ""]
    norm: Float[Array, ""]  # largest absolute row sum: bounds every eigenvalue


def lower_product(x: Float[Array, "m k"]) -> Float[Array, "m m"]:
    """The lower block triangle of x x' (at least the lower triangle; the rest is zero).

    Four block rows, each times what stands left of and under its own diagonal: 5/8 of the
    multiply-adds of the full product.
    """
    m = x.shape[0]
    step = max(-(-m // 4), 128)
    rows = []
    for start in range(0, m, step):
        stop = min(start + step, m)
        part = jnp.matmul(x[start:stop], x[:stop].T, precision=EXACT)
        rows.append(jnp.pad(part, ((0, 0), (0, m - stop))))
    return jnp.concatenate(rows)


@partial(jax.jit, static_argnames=("center", "products"), donate_argnums=0)
def add_kernel(
    kernel: Float[Array, "n n"], columns: Float[Array, "n w"], *, center: bool, products: str
) -> Float[Array, "n n"]:
    """Adds columns @ columns.T (columns centred when asked) to the lower triangle."""
    exact = columns.astype(kernel.dtype)
    if center:
        exact = exact - exact.mean(axis=0)
    return kernel + lower_product(exact.astype(products)).astype(kernel.dtype)


class Moments(NamedTuple):
    """Sums over the rows seen so far, of features less a fixed shift."""

    gram: Float[Array, "d d"]  # lower triangle
    cross: Float[Array, "d c"]
    total: Float[Array, " d"]
    target_total: Float[Array, " c"]
    rows: Float[Array, ""]


def no_moments(width: int, classes: int, dtype: str) -> Moments:
    """Sums over no rows; zeros from the host, which compile nothing for a new width."""
    return Moments(
        jnp.asarray(np.zeros((width, width), dtype)),
        jnp.asarray(np.zeros((width, classes), dtype)),
        jnp.asarray(np.zeros(width, dtype)),
        jnp.asarray(np.zeros(classes, dtype)),
        jnp.asarray(np.zeros((), dtype)),
    )


@partial(jax.jit, static_argnames="every", donate_argnums=0)
def add_moments(
    moments: Moments,
    block: Float[Array, "b d"],
    shift: Float[Array, " d"],
    targets: Float[Array, "b c"],
    valid: Bool[Array, " b"],
    *,
    every: int = 1,
) -> Moments:
    """Adds the valid rows of a block; with `every` = k only each k-th row, the last of each k."""
    block, targets, valid = (a[every - 1 :: every] for a in (block, targets, valid))
    x = jnp.where(valid[:, None], block.astype(shift.dtype) - shift, 0)
    y = jnp.where(valid[:, None], targets.astype(shift.dtype), 0)
    return Moments(
        moments.gram + lower_product(x.T),
        moments.cross + jnp.matmul(x.T, y, precision=EXACT),
        moments.total + x.sum(axis=0),
        moments.target_total + y.sum(axis=0),
        moments.rows + valid.sum(),
    )


@jax.jit
def mirror(lower: Float[Array, "m m"]) -> Float[Array, "m m"]:
    """The symmetric matrix with this lower triangle."""
    return jnp.tril(lower) + jnp.tril(lower, -1).T


@jax.jit
def measure(matrix: Float[Array, "m m"]) -> Size:
    diagonal = jnp.diagonal(matrix)
    return Size(diagonal.sum(), diagonal.max(), jnp.abs(matrix).sum(axis=1).max())


def float32_products_suffice(size: int, largest_diagonal: float, smallest_lambda: float) -> bool:
    """Whether float32 products leave errors well below the smallest lambda."""
    return 8 * EPS32 * math.sqrt(size) * largest_diagonal <= smallest_lambda / 4


def solve_dtype(precision: Precision, n: int, norm: float, smallest_lambda: float) -> str:
    """float32 or float64 for the factorisation of a matrix with this norm.

    Rounding in a float32 eigendecomposition moves eigenvalues by up to about n * eps * norm.
    """
    if precision != "auto":
        return precision
    return "float32" if n * EPS32 * norm <= smallest_lambda / 10 else "float64"


def resolves(dtype: str, n: int, norm: float, smallest_lambda: float) -> bool:
    """Whether K + lambda I is positive definite in this precision for every lambda of the path."""
    return smallest_lambda > 2 * n * float(np.finfo(dtype).eps) * norm
