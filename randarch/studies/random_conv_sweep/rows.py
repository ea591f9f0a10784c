"""What the store keeps of each network of a sweep, by name, and the table that is made of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from randarch.engine import Swept, Throughput
from randarch.receptive_field import BORDER, UNPRODUCTIVE, field_columns
from randarch.spaces import ConvGrid, Genome
from randarch.spec import ArchSpec
from randarch.store import Row

SCORES = ("train_accuracy", "loo_accuracy", "test_accuracy", "loo_error", "test_error")
COSTS = ("ratio", "params", "macs", "feature_size", BORDER, UNPRODUCTIVE)


def swept_row(
    kind: str,
    genome: Genome,
    spec: ArchSpec,
    found: Swept,
    seeds: Sequence[int],
    input_size: int,
    timings: Mapping[str, float],
) -> Row:
    """Scores of one network: means over seeds, each seed's, and the ensemble's."""
    shape = found.geometry
    metrics: dict[str, Any] = {
        "ratio": shape.output_size / input_size,
        "params": shape.params,
        "macs": shape.macs,
        "feature_size": found.feature_size,
        **field_columns(spec, shape),
        "certificate": found.certificate,
    }
    for name in SCORES:
        values = getattr(found, name)
        metrics[name] = float(np.mean(values))
        metrics |= {f"{name}_seed{s}": float(v) for s, v in zip(seeds, values, strict=True)}
    if len(seeds) > 1:
        metrics["ensemble_loo_accuracy"] = found.ensemble_loo_accuracy
        metrics["ensemble_test_accuracy"] = found.ensemble_test_accuracy
    if found.resolved is not None:
        metrics["resolved_loo_error_difference"] = found.resolved.loo_error
        metrics["resolved_test_accuracy_difference"] = found.resolved.test_accuracy
    timings = {"fit": found.fit_seconds, **timings}
    return Row(kind, 0, genome, seeds[0], found.digest, metrics, timings)


def throughput_row(kind: str, genome: Genome, digest: str, found: Throughput) -> Row:
    """What was measured of one network; rates are times, so that they stand with them."""
    timings = {
        "images_per_second": found.images_per_second,
        "compile": found.compile_seconds,
        "run": sum(found.seconds),
    }
    metrics = {"batch": found.batch, "repeats": found.repeats}
    return Row(kind, 0, genome, 0, digest, metrics, timings)


def precision(first: pd.DataFrame) -> dict[str, Any]:
    """How exact the scores of the first pass are: residuals of all, float64 solutions of a sampled share."""
    found: dict[str, Any] = {"largest_residual": float(first["certificate"].max())}
    for name in ("loo_error", "test_accuracy"):
        column = f"resolved_{name}_difference"
        differences = first[column].dropna() if column in first else pd.Series(dtype=float)
        found["solved_again"] = len(differences)
        if len(differences):
            found[f"largest_{name}_difference"] = float(differences.max())
    return found


def network_table(
    space: ConvGrid, first: pd.DataFrame, trials: pd.DataFrame, kept: Collection[Genome]
) -> pd.DataFrame:
    """One row a network: genes, costs, and the scores of its trials, or of the first pass where it has none.

    The mean over trials leaves the first pass out: it chose them, so it flatters those it kept.

    Args:
      space: of the genomes.
      first: rows of the first pass.
      trials: rows of the networks that have trials.
      kept: genomes that the first pass kept.
    """
    genomes = list(first["genome"])
    genes = pd.DataFrame([space.values(g) for g in genomes], columns=list(space.gene_names))
    head = pd.DataFrame(
        {
            "genome": genomes,
            "genome_text": [space.format(g) for g in genomes],
            "digest": first["digest"],
        }
    )
    costs = first[list(COSTS)].astype({BORDER: "Int64"})
    table = pd.concat([head, genes, costs], axis=1)
    scores = first.set_index("digest")[list(SCORES)].astype(float)
    columns = [c for c in trials if c.startswith((*SCORES, "ensemble_"))]
    has_trials = np.zeros(len(table), bool)
    count = sum(c.startswith("test_accuracy_seed") for c in columns)
    if len(trials):
        own = trials.set_index("digest")
        has_trials = table["digest"].isin(set(own.index)).to_numpy()
        scores = scores.reindex(columns=[*scores, *(c for c in columns if c not in scores)])
        scores.loc[own.index, columns] = own[columns].astype(float)
    table["trials"] = np.where(has_trials, count, 1)
    table = pd.concat([table, scores.reset_index(drop=True)], axis=1)
    table["first_test_accuracy"] = first["test_accuracy"].astype(float)
    spread = table[[c for c in trials if c.startswith("test_accuracy_seed")]] if count else None
    for name in ("min", "max"):
        values = table["test_accuracy"]
        if spread is not None:
            values = getattr(spread, name)(axis=1).where(has_trials, values)
        table[f"test_accuracy_{name}"] = values
    table["kept"] = [g in kept for g in genomes]
    return table


def with_times(
    table: pd.DataFrame,
    fit_seconds: Mapping[Genome, float],
    throughput: Mapping[Genome, float],
    predicted: Mapping[Genome, float],
) -> pd.DataFrame:
    """The table with what a clock said: seconds of the readout, images a second measured and predicted."""
    columns = {
        "fit_seconds": fit_seconds,
        "throughput": throughput,
        "predicted_throughput": predicted,
    }
    values = {
        name: np.array([known.get(g, np.nan) for g in table["genome"]], np.float64)
        for name, known in columns.items()
    }
    return table.assign(**values)
