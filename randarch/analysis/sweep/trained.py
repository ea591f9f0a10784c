"""Do random weights rank the networks of a sweep as training does? With the few that are trained."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import spearman
from randarch.analysis.results import Estimate

# Up to here every order of the networks is counted; beyond, random ones are drawn.
MAX_EXACT = 12
_RANDOM_ORDERS = 99_999
_RESAMPLES = 2000
_REQUIRED = ("genome_text", "channels", "random_accuracy", "trained_accuracy")


@dataclass(frozen=True)
class ChannelGroup:
    """The confirmed networks of one width.

    Attributes:
      channels: feature maps of every layer.
      spearman: accuracy with random weights against trained accuracy; BCa interval from six
        networks on; p by permutation, two-sided.
      exact: whether p counts every order rather than a sample of them.
      published_difference: mean of trained minus published trained accuracy, where there is one.
    """

    channels: int
    spearman: Estimate
    exact: bool
    published_difference: float


@dataclass(frozen=True)
class TrainedComparison:
    """Confirmed networks, and how the two accuracies agree on each width.

    Attributes:
      table: as given, with `published_trained_accuracy` (NaN where there is none).
      groups: one a width, the narrowest first.
    """

    table: pd.DataFrame
    groups: tuple[ChannelGroup, ...]

    def to_summary(self) -> dict[str, Any]:
        return {
            str(group.channels): group.spearman.to_summary() | {"exact": group.exact}
            for group in self.groups
        }


def compare_trained(confirmed: pd.DataFrame, *, rng: np.random.Generator) -> TrainedComparison:
    """Random against trained accuracy of the networks that were trained.

    Args:
      confirmed: a row a network and width, columns `genome_text`, `channels`, `random_accuracy`,
        `trained_accuracy` (mean over its trainings) and, where known,
        `published_trained_accuracy`; fractions, NaN where there is none.
      rng: source of resamples and of random orders.

    Raises:
      ValueError: a column is missing.
    """
    missing = [c for c in _REQUIRED if c not in confirmed.columns]
    if missing:
        raise ValueError(
            f"the table of confirmed networks has no column {', '.join(missing)}; "
            f"expected all of {', '.join(_REQUIRED)}"
        )
    table = confirmed.copy()
    if "published_trained_accuracy" not in table.columns:
        table["published_trained_accuracy"] = math.nan
    groups = tuple(
        _group(int(channels), of, rng) for channels, of in table.groupby("channels", sort=True)
    )
    return TrainedComparison(table, groups)


def _group(channels: int, table: pd.DataFrame, rng: np.random.Generator) -> ChannelGroup:
    random, trained, published = (
        table[c].to_numpy(dtype=float)
        for c in ("random_accuracy", "trained_accuracy", "published_trained_accuracy")
    )
    both = np.isfinite(random) & np.isfinite(trained)
    estimate = spearman(random, trained, Bootstrap(_RESAMPLES, rng))
    p, exact = math.nan, both.sum() <= MAX_EXACT
    if estimate.defined:
        p = permutation_p(random[both], trained[both], rng)
    difference = (trained - published)[np.isfinite(trained - published)]
    return ChannelGroup(
        channels=channels,
        spearman=replace(estimate, p=p),
        exact=bool(exact),
        published_difference=float(difference.mean()) if len(difference) else math.nan,
    )


def permutation_p(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], rng: np.random.Generator
) -> float:
    """Share of the orders of `y` whose Spearman with `x` is as far from 0 as the one found.

    Exact up to `MAX_EXACT` points; beyond, over random orders, the found one included.
    """
    # Mean ranks are halves, so doubled they are integers and sums compare exactly.
    a, b = (np.rint(2 * stats.rankdata(v)).astype(np.int64) for v in (x, y))
    n, expected = len(a), int(a.sum() * b.sum())
    found = abs(n * int(a @ b) - expected)
    if n <= MAX_EXACT:
        ways = _ways(a, b)
        distance = np.abs(n * np.arange(len(ways)) - expected)
        return float(ways[distance >= found].sum() / ways.sum())
    orders = rng.permuted(np.tile(b, (_RANDOM_ORDERS, 1)), axis=1)
    extreme = int((np.abs(n * (orders @ a) - expected) >= found).sum())
    return (1 + extreme) / (1 + _RANDOM_ORDERS)


def _ways(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many orders of `b` give each value of the sum of a_i b_i, by dynamic programming.

    After i steps there is one array for each set of i elements of `b` that are in use.
    """
    size = int(np.sort(a) @ np.sort(b)) + 1
    start = np.zeros(size, dtype=np.int64)
    start[0] = 1
    used = {0: start}
    for ai in a.tolist():
        after: dict[int, np.ndarray] = {}
        for mask, ways in used.items():
            for j, bj in enumerate(b.tolist()):
                if mask >> j & 1:
                    continue
                shift = ai * bj
                into = after.setdefault(mask | 1 << j, np.zeros(size, dtype=np.int64))
                # What the slice cuts off is zero: no sum exceeds that of the sorted two.
                into[shift:] += ways[: size - shift]
        used = after
    return used[(1 << len(b)) - 1]
