"""Limits of axes: the same scale wherever a reader compares."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Limits = tuple[float, float]
_MARGIN = 0.07


def around(values: Iterable[float]) -> Limits:
    """Limits around percentages with a margin; 0 to 100 where there is nothing to show."""
    finite = np.array([v for v in values if np.isfinite(v)], dtype=float)
    if not len(finite):
        return 0.0, 100.0
    margin = max(_MARGIN * float(np.ptp(finite)), 1.0)
    return float(finite.min()) - margin, float(finite.max()) + margin


def same_span(first: Limits, second: Limits) -> tuple[Limits, Limits]:
    """Widens the narrower one around its middle: a percentage point is as long in both."""
    half = max(first[1] - first[0], second[1] - second[0]) / 2
    middles = [(low + high) / 2 for low, high in (first, second)]
    return (middles[0] - half, middles[0] + half), (middles[1] - half, middles[1] + half)


@dataclass(frozen=True)
class ScatterLimits:
    """For both scatters of a depth: a shared trained axis, score axes of the same span."""

    trained: Limits
    scores: dict[str, Limits]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "ScatterLimits":
        shown = table[np.isfinite(table["trained_accuracy"].to_numpy(dtype=float))]
        rfm, ensemble = same_span(
            around(100 * shown["rfm_accuracy"]), around(100 * shown["ensemble_accuracy"])
        )
        return cls(
            around(100 * shown["trained_accuracy"]),
            {"rfm_accuracy": rfm, "ensemble_accuracy": ensemble},
        )
