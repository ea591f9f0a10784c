"""How pictures are drawn: what the built-in data sets share.

A picture spans -1 to 1 both ways, so lengths are in units of half a picture and sizes in pixels change
nothing else; colours run from 0 to 1. A form is a signed distance function (negative inside; coordinates
that are turned and scaled go in, a distance in the same units comes out), which makes anti-aliasing one
subtraction: a pixel's coverage is clip(1/2 - distance in pixels, 0, 1).

Functions that take a generator draw from it in the order of their statements: `shapes` promises the same
pictures for the same seed, so that order stays.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float32, Int, Int32, UInt8

Plane = Float32[np.ndarray, "n h w"]
Colours = Float32[np.ndarray, "n 3"]
Canvas = Float32[np.ndarray, "n size size 3"]
Distance = Callable[[Plane, Plane], Plane]

BATCH = 128
"""Pictures rendered at a time: planes of half a megabyte stay in the cache."""

BACKGROUND = (0.15, 0.85)  # each channel
GRADIENT = 0.1  # of a channel, in x and in y, either way
SCRAPS = 4  # rectangles in the background, each there with probability 1/2
SCRAP_RADIUS = (0.1, 0.32)
SCRAP_CONTRAST = (0.15, 0.5)  # with the background, as a distance in colour space
NOISE = (0.01, 0.04)  # standard deviation of the noise, one for each picture


def in_batches(
    labels: Int32[np.ndarray, " n"],
    size: int,
    render: Callable[[Int32[np.ndarray, " k"]], UInt8[np.ndarray, "k size size 3"]],
) -> UInt8[np.ndarray, "n size size 3"]:
    """Renders pictures in the order of their labels, `BATCH` at a time.

    Args:
        labels: one for each picture.
        size: height and width in pixels.
        render: draws the pictures of some labels.
    """
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for start in range(0, len(labels), BATCH):
        images[start : start + BATCH] = render(labels[start : start + BATCH])
    return images


def uniform(
    rng: np.random.Generator, bounds: tuple[float, float], *extents: int
) -> Float32[np.ndarray, "..."]:
    """Uniform numbers of the shape `extents`."""
    return rng.uniform(*bounds, extents).astype(np.float32)


def local_coordinates(
    rng: np.random.Generator,
    size: int,
    radius: Float32[np.ndarray, " n"],
    reach: Float32[np.ndarray, " n"],
    angle: Float32[np.ndarray, " n"],
) -> tuple[Plane, Plane]:
    """Coordinates in units of `radius`, turned by `angle` radians, around a centre within `reach`."""
    centre_x, centre_y = uniform(rng, (-1.0, 1.0), 2, len(radius)) * reach
    cos, sin = (np.cos(angle) / radius)[:, None, None], (np.sin(angle) / radius)[:, None, None]
    x = (_axis(size) - centre_x[:, None])[:, None, :]
    y = (_axis(size) - centre_y[:, None])[:, :, None]
    return cos * x + sin * y, cos * y - sin * x


def distance_to(
    forms: Sequence[Distance], which: Int[np.ndarray, " n"], x: Plane, y: Plane
) -> Plane:
    """The distance of each picture's own form, `forms[which[i]]` in picture i."""
    distance = np.empty_like(x)
    for i in np.unique(which):
        rows = which == i
        distance[rows] = forms[i](x[rows], y[rows])
    return distance


def away_from(
    rng: np.random.Generator, colour: Colours, contrast: Float32[np.ndarray, " n"]
) -> Colours:
    """Colours at the distance `contrast` in a random direction.

    A channel that would leave [0, 1] goes the other way.
    """
    direction = rng.standard_normal(colour.shape, np.float32)
    step = direction * (contrast / np.linalg.norm(direction, axis=1))[:, None]
    leaves = (colour + step < 0) | (colour + step > 1)
    return np.clip(np.where(leaves, colour - step, colour + step), 0, 1)


def coverage(
    distance: Plane, radius: Float32[np.ndarray, " n"], size: int
) -> Float32[np.ndarray, "n h w"]:
    """The share of each pixel that lies inside a form.

    Args:
        distance: to the form, in units of `radius`.
        radius: in units of half a picture.
        size: height and width in pixels.
    """
    pixels = radius * (size / 2)
    return np.clip(0.5 - distance * pixels[:, None, None], 0, 1)


def paint(
    canvas: Canvas, share: Float32[np.ndarray, "n size size"], colour: Float32[np.ndarray, "n ..."]
) -> None:
    """Lays colour over the canvas, in place, as far as `share` of a pixel says.

    Args:
        canvas: what is there.
        share: 0 leaves a pixel, 1 covers it.
        colour: of each picture [n, 3], or of each pixel [n, size, size, 3].
    """
    if colour.ndim == 2:
        colour = colour[:, None, None, :]
    canvas += share[..., None] * (colour - canvas)


def backdrop(
    rng: np.random.Generator,
    background: Colours,
    size: int,
    scrap_colour: Callable[[], Colours],
) -> Canvas:
    """A gradient around the background's colour, with small rectangles on it.

    Args:
        rng: source of everything random.
        background: of each picture.
        size: height and width in pixels.
        scrap_colour: draws the colours of one rectangle in each picture.
    """
    count = len(background)
    across, down = uniform(rng, (-GRADIENT, GRADIENT), 2, count, 1, 1, 3)
    axis = _axis(size)
    canvas = background[:, None, None, :] + across * axis[:, None] + down * axis[:, None, None]
    everywhere = np.ones(count, np.float32)
    for _ in range(SCRAPS):
        radius = uniform(rng, SCRAP_RADIUS, count)
        aspect = uniform(rng, (0.2, 1.0), count)[:, None, None]
        angle = uniform(rng, (0.0, 2 * np.pi), count)
        x, y = local_coordinates(rng, size, radius, everywhere, angle)
        distance = np.maximum(np.abs(x) - 1, np.abs(y) - aspect)
        colour = scrap_colour()
        there: Bool[np.ndarray, " n"] = rng.random(count) < 0.5
        paint(canvas, coverage(distance, radius, size) * there[:, None, None], colour)
    return canvas


def clutter(rng: np.random.Generator, count: int, size: int) -> tuple[Canvas, Colours]:
    """A `backdrop` of any colour, with scraps of any other, and the backdrop's colours."""
    background = uniform(rng, BACKGROUND, count, 3)
    canvas = backdrop(
        rng,
        background,
        size,
        lambda: away_from(rng, background, uniform(rng, SCRAP_CONTRAST, count)),
    )
    return canvas, background


def to_bytes(rng: np.random.Generator, canvas: Canvas) -> UInt8[np.ndarray, "n size size 3"]:
    """Adds noise, in place, and rounds to pixels from 0 to 255."""
    noise = rng.standard_normal(canvas.shape, np.float32)
    canvas += noise * uniform(rng, NOISE, len(canvas))[:, None, None, None]
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def _axis(size: int) -> Float32[np.ndarray, " size"]:
    """Pixel centres."""
    return ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)
