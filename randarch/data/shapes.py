"""`shapes`: a built-in image data set of ten shapes, generated from a seed.

Every image shows one shape over a background of a colour gradient and small scraps. Position,
size, rotation, colours, contrast (its sign too), scraps and pixel noise are nuisances: a linear
classifier on pixels gets little, and a network has to find edges and put them together, so what
it can represent and how far it sees decide its accuracy.

The shapes are signed distance functions (`rendering`), in units of the shape's radius.
"""

import numpy as np
from jaxtyping import Int32, UInt8

from .dataset import Dataset
from .generated import GeneratedSet, balanced_labels
from .rendering import (
    BATCH,
    Distance,
    Plane,
    away_from,
    clutter,
    coverage,
    local_coordinates,
    paint,
    to_bytes,
    uniform,
)

# The nuisances, with those in `rendering`. Lengths are in units of half a picture, colours from 0
# to 1. Chosen so that three 3x3 convolutions with 32 maps reach 80 to 90 % on 3,000 images: high
# enough to be learned, low enough to leave room for better architectures.
_ROTATION = np.pi / 6  # either way
_RADIUS = (0.5, 0.85)
_CONTRAST = (0.4, 0.7)  # of shape and background, as a distance in colour space, in any direction


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


SHAPES: dict[str, Distance] = {
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
    labels = balanced_labels(rng, count, size, len(SHAPES))
    # Rendered class by class, because a class is a function; nothing else depends on the class.
    images = np.empty((count, size, size, 3), np.uint8)
    for label, shape in enumerate(SHAPES.values()):
        members = np.flatnonzero(labels == label)
        for start in range(0, len(members), BATCH):
            batch = members[start : start + BATCH]
            images[batch] = _render(rng, shape, len(batch), size)
    return images, labels


def load_shapes(
    train_size: int | None, test_size: int | None, seed: int, size: int = 32
) -> Dataset:
    """The data set `shapes`, as `GeneratedSet.load` has it.

    Args:
        train_size: training images; None for 3,000.
        test_size: test images; None for 1,000.
        seed: 0 or more.
        size: height and width in pixels.

    Raises:
        ValueError: a count below 1 or `size` below 8.
    """
    return SHAPE_SET.load(train_size, test_size, seed, size)


def _render(
    rng: np.random.Generator, shape: Distance, count: int, size: int
) -> UInt8[np.ndarray, "n size size 3"]:
    """Draws one shape in `count` pictures."""
    canvas, background = clutter(rng, count, size)
    radius = uniform(rng, _RADIUS, count)
    angle = uniform(rng, (-_ROTATION, _ROTATION), count)
    x, y = local_coordinates(rng, size, radius, 1 - radius, angle)
    colour = away_from(rng, background, uniform(rng, _CONTRAST, count))
    paint(canvas, coverage(shape(x, y), radius, size), colour)
    return to_bytes(rng, canvas)


SHAPE_SET = GeneratedSet("shapes", tuple(SHAPES), make_shapes)
