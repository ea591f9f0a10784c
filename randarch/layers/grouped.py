"""Convolution in groups on CPUs, without a product a group.

A product for each group multiplies matrices a few numbers wide. Wider ones with zeros between the groups are faster on
large maps although most of their multiplications are in vain, and one channel a group is no product at all but nine
multiply-adds of whole maps. 3 x 3, 32 images, forward and gradient in a loop on one core, `benchmarks.grouped`: with
zeros 2.3 to 4.8 times as fast as a product a group on maps of 16 x 16 and 32 x 32, 1.0 to 1.6 times on 8 x 8, and .4 to
.8 times (slower) on 4 x 4 of 128 channels; multiply-adds 2.8 to 4.5 times as fast on all of them.
"""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

SLICE = 32
"""Channels of a product, zeros included: on maps of 4 x 4 to 16 x 16 as fast as 16, and faster than 64."""

Convolve = Callable[[Array, Array], Array]


def one_by_one(
    x: Float[Array, "n h w c"],
    kernel: Float[Array, "k k 1 c"],
    strides: tuple[int, int],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, int],
) -> Float[Array, "n h2 w2 c"]:
    """Every channel by itself: the sum over the kernel's taps of shifted maps."""
    x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    reach = [
        (size - d * (k - 1) - 1) // s * s + 1
        for size, k, d, s in zip(x.shape[1:3], kernel.shape[:2], dilation, strides, strict=True)
    ]
    taps = [
        x[:, i : i + reach[0] : strides[0], j : j + reach[1] : strides[1]] * tap
        for i, row in zip(range(0, x.shape[1], dilation[0]), kernel, strict=False)
        for j, (tap,) in zip(range(0, x.shape[2], dilation[1]), row, strict=False)
    ]
    return sum(taps[1:], taps[0])


def with_zeros(
    x: Float[Array, "n h w c"], kernel: Float[Array, "k k c_group features"], convolve: Convolve
) -> Float[Array, "n h2 w2 features"]:
    """As convolutions without groups: of `SLICE` channels where whole groups fill that many, else of all channels.

    Args:
      x: images.
      kernel: height, width, channels of a group, features.
      convolve: a convolution without groups, of images and a kernel.
    """
    channels, (per_group, features) = x.shape[3], kernel.shape[2:]
    groups = channels // per_group
    if channels <= SLICE or SLICE % per_group:
        return convolve(x, _spread(kernel, groups))
    # Groups of zeros fill the last slice.
    more = -groups % (SLICE // per_group)
    x = jnp.pad(x, ((0, 0), (0, 0), (0, 0), (0, more * per_group)))
    kernel = jnp.pad(kernel, ((0, 0), (0, 0), (0, 0), (0, more * (features // groups))))
    slices = x.shape[3] // SLICE
    x = jnp.moveaxis(x.reshape(*x.shape[:3], slices, SLICE), 3, 0)
    kernels = jnp.moveaxis(kernel.reshape(*kernel.shape[:3], slices, -1), 3, 0)
    # A loop, so that its body is compiled once.
    y = lax.map(lambda part: convolve(part[0], _spread(part[1], SLICE // per_group)), (x, kernels))
    return jnp.moveaxis(y, 0, 3).reshape(*y.shape[1:4], -1)[..., :features]


def _spread(
    kernel: Float[Array, "k k c_group features"], groups: int
) -> Float[Array, "k k c features"]:
    """The kernel of all channels, zero between a channel and the features of other groups."""
    per_group, features = kernel.shape[2:]
    of_channel = np.arange(groups * per_group) // per_group
    of_feature = np.arange(features) // (features // groups)
    return jnp.tile(kernel, (1, 1, groups, 1)) * (of_channel[:, None] == of_feature)
