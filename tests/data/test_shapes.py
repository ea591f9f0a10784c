"""The generator of `shapes`: areas of the shapes against closed forms, counts, sizes and speed."""

import time

import numpy as np
import pytest

from randarch.data import SHAPES, load_shapes, make_shapes

AXIS = np.linspace(-1.2, 1.2, 1201, dtype=np.float32)
X, Y = (plane[None] for plane in np.meshgrid(AXIS, AXIS))
CELL = float(AXIS[1] - AXIS[0]) ** 2


def area(name: str) -> float:
    return float(np.sum(SHAPES[name](X, Y) < 0)) * CELL


def regular_triangle(inradius: float) -> float:
    return 3 * np.sqrt(3) * inradius**2


def pentagram(inradius: float) -> float:
    """A pentagon of that inradius and the five points on its sides."""
    side = 2 * inradius * np.tan(np.pi / 5)
    pentagon = 5 * inradius * side / 2
    point = side**2 / 4 * np.tan(2 * np.pi / 5)
    return pentagon + 5 * point


AREAS = {
    "disc": np.pi * 0.85**2,
    "ring": np.pi * (0.92**2 - 0.56**2),
    "square": 1.44**2,
    "frame": 1.58**2 - 0.9**2,
    "triangle": regular_triangle(0.48),
    "star": pentagram(0.36),
    "cross": 2 * 1.84 * 0.52 - 0.52**2,
    "bars": 2 * 1.7 * 0.44,
}


@pytest.mark.parametrize("name", AREAS)
def test_area(name: str) -> None:
    assert area(name) == pytest.approx(AREAS[name], rel=0.01)


def test_the_arc_is_a_ring_with_a_gap_and_the_crescent_a_disc_with_a_bite() -> None:
    ring, arc = SHAPES["ring"](X, Y) < 0, SHAPES["arc"](X, Y) < 0
    assert not np.any(arc & ~ring)
    assert 0.6 < area("arc") / area("ring") < 0.9
    disc = np.hypot(X, Y) < 0.9
    bite = np.hypot(X - 0.45, Y) < 0.72
    assert area("crescent") == pytest.approx(float(np.sum(disc & ~bite)) * CELL, rel=0.01)


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_has_about_its_radius_and_no_two_are_alike(name: str) -> None:
    inside = SHAPES[name](X, Y) < 0
    assert np.hypot(X, Y)[inside].max() < 1.2
    for other, distance in SHAPES.items():
        if other != name:
            outside = distance(X, Y) >= 0
            either = np.sum(inside | ~outside)
            assert np.sum(inside & ~outside) < 0.85 * either, other


@pytest.mark.parametrize("size", [16, 32, 48, 96])
def test_any_size(size: int) -> None:
    images, labels = make_shapes(np.random.default_rng(0), 30, size)
    assert images.shape == (30, size, size, 3)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [3] * 10
    assert images.std(axis=(1, 2, 3)).min() > 5  # no blank pictures


def test_any_number_of_images() -> None:
    dataset = load_shapes(23, 1_207, 0, size=16)
    assert len(dataset.x_train) == 23
    assert np.bincount(dataset.y_test).tolist() == [121] * 7 + [120] * 3


def test_default_sizes() -> None:
    dataset = load_shapes(None, None, 0, size=8)
    assert (len(dataset.x_train), len(dataset.x_test)) == (3_000, 1_000)


def test_ten_thousand_images_take_seconds() -> None:
    start = time.process_time()
    make_shapes(np.random.default_rng(0), 1_000)
    assert time.process_time() - start < 3  # 0.2 s on a laptop core


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="count is 0"):
        make_shapes(np.random.default_rng(0), 0)
    with pytest.raises(ValueError, match="size is 7"):
        make_shapes(np.random.default_rng(0), 10, 7)
