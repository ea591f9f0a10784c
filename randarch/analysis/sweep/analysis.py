"""The analysis of an exhaustive sweep: a table of networks in, a `SweepAnalysis` out.

After "Exploring classification accuracy of convolutional neural network architectures with random
weights" (the random conv sweep on STL-10): its plot of accuracy against throughput, its gene-result
correlations and its fitness, and with them what it lacks: intervals that respect shared weights,
and interactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.sweep.clusters import cluster_index
from randarch.analysis.sweep.correlations import CorrelationMatrix, correlation_matrix
from randarch.analysis.sweep.effects import GeneEffect, gene_effects
from randarch.analysis.sweep.front import MACS, choose_speed, column, fitness, pareto_mask
from randarch.analysis.sweep.interactions import Interactions, gene_interactions
from randarch.analysis.sweep.published import accuracy_of
from randarch.analysis.sweep.trials import (
    Distribution,
    common_trials,
    first_column,
    trial_columns,
    trial_sd,
)

TOP = 10
_RESAMPLES = 2000
_REQUIRED = (
    *("genome", "genome_text", "digest", "ratio", "params", "macs"),
    *("trials", "test_accuracy", "kept"),
)


@dataclass(frozen=True)
class SweptNetwork:
    """One network of the sweep.

    Attributes:
      genome, genome_text, digest: what it is.
      ratio: output size / input size.
      params, macs: counts; multiply-adds for one image.
      trials: how many weight draws it was scored with.
      train_accuracy: fraction, mean over trials.
      accuracy: on the test images, mean over trials with Student's interval. Of the best of many
        networks it is flattered: they are the best with the help of luck.
      lowest, highest: test accuracy of its worst and best trial.
      throughput: images/s, of the kind that `SweepAnalysis.speed` names.
      fitness: normalised over the networks that `SweepAnalysis.among` names.
    """

    genome: tuple[int, ...]
    genome_text: str
    digest: str
    ratio: float
    params: int
    macs: int
    trials: int
    train_accuracy: float
    accuracy: Estimate
    lowest: float
    highest: float
    throughput: float
    fitness: float

    def to_summary(self) -> dict[str, Any]:
        return json_object(
            {
                "genome": self.genome,
                "genome_text": self.genome_text,
                "digest": self.digest,
                "test_accuracy": self.accuracy.value,
                "test_accuracy_low": self.accuracy.low,
                "test_accuracy_high": self.accuracy.high,
                "test_accuracy_min": self.lowest,
                "test_accuracy_max": self.highest,
                "train_accuracy": self.train_accuracy,
                "trials": self.trials,
                "throughput": self.throughput,
                "fitness": self.fitness,
                "ratio": self.ratio,
                "params": self.params,
                "macs": self.macs,
            }
        )


@dataclass(frozen=True)
class SweepAnalysis:
    """All statistics of a sweep.

    Attributes:
      n: networks with a test accuracy.
      kept: how many of them are marked as kept.
      genes: their names.
      among: which networks `best` and `pareto` are chosen from: `kept`, or `all` if none is.
      speed: `measured` or `predicted` throughput, or `macs` where no network has either: then
        fewer multiply-adds count as faster, and there is no throughput and no fitness.
      best: the ten with the highest mean test accuracy.
      pareto: those that no other beats in accuracy and speed together, most accurate first.
      distributions: of the test accuracy: `all` (mean over whatever trials a network has),
        `first` (the first trial alone), `kept`.
      trial_sd: how far a network's accuracy moves from trial to trial (standard deviation).
      correlations: of genes and results, over `kept` (as published) and `all`.
      effects: of each gene, over all networks, on the trials that all of them have.
      effect_trials: how many trials those are.
      cluster: the genes whose equal values make a cluster.
      clusters: how many clusters there are, at most 200: beyond, they are merged at random.
      interactions: of every two genes, over all networks, on the same trials.
    """

    n: int
    kept: int
    genes: tuple[str, ...]
    among: str
    speed: str
    best: tuple[SweptNetwork, ...]
    pareto: tuple[SweptNetwork, ...]
    distributions: dict[str, Distribution]
    trial_sd: float
    correlations: dict[str, CorrelationMatrix]
    effects: tuple[GeneEffect, ...]
    effect_trials: int
    cluster: tuple[str, ...]
    clusters: int
    interactions: Interactions

    def to_summary(self) -> dict[str, Any]:
        """The study's `summary.json`: best, pareto, gene_correlations, effects, interactions."""
        pearson = self.correlations["kept"].pearson
        return json_object(
            {
                "best": [network.to_summary() for network in self.best],
                "pareto": {
                    "among": self.among,
                    "speed": self.speed,
                    "networks": [network.to_summary() for network in self.pareto],
                },
                "gene_correlations": {
                    gene: pearson.loc[gene].to_dict() for gene in (*self.genes, "ratio")
                },
                "effects": {effect.gene: _effect_summary(effect) for effect in self.effects},
                "interactions": {
                    "n": self.interactions.n,
                    "main": self.interactions.main,
                    "pairs": [
                        {
                            "genes": (pair.first, pair.second),
                            "share": pair.share,
                            "by_chance": pair.by_chance,
                        }
                        for pair in self.interactions.pairs
                    ],
                },
            }
        )


