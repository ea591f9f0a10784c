"""`tokens`: a built-in image data set of forty classes, the pairs of ten shapes and four textures.

The shapes are those of `shapes`, the textures four of those of `textures`, and so are the nuisances: position,
size, rotation, colours, phase, background. A network has to tell both what fills a shape and what
shape it is, so its accuracy needs small and large receptive fields at once.
"""

import numpy as np
from jaxtyping import Int32, UInt8

from .generated import GeneratedSet, balanced_labels
from .rendering import (
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
from .textures import TEXTURES, textured

# Told apart even in narrow strokes.
FILLINGS = ("plain", "rows", "columns", "checks")
TOKENS = tuple(f"{filling} {shape}" for shape in SHAPES for filling in FILLINGS)
"""Names of the classes: the class of a shape and a filling is len(FILLINGS) * shape + filling."""

# Chosen so that three 3x3 convolutions with 32 maps reach about 73 % on 3,000 images of 16 x 16 pixels.
_RADIUS = (0.7, 0.95)
_ROTATION = np.pi / 12  # either way: much more would turn the outlines' edges along the stripes
_CONTRAST = (0.45, 0.7)


def make_tokens(
    rng: np.random.Generator, count: int, size: int = 32
) -> tuple[UInt8[np.ndarray, "n size size 3"], Int32[np.ndarray, " n"]]:
    """Draws `count` labelled images of `size` x `size` pixels, in random order.

    Args:
        rng: source of everything random.
        count: number of images; the classes are as equal as integers allow.
        size: height and width in pixels.

    Returns:
        Images uint8 [n, size, size, 3] and labels int32 [n], indices into `TOKENS`.

    Raises:
        ValueError: `count` below 1 or `size` below 8.
    """
    labels = balanced_labels(rng, count, size, len(TOKENS))
    shapes = list(SHAPES.values())
    textures = [TEXTURES[name] for name in FILLINGS]

    def render(batch: Int32[np.ndarray, " k"]) -> UInt8[np.ndarray, "k size size 3"]:
        shape, filling = np.divmod(batch, len(FILLINGS))
        canvas, background = clutter(rng, len(batch), size)
        radius = uniform(rng, _RADIUS, len(batch))
        angle = uniform(rng, (-_ROTATION, _ROTATION), len(batch))
        x, y = local_coordinates(rng, size, radius, 1 - radius, angle)
        inside = coverage(distance_to(shapes, shape, x, y), radius, size)
        colour = away_from(rng, background, uniform(rng, _CONTRAST, len(batch)))
        paint(canvas, inside, textured(rng, textures, filling, colour, background, size))
        return to_bytes(rng, canvas)

    return in_batches(labels, size, render), labels


TOKEN_SET = GeneratedSet("tokens", TOKENS, make_tokens)
