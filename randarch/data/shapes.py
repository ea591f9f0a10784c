"""`shapes`: a built-in image data set of ten shapes, generated from a seed.

Every image shows one shape over a background of a colour gradient and small scraps. Position,
size, rotation, colours, contrast (its sign too), scraps and pixel noise are nuisances: a linear
classifier on pixels gets little, and a network has to find edges and put them together, so what
it can represent and how far it sees decide its accuracy.

The shapes are signed distance functions (negative inside; rotated and scaled coordinates in,
distance in units of the shape's radius out), which makes anti-aliasing one subtraction: a pixel's
coverage is clip(1/2 - distance in pixels, 0, 1).
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from .dataset import Dataset

Plane = Float32[np.ndarray, "n h w"]

DEFAULT_TRAIN_SIZE = 3_000
DEFAULT_TEST_SIZE = 1_000
SMALLEST = 8
"""Height and width in pixels."""

_BATCH = 128  # images rendered at a time: planes of half a megabyte stay in the cache

# The nuisances. Lengths are in units of half a picture, colours from 0 to 1. Chosen so that three
# 3x3 convolutions with 32 maps reach 80 to 90 % on 3,000 images: high enough to be learned, low
# enough to leave room for better architectures.
_ROTATION = np.pi / 6  # either way
_RADIUS = (0.5, 0.85)
_CONTRAST = (0.4, 0.7)  # of shape and background, as a distance in colour space, in any direction
_BACKGROUND = (0.15, 0.85)
_GRADIENT = 0.1  # of a channel, in x and in y, either way
_SCRAPS = 4  # rectangles behind the shape, each there with probability 1/2
_SCRAP_RADIUS = (0.1, 0.32)
_SCRAP_CONTRAST = (0.15, 0.5)
_NOISE = (0.01, 0.04)  # standard deviation of the noise, one for each picture


def _box(x: Plane, y: Plane, half_width: float, half_height: float) -> Plane:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _disc(x: Plane, y: Plane, radius: float) -> Plane:
    return np.sqrt(x * x + y * y) - radius


def _half_planes(x: Plane, y: Plane, sides: int) -> list[Plane]:
    angles = 2 * np.pi * np.arange(sides) / sides
    return [x * float(np.cos(angle)) + y * float(np.sin(angle)) for angle in angles]


def _triangle(x: Plane, y: Plane) -> Plane:
    return np.maximum.reduce(_half_planes(x, y, 3)) - 0.48


def _star(x: Plane, y: Plane) -> Plane:
    # A pentagram is what lies outside at most one of the pentagon's five lines.
    return np.partition(_half_planes(x, y, 5), 3, axis=0)[3] - 0.36


def _ring(x: Plane, y: Plane) -> Plane:
    return np.abs(_disc(x, y, 0.74)) - 0.18


SHAPES: dict[str, Callable[[Plane, Plane], Plane]] = {
    "disc": lambda x, y: _disc(x, y, 0.85),
    "ring": _ring,
    "arc": lambda x, y: np.maximum(_ring(x, y), np.minimum(x, 0.45 - np.abs(y))),
    "square": lambda x, y: _box(x, y, 0.72, 0.72),
    "frame": lambda x, y: np.abs(_box(x, y, 0.62, 0.62)) - 0.17,
    "triangle": _triangle,
    "star": _star,
    "cross": lambda x, y: np.minimum(_box(x, y, 0.92, 0.26), _box(x, y, 0.26, 0.92)),
    "crescent": lambda x, y: np.maximum(_disc(x, y, 0.9), -_disc(x - 0.45, y, 0.72)),
    "bars": lambda x, y: _box(x, np.abs(y) - 0.5, 0.85, 0.22),
}


def make_shapes(
    rng: np.random.Generator, count: int, size: int = 32
) -> tuple[UInt8[np.ndarray, "n size size 3"], Int32[np.ndarray, " n"]]:
    """Draws `count` labelled images of `size` x `size` pixels, in random order.

    The classes are as equal as integers allow (exactly equal when `count` is a multiple of ten).
    A larger draw from the same generator state does not begin with the smaller one.

    Args:
        rng: source of everything random.
        count: number of images.
        size: height and width in pixels.

    Returns:
        Images uint8 [n, size, size, 3] and labels int32 [n], indices into `tuple(SHAPES)`.

    Raises:
        ValueError: `count` below 1 or `size` below 8.
    """
    if count < 1:
        raise ValueError(f"count is {count}; ask for at least 1 image")
    if size < SMALLEST:
        raise ValueError(f"size is {size}; the shapes need at least {SMALLEST} x {SMALLEST} pixels")
    labels = rng.permutation(np.arange(count, dtype=np.int32) % len(SHAPES))
    # Rendered class by class, because a class is a function; nothing else depends on the class.
    images = np.empty((count, size, size, 3), np.uint8)
    for label, shape in enumerate(SHAPES.values()):
        members = np.flatnonzero(labels == label)
        for start in range(0, len(members), _BATCH):
            batch = members[start : start + _BATCH]
            images[batch] = _render(rng, shape, len(batch), size)
    return images, labels


def load_shapes(
    train_size: int | None, test_size: int | None, seed: int, size: int = 32
) -> Dataset:
    """The data set `shapes`; training and test images come from streams of their own.

    Args:
        train_size: training images; None for 3,000. The images depend on how many are asked for.
        test_size: test images; None for 1,000.
        seed: 0 or more; another seed is another data set of the same kind.
        size: height and width in pixels.

    Raises:
        ValueError: a count below 1 or `size` below 8.
    """
    for_train, for_test = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    train = make_shapes(for_train, DEFAULT_TRAIN_SIZE if train_size is None else train_size, size)
    test = make_shapes(for_test, DEFAULT_TEST_SIZE if test_size is None else test_size, size)
    return Dataset("shapes", *train, *test, tuple(SHAPES))


def _render(
    rng: np.random.Generator, shape: Callable[[Plane, Plane], Plane], count: int, size: int
) -> UInt8[np.ndarray, "n size size 3"]:
    """Draws one shape in `count` pictures."""
    background = _uniform(rng, _BACKGROUND, count, 3)
    canvas = _gradient(rng, background, size)
    everywhere = np.ones(count, np.float32)
    for _ in range(_SCRAPS):
        radius = _uniform(rng, _SCRAP_RADIUS, count)
        aspect = _uniform(rng, (0.2, 1.0), count)[:, None, None]
        angle = _uniform(rng, (0.0, 2 * np.pi), count)
        x, y = _local(rng, size, radius, everywhere, angle)
        distance = np.maximum(np.abs(x) - 1, np.abs(y) - aspect)
        colour = _away_from(rng, background, _uniform(rng, _SCRAP_CONTRAST, count))
        there = rng.random(count) < 0.5
        _paint(canvas, distance, radius, colour, there)

    radius = _uniform(rng, _RADIUS, count)
    angle = _uniform(rng, (-_ROTATION, _ROTATION), count)
    x, y = _local(rng, size, radius, 1 - radius, angle)
    colour = _away_from(rng, background, _uniform(rng, _CONTRAST, count))
    _paint(canvas, shape(x, y), radius, colour, np.ones(count, bool))

    noise = rng.standard_normal(canvas.shape, np.float32)
    canvas += noise * _uniform(rng, _NOISE, count)[:, None, None, None]
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def _uniform(
    rng: np.random.Generator, bounds: tuple[float, float], *extents: int
) -> Float32[np.ndarray, "..."]:
    return rng.uniform(*bounds, extents).astype(np.float32)


def _axis(size: int) -> Float32[np.ndarray, " size"]:
    """Pixel centres: a picture spans -1 to 1."""
    return ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)


def _gradient(
    rng: np.random.Generator, colour: Float32[np.ndarray, "n 3"], size: int
) -> Float32[np.ndarray, "n size size 3"]:
    across, down = _uniform(rng, (-_GRADIENT, _GRADIENT), 2, len(colour), 1, 1, 3)
    axis = _axis(size)
    return colour[:, None, None, :] + across * axis[:, None] + down * axis[:, None, None]


def _local(
    rng: np.random.Generator,
    size: int,
    radius: Float32[np.ndarray, " n"],
    reach: Float32[np.ndarray, " n"],
    angle: Float32[np.ndarray, " n"],
) -> tuple[Plane, Plane]:
    """Coordinates in units of `radius`, turned by `angle`, around a centre within `reach`."""
    centre_x, centre_y = _uniform(rng, (-1.0, 1.0), 2, len(radius)) * reach
    cos, sin = (np.cos(angle) / radius)[:, None, None], (np.sin(angle) / radius)[:, None, None]
    x = (_axis(size) - centre_x[:, None])[:, None, :]
    y = (_axis(size) - centre_y[:, None])[:, :, None]
    return cos * x + sin * y, cos * y - sin * x


def _away_from(
    rng: np.random.Generator,
    colour: Float32[np.ndarray, "n 3"],
    contrast: Float32[np.ndarray, " n"],
) -> Float32[np.ndarray, "n 3"]:
    """Colours at the distance `contrast` in a random direction.

    A channel that would leave [0, 1] goes the other way.
    """
    direction = rng.standard_normal(colour.shape, np.float32)
    step = direction * (contrast / np.linalg.norm(direction, axis=1))[:, None]
    leaves = (colour + step < 0) | (colour + step > 1)
    return np.clip(np.where(leaves, colour - step, colour + step), 0, 1)


def _paint(
    canvas: Float32[np.ndarray, "n size size 3"],
    distance: Plane,
    radius: Float32[np.ndarray, " n"],
    colour: Float32[np.ndarray, "n 3"],
    there: Bool[np.ndarray, " n"],
) -> None:
    """Lays colour over the canvas, in place, where `distance` (in radii) is negative."""
    pixels = radius * (canvas.shape[1] / 2)
    coverage = np.clip(0.5 - distance * pixels[:, None, None], 0, 1) * there[:, None, None]
    canvas += coverage[..., None] * (colour[:, None, None, :] - canvas)
