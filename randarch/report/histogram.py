"""Bins of histograms."""

import math

import numpy as np
from jaxtyping import Float


def histogram_edges(
    values: Float[np.ndarray, " n"], others: Float[np.ndarray, " k"], most: int
) -> list[float]:
    """Edges of at most about so many bins for both, each as wide as a whole number of steps between `values`.

    Accuracies are multiples of one over the number of test images: bins of another width hold now one more, now one
    fewer of them, and make a comb of a smooth distribution.
    """
    both = np.concatenate([values, others])
    low, high = float(both.min()), float(both.max())
    if high - low < 1e-9:
        return np.linspace(low - 0.5, high + 0.5, 9).tolist()
    gaps = np.diff(np.unique(values.round(6)))
    step = max(float(gaps[gaps > 1e-4].min(initial=high - low)), (high - low) / 1e4)
    width = step * max(1, math.ceil((high - low) / most / step - 1e-9))
    count = math.ceil((high - low + step / 2) / width)
    return (low - step / 2 + width * np.arange(count + 1)).tolist()
