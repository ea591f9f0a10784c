"""Convolution with few multiplications (Lavin and Gray, 2016, arXiv 1509.09308; Toom-Cook in two dimensions).

A block of 4 x 4 outputs of a k x k kernel depends on (k+3) x (k+3) pixels. Taken as polynomials,
evaluated at k+3 points in each direction, kernel and pixels multiply point by point: 2.25
multiplications an output instead of 9 for k = 3, and 4 instead of 25 for k = 5. A longer kernel is cut
into parts of up to 5 taps, 4 apart, which see blocks that are neighbours. A block's pixels are
read (k+3)^2/16 times, and not the k^2 times of a window for every output. Sums of float32 are right to
some 1e-5 of the largest output, against 1e-6 of a plain product.
"""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from randarch.layers.phases import Phases
from randarch.layers.tiles import over_tiles

OUTPUTS = 4
"""Outputs a block has in each direction."""

TILE_BYTES = 2 * 2**20
"""Evaluated blocks at a time: measured best between 1 and 4 MiB (`benchmarks.convolution`)."""

POINTS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0)
"""Where polynomials are evaluated, infinity apart: small, exact in binary, and in pairs of opposites."""

MAX_TAPS = len(POINTS) + 2 - OUTPUTS
"""Of a part of the kernel."""


def winograd(
    x: Float[Array, "n h w c"],
    kernel: Float[Array, "k k c features"],
    padding: tuple[tuple[int, int], ...],
    precision: lax.PrecisionLike = None,
    stride: int = 1,
    dilation: int = 1,
) -> Float[Array, "n h2 w2 features"]:
    """Convolution without groups, a few images at a time.

    Args:
      x: images.
      kernel: height, width, channels, features; square.
      padding: pixels before and after, vertically and horizontally.
      precision: of matrix products, as JAX names it.
      stride: of the windows, in both directions.
      dilation: of the kernel, in both directions.
    """
    phases = Phases.of_convolution(x.shape, kernel.shape[0], stride, dilation, padding)
    dense = phases.kernel(kernel)
    parts, part_taps = divide(dense.shape[0])
    weights = _evaluate_kernel(dense)
    out_size = phases.dense_size
    blocks = phases.dilation**2 * math.prod(math.ceil(n / OUTPUTS) for n in out_size)
    widest = max(parts * parts * dense.shape[2], dense.shape[3])
    image_bytes = x.dtype.itemsize * weights.shape[0] * blocks * widest
    # Every tile reads all weights (and adds to their gradient), so it is larger where those are.
    weight_bytes = x.dtype.itemsize * weights.size
    most = max(TILE_BYTES, 2 * weight_bytes) // image_bytes

    def convolve(images: Array, weights: Array) -> Array:
        seen = phases.images(images, padding)
        points = _evaluate_blocks(seen, part_taps, parts, out_size)
        shape = points.shape[:-1]
        products = jnp.matmul(
            points.reshape(weights.shape[0], -1, weights.shape[1]), weights, precision=precision
        )
        return phases.outputs(_interpolate(products.reshape(*shape, -1), part_taps, out_size))

    return over_tiles(convolve, x, weights, most)


def divide(taps: int) -> tuple[int, int]:
    """Parts that a kernel of so many taps is cut into, and the taps of the longest."""
    parts = max(1, math.ceil((taps - MAX_TAPS) / OUTPUTS) + 1)
    last = taps - OUTPUTS * (parts - 1)
    return parts, max(last, OUTPUTS if parts > 1 else 0)


def multiplications(taps: int) -> float:
    """An output and channel, where a plain product has `taps` squared."""
    parts, part_taps = divide(taps)
    return (parts * (OUTPUTS + part_taps - 1) / OUTPUTS) ** 2


