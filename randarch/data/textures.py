"""`textures`: a built-in image data set of ten textures.

A texture of two colours fills the whole picture. The colours, and the phase, tilt and period of the texture, are
nuisances, so no pixel's mean tells a class. A small receptive field is enough.

Lengths are in units of half a picture, so the finest stripes, of 3 pixels in pictures of 16 x 16, have
6 in pictures of 32 x 32, and a resized set keeps its classes. Below 16 x 16 pixels the finest ones blur.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Int32, UInt8

from .generated import GeneratedSet, balanced_labels
from .rendering import (
    BACKGROUND,
    Canvas,
    Colours,
    Distance,
    Plane,
    away_from,
    coverage,
    distance_to,
    in_batches,
    local_coordinates,
    to_bytes,
    uniform,
)

_FINE, _WIDE = 0.375, 0.75  # periods of stripes: 3 and 6 of 16 pixels
_CELL = 0.5  # period of checks and dots: 4 of 16 pixels

_CONTRAST = (0.3, 0.6)  # of the two colours, as a distance in colour space
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
    textures = list(TEXTURES.values())

    def render(batch: Int32[np.ndarray, " k"]) -> UInt8[np.ndarray, "k size size 3"]:
        first = uniform(rng, BACKGROUND, len(batch), 3)
        second = away_from(rng, first, uniform(rng, _CONTRAST, len(batch)))
        return to_bytes(rng, filled(rng, textures, batch, first, second, size))

    return in_batches(labels, size, render), labels


def filled(
    rng: np.random.Generator,
    textures: Sequence[Distance],
    which: Int[np.ndarray, " n"],
    first: Colours,
    second: Colours,
    size: int,
) -> Canvas:
    """Pictures full of texture.

    Args:
        rng: source of phase, tilt and stretch.
        textures: distances of which each takes coordinates in units of half a picture.
        which: the texture of each picture, an index into `textures`.
        first: its colour where the distance is negative.
        second: its colour elsewhere.
        size: height and width in pixels.
    """
    count = len(which)
    stretch = uniform(rng, _STRETCH, count)
    tilt = uniform(rng, (-_TILT, _TILT), count)
    # Whole periods of every texture fit, or some phases would be likelier than others.
    x, y = local_coordinates(rng, size, stretch, np.full(count, 3, np.float32), tilt)
    share = coverage(distance_to(textures, which, x, y), stretch, size)[..., None]
    return share * first[:, None, None, :] + (1 - share) * second[:, None, None, :]


TEXTURE_SET = GeneratedSet("textures", tuple(TEXTURES), make_textures)
