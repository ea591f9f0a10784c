"""Convolution by each platform's best way, as a drop-in for `jax.lax.conv_general_dilated`.

On GPU and TPU that is the platform's own convolution. On a CPU XLA's own is thirty times slower inside
`lax.scan`, so there a convolution is made of matrix products: one of pixels if the kernel is 1 x 1, with few
multiplications (`winograd`) where maps are wide enough for it to pay, else one of windows and a banded matrix
(`patches`); a convolution in groups is made of such ones (`grouped`). Outside of loops XLA's own is as fast for small
shapes, and compiles in a tenth of the time (`conv_outside_loops`).
"""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from randarch.layers.grouped import one_by_one, with_zeros
from randarch.layers.patches import Product, patches_matmul
from randarch.layers.phases import Phases
from randarch.layers.winograd import OUTPUTS, multiplications, winograd

DIMENSION_NUMBERS = lax.ConvDimensionNumbers((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))
WINOGRAD_SAVES = 2.0
WINOGRAD_CHANNELS = 16
"""Times fewer multiplications, those for outputs beyond the map's end counted, and smallest channels and features,
from which on `winograd` is measured faster than `patches` (`benchmarks.convolution`)."""
WINOGRAD_SMALL = 4
"""Height and width of maps that are one block of outputs: it takes two to four times as long with 3 x 3 kernels."""

OWN_CHANNELS = 8
"""Channels from which on XLA's own convolution may be as fast as products, outside of loops, and one product of pixels
faster than one of windows."""


def conv_outside_loops(
    lhs: Float[Array, "n h w c"],
    rhs: Float[Array, "k k c_in features"],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None = None,
    **others: Any,
) -> Float[Array, "n h2 w2 features"]:
    """As `conv_general_dilated`, for programs in which it stands in no loop."""
    strides, pads, dilation = _resolved(lhs, rhs, window_strides, padding, rhs_dilation)
    grouped = others.get("feature_group_count", 1) > 1
    own = not grouped and _own_pays(lhs.shape, rhs.shape, strides, dilation, pads)
    form = lax.conv_general_dilated if own else conv_general_dilated
    others["dimension_numbers"] = DIMENSION_NUMBERS
    return form(lhs, rhs, strides, pads, rhs_dilation=dilation, **others)


def _own_pays(
    images: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, int],
    dilation: tuple[int, int],
    padding: Sequence[tuple[int, int]],
) -> bool:
    """Whether XLA's own convolution outside of loops is as fast as products on one core of a CPU; by shapes alone.

    Measured by hand on the shapes of `benchmarks.convolution --outside_loops`, with what compiling costs in mind.
    """
    taps, side, channels = kernel[0], max(images[1:3]), images[3]
    if taps == 1 or channels < OWN_CHANNELS:
        return False
    square = strides[0] == strides[1] and dilation[0] == dilation[1]
    saves = _winograd_saves(images, kernel, strides[0], dilation[0], padding) if square else 0.0
    if saves >= WINOGRAD_SAVES:
        large = side >= (8 if channels >= 32 else 16)
        return not (taps >= 5 or (large and saves >= 3.5))
    return not (taps >= 5 and side <= 4)


def _resolved(
    lhs: Array,
    rhs: Array,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None,
) -> tuple[tuple[int, int], tuple[tuple[int, int], tuple[int, int]], tuple[int, int]]:
    """Strides, pixels before and after, and dilation, each in both directions."""
    strides = (window_strides[0], window_strides[1])
    dilation = (rhs_dilation[0], rhs_dilation[1]) if rhs_dilation else (1, 1)
    extents = [d * (k - 1) + 1 for k, d in zip(rhs.shape[:2], dilation, strict=True)]
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(lhs.shape[1:3], extents, strides, padding)
    rows, columns = ((int(low), int(high)) for low, high in padding)
    return strides, (rows, columns), dilation


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
    strides, pads, dilation = _resolved(lhs, rhs, window_strides, padding, rhs_dilation)

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

    product = Product(precision, preferred_element_type)

    def products(x: Array, kernel: Array) -> Array:
        if feature_group_count == 1:
            return dense(x, kernel)
        if feature_group_count == x.shape[3] == kernel.shape[3] and preferred_element_type is None:
            return one_by_one(x, kernel, strides, pads, dilation)
        return with_zeros(x, kernel, dense)

    def dense(x: Array, kernel: Array) -> Array:
        # Fewer multiplications cost a digit, which half precision has not.
        precise = x.dtype.itemsize >= 4 and preferred_element_type is None
        square = strides[0] == strides[1] and dilation[0] == dilation[1]
        if (
            precise
            and square
            and winograd_pays(x.shape, kernel.shape, strides[0], dilation[0], pads)
        ):
            return winograd(x, kernel, pads, precision, strides[0], dilation[0])
        if _of_pixels(kernel.shape, pads):
            return _pixels_matmul(x[:, :: strides[0], :: strides[1]], kernel, product)
        return patches_matmul(x, kernel, strides, pads, dilation, product)

    return lax.platform_dependent(lhs, rhs, cpu=products, default=native)


def winograd_pays(
    images: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: int,
    dilation: int,
    padding: Sequence[tuple[int, int]],
) -> bool:
    """Whether a CPU is faster with `winograd` than with `patches`; by shapes alone."""
    if kernel[0] <= 3 and max(images[1:3]) <= WINOGRAD_SMALL:
        return False
    return _winograd_saves(images, kernel, stride, dilation, padding) >= WINOGRAD_SAVES


def _winograd_saves(
    images: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: int,
    dilation: int,
    padding: Sequence[tuple[int, int]],
) -> float:
    """How many times fewer multiplications `winograd` takes than a plain product; 0 where it is not for."""
    taps, other_taps, channels, features = kernel
    phases = Phases.of_convolution(images, taps, stride, dilation, padding)
    wide = min(channels * phases.stride**2, features) >= WINOGRAD_CHANNELS
    blocks = math.prod(math.ceil(n / OUTPUTS) for n in phases.dense_size)
    if taps != other_taps or not wide or not blocks:
        return 0.0
    computed = phases.dilation**2 * blocks * OUTPUTS**2
    each = multiplications(phases.dense_taps) * phases.stride**2
    return taps**2 * math.prod(phases.out_size) / (computed * each)


def _of_pixels(kernel: tuple[int, ...], padding: Sequence[tuple[int, int]]) -> bool:
    """Whether outputs are of one pixel each, of enough channels."""
    alone = kernel[:2] == (1, 1) and not any(sum(pad) for pad in padding)
    return alone and kernel[2] >= OWN_CHANNELS


def _pixels_matmul(
    x: Float[Array, "n h w c"], kernel: Float[Array, "1 1 c features"], product: Product
) -> Float[Array, "n h w features"]:
    # Flat: of images as they are, XLA makes a convolution of the gradient again, half as fast.
    y = jnp.matmul(x.reshape(-1, x.shape[3]), kernel[0, 0], **product._asdict())
    return y.reshape(*x.shape[:3], kernel.shape[3])
