"""Pooling over windows, over all positions, and to a fixed number of positions."""

import functools
from collections.abc import Iterator
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from randarch.layers.tiles import in_tiles, tile_size

Kind = Literal["max", "avg"]
Pads = tuple[tuple[int, int], tuple[int, int]]
"""Pixels before and after, vertically and horizontally."""

TILE_BYTES = 2 * 2**20
"""Of images, whose gradient is taken at a time."""


def pool(
    x: Float[Array, "n h w c"], kind: Kind, window: int, stride: int, padding: str | int
) -> Float[Array, "n h2 w2 c"]:
    """Pools over square windows; averages divide by the pixels inside the image.

    Of several largest pixels in a window the first, row by row, has the whole gradient.
    """
    shape, strides = (window, window), (stride, stride)
    if isinstance(padding, str):
        (top, bottom), (left, right) = lax.padtype_to_pads(
            x.shape[1:3], shape, strides, padding.upper()
        )
        pads: Pads = ((top, bottom), (left, right))
    else:
        pads = ((padding, padding), (padding, padding))
    if kind == "avg":
        return nn.avg_pool(x, shape, strides, pads, count_include_pad=False)

    def native(x: Array) -> Array:
        return nn.max_pool(x, shape, strides, pads)

    def by_pixels(x: Array) -> Array:
        return _max_pool(x, window, stride, pads)

    return lax.platform_dependent(x, cpu=by_pixels, default=native)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2, 3))
def _max_pool(
    x: Float[Array, "n h w c"], window: int, stride: int, pads: Pads
) -> Float[Array, "n h2 w2 c"]:
    """Max pooling whose gradient is made of comparisons.

    XLA scatters it on a CPU, pixel by pixel on one core: for 128 maps of 32 x 32 x 32 and windows of 2 x 2 that took
    41 ms where this takes 5.7, for windows of 3 x 3 two pixels apart 96 ms and 7.9 (two cores, by hand).
    """
    return nn.max_pool(x, (window, window), (stride, stride), pads)


@_max_pool.defjvp
def _max_pool_jvp(
    window: int, stride: int, pads: Pads, primals: tuple[Array], tangents: tuple[Array]
) -> tuple[Array, Array]:
    x, largest = primals[0], _max_pool(*primals, window, stride, pads)

    def of_tile(part: tuple[Array, Array, Array]) -> Array:
        x, largest, change = part
        tangent = jnp.zeros_like(largest)
        searched = jnp.ones(largest.shape, bool)  # no earlier pixel of the window is the largest
        pixels = _window_pixels(x, window, stride, pads, outside=-jnp.inf)
        changes = _window_pixels(change, window, stride, pads, outside=0.0)
        for pixel, changed in zip(pixels, changes, strict=True):
            found = searched & (pixel == largest)
            tangent += jnp.where(found, changed, 0)
            searched &= ~found
        return tangent

    # A loop, because fused into what stands around it (a PReLU) XLA computes the comparisons again for every
    # pixel: 75 ms where the parts take 7.
    count = len(x)
    tile = tile_size(count, max(1, TILE_BYTES // max(1, x[:1].size * x.dtype.itemsize)))
    parts = [in_tiles(part, tile) for part in (x, largest, tangents[0])]
    tangent = lax.map(of_tile, tuple(parts))
    return largest, tangent.reshape(-1, *largest.shape[1:])[:count]


def _window_pixels(
    x: Float[Array, "n h w c"], window: int, stride: int, pads: Pads, outside: float
) -> Iterator[Float[Array, "n h2 w2 c"]]:
    """For each place in a window the pixel that every window has there, row by row."""
    sizes = [
        (n + sum(pad) - window) // stride + 1 for n, pad in zip(x.shape[1:3], pads, strict=True)
    ]
    # In blocks of stride x stride pixels every such map is a plain slice, and so is its transpose.
    blocks = [size + (window - 1) // stride for size in sizes]
    fill = [
        (low, max(0, count * stride - low - n))
        for count, (low, _), n in zip(blocks, pads, x.shape[1:3], strict=True)
    ]
    x = jnp.pad(x, ((0, 0), *fill, (0, 0)), constant_values=outside)
    x = x[:, : blocks[0] * stride, : blocks[1] * stride]
    x = x.reshape(x.shape[0], blocks[0], stride, blocks[1], stride, x.shape[3])
    for row in range(window):
        for column in range(window):
            (top, i), (left, j) = divmod(row, stride), divmod(column, stride)
            yield x[:, top : top + sizes[0], i, left : left + sizes[1], j]


def global_pool(
    x: Float[Array, "n h w c"], kind: Kind | Literal["avg_max"]
) -> Float[Array, "n 1 positions c"]:
    """The average or the maximum over all positions; `avg_max` gives both, as two positions."""
    found = []
    if kind != "max":
        found.append(jnp.mean(x, axis=(1, 2), keepdims=True))
    if kind != "avg":
        found.append(jnp.max(x, axis=(1, 2), keepdims=True))
    return jnp.concatenate(found, axis=2)


def average_to(x: Float[Array, "*batch h w c"], size: int) -> Float[Array, "*batch h2 w2 c"]:
    """Averages a map down to size x size positions; smaller maps stay as they are.

    Regions are those of PyTorch's adaptive pooling: row i covers floor(i h / size) to
    ceil((i + 1) h / size).
    """

    def along(x: Array, axis: int) -> Array:
        length = x.shape[axis]
        if length <= size:
            return x
        starts = [i * length // size for i in range(size)]
        stops = [-(-(i + 1) * length // size) for i in range(size)]
        parts = [
            jnp.take(x, jnp.arange(a, b), axis=axis).mean(axis, keepdims=True)
            for a, b in zip(starts, stops, strict=True)
        ]
        return jnp.concatenate(parts, axis=axis)

    return along(along(x, -3), -2)
