"""Convolution by each platform's best way, as a drop-in for `jax.lax.conv_general_dilated`.

On GPU and TPU that is the platform's own convolution. On a CPU XLA's own is thirty times slower inside
`lax.scan`, so there a convolution is made of matrix products: with few multiplications (`winograd`) where
maps are wide enough for it to pay, else one product of windows and a banded matrix (`patches`). Outside of loops
XLA's own is as fast for many shapes, and compiles in a tenth of the time (`conv_outside_loops`).
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from randarch.layers.patches import Product, patches_matmul
from randarch.layers.phases import Phases
from randarch.layers.winograd import multiplications, winograd

DIMENSION_NUMBERS = lax.ConvDimensionNumbers((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))
WINOGRAD_SAVES = 3.5
WINOGRAD_CHANNELS = 16
WINOGRAD_SIZE = 8
"""Times fewer multiplications, and smallest channels, features and outputs in each direction, from which on
`winograd` is measured faster than `patches` (`benchmarks.convolution`)."""

OWN_CHANNELS = 8
"""Channels from which on XLA's own convolution may be as fast as products, outside of loops."""


def conv_outside_loops(
    lhs: Float[Array, "n h w c"],
    rhs: Float[Array, "k k c_in features"],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None = None,
    **others: Any,
) -> Float[Array, "n h2 w2 features"]:
    """As `conv_general_dilated`, for programs in which it stands in no loop."""
    form = lax.conv_general_dilated if _own_pays(lhs, rhs, rhs_dilation) else conv_general_dilated
    others["dimension_numbers"] = DIMENSION_NUMBERS
    return form(lhs, rhs, window_strides, padding, rhs_dilation=rhs_dilation, **others)


def _own_pays(lhs: Array, rhs: Array, dilation: Sequence[int] | None) -> bool:
    """Whether XLA's own convolution outside of loops is as fast as products on a CPU; by shapes alone.

    Measured by hand (2026-11-28, other work beside it), forward and back on two cores, 32 or 128 images, 3, 16 and 32
    channels, maps from 2 x 2 to 32 x 32, kernels from 1 to 7 and 3 and 5 with dilation 2. `benchmarks.convolution`
    measures inside of loops alone, so nothing in the repository repeats it yet.
    """
    taps, side, channels = rhs.shape[0], max(lhs.shape[1:3]), lhs.shape[3]
    if channels < OWN_CHANNELS or (taps >= 5 and side <= 4):
        return False
    wide = min(channels, rhs.shape[3]) >= 32
    dense = taps >= 5 or not (dilation and max(dilation) > 1)
    return not (wide and dense and side >= (16 if taps >= 5 else 32))


def conv_general_dilated(
    lhs: Float[Array, "n h w c"],
    rhs: Float[Array, "k k c_in features"],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: lax.ConvDimensionNumbers | None = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: lax.PrecisionLike = None,
    preferred_element_type: jnp.dtype | None = None,
) -> Float[Array, "n h2 w2 features"]:
    """As `jax.lax.conv_general_dilated`, with its arguments, for NHWC images and HWIO kernels.

    Raises:
      ValueError: for transposed convolutions (`lhs_dilation`), batch groups, or another layout.
    """
    if (lhs_dilation and any(d != 1 for d in lhs_dilation)) or batch_group_count != 1:
        raise ValueError(
            f"lhs_dilation {lhs_dilation}, batch_group_count {batch_group_count}: expected 1; "
            "use jax.lax.conv_general_dilated"
        )
    if dimension_numbers is not None and dimension_numbers != DIMENSION_NUMBERS:
        raise ValueError(f"layout {dimension_numbers}; expected NHWC images and HWIO kernels")
    strides = (window_strides[0], window_strides[1])
    dilation = (rhs_dilation[0], rhs_dilation[1]) if rhs_dilation else (1, 1)
    extents = [d * (k - 1) + 1 for k, d in zip(rhs.shape[:2], dilation, strict=True)]
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(lhs.shape[1:3], extents, strides, padding)
    pads = tuple((int(low), int(high)) for low, high in padding)

    def native(x: Array, kernel: Array) -> Array:
        return lax.conv_general_dilated(
            x,
            kernel,
            strides,
            pads,
            rhs_dilation=dilation,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=feature_group_count,
            precision=precision,
            preferred_element_type=preferred_element_type,
        )

    def products(x: Array, kernel: Array) -> Array:
        # Fewer multiplications cost a digit, which half precision has not.
        precise = x.dtype.itemsize >= 4 and preferred_element_type is None
        square = strides[0] == strides[1] and dilation[0] == dilation[1]
        if precise and square and feature_group_count == 1:
            phases = winograd_phases(x.shape, kernel.shape, strides[0], dilation[0], pads)
            if phases is not None:
                images = phases.images(x, pads)
                y = winograd(images, phases.kernel(kernel), ((0, 0), (0, 0)), precision)
                return phases.outputs(y)
        product = Product(precision, preferred_element_type)
        return patches_matmul(x, kernel, strides, pads, dilation, feature_group_count, product)

    return lax.platform_dependent(lhs, rhs, cpu=products, default=native)


def winograd_phases(
    images: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: int,
    dilation: int,
    padding: Sequence[tuple[int, int]],
) -> Phases | None:
    """How to make a convolution dense for `winograd`, if a CPU is faster with it; by shapes alone."""
    taps, _, channels, features = kernel
    if kernel[0] != kernel[1]:
        return None
    height, width = (
        (n + sum(pad) - dilation * (taps - 1) - 1) // stride + 1
        for n, pad in zip(images[1:3], padding, strict=True)
    )
    phases = Phases.of(taps, stride, dilation, (height, width))
    wide = min(channels * phases.stride**2, features) >= WINOGRAD_CHANNELS
    large = min(phases.dense_size) >= WINOGRAD_SIZE
    saves = taps**2 / (multiplications(phases.dense_taps) * phases.stride**2)
    return phases if wide and large and saves >= WINOGRAD_SAVES else None
