"""Pooling over windows, over all positions, and to a fixed number of positions."""

from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

Kind = Literal["max", "avg"]


def pool(
    x: Float[Array, "n h w c"], kind: Kind, window: int, stride: int, padding: str | int
) -> Float[Array, "n h2 w2 c"]:
    """Pools over square windows; averages divide by the pixels inside the image."""
    pads = padding.upper() if isinstance(padding, str) else ((padding, padding), (padding, padding))
    shape, strides = (window, window), (stride, stride)
    if kind == "max":
        return nn.max_pool(x, shape, strides, pads)
    return nn.avg_pool(x, shape, strides, pads, count_include_pad=False)


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
