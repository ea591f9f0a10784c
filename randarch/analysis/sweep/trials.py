"""The trials (weight draws) of the networks of a sweep: their spread, and who has which."""

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from randarch.analysis.results import Estimate

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


FIRST = "first_test_accuracy"


def first_column(table: pd.DataFrame) -> str:
    """The column of the first pass over all networks: that name, or the first trial where it is one of them."""
    return FIRST if FIRST in table.columns else "test_accuracy_seed0"


def trial_columns(table: pd.DataFrame) -> list[str]:
    """The columns `test_accuracy_seed0`, `test_accuracy_seed1`, ... in that order."""
    names = [str(c) for c in table.columns if re.fullmatch(r"test_accuracy_seed\d+", str(c))]
    return sorted(names, key=lambda name: int(name.rpartition("seed")[2]))


def common_trials(table: pd.DataFrame) -> Float[np.ndarray, "n s"]:
    """The test accuracy in those trials that every network of the table has.

    Only those compare networks fairly where survivors of a first pass alone got further trials:
    they survived with some luck, which the further trials take back. Without such a trial it is
    the mean over whatever trials there are, in one column.
    """
    columns = [c for c in (FIRST, *trial_columns(table)) if c in table.columns]
    names = [c for c in columns if table[c].notna().all()]
    return table[names or ["test_accuracy"]].to_numpy(dtype=float)


def t_interval(values: Float[np.ndarray, " k"], level: float = 0.95) -> Estimate:
    """The mean of the finite values with Student's interval; `n` counts them. None below two."""
    values = values[np.isfinite(values)]
    k = len(values)
    if k == 0:
        return Estimate.undefined(0)
    mean = float(values.mean())
    if k == 1:
        return Estimate(mean, math.nan, math.nan, math.nan, 1)
    margin = float(stats.t.ppf((1 + level) / 2, k - 1) * values.std(ddof=1) / math.sqrt(k))
    return Estimate(mean, mean - margin, mean + margin, math.nan, k)


def trial_sd(table: pd.DataFrame) -> float:
    """Standard deviation of a network's accuracy from trial to trial, pooled over the networks.

    nan where no network has two trials.
    """
    values = table[trial_columns(table)].to_numpy(dtype=float)
    values = values[np.isfinite(values).sum(axis=1) >= 2]
    if not len(values):
        return math.nan
    deviation = values - np.nanmean(values, axis=1, keepdims=True)
    freedom = np.isfinite(values).sum() - len(values)
    return float(np.sqrt(np.nansum(deviation**2) / freedom))


@dataclass(frozen=True)
class Distribution:
    """How accuracies (fractions) are spread over networks.

    Attributes:
      n: number of networks.
      mean: their mean, nan for none.
      sd: their standard deviation (n - 1), nan for fewer than two.
      quantiles: by share: 0 is the lowest, 0.5 the median, 1 the highest.
    """

    n: int
    mean: float
    sd: float
    quantiles: dict[float, float]

    @classmethod
    def of(cls, values: Float[np.ndarray, " n"]) -> "Distribution":
        """Of the finite values."""
        values = values[np.isfinite(values)]
        n = len(values)
        if n == 0:
            return cls(0, math.nan, math.nan, dict.fromkeys(QUANTILES, math.nan))
        sd = float(values.std(ddof=1)) if n > 1 else math.nan
        at = np.quantile(values, QUANTILES).tolist()
        return cls(n, float(values.mean()), sd, dict(zip(QUANTILES, at, strict=True)))
