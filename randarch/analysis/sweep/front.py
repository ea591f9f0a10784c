"""What counts as fast in a sweep, the Pareto front of accuracy against it, and the fitness."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from randarch.analysis.coefficients import scaled

MEASURED, PREDICTED, MACS = "measured", "predicted", "macs"
# The random conv sweep's post: normalised(accuracy) + 0.3 normalised(throughput).
THROUGHPUT_WEIGHT = 0.3


def column(table: pd.DataFrame, name: str) -> Float[np.ndarray, " n"]:
    """A column as floats; NaN throughout where the table has none of that name."""
    if name not in table.columns:
        return np.full(len(table), np.nan)
    return table[name].to_numpy(dtype=float)


def choose_speed(table: pd.DataFrame) -> tuple[str, Float[np.ndarray, " n"]]:
    """Which throughput the table is judged by, and its values (images/s).

    `measured` if as many networks have it as `predicted`, otherwise that: few may have been measured.
    Never a mixture: a network without a value of the chosen kind is NaN. Without either `macs`, and
    all values are NaN.
    """
    kinds = ((MEASURED, "throughput"), (PREDICTED, "predicted_throughput"))
    values = {kind: column(table, name) for kind, name in kinds}
    known = {kind: int(np.isfinite(v).sum()) for kind, v in values.items()}
    kind = MEASURED if known[MEASURED] >= known[PREDICTED] else PREDICTED
    return (kind, values[kind]) if known[kind] else (MACS, np.full(len(table), np.nan))


def pareto_mask(
    first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]
) -> Bool[np.ndarray, " n"]:
    """Which points no other point beats, larger being better in both. O(n log n).

    One point beats another if it is at least as good in both and better in one, so equal points
    are on the front together. Points with a value that is not finite are neither on it nor beat
    any.
    """
    mask = np.zeros(len(first), dtype=bool)
    known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    if not len(known):
        return mask
    order = known[np.lexsort((-first[known], -second[known]))]
    x, y = first[order], second[order]
    starts = np.concatenate([[True], y[1:] != y[:-1]])
    group = np.cumsum(starts) - 1
    top = x[starts]
    # The best `first` among all points with a larger `second`.
    ahead = np.concatenate([[-np.inf], np.maximum.accumulate(top)[:-1]])
    mask[order[(x == top[group]) & (x > ahead[group])]] = True
    return mask


def fitness(
    accuracy: Float[np.ndarray, " n"], throughput: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """normalised(accuracy) + 0.3 normalised(throughput), as published.

    Normalised is scaled to [0, 1] over the networks that have both (0 if all are equal); the
    others get NaN.
    """
    result = np.full(len(accuracy), np.nan)
    known = np.isfinite(accuracy) & np.isfinite(throughput)
    if known.any():
        speed = scaled(throughput[known])
        result[known] = scaled(accuracy[known]) + THROUGHPUT_WEIGHT * speed
    return result
