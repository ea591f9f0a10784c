"""The convolution against `jax.lax.conv_general_dilated`, alone and inside transformations."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from randarch.layers.convolution import (
    DIMENSION_NUMBERS,
    conv_general_dilated,
    conv_outside_loops,
)
from randarch.layers.patches import TILE_BYTES

Pads = str | list[tuple[int, int]]


def arrays(
    batch: int, height: int, width: int, channels: int, features: int, kernel: int, groups: int = 1
) -> tuple[jax.Array, jax.Array]:
    rng = np.random.default_rng(batch * height + width * channels + features * kernel)
    x = rng.standard_normal((batch, height, width, channels), np.float32)
    w = rng.standard_normal((kernel, kernel, channels // groups, features), np.float32)
    return jnp.asarray(x), jnp.asarray(w)


def both(
    x: jax.Array, w: jax.Array, stride: int, padding: Pads, dilation: int = 1, groups: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Ours and JAX's own."""
    arguments: dict[str, Any] = {
        "window_strides": (stride, stride),
        "padding": padding,
        "rhs_dilation": (dilation, dilation),
        "dimension_numbers": DIMENSION_NUMBERS,
        "feature_group_count": groups,
        "precision": "highest",
    }
    ours = conv_general_dilated(x, w, **arguments)
    return np.asarray(ours), np.asarray(lax.conv_general_dilated(x, w, **arguments))


