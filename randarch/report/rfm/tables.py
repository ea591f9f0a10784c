"""The tables of one depth."""

import numpy as np
import pandas as pd

from randarch.analysis import Estimate, ScoreAnalysis
from randarch.report import fields
from randarch.report.numbers import (
    DASH,
    count,
    decimal,
    p_value,
    percent,
    points,
    size,
    size_range,
    with_interval,
)
from randarch.report.rfm.panels import MIN_IN_BIN
from randarch.report.rfm.report import DepthReport
from randarch.report.tables import Table, value_and_interval

_GIVEN = {
    "log_final_size": "final size",
    "log_params": "parameters",
    "log_macs": "multiply-adds (MACs)",
    "all": "all three",
}
_SCORES = {"trained": "trained accuracy", "rfm": "mean over seeds", "ensemble": "ensemble"}
# A longer list is in the run's results file; a page of megabytes helps nobody.
MAX_LISTED = 200


def _scores(depth: DepthReport) -> tuple[tuple[str, ScoreAnalysis], ...]:
    return ("mean over seeds", depth.analysis.rfm), ("ensemble", depth.analysis.ensemble)


def fields_table(depth: DepthReport) -> Table | None:
    """By number of unproductive convolutions."""
    labels = {"rfm_accuracy": "Random weights", "trained_accuracy": "Trained"}
    return fields.fields_table(depth.fields, labels)


def correlations_table(depth: DepthReport) -> Table:
    """Three coefficients of both scores: all networks, survivors, leave-one-out."""
    rows = []
    for label, analysis in _scores(depth):
        groups = {"test images": analysis.all, "test images, no failed networks": analysis.alive}
        groups["leave-one-out on the training images"] = analysis.loo
        for kind, group in groups.items():
            rows.append(
                (
                    label,
                    kind,
                    *(with_interval(e) for e in (group.pearson, group.spearman, group.kendall)),
                    p_value(group.spearman),
                    str(group.spearman.n),
                )
            )
    return Table(
        "Every correlation with trained accuracy, with its 95 % interval",
        ("Score", "Measured on", "Pearson", "Spearman", "Kendall", "p (Spearman)", "n"),
        tuple(rows),
        "Pearson: how close to a straight line. Spearman: how alike the two rankings are. Kendall: "
        "the share of pairs in the same order minus that in the opposite order. p: how often "
        "unrelated scores would correlate this strongly.",
        labels=2,
    )


def partial_table(depth: DepthReport) -> Table:
    """Spearman with the sizes held constant."""
    rows = [
        (
            "nothing",
            *value_and_interval(depth.analysis.rfm.all.spearman),
            *value_and_interval(depth.analysis.ensemble.all.spearman),
        )
    ]
    for key, estimate in depth.analysis.rfm.partial_spearman.items():
        beside = depth.analysis.ensemble.partial_spearman.get(key)
        other = value_and_interval(beside) if beside is not None else (DASH, DASH)
        rows.append((_GIVEN.get(key, key), *value_and_interval(estimate), *other))
    return Table(
        "Partial Spearman correlations: what is left when a size is held constant",
        ("Held constant", "Mean over seeds", "95 % interval", "Ensemble", "95 % interval"),
        tuple(rows),
        "Larger networks score higher both untrained and trained. What remains here is not "
        "explained by that; a dash means that nothing is left to correlate.",
    )


def classes_table(depth: DepthReport) -> Table:
    """Terciles of final size (the paper's Figs 5 to 8)."""
    rows = tuple(
        (
            b.label,
            size_range(b.low, b.high),
            str(b.n),
            *value_and_interval(b.pearson),
            *value_and_interval(b.spearman),
        )
        for b in depth.analysis.rfm.by_class
    )
    return Table(
        "Architectures of low, medium and high final size",
        ("Class", "Final size", "n", "Pearson", "95 % interval", "Spearman", "95 % interval"),
        rows,
        labels=2,
    )


def bins_table(depth: DepthReport) -> Table:
    """Table V, ours: the bins that hold enough architectures."""
    bins = depth.analysis.rfm.by_bin
    shown = [b for b in bins if b.n >= MIN_IN_BIN]
    small = sum(0 < b.n < MIN_IN_BIN for b in bins)
    empty = sum(b.n == 0 for b in bins)
    return Table(
        f"Within bins of final size, ours: {len(bins)} equal bins, as in the paper's Table V",
        ("Final size (low, high]", "n", "Pearson", "95 % interval", "Spearman", "95 % interval"),
        tuple(
            (
                f"({size(round(b.low, 1))}, {size(round(b.high, 1))}]",
                str(b.n),
                *value_and_interval(b.pearson),
                *value_and_interval(b.spearman),
            )
            for b in shown
        ),
        f"Bins not shown: {small} with fewer than {MIN_IN_BIN} architectures and {empty} empty. "
        "An interval needs 6.",
    )


def published_bins_table(depth: DepthReport) -> Table:
    """Table V, the paper's rows for this depth."""
    return Table(
        "Within bins of final size, the paper's Table V",
        ("Final size (low, high]", "Pearson", "Spearman"),
        tuple(
            (
                f"({size(round(b.low, 1))}, {size(round(b.high, 1))}]",
                decimal(b.pearson),
                decimal(b.spearman),
            )
            for b in depth.published.bins
        ),
    )


