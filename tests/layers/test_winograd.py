"""Convolution with few multiplications, against NumPy and `jax.lax.conv_general_dilated`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from randarch.layers import conv_general_dilated
from randarch.layers.convolution import DIMENSION_NUMBERS, winograd_pays
from randarch.layers.tiles import tile_size
from randarch.layers.winograd import OUTPUTS, transforms, winograd

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


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
@pytest.mark.parametrize(
    ("size", "pads"),
    [
        ((8, 8), ((1, 1), (1, 1))),
        ((9, 14), ((2, 2), (2, 2))),  # blocks that are cut
        ((11, 7), ((0, 0), (0, 0))),  # VALID: pixels beyond the last block
        ((16, 15), ((0, 3), (5, 1))),
        ((5, 5), ((0, 0), (0, 0))),  # fewer outputs than a block has
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


@pytest.mark.parametrize(
    ("shape", "kernel", "pays"),
    [
        ((1, 8, 8, 16), (3, 3, 16, 16), True),
        ((1, 8, 8, 15), (3, 3, 15, 16), False),
        ((1, 8, 8, 16), (3, 3, 16, 15), False),
        ((1, 7, 8, 16), (3, 3, 16, 16), False),
        ((1, 8, 8, 16), (3, 5, 16, 16), False),
        ((1, 8, 8, 16), (7, 7, 16, 16), False),
        ((1, 8, 8, 16), (1, 1, 16, 16), False),
    ],
)
def test_where_it_pays(shape: tuple[int, ...], kernel: tuple[int, ...], pays: bool) -> None:
    pad = (kernel[0] - 1) // 2
    assert winograd_pays(shape, kernel, ((pad, pad), (pad, pad))) is pays


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only CPUs use it")
@pytest.mark.parametrize(
    ("arguments", "used"),
    [
        ({}, True),
        ({"precision": "default"}, True),
        ({"precision": "highest"}, True),
        ({"rhs_dilation": (2, 2)}, False),
        ({"window_strides": (2, 2)}, False),
        ({"feature_group_count": 2}, False),
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
    [(0, 3, 1), (1, 0, 1), (10, 3, 3), (12, 5, 4), (7, 9, 7), (29, 28, 15)],
)
def test_tiles_are_even(count: int, most: int, size: int) -> None:
    assert tile_size(count, most) == size