@functools.cache
def transforms(taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices (A, G, B) with `A @ ((G @ kernel) * (B @ pixels))` the correlation of both, in one dimension.

    Args:
      taps: of the kernel.

    Returns:
      [outputs, points], [points, taps] and [points, pixels], where points = pixels = outputs + taps - 1.
    """
    points = POINTS[: OUTPUTS + taps - 2]
    # Row i of B holds the polynomial that vanishes at every point but the i-th; the last, at all.
    others = [points[:i] + points[i + 1 :] for i in range(len(points))]
    b = [np.append(np.poly(rest)[::-1], 0.0) for rest in others]
    g = [
        np.power(p, np.arange(taps)) / np.prod([p - q for q in rest])
        for p, rest in zip(points, others, strict=True)
    ]
    a = [np.power(p, np.arange(OUTPUTS)) for p in points]
    return (
        np.stack([*a, np.eye(OUTPUTS)[-1]], axis=1),
        np.stack([*g, np.eye(taps)[-1]]),
        np.stack([*b, np.poly(points)[::-1]]),
    )


def _evaluate_kernel(kernel: Float[Array, "k k c features"]) -> Float[Array, "points c2 features"]:
    parts, taps = divide(kernel.shape[0])
    g = jnp.asarray(transforms(taps)[1], kernel.dtype)
    # Part i has the taps from 4 i on: the first OUTPUTS of them, and the last part what is left.
    ends = [OUTPUTS * (i + 1) if i < parts - 1 else kernel.shape[0] for i in range(parts)]
    evaluated = []
    for i, bottom in enumerate(ends):
        for j, right in enumerate(ends):
            part = kernel[OUTPUTS * i : bottom, OUTPUTS * j : right]
            rows, columns = g[:, : part.shape[0]], g[:, : part.shape[1]]
            evaluated.append(
                jnp.einsum("pi,qj,ijcf->pqcf", rows, columns, part, precision="highest")
            )
    u = jnp.concatenate(evaluated, axis=2)
    return u.reshape(-1, *u.shape[2:])


def _evaluate_blocks(
    x: Float[Array, "n h w c"],
    taps: int,
    parts: int,
    out_size: tuple[int, int],
) -> Float[Array, "points points n rows columns c2"]:
    b = transforms(taps)[2]
    rows, columns = (math.ceil(size / OUTPUTS) for size in out_size)
    reach = math.ceil(len(b) / OUTPUTS) - 1  # blocks further that a block sees
    below, beside = rows + parts - 1, columns + parts - 1
    sizes = [(count + reach) * OUTPUTS for count in (below, beside)]
    # What is missing for the last block is zero, and meets no output that stays.
    pads = [(0, size - n) for size, n in zip(sizes, x.shape[1:3], strict=True)]
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    n, c = x.shape[0], x.shape[3]
    x = x.reshape(n, sizes[0], beside + reach, OUTPUTS, c)
    x = _combine(
        b, [x[:, :, t // OUTPUTS : t // OUTPUTS + beside, t % OUTPUTS] for t in range(len(b))]
    )
    # Taken together, XLA computes the sums of one direction again for every sum of the other in the gradient: a
    # third more time (`benchmarks.convolution`).
    x = lax.optimization_barrier(x)
    x = x.reshape(len(b), n, below + reach, OUTPUTS, beside, c)
    x = _combine(
        b, [x[:, :, t // OUTPUTS : t // OUTPUTS + below, t % OUTPUTS] for t in range(len(b))]
    )
    if parts == 1:
        return x
    seen = [x[:, :, :, i : i + rows, j : j + columns] for i in range(parts) for j in range(parts)]
    return jnp.concatenate(seen, axis=-1)


def _interpolate(
    products: Float[Array, "points points n rows columns features"],
    taps: int,
    out_size: tuple[int, int],
) -> Float[Array, "n h2 w2 features"]:
    a = transforms(taps)[0]
    _, _, n, rows, columns, features = products.shape
    y = _combine(a, list(products))
    y = lax.optimization_barrier(y)
    y = _combine(a, [y[:, t] for t in range(y.shape[1])], axis=4)
    y = y.transpose(1, 2, 0, 3, 4, 5).reshape(n, rows * OUTPUTS, columns * OUTPUTS, features)
    return y[:, : out_size[0], : out_size[1]]


def _combine(matrix: np.ndarray, parts: list[Array], axis: int = 0) -> Array:
    """The matrix times the parts, stacked; written out, for most entries are 0, 1 or -1."""
    rows = []
    for row in matrix:
        terms = [
            part if factor == 1 else part * np.asarray(factor, part.dtype)
            for factor, part in zip(row, parts, strict=True)
            if factor
        ]
        rows.append(functools.reduce(jnp.add, terms))
    return jnp.stack(rows, axis)
