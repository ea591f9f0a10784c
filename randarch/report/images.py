"""Images of a data set as pictures for a page."""

import base64
import io

import numpy as np
from jaxtyping import UInt8
from matplotlib.image import imsave

_GAP = 2
_WHITE = 255


def side_by_side(images: UInt8[np.ndarray, "k h w channels"]) -> str:
    """Images of 1 or 3 channels in a row with white between them: a PNG in a data URI, a pixel a pixel."""
    colour = np.broadcast_to(images, (*images.shape[:3], 3))
    gap = np.full((images.shape[1], _GAP, 3), _WHITE, dtype=np.uint8)
    parts = [part for image in colour for part in (gap, image)][1:]
    buffer = io.BytesIO()
    imsave(buffer, np.concatenate(parts, axis=1), format="png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