def reliability_table(depth: DepthReport) -> Table:
    """How far the scores repeat, and what that leaves possible; a line of explanation each."""
    a = depth.analysis
    uses = a.rfm.ceiling_uses
    known = " and ".join(
        {"score": "the random-weight accuracy", "trained": "the trained accuracy"}.get(u, u)
        for u in uses
    )
    assumed = f" Uses the noise of {known}." if known else ""

    def row(name: str, estimate: Estimate, meaning: str) -> tuple[str, ...]:
        return (name, meaning, *value_and_interval(estimate))

    k, t = a.rfm.reliability.repeats, a.trained_reliability.repeats
    return Table(
        "Reliability of the scores and the ceiling of their correlation",
        ("Quantity", "What it means", "Value", "95 % interval"),
        (
            row(
                "Random weights, one seed",
                a.rfm.reliability.single,
                "Correlation between two draws of random weights, over the architectures: 1 means "
                "that the draw does not matter, 0 that it decides everything.",
            ),
            row(
                f"Random weights, {_mean_of(k)}",
                a.rfm.reliability.of_mean,
                "Share of the averaged score's variance that new draws would repeat.",
            ),
            row(
                "Training, one seed",
                a.trained_reliability.single,
                "Correlation between the accuracies of two trainings of the same architectures.",
            ),
            row(
                f"Training, {_mean_of(t)}",
                a.trained_reliability.of_mean,
                "Share of the trained accuracy's variance that new trainings would repeat.",
            ),
            row(
                "Ceiling",
                a.rfm.ceiling,
                "The highest correlation that this noise allows, even for a perfect predictor."
                + assumed,
            ),
            row(
                "Pearson without noise",
                a.rfm.disattenuated,
                "Pearson divided by the ceiling: what endlessly many seeds would give; by chance "
                "it may exceed 1. Needs two seeds of both scores.",
            ),
        ),
        labels=2,
    )


def _mean_of(repeats: int) -> str:
    return f"mean of {repeats}" if repeats > 1 else "a single seed only"


def top_k_table(depth: DepthReport) -> Table:
    """What training only the best k by a score would cost."""
    rows = []
    for label, analysis in _scores(depth):
        for t in analysis.top_k:
            rows.append(
                (
                    label,
                    str(t.k),
                    percent(t.overlap, 0),
                    percent(t.expected_overlap, 0),
                    points(t.regret, 2),
                    points(t.expected_regret, 2),
                    percent(t.mean_picked),
                    percent(t.mean_all),
                    percent(t.best),
                )
            )
    return Table(
        "If only the best k by a score were trained",
        (
            *("Score", "k", "Overlap", "Overlap by chance", "Regret", "Regret by chance"),
            *("Mean of the picked", "Mean of all", "Best of all"),
        ),
        tuple(rows),
        "Overlap: how many of the picked are among the truly best k. Regret: how much trained "
        "accuracy is lost against the best of all. By chance: picking k at random.",
    )


def convergence_table(depth: DepthReport) -> Table | None:
    """Table III: the picked networks trained to convergence. None if the run had none."""
    if depth.convergence is None or depth.convergence.empty:
        return None
    paper = {
        "trained": depth.published.converged_trained,
        "rfm": depth.published.converged_rfm,
    }
    rows = []
    for picked_by, group in depth.convergence.groupby("picked_by", sort=False):
        name = str(picked_by)
        values = group["accuracy"].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
        mean = float(np.mean(values)) if len(values) else float("nan")
        best = float(np.max(values)) if len(values) else float("nan")
        rows.append(
            (
                _SCORES.get(name, name),
                str(len(values)),
                _mean_and_spread(paper.get(name)),
                _mean_and_spread((mean, spread)),
                percent(best, 2),
            )
        )
    return Table(
        "The best by each score, trained to convergence: the paper's Table III and this run",
        ("Picked by", "n", "Accuracy, paper", "Accuracy, ours", "Best, ours"),
        tuple(rows),
        "Mean and standard deviation (n - 1) over the picked networks; the paper picks five.",
    )


def _mean_and_spread(value: tuple[float, float] | None) -> str:
    if value is None:
        return DASH
    return f"{decimal(100 * value[0], 2)} ± {percent(value[1], 2)}"


def architectures_table(depth: DepthReport) -> Table:
    """The architectures with their scores, best first: the hover text for those without it."""
    ordered = depth.table.sort_values(
        ["trained_accuracy", "digest"], ascending=[False, True], kind="stable"
    )
    listed = ordered.head(MAX_LISTED)
    rest = len(ordered) - len(listed)
    return Table(
        f"The architectures of depth {depth.depth}, best first",
        (
            *("Architecture", "Digest", "State", "Final size", "Parameters", "MACs"),
            *("Random weights", "Ensemble", "Trained"),
        ),
        tuple(_architecture_row(row) for _, row in listed.iterrows()),
        f"{rest} more are in the run's results file." if rest else "",
        labels=3,
    )


def _architecture_row(row: pd.Series) -> tuple[str, ...]:
    state = "dead" if row["dead"] else "diverged" if row["diverged"] else "ok"
    accuracies = (row["rfm_accuracy"], row["ensemble_accuracy"], row["trained_accuracy"])
    return (
        str(row["genome_text"]),
        str(row["digest"])[:12],
        state,
        *(count(row[c]) for c in ("final_size", "params", "macs")),
        *(percent(a) for a in accuracies),
    )
