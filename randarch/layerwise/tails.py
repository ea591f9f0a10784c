"""Where a network's tail begins: the layers at the end that do little (Richter et al., section II.B)."""

from collections.abc import Sequence

import numpy as np

LOW = 0.5
"""A layer of the tail has less than this share of the other layers' mean saturation."""


def tail_start(saturations: Sequence[float]) -> int | None:
    """The first layer, from 1, of the tail; None if the last layer is not low.

    The tail is the longest run of layers at the end, each with less than half of the mean saturation of
    all layers before the run. (The paper says: of all other layers.)

    Args:
      saturations: of the layers in order; NaN counts as not low.
    """
    values = np.asarray(saturations, np.float64)
    for start in range(1, len(values)):
        if (values[start:] < LOW * np.nanmean(values[:start])).all():
            return start + 1
    return None
