"""Which gene goes with which result: Pearson as published, Spearman beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from randarch.analysis.coefficients import scaled
from randarch.analysis.sweep.front import choose_speed, column, fitness

RESULTS = (
    *("train_accuracy", "test_accuracy", "test_accuracy_min", "test_accuracy_max"),
    *("fit_seconds", "throughput", "fitness"),
)
_MIN_NETWORKS = 3


@dataclass(frozen=True)
class CorrelationMatrix:
    """Correlations over some networks of a sweep.

    Attributes:
      pearson: one row a gene, then the ratio, then the results; one column a result. nan where a
        variable is constant or missing; missing values drop out in pairs.
      spearman: the same with ranks.
      networks: how many there are.
    """

    pearson: pd.DataFrame
    spearman: pd.DataFrame
    networks: int


def correlation_matrix(table: pd.DataFrame, genes: Sequence[str]) -> CorrelationMatrix:
    """Correlations of genes, ratio and results with the results, over all rows of `table`.

    Throughput is that of `choose_speed`; fitness is normalised over these rows.
    """
    _, throughput = choose_speed(table)
    variables = {name: column(table, name) for name in (*genes, "ratio", *RESULTS)}
    variables["throughput"] = throughput
    variables["fitness"] = fitness(variables["test_accuracy"], throughput)
    frame = pd.DataFrame({name: _free_of_rounding(v) for name, v in variables.items()})
    pearson, spearman = (
        frame.corr(method=method, min_periods=_MIN_NETWORKS)[list(RESULTS)]
        for method in ("pearson", "spearman")
    )
    return CorrelationMatrix(pearson, spearman, len(table))


def _free_of_rounding(values: np.ndarray) -> np.ndarray:
    """Scaled to [0, 1], where a mean that is constant up to rounding becomes constant."""
    values = np.where(np.isfinite(values), values, np.nan)
    known = np.isfinite(values)
    if known.any():
        values[known] = scaled(values[known])
    return values
