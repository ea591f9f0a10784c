"""Pooling against sums written out in NumPy."""

import itertools
import math

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from randarch.layers.pooling import Kind, average_to, global_pool, pool

REDUCE = {"max": np.max, "avg": np.mean}


def images(*shape: int) -> np.ndarray:
    # Negative everywhere, so that a zero taken from the border would win a maximum.
    return np.random.default_rng(sum(shape)).random(shape, np.float32) - 3


def windows(size: int, window: int, stride: int, padding: str | int) -> list[range]:
    """The pixels inside the image that each window sees along one side."""
    if padding == "same":
        count = -(-size // stride)
        before = max(0, (count - 1) * stride + window - size) // 2
    else:
        before = 0 if padding == "valid" else int(padding)
        count = (size + 2 * before - window) // stride + 1
    starts = [i * stride - before for i in range(count)]
    return [range(max(0, start), min(size, start + window)) for start in starts]


def reference(
    x: np.ndarray, kind: Kind, window: int, stride: int, padding: str | int
) -> np.ndarray:
    rows, columns = (windows(n, window, stride, padding) for n in x.shape[1:3])
    y = [[REDUCE[kind](x[:, r][:, :, c], axis=(1, 2)) for c in columns] for r in rows]
    return np.array(y).transpose(2, 0, 1, 3)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize(
    ("size", "window", "stride", "padding"),
    [
        ((8, 8), 2, 2, "same"),
        ((7, 9), 2, 2, "same"),
        ((7, 9), 3, 2, "same"),
        ((7, 9), 3, 1, "same"),
        ((7, 8), 3, 2, "valid"),
        ((7, 8), 3, 2, 1),
        ((6, 6), 3, 3, 2),
        ((1, 1), 2, 2, "same"),
        ((5, 5), 2, 3, "valid"),
    ],
)
def test_windows(
    kind: Kind, size: tuple[int, int], window: int, stride: int, padding: str | int
) -> None:
    x = images(2, *size, 3)
    ours = pool(jnp.asarray(x), kind, window, stride, padding)
    np.testing.assert_allclose(ours, reference(x, kind, window, stride, padding), rtol=1e-6)


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_all_positions(kind: Kind) -> None:
    x = images(2, 5, 4, 3)
    ours = global_pool(jnp.asarray(x), kind)
    assert ours.shape == (2, 1, 1, 3)
    np.testing.assert_allclose(ours[:, 0, 0], REDUCE[kind](x, axis=(1, 2)), rtol=1e-6)


def adaptive(x: np.ndarray, size: int) -> np.ndarray:
    """PyTorch's definition: region i is floor(i n / size) to ceil((i + 1) n / size)."""
    height, width = (min(n, size) for n in x.shape[1:3])
    result = np.zeros((x.shape[0], height, width, x.shape[3]))
    for i in range(height):
        for j in range(width):
            rows, columns = (
                slice(math.floor(k * n / parts), math.ceil((k + 1) * n / parts))
                for k, n, parts in ((i, x.shape[1], height), (j, x.shape[2], width))
            )
            result[:, i, j] = x[:, rows, columns].mean(axis=(1, 2))
    return result


@settings(max_examples=10)
@given(height=st.integers(1, 11), width=st.integers(1, 11), size=st.integers(1, 5))
def test_averages_down_to_a_size(height: int, width: int, size: int) -> None:
    x = images(2, height, width, 3)
    np.testing.assert_allclose(average_to(jnp.asarray(x), size), adaptive(x, size), rtol=1e-5)


def test_averages_with_leading_axes_and_small_maps() -> None:
    x = images(2, 3, 7, 5, 4)
    ours = average_to(jnp.asarray(x), 2)
    for seed in range(2):
        np.testing.assert_allclose(ours[seed], adaptive(x[seed], 2), rtol=1e-5)
    np.testing.assert_array_equal(average_to(jnp.asarray(x), 7), x)


@pytest.mark.parametrize(("height", "width", "size"), [(7, 7, 4), (8, 8, 2), (5, 9, 3), (6, 6, 1)])
def test_pytorch_averages_the_same_regions(height: int, width: int, size: int) -> None:
    torch = pytest.importorskip("torch")
    x = images(2, height, width, 3)
    theirs = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(x).permute(0, 3, 1, 2), size)
    np.testing.assert_allclose(
        average_to(jnp.asarray(x), size), theirs.permute(0, 2, 3, 1).numpy(), rtol=1e-5
    )


def test_global_pooling_takes_all_positions() -> None:
    x = images(2, 5, 7, 3)
    mean, most = x.mean((1, 2)), x.max((1, 2))
    for kind, expected in (("avg", [mean]), ("max", [most]), ("avg_max", [mean, most])):
        found = np.asarray(global_pool(jnp.asarray(x), kind))
        assert found.shape == (2, 1, len(expected), 3)
        np.testing.assert_allclose(found[:, 0], np.stack(expected, axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding"),
    [((8, 8), 2, 2, "same"), ((7, 9), 3, 2, "same"), ((7, 8), 3, 1, 1), ((5, 5), 2, 3, "valid")],
)
@pytest.mark.parametrize("levels", [3, 10_000])
def test_gradient_of_maxima_goes_to_the_first(
    size: tuple[int, int], window: int, stride: int, padding: str | int, levels: int
) -> None:
    rng = np.random.default_rng(levels)
    x = rng.integers(levels, size=(2, *size, 3)).astype(np.float32)
    y = pool(jnp.asarray(x), "max", window, stride, padding)
    weights = rng.random(y.shape, np.float32)
    gradient = jax.grad(lambda x: (pool(x, "max", window, stride, padding) * weights).sum())(
        jnp.asarray(x)
    )
    expected = np.zeros_like(x)
    rows, columns = (windows(n, window, stride, padding) for n in size)
    for image, (a, r), (b, c), channel in itertools.product(
        range(2), enumerate(rows), enumerate(columns), range(3)
    ):
        seen = x[image, r.start : r.stop, c.start : c.stop, channel]
        i, j = np.unravel_index(np.argmax(seen), seen.shape)
        expected[image, r.start + i, c.start + j, channel] += weights[image, a, b, channel]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_maxima_have_derivatives_in_both_modes_and_twice() -> None:
    x = jnp.asarray(images(1, 6, 6, 2))
    jax.test_util.check_grads(
        lambda x: pool(jnp.asarray(x) ** 2, "max", 3, 2, "same"),
        (x,),
        order=2,
        modes=["fwd", "rev"],
        rtol=0.02,
    )
