"""`textures`: a built-in image data set of ten textures, and how a shape is filled with one.

Every image shows a shape over the same kind of background as `shapes`; the class is the texture that
fills it. Which shape, its position, size and rotation, all colours (which of the two is the lighter
one, too), and the phase of the texture are nuisances, so no pixel's mean tells a class, and the
outline does not either. A small receptive field is enough.

Lengths are in units of half a picture, so the finest stripes, of 3 pixels in pictures of 16 x 16, have
6 in pictures of 32 x 32, and a resized set keeps its classes. Below 16 x 16 pixels the finest ones blur.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Int32, UInt8

from .generated import GeneratedSet, balanced_labels
from .rendering import (
    Colours,
    Distance,
    Plane,
    away_from,
    clutter,
    coverage,
    distance_to,
    in_batches,
    local_coordinates,
    paint,
    to_bytes,
    uniform,
)
from .shapes import SHAPES

_FINE, _WIDE = 0.375, 0.75  # periods of stripes: 3 and 6 of 16 pixels
_CELL = 0.5  # period of checks and dots: 4 of 16 pixels

# The shapes that have room for a texture: the others are made of strokes narrower than a period.
_ROOMY = ("disc", "square", "triangle", "cross", "crescent")

# Chosen so that three 3x3 convolutions with 32 maps reach about 85 % on 3,000 images of 16 x 16 pixels.
_RADIUS = (0.7, 1.0)
_CONTRAST = (0.35, 0.6)  # of shape and background, as a distance in colour space
_TEXTURE_CONTRAST = (0.4, 0.7)  # of the texture's two colours
_TILT = np.pi / 24  # of the texture, either way
_STRETCH = (0.9, 1.1)  # of its periods


def _stripes(t: Plane, period: float) -> Plane:
    """Distance to stripes of half a period, across the direction of `t`."""
    return period * (np.abs(t / period - np.floor(t / period) - 0.5) - 0.25)


def _checks(x: Plane, y: Plane, period: float) -> Plane:
    across, down = _stripes(x, period), _stripes(y, period)
    return np.maximum(np.minimum(across, down), -np.maximum(across, down))


def _dots(x: Plane, y: Plane) -> Plane:
    across, down = (t - _CELL * np.round(t / _CELL) for t in (x, y))
    return np.sqrt(across * across + down * down) - 0.36 * _CELL


_DIAGONAL = float(np.sqrt(0.5))

TEXTURES: dict[str, Distance] = {
    "plain": lambda x, y: np.full_like(x, -1),
    "rows": lambda x, y: _stripes(y, _FINE),
    "columns": lambda x, y: _stripes(x, _FINE),
    "rising": lambda x, y: _stripes((x + y) * _DIAGONAL, _FINE),
    "falling": lambda x, y: _stripes((x - y) * _DIAGONAL, _FINE),
    "wide rows": lambda x, y: _stripes(y, _WIDE),
    "wide columns": lambda x, y: _stripes(x, _WIDE),
    "checks": lambda x, y: _checks(x, y, _CELL),
    "wide checks": lambda x, y: _checks(x, y, 2 * _CELL),
    "dots": _dots,
}


def make_textures(
    rng: np.random.Generator, count: int, size: int = 32
) -> tuple[UInt8[np.ndarray, "n size size 3"], Int32[np.ndarray, " n"]]:
    """Draws `count` labelled images of `size` x `size` pixels, in random order.

    Args:
        rng: source of everything random.
        count: number of images; the classes are as equal as integers allow.
        size: height and width in pixels.

    Returns:
        Images uint8 [n, size, size, 3] and labels int32 [n], indices into `tuple(TEXTURES)`.

    Raises:
        ValueError: `count` below 1 or `size` below 8.
    """
    labels = balanced_labels(rng, count, size, len(TEXTURES))
    shapes = [SHAPES[name] for name in _ROOMY]
    textures = list(TEXTURES.values())

    def render(batch: Int32[np.ndarray, " k"]) -> UInt8[np.ndarray, "k size size 3"]:
        canvas, background = clutter(rng, len(batch), size)
        radius = uniform(rng, _RADIUS, len(batch))
        angle = uniform(rng, (-np.pi, np.pi), len(batch))
        x, y = local_coordinates(rng, size, radius, 1 - radius, angle)
        which = rng.integers(len(shapes), size=len(batch))
        inside = coverage(distance_to(shapes, which, x, y), radius, size)
        colour = away_from(rng, background, uniform(rng, _CONTRAST, len(batch)))
        paint(canvas, inside, textured(rng, textures, batch, colour, background, size))
        return to_bytes(rng, canvas)

    return in_batches(labels, size, render), labels


def textured(
    rng: np.random.Generator,
    textures: Sequence[Distance],
    which: Int[np.ndarray, " n"],
    colour: Colours,
    background: Colours,
    size: int,
) -> np.ndarray:
    """The colour of every pixel [n, size, size, 3] of pictures full of texture.

    Args:
        rng: source of phase, tilt, stretch and the second colour.
        textures: distances of which each takes coordinates in units of half a picture.
        which: the texture of each picture, an index into `textures`.
        colour: the texture's first colour.
        background: what the second one should differ from, to keep the outline visible.
        size: height and width in pixels.
    """
    count = len(which)
    stretch = uniform(rng, _STRETCH, count)
    tilt = uniform(rng, (-_TILT, _TILT), count)
    x, y = local_coordinates(rng, size, stretch, np.ones(count, np.float32), tilt)
    share = coverage(distance_to(textures, which, x, y), stretch, size)[..., None]
    offers = np.stack(
        [away_from(rng, colour, uniform(rng, _TEXTURE_CONTRAST, count)) for _ in range(4)]
    )
    farthest = np.linalg.norm(offers - background, axis=2).argmax(axis=0)
    second = offers[farthest, np.arange(count)]
    # Which of the two is under the share is left to chance, so that no texture has a main colour.
    swap = (rng.random(count) < 0.5)[:, None]
    first, second = np.where(swap, second, colour), np.where(swap, colour, second)
    return share * first[:, None, None, :] + (1 - share) * second[:, None, None, :]


TEXTURE_SET = GeneratedSet("textures", tuple(TEXTURES), make_textures)
