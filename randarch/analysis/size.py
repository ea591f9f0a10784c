"""Groups of architectures by the size of the last map, the strongest confounder of the study."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Shaped

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete, pearson, spearman
from randarch.analysis.results import SizeBin

CLASSES = ("low", "medium", "high")
PAPER_BINS = 20


def bin_edges(
    final_size: Int[np.ndarray, " n"], bins: int = PAPER_BINS
) -> Float[np.ndarray, " edges"]:
    """Edges of equal bins (low, high] over [min, max], the lowest moved down by 0.1 % of the range.

    These are `pandas.cut`'s, and those of Evans et al., Table V. One bin if all sizes are equal.

    Raises:
      ValueError: no sizes.
    """
    if not len(final_size):
        raise ValueError("no final sizes to bin; expected at least one architecture")
    if np.ptp(final_size) == 0:
        size = float(final_size[0])
        return np.array([size * 0.999, size])
    _, edges = pd.cut(final_size, bins, retbins=True)
    return np.asarray(edges, dtype=float)


def size_classes(final_size: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
    """`low`, `medium` or `high` for each architecture: terciles of final size.

    Equal sizes share a class (that of their mean rank), so the classes are equally large only as
    far as ties allow; if all sizes are equal all are `medium`.
    """
    n = len(final_size)
    if n == 0:
        return np.array([], dtype="<U6")
    mean_rank = pd.Series(final_size).rank().to_numpy()
    tercile = np.minimum(3 * (mean_rank - 0.5) // n, 2).astype(int)
    return np.array(CLASSES)[tercile]


def within_bins(
    final_size: Int[np.ndarray, " n"],
    score: Float[np.ndarray, " n"],
    trained: Float[np.ndarray, " n"],
    bootstrap: Bootstrap,
    bins: int = PAPER_BINS,
) -> tuple[SizeBin, ...]:
    """Correlations inside each equal-width bin of final size, the empty bins included."""
    if not len(final_size):
        return ()
    edges = bin_edges(final_size, bins)
    index = np.searchsorted(edges, final_size, side="left") - 1
    return tuple(
        _group(float(edges[i]), float(edges[i + 1]), index == i, score, trained, bootstrap)
        for i in range(len(edges) - 1)
    )


def within_classes(
    final_size: Int[np.ndarray, " n"],
    score: Float[np.ndarray, " n"],
    trained: Float[np.ndarray, " n"],
    bootstrap: Bootstrap,
) -> tuple[SizeBin, ...]:
    """Correlations inside the size classes that occur; `low` and `high` are their extreme sizes."""
    classes = size_classes(final_size)
    return tuple(
        _group(
            float(final_size[classes == label].min()),
            float(final_size[classes == label].max()),
            classes == label,
            score,
            trained,
            bootstrap,
            label,
        )
        for label in CLASSES
        if (classes == label).any()
    )


def _group(
    low: float,
    high: float,
    inside: np.ndarray,
    score: np.ndarray,
    trained: np.ndarray,
    bootstrap: Bootstrap,
    label: str = "",
) -> SizeBin:
    x, y = score[inside], trained[inside]
    return SizeBin(
        low=low,
        high=high,
        n=int(complete(x, y).sum()),
        pearson=pearson(x, y, bootstrap),
        spearman=spearman(x, y, bootstrap),
        label=label,
    )
