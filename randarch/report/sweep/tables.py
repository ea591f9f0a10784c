"""The tables of a sweep's page about networks and about the run, as text."""

import math

from randarch.analysis import SweptNetwork
from randarch.report import fields
from randarch.report.numbers import (
    DASH,
    count,
    decimal,
    p_text,
    percent,
    percent_interval,
    points,
    points_interval,
    signed,
    with_interval,
)
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.words import SPEED, filtered
from randarch.report.tables import Table

# The rest is in the run's results file.
MAX_FRONT = 40


def counts_table(report: SweepReport) -> Table:
    """How many there were at each step, published and here."""
    a, published = report.analysis, report.published
    rows = [
        ("genomes of the grid", published.genomes, report.genomes),
        ("valid networks", published.valid, report.valid),
        ("evaluated", None, a.n),
        ("kept", published.kept, a.kept),
    ]
    told = [(name, count(theirs), count(ours)) for name, theirs, ours in rows]
    told.append(
        (
            "best mean accuracy",
            percent(published.best_accuracy, 2),
            percent(a.best[0].accuracy.value, 2),
        )
    )
    kept = "Kept: all trials were run, because the network reached "
    return Table(
        "Networks, published and here",
        ("", "Published", "This run"),
        tuple(told),
        f"{kept}{report.kept_rule}." if report.kept_rule else "",
    )


def distribution_table(report: SweepReport) -> Table:
    """Accuracies of all, in the first pass, and of the kept."""
    names = {
        "all": "all, mean over each one's trials",
        "first": "all, first pass alone",
        "kept": "kept, mean over all trials",
    }
    rows = tuple(
        (
            names[key],
            f"{d.n:,}",
            percent(d.mean, 2),
            points(d.sd, 2),
            *(percent(q) for q in d.quantiles.values()),
        )
        for key, d in report.analysis.distributions.items()
        if d.n
    )
    note = "5 % and so on: that share of the networks lies below."
    if 0 < report.analysis.kept < report.analysis.n:
        note += f" {filtered(report)}"
    return Table(
        "How test accuracies are spread",
        (
            *("Networks", "n", "Mean", "Standard deviation"),
            *("Lowest", "5 %", "25 %", "Median", "75 %", "95 %", "Highest"),
        ),
        rows,
        note,
    )


def fields_table(report: SweepReport) -> Table | None:
    """By number of unproductive convolutions."""
    return fields.fields_table(report.fields, {"first_test_accuracy": "Test accuracy, first pass"})


def best_table(report: SweepReport) -> Table:
    a = report.analysis
    whose = "kept networks" if a.kept else "networks (0 were kept)"
    return _networks_table(f"The most accurate {whose}", a.best, a.speed)


def pareto_table(report: SweepReport) -> Table:
    a = report.analysis
    left = len(a.pareto) - MAX_FRONT
    better = "fewer multiply-adds" if a.speed == "macs" else f"higher {a.speed} throughput"
    note = f"No other network has both at least their accuracy and {better}, or as much."
    if left > 0:
        note += f" {left} more are in the run's results."
    return _networks_table("The Pareto front", a.pareto[:MAX_FRONT], a.speed, note)


def _networks_table(
    caption: str, networks: tuple[SweptNetwork, ...], speed: str, note: str = ""
) -> Table:
    timed = speed != "macs"
    rows = tuple(
        (
            n.genome_text,
            percent_interval(n.accuracy),
            f"{100 * n.lowest:.1f} to {100 * n.highest:.1f}" if n.trials > 1 else DASH,
            str(n.trials),
            percent(n.train_accuracy),
            *((count(n.throughput), decimal(n.fitness, 2)) if timed else ()),
            decimal(n.ratio),
            count(n.params),
            count(n.macs),
        )
        for n in networks
    )
    return Table(
        caption,
        (
            *(
                "Network",
                "Test accuracy [95\N{NO-BREAK SPACE}%]",
                "Lowest, highest trial",
                "Trials",
                "Train",
            ),
            *((f"Images/s, {speed}", "Fitness") if timed else ()),
            *("Ratio", "Parameters", "MACs"),
        ),
        rows,
        note
        or "Kernels, strides and dilations of the layers. The interval is that of the mean "
        "over trials and knows nothing of the choice of the best. Fitness is accuracy plus 0.3 "
        "times throughput, each scaled to 0 to 1. Ratio: output size by input size.",
    )


def hand_picked_table(report: SweepReport) -> Table | None:
    compared = report.hand_picked
    if compared is None or not compared.rows:
        return None
    rows = tuple(
        (
            row.genome_text,
            percent(row.published_accuracy, 2),
            percent_interval(row.accuracy),
            str(row.accuracy.n) if row.accuracy.n else DASH,
            signed(100 * row.difference, 2),
            count(row.published_throughput),
            count(row.throughput),
            decimal(row.published_ratio),
            decimal(row.ratio),
        )
        for row in compared.rows
    )
    absent = sum(not row.accuracy.defined for row in compared.rows)
    note = "Throughput depends on the machine; the published one is that of the author's GPU."
    if compared.difference.defined:
        note = (
            f"Mean over {compared.difference.n}: published {percent(compared.published, 2)}, here "
            f"{percent(compared.ours, 2)}; difference {points(compared.difference.value, 2)} "
            f"{points_interval(compared.difference)}. {note}"
        )
    if absent:
        note += f" Not evaluated in this run: {absent} of {len(rows)}."
    speed = SPEED[compared.speed].partition(" (")[2].removeprefix("images/s, ").rstrip(")")
    ours = f"Images/s, {speed}" if compared.speed != "macs" else "Images/s, here"
    return Table(
        "The hand-picked networks, published and here",
        (
            *(
                "Network",
                "Accuracy, published",
                "Accuracy, here [95\N{NO-BREAK SPACE}%]",
                "Trials",
                "Difference",
            ),
            *("Images/s, published", ours, "Ratio, published", "Ratio, here"),
        ),
        rows,
        note,
    )


def trained_table(report: SweepReport) -> Table | None:
    """Every network that was trained."""
    if report.trained is None or report.trained.table.empty:
        return None
    table = report.trained.table.sort_values(
        ["channels", "trained_accuracy"], ascending=[True, False], kind="stable"
    )
    rows = tuple(
        (
            str(row["genome_text"]),
            str(row["channels"]),
            percent(row["random_accuracy"], 2),
            percent(row["trained_accuracy"], 2),
            percent(row["published_trained_accuracy"], 2),
        )
        for _, row in table.iterrows()
    )
    return Table(
        "Networks that were trained",
        ("Network", "Channels", "Random weights", "Trained, here", "Trained, published"),
        rows,
    )


def agreement_table(report: SweepReport) -> Table | None:
    """How random and trained accuracies agree."""
    if report.trained is None or not report.trained.groups:
        return None
    rows = tuple(
        (
            str(g.channels),
            str(g.spearman.n),
            with_interval(g.spearman),
            p_text(g.spearman.p) + (" (exact)" if g.exact and g.spearman.defined else ""),
            DASH if math.isnan(g.published_difference) else signed(100 * g.published_difference, 1),
        )
        for g in report.trained.groups
    )
    return Table(
        "Does the accuracy with random weights rank the trained networks?",
        ("Channels", "n", "Spearman [95\N{NO-BREAK SPACE}%]", "p", "Difference"),
        rows,
        "p: how often networks in random order would agree or disagree as strongly. These networks "
        "were chosen for their accuracy with random weights, so they cover a narrow range of it, "
        "which lowers the correlation. Difference: mean trained accuracy here minus published, in "
        "percentage points.",
    )
