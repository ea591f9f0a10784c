"""Means over the networks of a sweep, with intervals that know about shared weights.

With shared weights all networks that begin with the same layer hang on one draw of it (a draw a
trial), so thousands of networks hold only as many independent observations as there are first
layers. So those clusters are resampled, and the trials too where there are several (independently
of each other: Owen's pigeonhole bootstrap, 2007). The interval is Student's with the bootstrap's
standard error: with a handful of clusters a percentile interval is too narrow. Only sums over
clusters enter, so a resample costs the same for any number of networks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy import stats

from randarch.analysis.results import Estimate
from randarch.analysis.sweep.interactions import design

# More clusters than this are merged at random, which leaves intervals right and saves memory.
MAX_CLUSTERS = 200
_LEVEL = 0.95
_NO_DIRECTION = 1e-10


def cluster_index(
    table: pd.DataFrame, by: Sequence[str], rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """The cluster of each network, numbered from 0: networks with equal columns `by` share one.

    Without columns each network is its own. More than `MAX_CLUSTERS` are merged at random.
    """
    index = np.arange(len(table))
    if by:
        index = table.groupby(list(by), sort=True).ngroup().to_numpy(dtype=np.int64)
    count = int(index.max()) + 1
    if count <= MAX_CLUSTERS:
        return index
    return (rng.permutation(count) % MAX_CLUSTERS)[index]


@dataclass(frozen=True)
class ClusterSums:
    """All that a resample needs of c clusters; p columns are an intercept and l gene values.

    Attributes:
      gram: X'X of each cluster, X the one-hot design.
      moments: X'y of each cluster and trial.
      gene: the number of the gene that each value belongs to.
    """

    gram: Float[np.ndarray, "c p p"]
    moments: Float[np.ndarray, "c p s"]
    gene: Int[np.ndarray, " l"]

    @classmethod
    def of(
        cls,
        levels: Int[np.ndarray, "n g"],
        accuracy: Float[np.ndarray, "n s"],
        cluster: Int[np.ndarray, " n"],
    ) -> "ClusterSums":
        """Of networks: the index of each gene's value, accuracies by trial, and the cluster."""
        x = design(levels)
        members = [np.flatnonzero(cluster == c) for c in range(int(cluster.max()) + 1)]
        sizes = levels.max(axis=0) + 1
        return cls(
            gram=np.stack([x[m].T @ x[m] for m in members]),
            moments=np.stack([x[m].T @ accuracy[m] for m in members]),
            gene=np.repeat(np.arange(len(sizes)), sizes),
        )

    @property
    def count(self) -> Float[np.ndarray, "c l"]:
        """How many networks of each cluster have each value."""
        return np.diagonal(self.gram, axis1=1, axis2=2)[:, 1:]

    @property
    def held(self) -> Int[np.ndarray, " l"]:
        """How many clusters hold each value."""
        return (self.count > 0).sum(axis=0)

    def means(
        self, clusters: Float[np.ndarray, "b c"], trials: Float[np.ndarray, "b s"]
    ) -> Float[np.ndarray, "b l"]:
        """Mean accuracy at each value, clusters and trials weighted; nan where none has it."""
        weight = clusters @ self.count * trials.sum(axis=1, keepdims=True)
        total = np.einsum("bc,cls,bs->bl", clusters, self.moments[:, 1:], trials, optimize=True)
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)

    def adjusted_means(
        self, clusters: Float[np.ndarray, "b c"], trials: Float[np.ndarray, "b s"]
    ) -> Float[np.ndarray, "b l"]:
        """What an additive fit predicts at each value, other genes as frequent as in the data.

        nan where the networks lack some value or cannot tell two genes apart.
        """
        gram = np.einsum("bc,cpq->bpq", clusters, self.gram, optimize=True)
        moments = np.einsum("bc,cps,bs->bp", clusters, self.moments, trials, optimize=True)
        moments /= trials.sum(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(gram)
        kept = values > _NO_DIRECTION * values[:, -1:]
        inverse = np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
        turned = np.einsum("bpq,bp->bq", vectors, moments) * inverse
        fitted = np.einsum("bpq,bq->bp", vectors, turned)
        # The mean of each gene's coefficients over the networks.
        share = self.count.sum(axis=0) / self.gram[:, 0, 0].sum()
        belongs = self.gene[:, None] == np.arange(self.gene.max() + 1)
        average = (fitted[:, 1:] * share) @ belongs
        overall = fitted[:, :1] + average.sum(axis=1, keepdims=True)
        predicted = overall + fitted[:, 1:] - average[:, self.gene]
        # The columns of each gene add up to the intercept: one direction a gene is free.
        full = gram.shape[1] - belongs.shape[1]
        return np.where((kept.sum(axis=1) == full)[:, None], predicted, np.nan)


@dataclass(frozen=True)
class Resampled:
    """A number for each of l gene values: on the data, and in each of b resamples."""

    value: Float[np.ndarray, " l"]
    resamples: Float[np.ndarray, "b l"]

    def part(self, of: slice) -> "Resampled":
        return Resampled(self.value[of], self.resamples[:, of])

    def estimate(self, i: int, held: int, n: int) -> Estimate:
        """One of them, which `held` clusters and `n` networks hold."""
        return student_interval(float(self.value[i]), self.resamples[:, i], held, n)

    def difference(self, i: int, j: int, held: int, n: int) -> Estimate:
        """The i-th minus the j-th, on the same resamples."""
        value = float(self.value[i] - self.value[j])
        return student_interval(value, self.resamples[:, i] - self.resamples[:, j], held, n)


def resample(
    sums: ClusterSums, resamples: int, rng: np.random.Generator
) -> tuple[Resampled, Resampled]:
    """The means and the adjusted means at each value of each gene, on the same resamples."""
    clusters, trials = len(sums.gram), sums.moments.shape[2]
    drawn = _multinomial(clusters, resamples, rng), _multinomial(trials, resamples, rng)
    data = np.ones((1, clusters)), np.ones((1, trials))
    return (
        Resampled(sums.means(*data)[0], sums.means(*drawn)),
        Resampled(sums.adjusted_means(*data)[0], sums.adjusted_means(*drawn)),
    )


def student_interval(
    value: float, resampled: Float[np.ndarray, " b"], held: int, n: int
) -> Estimate:
    """`value` with an interval from the spread of its resamples, `held` clusters behind it.

    No interval below two clusters or where most resamples are undefined.
    """
    known = resampled[np.isfinite(resampled)]
    if held < 2 or len(known) < len(resampled) / 2 or math.isnan(value):
        return Estimate(value, math.nan, math.nan, math.nan, n)
    # Resampling g clusters misses a share 1/g of their variance.
    error = float(known.std(ddof=1)) * math.sqrt(held / (held - 1))
    margin = float(stats.t.ppf((1 + _LEVEL) / 2, held - 1)) * error
    return Estimate(value, value - margin, value + margin, math.nan, n)


def _multinomial(size: int, resamples: int, rng: np.random.Generator) -> Float[np.ndarray, "b k"]:
    return rng.multinomial(size, np.full(size, 1 / size), size=resamples).astype(float)
