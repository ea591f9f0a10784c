"""Convolution as one product of matrices: windows of the images x a banded matrix of the kernel.

A window of `columns + kernel - 1` pixels times a banded matrix gives `columns` neighbouring outputs
at once. One column is the textbook im2col; more columns copy fewer pixels and make wider products at
the price of multiplying zeros, which pays where channels are few. Images are taken a few at a time so
that the copied windows stay in cache.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from randarch.layers.tiles import over_tiles

TILE_BYTES = 4 * 2**20
"""Windows copied at a time: measured best between 2 and 6 MiB on CPUs with 1 MiB of L2 a core
(`benchmarks.convolution`)."""


class Product(NamedTuple):
    """How matrix products are taken, as `jax.numpy.matmul` names it."""

    precision: lax.PrecisionLike = None
    preferred_element_type: jnp.dtype | None = None


PLAIN = Product()


def patches_matmul(
    x: Float[Array, "n h w c"],
    kernel: Float[Array, "k k c_in features"],
    strides: tuple[int, int],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, int],
    product: Product = PLAIN,
    columns: int | None = None,
) -> Float[Array, "n h2 w2 features"]:
    """Windows x banded matrix, a few images at a time; its gradient copies the windows again.

    Args:
      x: images.
      kernel: height, width, channels, features.
      strides: vertical and horizontal.
      padding: pixels before and after, vertically and horizontally.
      dilation: of the kernel.
      product: how products are taken.
      columns: neighbouring outputs at once; by default `columns_at_once`.
    """
    out_size = [
        (size + sum(pad) - d * (k - 1) - 1) // s + 1
        for size, pad, k, d, s in zip(
            x.shape[1:3], padding, kernel.shape[:2], dilation, strides, strict=True
        )
    ]
    columns = min(columns or columns_at_once(x.shape[3]), out_size[1])
    span = (columns - 1) * strides[1] + dilation[1] * (kernel.shape[1] - 1) + 1
    blocks = math.ceil(out_size[1] / columns)
    image_bytes = x.dtype.itemsize * out_size[0] * blocks * kernel.shape[0] * span * x.shape[3]

    def convolve(images: Array, weights: Array) -> Array:
        x = jnp.pad(images, ((0, 0), *padding, (0, 0)))
        windows = _windows(
            x, kernel.shape[0], span, columns, blocks, out_size[0], strides, dilation[0]
        )
        banded = _banded(weights, columns, span, strides[1], dilation[1])
        y = jnp.matmul(windows.reshape(-1, banded.shape[0]), banded, **product._asdict())
        y = y.reshape(images.shape[0], out_size[0], blocks * columns, weights.shape[-1])
        return y[:, :, : out_size[1]]

    return over_tiles(convolve, x, kernel, TILE_BYTES // image_bytes)


def columns_at_once(channels: int) -> int:
    """Neighbouring outputs a product, as measured by input channels (`benchmarks.convolution`)."""
    return 4 if channels <= 16 else 2


def _windows(
    x: Float[Array, "n h w c"],
    rows: int,
    span: int,
    columns: int,
    blocks: int,
    out_height: int,
    strides: tuple[int, int],
    row_dilation: int,
) -> Float[Array, "n h2 blocks window"]:
    """Copies, for each block of neighbouring outputs, the pixels that they see."""
    # A window is a few consecutive groups of `step` pixels (the last may be cut), so a reshape and
    # that many slices copy all windows; a slice a window would compile to a program several times
    # as long.
    n, height, width, c = x.shape
    step = columns * strides[1]
    groups = math.ceil(span / step)
    whole = (blocks + groups - 1) * step
    x = jnp.pad(x, ((0, 0), (0, 0), (0, max(0, whole - width)), (0, 0)))[:, :, :whole]
    grouped = x.reshape(n, height, blocks + groups - 1, step * c)
    cut = (span - (groups - 1) * step) * c
    taps = [
        grouped[:, :, g : g + blocks, : cut if g == groups - 1 else None] for g in range(groups)
    ]
    across = jnp.concatenate(taps, axis=-1)
    last = (out_height - 1) * strides[0] + 1
    down = [across[:, i * row_dilation : i * row_dilation + last : strides[0]] for i in range(rows)]
    return jnp.concatenate(down, axis=-1)


def _banded(
    kernel: Float[Array, "k k c features"], columns: int, span: int, stride: int, dilation: int
) -> Float[Array, "window outputs"]:
    """Maps a window to `columns` outputs: the kernel, shifted by the stride for each."""
    rows, taps, channels, features = kernel.shape
    extent = dilation * (taps - 1) + 1
    spread = (
        jnp.zeros((rows, extent, channels, features), kernel.dtype).at[:, ::dilation].set(kernel)
    )
    if dilation == 1:
        spread = kernel
    shifted = [
        jnp.pad(spread, ((0, 0), (a * stride, span - extent - a * stride), (0, 0), (0, 0)))
        for a in range(columns)
    ]
    return jnp.stack(shifted, axis=3).reshape(rows * span * channels, columns * features)
