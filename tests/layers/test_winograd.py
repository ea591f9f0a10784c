"""Convolution with few multiplications, against NumPy and `jax.lax.conv_general_dilated`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from randarch.layers import conv_general_dilated
from randarch.layers.convolution import DIMENSION_NUMBERS, winograd_pays
from randarch.layers.phases import Phases
from randarch.layers.tiles import tile_size
from randarch.layers.winograd import OUTPUTS, divide, multiplications, transforms, winograd

Pads = tuple[tuple[int, int], tuple[int, int]]


def arrays(
    batch: int, height: int, width: int, channels: int, features: int, taps: int
) -> tuple[jax.Array, jax.Array]:
    rng = np.random.default_rng(batch * height + width * channels + features * taps)
    x = rng.standard_normal((batch, height, width, channels), np.float32)
    return jnp.asarray(x), jnp.asarray(
        rng.standard_normal((taps, taps, channels, features), np.float32)
    )


def exact(x: jax.Array, w: jax.Array, pads: Pads) -> jax.Array:
    return lax.conv_general_dilated(
        x, w, (1, 1), pads, dimension_numbers=DIMENSION_NUMBERS, precision="highest"
    )


def assert_close(ours: jax.Array, theirs: jax.Array) -> None:
    scale = float(np.abs(theirs).max())
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * scale)


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
def test_transforms_are_a_correlation(taps: int) -> None:
    a, g, b = transforms(taps)
    rng = np.random.default_rng(taps)
    pixels, kernel = rng.standard_normal(OUTPUTS + taps - 1), rng.standard_normal(taps)
    expected = np.correlate(pixels, kernel, "valid")
    np.testing.assert_allclose(a @ ((g @ kernel) * (b @ pixels)), expected, atol=1e-13)


@pytest.mark.parametrize("taps", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13])
def test_parts_of_a_kernel_cover_it_once(taps: int) -> None:
    parts, longest = divide(taps)
    last = taps - OUTPUTS * (parts - 1)
    assert 1 <= last <= longest <= 5
    assert parts == 1 or longest >= OUTPUTS
    assert multiplications(taps) == pytest.approx(
        (parts * transforms(longest)[1].shape[0] / OUTPUTS) ** 2
    )


@pytest.mark.parametrize("taps", [2, 3, 4, 5, 6, 7, 9, 10])
@pytest.mark.parametrize(
    ("size", "pads"),
    [
        ((8, 8), ((1, 1), (1, 1))),
        ((9, 14), ((2, 2), (2, 2))),  # blocks that are cut
        ((15, 11), ((0, 0), (0, 0))),  # VALID: pixels beyond the last block
        ((16, 15), ((0, 3), (5, 1))),
        ((11, 11), ((0, 0), (0, 0))),  # fewer outputs than a block has
    ],
)
def test_it_is_the_convolution(taps: int, size: tuple[int, int], pads: Pads) -> None:
    x, w = arrays(3, *size, 5, 7, taps)
    assert_close(winograd(x, w, pads), exact(x, w, pads))


@pytest.mark.parametrize("taps", [3, 5])
def test_rounding_stays_small_where_channels_are_many(taps: int) -> None:
    x, w = arrays(2, 16, 16, 200, 64, taps)
    pads = (((taps - 1) // 2,) * 2,) * 2
    assert_close(winograd(x, w, pads), exact(x, w, pads))


@pytest.mark.parametrize("batch", [4, 31])  # of one tile; a prime number, in several
@pytest.mark.parametrize("taps", [3, 5])
def test_gradients_for_images_and_kernels(batch: int, taps: int) -> None:
    x, w = arrays(batch, 32, 24, 18, 20, taps)
    pads = ((1, 1), (2, 2))

    def gradients(function: Any) -> tuple[jax.Array, jax.Array]:
        def loss(x: jax.Array, w: jax.Array) -> jax.Array:
            y = function(x, w, pads)
            # Weights that differ from place to place, so that no two gradients can be swapped.
            return jnp.sum(y * jnp.cos(jnp.arange(y.size, dtype=jnp.float32)).reshape(y.shape))

        return jax.jit(jax.grad(loss, argnums=(0, 1)))(x, w)

    for ours, theirs in zip(gradients(winograd), gradients(exact), strict=True):
        assert_close(ours, theirs)


def test_an_image_does_not_depend_on_the_others() -> None:
    x, w = arrays(40, 32, 32, 24, 30, 5)
    pads = ((2, 2), (2, 2))
    np.testing.assert_allclose(winograd(x, w, pads)[7:9], winograd(x[7:9], w, pads), atol=1e-3)


@pytest.mark.parametrize("taps", [1, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3, 4])
@pytest.mark.parametrize("pads", [((0, 0), (0, 0)), ((3, 1), (2, 6))])
def test_dense_convolutions_are_those_with_stride_and_dilation(
    taps: int, stride: int, dilation: int, pads: Pads
) -> None:
    x, w = arrays(2, 33, 38, 2, 3, taps)
    extent = dilation * (taps - 1) + 1
    size = [(n + sum(p) - extent) // stride + 1 for n, p in zip((33, 38), pads, strict=True)]
    phases = Phases.of(taps, stride, dilation, (size[0], size[1]))
    dense = exact(phases.images(x, pads), phases.kernel(w), ((0, 0), (0, 0)))
    assert dense.shape[1:3] == phases.dense_size
    theirs = lax.conv_general_dilated(
        x,
        w,
        (stride, stride),
        pads,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=DIMENSION_NUMBERS,
        precision="highest",
    )
    assert_close(phases.outputs(dense), theirs)


@pytest.mark.parametrize(
    ("size", "taps", "channels", "features", "stride", "dilation", "pays"),
    [
        (8, 3, 16, 16, 1, 1, True),
        (8, 3, 15, 16, 1, 1, False),
        (8, 3, 16, 15, 1, 1, False),
        (6, 3, 16, 16, 1, 1, True),  # of 64 outputs 36 stay
        (5, 3, 16, 16, 1, 1, False),
        (5, 5, 16, 16, 1, 1, True),
        (2, 5, 16, 16, 1, 1, False),
        (4, 5, 16, 16, 1, 1, True),
        (4, 3, 16, 16, 1, 1, False),  # saves enough, but is a single block
        (8, 9, 16, 16, 1, 1, True),
        (8, 1, 16, 16, 1, 1, False),
        (32, 7, 4, 16, 2, 1, True),  # 16 channels, once neighbours are channels
        (32, 5, 32, 32, 2, 1, True),
        (32, 3, 32, 32, 2, 1, False),  # saves too little
        (32, 3, 16, 16, 1, 4, True),
        (11, 3, 16, 16, 1, 5, False),  # of 400 outputs 121 stay
        (16, 3, 16, 16, 2, 2, True),
    ],
)
def test_where_it_pays(
    size: int, taps: int, channels: int, features: int, stride: int, dilation: int, pays: bool
) -> None:
    kernel = (taps, taps, channels, features)
    pad = dilation * (taps - 1)
    pads = ((pad // 2, pad - pad // 2),) * 2
    found = winograd_pays((1, size, size, channels), kernel, stride, dilation, pads)
    assert found is pays


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only CPUs use it")
@pytest.mark.parametrize(
    ("arguments", "used"),
    [
        ({}, True),
        ({"precision": "default"}, True),
        ({"precision": "highest"}, True),
        ({"rhs_dilation": (2, 2)}, True),
        ({"rhs_dilation": (2, 1)}, False),
        ({"window_strides": (2, 2)}, True),
        ({"window_strides": (2, 1)}, False),
        ({"feature_group_count": 2}, True),  # of a product of all channels, with zeros
        ({"feature_group_count": 32}, False),
        ({"preferred_element_type": jnp.dtype(jnp.float32)}, False),
    ],
)
def test_when_it_is_used(arguments: dict[str, Any], used: bool) -> None:
    """Only it divides by 45, as the kernel's transform for 5 taps does: told by the rounding of integers."""
    rng = np.random.default_rng(0)
    groups = arguments.get("feature_group_count", 1)
    x = jnp.asarray(rng.integers(-3, 4, (2, 32, 32, 32)), jnp.float32)
    w = jnp.asarray(rng.integers(-3, 4, (5, 5, 32 // groups, 32)), jnp.float32)
    given = {"window_strides": (1, 1), "padding": "SAME", **arguments}
    y = np.asarray(conv_general_dilated(x, w, **given))
    assert (y != np.round(y)).any() == used


@pytest.mark.parametrize(
    ("count", "most", "size"),
    [
        (0, 3, 1),
        (1, 0, 1),
        (10, 3, 2),
        (12, 5, 4),
        (7, 9, 7),
        (29, 28, 15),
        (128, 7, 4),
        (31, 7, 7),
    ],
)
def test_tiles_divide_the_images_or_are_even(count: int, most: int, size: int) -> None:
    assert tile_size(count, most) == size
