"""`colours`: a built-in image data set of six hues.

Every image shows a shape in a saturated colour; the class is its hue, red, yellow, green, cyan, blue or
magenta. Which shape, its position, size, rotation and lightness, and the colours of the background and of
the scraps on it are nuisances. The scraps are as saturated as the shape and of any hue, and the
background is tinted, so the mean colour of a picture tells little: the colour counts where the shape is.

Colours are built from hue, chroma (the largest channel less the smallest) and lightness, the mean of the
channels. Lightness is drawn independently of the hue, so pictures made grey by that mean tell nothing.
"""

import numpy as np
from jaxtyping import Float32, Int32, UInt8

from .generated import GeneratedSet, balanced_labels
from .rendering import (
    Colours,
    backdrop,
    coverage,
    distance_to,
    in_batches,
    local_coordinates,
    paint,
    to_bytes,
    uniform,
)
from .shapes import SHAPES

COLOURS = ("red", "yellow", "green", "cyan", "blue", "magenta")
"""Names of the classes, 60 degrees of hue apart."""

# Chosen so that three 3x3 convolutions with 32 maps reach about 90 % on 3,000 images of 16 x 16 pixels.
_RADIUS = (0.35, 0.7)
_HUE = 0.4  # either way from the class's hue; neighbours are 1 apart
_CHROMA = (0.4, 0.6)
_TINT = (0.0, 0.35)  # chroma of the background
_STEP = (0.1, 0.3)  # of lightness from shape to background, either way


def coloured(
    hue: Float32[np.ndarray, " n"],
    chroma: Float32[np.ndarray, " n"],
    lightness: Float32[np.ndarray, " n"],
) -> Colours:
    """Colours from 0 to 1 whose channels have the mean `lightness`.

    Args:
        hue: in sixths of the circle: 0 is red, 1 yellow, 2 green.
        chroma: the largest channel less the smallest.
        lightness: whatever the hue, 2/3 chroma to 1 - 2/3 chroma is there; beyond it channels are cut.
    """
    offset = np.array([0, 2, 4], np.float32)
    ramp = np.clip(2 - np.abs((hue[:, None] - offset + 3) % 6 - 3), 0, 1)
    shape = chroma[:, None] * ramp
    return np.clip(shape + (lightness - shape.mean(axis=1))[:, None], 0, 1)


def make_colours(
    rng: np.random.Generator, count: int, size: int = 32
) -> tuple[UInt8[np.ndarray, "n size size 3"], Int32[np.ndarray, " n"]]:
    """Draws `count` labelled images of `size` x `size` pixels, in random order.

    Args:
        rng: source of everything random.
        count: number of images; the classes are as equal as integers allow.
        size: height and width in pixels.

    Returns:
        Images uint8 [n, size, size, 3] and labels int32 [n], indices into `COLOURS`.

    Raises:
        ValueError: `count` below 1 or `size` below 8.
    """
    labels = balanced_labels(rng, count, size, len(COLOURS))
    shapes = list(SHAPES.values())

    def render(batch: Int32[np.ndarray, " k"]) -> UInt8[np.ndarray, "k size size 3"]:
        k = len(batch)
        chroma = uniform(rng, _CHROMA, k)
        lightness = _any_lightness(rng, chroma)
        hue = batch + uniform(rng, (-_HUE, _HUE), k)
        step = uniform(rng, _STEP, k) * rng.choice(np.array([-1, 1], np.float32), k)
        tint = coloured(uniform(rng, (0.0, 6.0), k), uniform(rng, _TINT, k), lightness + step)
        canvas = backdrop(rng, tint, size, lambda: _any_colour(rng, k))
        radius = uniform(rng, _RADIUS, k)
        angle = uniform(rng, (-np.pi, np.pi), k)
        x, y = local_coordinates(rng, size, radius, 1 - radius, angle)
        which = rng.integers(len(shapes), size=k)
        inside = coverage(distance_to(shapes, which, x, y), radius, size)
        paint(canvas, inside, coloured(hue.astype(np.float32), chroma, lightness))
        return to_bytes(rng, canvas)

    return in_batches(labels, size, render), labels


def _any_colour(rng: np.random.Generator, count: int) -> Colours:
    chroma = uniform(rng, _CHROMA, count)
    return coloured(uniform(rng, (0.0, 6.0), count), chroma, _any_lightness(rng, chroma))


def _any_lightness(
    rng: np.random.Generator, chroma: Float32[np.ndarray, " n"]
) -> Float32[np.ndarray, " n"]:
    """Uniform over what every hue can have."""
    spare = 2 * chroma / 3
    return spare + (1 - 2 * spare) * uniform(rng, (0.0, 1.0), len(chroma))


COLOUR_SET = GeneratedSet("colours", COLOURS, make_colours)
