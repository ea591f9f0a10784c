"""The effect of each gene of a sweep on accuracy: means by value, and the best against the worst."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from randarch.analysis.differences import difference_of_means
from randarch.analysis.results import Estimate
from randarch.analysis.sweep.clusters import ClusterSums, Resampled, resample
from randarch.analysis.sweep.trials import t_interval

_LEVEL = 0.95
# Accuracies that are equal up to rounding have no variance to explain.
_EQUAL = 1e-12


@dataclass(frozen=True)
class ValueEffect:
    """The networks in which a gene has one value.

    Attributes:
      value: of the gene.
      clusters: how many clusters (first layers) hold it.
      mean: their mean accuracy; interval by cluster bootstrap, none below two clusters. `n` is
        the number of networks.
      naive: the same mean, its interval as if the networks were independent.
      adjusted: their mean accuracy if they had the other genes' values as often as all networks
        have (additive least squares); undefined where the data cannot tell genes apart.
    """

    value: float
    clusters: int
    mean: Estimate
    naive: Estimate
    adjusted: Estimate


@dataclass(frozen=True)
class GeneEffect:
    """One gene.

    Attributes:
      gene: its name.
      values: in rising order.
      share: of the variance of accuracy that the values explain by themselves; nan if there is no
        variance.
      best, worst: the values with the highest and the lowest mean.
      difference: mean of the best minus mean of the worst, undefined for a single value; interval
        by cluster bootstrap, with the two values as found.
      naive_difference: the same, its interval as if the networks were independent (Welch).
      adjusted_difference: between the same two values, by adjusted means; cluster bootstrap.
    """

    gene: str
    values: tuple[ValueEffect, ...]
    share: float
    best: float
    worst: float
    difference: Estimate
    naive_difference: Estimate
    adjusted_difference: Estimate


def gene_effects(
    genes: pd.DataFrame,
    accuracy: Float[np.ndarray, "n s"],
    cluster: Int[np.ndarray, " n"],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[GeneEffect, ...]:
    """The effect of each column of `genes`.

    Args:
      genes: a row a network, a column a gene with its actual values.
      accuracy: finite, a column a trial.
      cluster: of each network, numbered from 0 (`cluster_index`).
      resamples: how many, of clusters and trials.
      rng: source of the resamples.
    """
    coded = [np.unique(genes[name].to_numpy(), return_inverse=True) for name in genes.columns]
    sums = ClusterSums.of(np.stack([levels for _, levels in coded], axis=1), accuracy, cluster)
    means, adjusted = resample(sums, resamples, rng)
    held = sums.held
    effects, start = [], 0
    for name, (values, levels) in zip(genes.columns, coded, strict=True):
        part = slice(start, start + len(values))
        start = part.stop
        groups = [accuracy.mean(axis=1)[levels == i] for i in range(len(values))]
        effects.append(
            _effect(str(name), values, groups, held[part], means.part(part), adjusted.part(part))
        )
    return tuple(effects)


def _effect(
    gene: str,
    values: np.ndarray,
    groups: list[Float[np.ndarray, " _"]],
    held: Int[np.ndarray, " l"],
    means: Resampled,
    adjusted: Resampled,
) -> GeneEffect:
    best, worst = int(np.argmax(means.value)), int(np.argmin(means.value))
    differences = (Estimate.undefined(len(groups[best])),) * 3
    if best != worst:
        n, fewest = len(groups[best]) + len(groups[worst]), int(min(held[best], held[worst]))
        differences = (
            means.difference(best, worst, fewest, n),
            difference_of_means(groups[best], groups[worst]),
            adjusted.difference(best, worst, fewest, n),
        )
    return GeneEffect(
        gene=gene,
        values=tuple(
            ValueEffect(
                value=float(value),
                clusters=int(held[i]),
                mean=means.estimate(i, int(held[i]), len(group)),
                naive=t_interval(group),
                adjusted=adjusted.estimate(i, int(held[i]), len(group)),
            )
            for i, (value, group) in enumerate(zip(values, groups, strict=True))
        ),
        share=_explained(groups),
        best=float(values[best]),
        worst=float(values[worst]),
        difference=differences[0],
        naive_difference=differences[1],
        adjusted_difference=differences[2],
    )


def _explained(groups: list[Float[np.ndarray, " _"]]) -> float:
    """Share of the variance that lies between groups."""
    every = np.concatenate(groups)
    if np.ptp(every) <= _EQUAL:
        return math.nan
    between = sum(len(g) * (g.mean() - every.mean()) ** 2 for g in groups)
    return float(between / np.sum((every - every.mean()) ** 2))
