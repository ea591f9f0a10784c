"""Bootstrap of sampled networks: architectures are resampled, all rows of one together.

Rows of one architecture are one training, so they are no independent observations. Intervals are percentile
intervals: with thousands of networks a jackknife for anything better costs more than it corrects.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis.bootstrap import MIN_POINTS_FOR_INTERVAL
from randarch.analysis.results import Estimate

_TAILS = (0.025, 0.975)
_ELEMENTS_AT_ONCE = 2_000_000


def cluster_counts(
    clusters: int, resamples: int, rng: np.random.Generator
) -> Iterator[Float[np.ndarray, "b clusters"]]:
    """How often each of the clusters occurs, a row a resample, some resamples at a time.

    Raises:
      ValueError: fewer than 40 resamples (the tails of 2.5 % need one each).
    """
    if resamples < 40:
        raise ValueError(f"resamples is {resamples}; expected at least 40, better 1000 or more")
    step = max(1, _ELEMENTS_AT_ONCE // clusters)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(clusters, size=(rows, clusters))
        drawn += clusters * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * clusters)
        yield counts.reshape(rows, clusters).astype(float)


def interval(
    values: Float[np.ndarray, " b *cells"], clusters: int
) -> tuple[Float[np.ndarray, "*cells"], Float[np.ndarray, "*cells"]]:
    """Ends of the 95 % percentile interval over the resamples in which a value is defined.

    nan for fewer than 6 clusters, and where fewer than half of the resamples define the value.
    """
    undefined = np.isnan(values)
    known = (~undefined).mean(axis=0) >= 0.5
    if clusters < MIN_POINTS_FOR_INTERVAL:
        known = np.zeros_like(known)
    filled = np.where(known, values, 0.0)
    method = np.nanquantile if (undefined & known).any() else np.quantile
    low, high = method(filled, _TAILS, axis=0)
    return np.where(known, low, math.nan), np.where(known, high, math.nan)


def estimate(value: float, values: Float[np.ndarray, " b"], clusters: int, n: int) -> Estimate:
    """A statistic with the interval of its resamples; no p value. `n` is what `Estimate.n` shall say."""
    if math.isnan(value):
        return Estimate.undefined(n)
    low, high = interval(values, clusters)
    return Estimate(float(value), float(low), float(high), math.nan, n)


def clustered_estimate(
    statistic: Callable[[np.ndarray], np.ndarray],
    cluster: Int[np.ndarray, " n"],
    resamples: int,
    rng: np.random.Generator,
) -> Estimate:
    """A statistic of the rows with its interval; `Estimate.n` is the number of architectures.

    Args:
      statistic: takes counts of shape (b, n), how often each row occurs in each of b resamples, to the b values.
      cluster: of each row, numbered from 0 without gaps.
      resamples: how many, at least 40.
      rng: source of the resamples.

    Returns:
      Undefined for fewer than 3 architectures.
    """
    clusters = int(cluster.max()) + 1
    if clusters < 3:
        return Estimate.undefined(clusters)
    value = float(statistic(np.ones((1, len(cluster))))[0])
    values = [statistic(counts[:, cluster]) for counts in cluster_counts(clusters, resamples, rng)]
    return estimate(value, np.concatenate(values), clusters, clusters)


@dataclass(frozen=True, eq=False)
class Shares:
    """Share of the networks that have a property, a row a resample.

    Attributes:
      top: among the best, which are chosen anew in each resample.
      sample: among all.
    """

    top: Float[np.ndarray, "b k"]
    sample: Float[np.ndarray, "b k"]


def resampled_shares(
    properties: Float[np.ndarray, "n k"],
    scores: Float[np.ndarray, " n"],
    cluster: Int[np.ndarray, " n"],
    top: int,
    resamples: int,
    rng: np.random.Generator,
) -> Shares:
    """Shares in resamples of the architectures.

    Args:
      properties: 1 where a network has it, 0 where not.
      scores: what the best are best in; equal scores share the last places, as in `top_weights`.
      cluster: of each row, numbered from 0 without gaps.
      top: how many are best, fewer where there are not so many.
      resamples, rng: how many, and their source.
    """
    clusters = int(cluster.max()) + 1
    held = np.zeros((clusters, properties.shape[1]))
    np.add.at(held, cluster, properties)
    sizes = np.bincount(cluster, minlength=clusters).astype(float)
    order = np.argsort(-scores, kind="stable")
    ranked = _Ranked(scores[order], cluster[order], properties[order])
    best, all_ = [], []
    for counts in cluster_counts(clusters, resamples, rng):
        all_.append(counts @ held / (counts @ sizes)[:, None])
        best.append(ranked.best(counts, top))
    return Shares(np.concatenate(best), np.concatenate(all_))


@dataclass(frozen=True, eq=False)
class _Ranked:
    """Rows from the best to the worst."""

    scores: Float[np.ndarray, " n"]
    cluster: Int[np.ndarray, " n"]
    properties: Float[np.ndarray, "n k"]

    def best(self, counts: Float[np.ndarray, "b clusters"], top: int) -> Float[np.ndarray, "b k"]:
        """Share of each property among the `top` best of each resample."""
        n = len(self.scores)
        first = np.flatnonzero(np.concatenate([[True], self.scores[1:] != self.scores[:-1]]))
        ends = np.append(first[1:], n)
        # Resamples repeat some rows and lack others, so about `top` rows fill the places; look at more if not.
        rows = 2 * top + 50
        while True:
            groups = min(int(np.searchsorted(ends, min(rows, n))) + 1, len(ends))
            head = int(ends[groups - 1])
            times = counts[:, self.cluster[:head]]
            if head == n or times.sum(axis=1).min() >= top:
                break
            rows *= 2
        inside = np.add.reduceat(times, first[:groups], axis=1)
        taken = np.clip(top - (np.cumsum(inside, axis=1) - inside), 0, inside)
        part = taken / np.where(inside > 0, inside, 1.0)
        weights = times * np.repeat(part, np.diff(np.append(first[:groups], head)), axis=1)
        return weights @ self.properties[:head] / weights.sum(axis=1, keepdims=True)