def assert_close(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal up to float32 sums of the size that the map has."""
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    scale = max(1.0, float(np.abs(theirs).max(initial=0)))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("size", "channels", "features", "kernel", "stride", "padding", "dilation"),
    [
        ((9, 9), 3, 4, 3, 1, "SAME", 1),
        ((9, 11), 3, 4, 5, 2, "SAME", 1),
        ((9, 9), 3, 4, 3, 1, "VALID", 1),
        ((13, 12), 2, 3, 3, 2, "VALID", 2),
        ((13, 13), 1, 1, 4, 3, "SAME", 1),  # even kernel, stride not a divisor
        ((10, 7), 3, 2, 2, 2, "VALID", 3),
        ((8, 8), 3, 5, 1, 1, "VALID", 1),
        ((8, 9), 3, 5, 1, 3, "SAME", 1),  # strides larger than the kernel
        ((6, 7), 2, 3, 3, 1, [(1, 1), (1, 1)], 1),
        ((6, 7), 2, 3, 3, 2, [(0, 3), (2, 1)], 1),  # unlike on every side
        ((2, 2), 2, 3, 5, 1, "SAME", 1),  # a kernel wider than the map
        ((1, 1), 4, 3, 3, 1, "SAME", 2),
        ((5, 1), 4, 3, 3, 2, [(2, 2), (2, 2)], 1),
        ((9, 10), 16, 4, 3, 1, "SAME", 1),  # the last width with four columns at once
        ((9, 10), 17, 4, 3, 1, "SAME", 2),  # the first with two
        ((9, 9), 40, 8, 3, 3, "VALID", 1),
        ((6, 7), 8, 5, 1, 1, "SAME", 1),  # one pixel an output
        ((6, 7), 8, 5, 1, 2, "VALID", 1),
        ((6, 7), 8, 5, 1, 2, [(0, 1), (1, 0)], 1),
    ],
)
def test_it_is_the_convolution(
    size: tuple[int, int],
    channels: int,
    features: int,
    kernel: int,
    stride: int,
    padding: Pads,
    dilation: int,
) -> None:
    x, w = arrays(3, *size, channels, features, kernel)
    assert_close(*both(x, w, stride, padding, dilation))


@pytest.mark.parametrize(
    ("groups", "stride", "padding", "dilation"),
    [(2, 1, "SAME", 1), (4, 2, "VALID", 2), (4, 1, [(2, 0), (1, 1)], 1), (2, 3, "SAME", 3)],
)
def test_groups(groups: int, stride: int, padding: Pads, dilation: int) -> None:
    x, w = arrays(2, 9, 8, 4, 12, 3, groups)
    assert_close(*both(x, w, stride, padding, dilation, groups))


@pytest.mark.parametrize("batch", [1, 28, 29])  # of one tile, of several equal ones, and a prime
def test_maps_that_take_several_tiles(batch: int) -> None:
    x, w = arrays(batch, 32, 32, 16, 4, 3)
    windows = x.size * 4 * 9
    assert batch == 1 or windows > TILE_BYTES
    assert_close(*both(x, w, 1, "SAME"))


@pytest.mark.parametrize(
    ("channels", "features", "groups"),
    [
        (64, 64, 16),
        (64, 128, 64),
        (64, 32, 2),
        (96, 96, 24),
        (40, 40, 10),
        (72, 72, 9),
        (64, 64, 1),
    ],
)
def test_groups_of_many_channels(channels: int, features: int, groups: int) -> None:
    x, w = arrays(3, 6, 5, channels, features, 3, groups)
    assert_close(*both(x, w, 1, "SAME", 1, groups))


def test_grouped_maps_that_take_several_tiles() -> None:
    x, w = arrays(20, 32, 32, 16, 16, 3, groups=16)
    assert x.size * 4 * 9 > TILE_BYTES
    assert_close(*both(x, w, 1, "SAME", 1, 16))


@settings(max_examples=10)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    pads=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    groups=st.sampled_from([1, 2]),
    batch=st.integers(1, 3),
)
def test_any_configuration(
    height: int,
    width: int,
    kernel: int,
    stride: int,
    dilation: int,
    pads: list[int],
    groups: int,
    batch: int,
) -> None:
    extent = dilation * (kernel - 1) + 1
    low, high = (pads[0], pads[1]), (pads[2], pads[3])
    explicit = height + sum(low) >= extent and width + sum(high) >= extent
    x, w = arrays(batch, height, width, 4, 6, kernel, groups)
    assert_close(*both(x, w, stride, [low, high] if explicit else "SAME", dilation, groups))


@pytest.mark.parametrize(
    ("batch", "size", "channels", "kernel", "stride", "dilation", "groups"),
    [
        (3, (7, 9), 3, 3, 1, 1, 1),
        (2, (9, 8), 4, 3, 2, 2, 1),
        (2, (8, 8), 4, 2, 3, 1, 2),
        (30, (32, 32), 16, 3, 1, 1, 1),  # tiled
    ],
)
def test_gradients_for_images_and_kernels(
    batch: int,
    size: tuple[int, int],
    channels: int,
    kernel: int,
    stride: int,
    dilation: int,
    groups: int,
) -> None:
    x, w = arrays(batch, *size, channels, 4, kernel, groups)

    def gradients(function: Any) -> tuple[jax.Array, jax.Array]:
        def loss(x: jax.Array, w: jax.Array) -> jax.Array:
            y = function(
                x,
                w,
                (stride, stride),
                "SAME",
                rhs_dilation=(dilation, dilation),
                dimension_numbers=DIMENSION_NUMBERS,
                feature_group_count=groups,
                precision="highest",
            )
            # Weights that differ from place to place, so that no two gradients can be swapped.
            return jnp.sum(y * jnp.cos(jnp.arange(y.size, dtype=jnp.float32)).reshape(y.shape))

        return jax.jit(jax.grad(loss, argnums=(0, 1)))(x, w)

    for ours, theirs in zip(
        gradients(conv_general_dilated), gradients(lax.conv_general_dilated), strict=True
    ):
        assert_close(np.asarray(ours), np.asarray(theirs))


def test_inside_a_scan_and_its_gradient() -> None:
    x, _ = arrays(4, 8, 8, 3, 3, 3)
    kernels = jnp.asarray(np.random.default_rng(0).standard_normal((3, 3, 3, 3, 3), np.float32))

    def loss(function: Any, kernels: jax.Array) -> jax.Array:
        def step(x: jax.Array, w: jax.Array) -> tuple[jax.Array, None]:
            y = function(
                x, w, (1, 1), "SAME", dimension_numbers=DIMENSION_NUMBERS, precision="highest"
            )
            return jnp.tanh(y), None

        last, _ = lax.scan(step, x, kernels)
        return jnp.sum(last**2)

    values = [
        jax.jit(jax.value_and_grad(lambda k, f=f: loss(f, k)))(kernels)
        for f in (conv_general_dilated, lax.conv_general_dilated)
    ]
    np.testing.assert_allclose(values[0][0], values[1][0], rtol=1e-5)
    assert_close(np.asarray(values[0][1]), np.asarray(values[1][1]))


@pytest.mark.parametrize("axes", [(None, 0), (0, None), (0, 0)])
def test_vectorised_over_seeds(axes: tuple[int | None, int | None]) -> None:
    images, kernel = arrays(2, 7, 6, 3, 4, 3)
    scales = jnp.arange(1.0, 4.0).reshape(3, 1, 1, 1, 1)
    x = images if axes[0] is None else images * scales
    w = kernel if axes[1] is None else jnp.sin(kernel * scales)

    def ours(x: jax.Array, w: jax.Array) -> jax.Array:
        return conv_general_dilated(x, w, (2, 2), "SAME", precision="highest")

    def theirs(x: jax.Array, w: jax.Array) -> jax.Array:
        return lax.conv_general_dilated(
            x, w, (2, 2), "SAME", dimension_numbers=DIMENSION_NUMBERS, precision="highest"
        )

    batched = jax.jit(jax.vmap(ours, axes))(x, w)
    for seed in range(3):
        one = theirs(x if axes[0] is None else x[seed], w if axes[1] is None else w[seed])
        assert_close(np.asarray(batched[seed]), np.asarray(one))


def test_the_type_of_the_result_can_be_asked_for() -> None:
    x, w = arrays(2, 6, 6, 3, 4, 3)
    x, w = x.astype(jnp.bfloat16), w.astype(jnp.bfloat16)
    y = conv_general_dilated(x, w, (1, 1), "SAME", preferred_element_type=jnp.dtype(jnp.float32))
    assert y.dtype == jnp.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lhs_dilation": (2, 2)}, "lhs_dilation"),
        ({"batch_group_count": 2}, "batch_group_count 2"),
        (
            {
                "dimension_numbers": lax.ConvDimensionNumbers(
                    (0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2, 3)
                )
            },
            "NHWC",
        ),
    ],
)
def test_what_it_does_not_do_is_refused(change: dict[str, Any], message: str) -> None:
    x, w = arrays(2, 6, 6, 3, 4, 3)
    with pytest.raises(ValueError, match=message):
        conv_general_dilated(x, w, (1, 1), "SAME", **change)


def test_a_dilation_of_one_is_no_transposed_convolution() -> None:
    x, w = arrays(2, 6, 6, 3, 4, 3)
    plain = conv_general_dilated(x, w, (1, 1), "SAME")
    np.testing.assert_array_equal(
        plain, conv_general_dilated(x, w, (1, 1), "SAME", lhs_dilation=(1, 1))
    )


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(
    ("side", "channels", "features", "kernel", "dilation"),
    [(9, 3, 4, 3, 1), (9, 8, 4, 3, 2), (10, 8, 8, 5, 1), (16, 32, 32, 5, 1), (32, 32, 32, 3, 1)],
)
def test_outside_of_loops_the_result_is_the_same(
    side: int, channels: int, features: int, kernel: int, dilation: int, padding: str
) -> None:
    x, w = arrays(2, side, side, channels, features, kernel)
    arguments: dict[str, Any] = {"rhs_dilation": (dilation, dilation), "precision": "highest"}
    ours = conv_outside_loops(
        x, w, (1, 1), padding, dimension_numbers=DIMENSION_NUMBERS, **arguments
    )
    theirs = lax.conv_general_dilated(
        x, w, (1, 1), padding, dimension_numbers=DIMENSION_NUMBERS, **arguments
    )
    assert_close(np.asarray(ours), np.asarray(theirs))


def test_outside_of_loops_small_maps_are_left_to_the_platform() -> None:
    def uses_products(side: int, channels: int, kernel: int, dilation: int = 1) -> bool:
        x, w = arrays(2, side, side, channels, channels, kernel)
        jaxpr = jax.make_jaxpr(
            lambda x, w: conv_outside_loops(x, w, (1, 1), "SAME", (dilation, dilation))
        )(x, w)
        return "dot_general" in str(jaxpr)

    assert uses_products(32, 3, 3)
    assert uses_products(32, 32, 1) and uses_products(4, 16, 1)
    assert uses_products(32, 32, 3) and uses_products(8, 32, 3) and uses_products(16, 16, 3)
    assert uses_products(32, 32, 3, dilation=2)
    assert uses_products(4, 32, 5)
    assert not uses_products(8, 16, 3)
    assert not uses_products(10, 32, 3)
    assert not uses_products(4, 32, 3)
