"""`fabrics`: a built-in image data set of thirty-six classes, the pairs of six textures and six hues.

A texture fills the whole picture, in a lighter and a darker colour of one hue; lightness, chroma and the texture's
phase, tilt and period are nuisances. Both halves of a class are easy, and neither tells it alone: many classes that a
small network learns in a few hundred steps.
"""

import numpy as np
from jaxtyping import Int32, UInt8

from .colours import COLOURS, coloured
from .generated import GeneratedSet, balanced_labels
from .rendering import in_batches, to_bytes, uniform
from .textures import TEXTURES, filled

WEAVES = ("plain", "wide rows", "wide columns", "rising", "falling", "wide checks")
"""Of `TEXTURES`, those that are told apart the easiest."""
FABRICS = tuple(f"{weave} {hue}" for weave in WEAVES for hue in COLOURS)
"""Names of the classes: that of a weave and a hue is len(COLOURS) * weave + hue."""

_HUE = 0.3  # either way from the class's hue; neighbours are 1 apart
_CHROMA = (0.25, 0.4)
_DARK = (0.3, 0.42)  # lightness of the one colour
_LIGHT = (0.58, 0.7)


def make_fabrics(
    rng: np.random.Generator, count: int, size: int = 32
) -> tuple[UInt8[np.ndarray, "n size size 3"], Int32[np.ndarray, " n"]]:
    """Draws `count` labelled images of `size` x `size` pixels, in random order.

    Args:
        rng: source of everything random.
        count: number of images; the classes are as equal as integers allow.
        size: height and width in pixels.

    Returns:
        Images uint8 [n, size, size, 3] and labels int32 [n], indices into `FABRICS`.

    Raises:
        ValueError: `count` below 1 or `size` below 8.
    """
    labels = balanced_labels(rng, count, size, len(FABRICS))
    textures = [TEXTURES[name] for name in WEAVES]

    def render(batch: Int32[np.ndarray, " k"]) -> UInt8[np.ndarray, "k size size 3"]:
        weave, hue = np.divmod(batch, len(COLOURS))
        hue = (hue + uniform(rng, (-_HUE, _HUE), len(batch))).astype(np.float32)
        chroma = uniform(rng, _CHROMA, len(batch))
        dark, light = (
            coloured(hue, chroma, uniform(rng, lightness, len(batch)))
            for lightness in (_DARK, _LIGHT)
        )
        # Which of the two is under the texture's share is left to chance, so that none has a main colour.
        swap = (rng.random(len(batch)) < 0.5)[:, None]
        first, second = np.where(swap, dark, light), np.where(swap, light, dark)
        return to_bytes(rng, filled(rng, textures, weave, first, second, size))

    return in_batches(labels, size, render), labels


FABRIC_SET = GeneratedSet("fabrics", FABRICS, make_fabrics)