def analyze_sweep(
    table: pd.DataFrame,
    genes: Sequence[str],
    *,
    rng: np.random.Generator,
    cluster: Sequence[str] | None = None,
    resamples: int = _RESAMPLES,
) -> SweepAnalysis:
    """All statistics of a sweep. The result does not depend on the order of the rows.

    Args:
      table: a row a network, with `genome` (integers), `genome_text`, `digest`, the genes (actual
        values), `ratio`, `params`, `macs`, `trials` (how many it was scored with), `test_accuracy`
        (fraction, mean over its trials), `kept` (bool), and where known `train_accuracy`,
        `test_accuracy_min`, `test_accuracy_max`, `test_accuracy_seed0`, ... (NaN where that seed
        was not run), `first_test_accuracy` (of a first pass over all networks that is none of the
        trials), `fit_seconds`, `throughput` and `predicted_throughput` (images/s). Rows
        without a test accuracy are left out.
      genes: names of the gene columns.
      rng: source of the resamples.
      cluster: the columns whose equal values tie networks to the same random weights; None takes
        the first layer's genes (those that end in `_1`). Empty for weights that no two networks
        share: then each network is a cluster.
      resamples: of the cluster bootstrap.

    Raises:
      ValueError: a column is missing, a network occurs twice, an accuracy lies outside [0, 1],
        `kept` is not a bool, no network has an accuracy, or no gene belongs to a first layer.
    """
    if cluster is None:
        cluster = [gene for gene in genes if gene.endswith("_1")]
        if not cluster:
            raise ValueError(
                f"none of the genes {', '.join(genes)} ends in _1; name the columns that make a "
                "cluster, or pass cluster=() for weights that no two networks share"
            )
    _check(table, [*genes, *cluster])
    table = table[table["test_accuracy"].notna()].sort_values("digest", kind="stable")
    kept = table[table["kept"].to_numpy(dtype=bool)]
    among = kept if len(kept) else table
    speed, throughput = choose_speed(among)
    accuracy = column(among, "test_accuracy")
    fast = -column(among, "macs") if speed == MACS else throughput
    ranked = np.lexsort((-np.nan_to_num(fast, nan=-np.inf), -accuracy))
    front = pareto_mask(accuracy, fast)
    judged = among.assign(_throughput=throughput, _fitness=fitness(accuracy, throughput))
    trials = common_trials(table)
    index = cluster_index(table, cluster, rng)
    levels = [np.unique(table[gene].to_numpy(), return_inverse=True)[1] for gene in genes]
    return SweepAnalysis(
        n=len(table),
        kept=len(kept),
        genes=tuple(genes),
        among="kept" if len(kept) else "all",
        speed=speed,
        best=_networks(judged, ranked[:TOP]),
        pareto=_networks(judged, ranked[front[ranked]]),
        distributions={
            "all": Distribution.of(column(table, "test_accuracy")),
            "first": Distribution.of(column(table, first_column(table))),
            "kept": Distribution.of(column(kept, "test_accuracy")),
        },
        trial_sd=trial_sd(table),
        correlations={
            "kept": correlation_matrix(kept, genes),
            "all": correlation_matrix(table, genes),
        },
        effects=gene_effects(table[list(genes)], trials, index, resamples=resamples, rng=rng),
        effect_trials=trials.shape[1],
        cluster=tuple(cluster),
        clusters=int(index.max()) + 1,
        interactions=gene_interactions(
            tuple(genes), np.stack(levels, axis=1), trials.mean(axis=1), cluster
        ),
    )


def _networks(table: pd.DataFrame, rows: np.ndarray) -> tuple[SweptNetwork, ...]:
    columns = trial_columns(table)
    optional = ("train_accuracy", "test_accuracy_min", "test_accuracy_max")
    table = table.iloc[rows]
    known = {name: column(table, name) for name in optional}
    return tuple(
        SweptNetwork(
            genome=tuple(int(gene) for gene in row["genome"]),
            genome_text=str(row["genome_text"]),
            digest=str(row["digest"]),
            ratio=float(row["ratio"]),
            params=int(row["params"]),
            macs=int(row["macs"]),
            trials=int(row["trials"]),
            train_accuracy=float(known["train_accuracy"][i]),
            accuracy=accuracy_of(row, columns),
            lowest=float(known["test_accuracy_min"][i]),
            highest=float(known["test_accuracy_max"][i]),
            throughput=float(row["_throughput"]),
            fitness=float(row["_fitness"]),
        )
        for i, (_, row) in enumerate(table.iterrows())
    )


def _effect_summary(effect: GeneEffect) -> dict[str, Any]:
    return {
        "values": {
            f"{of.value:g}": {
                "mean": of.mean.to_summary(),
                "naive": [of.naive.low, of.naive.high],
                "adjusted": of.adjusted.value,
            }
            for of in effect.values
        },
        "share": effect.share,
        "best": effect.best,
        "worst": effect.worst,
        "difference": effect.difference.to_summary(),
        "naive_difference": [effect.naive_difference.low, effect.naive_difference.high],
        "adjusted_difference": effect.adjusted_difference.to_summary(),
    }


def _check(table: pd.DataFrame, needed: Sequence[str]) -> None:
    expected = list(dict.fromkeys([*_REQUIRED, *needed]))
    missing = [c for c in expected if c not in table.columns]
    if missing:
        raise ValueError(
            f"the table has no column {', '.join(missing)}; expected all of {', '.join(expected)}"
        )
    accuracy = column(table, "test_accuracy")
    if not np.isfinite(accuracy).any():
        raise ValueError("no network has a test accuracy; expected at least one evaluated network")
    outside = accuracy[(accuracy < 0) | (accuracy > 1)]
    if len(outside):
        raise ValueError(
            f"column test_accuracy holds {outside[0]}; expected fractions in [0, 1], not percent"
        )
    if not pd.api.types.is_bool_dtype(table["kept"]):
        raise ValueError(f"column kept is {table['kept'].dtype}; expected bool: cast it")
    twice = table["digest"][table["digest"].duplicated()]
    if len(twice):
        raise ValueError(f"network {twice.iloc[0]} occurs twice; expected one row a digest")
