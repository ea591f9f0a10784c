"""The tables of a sweep's page about genes: correlations, effects, interactions, as text."""

import math

from randarch.report.numbers import DASH, decimal, percent, points, points_interval
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.words import RESULTS, label
from randarch.report.tables import Table

# The rest is in the run's summary.
MAX_PAIRS = 12


def published_correlations_table(report: SweepReport) -> Table | None:
    """Each published gene correlation beside ours."""
    kept, every = (report.analysis.correlations[key] for key in ("kept", "all"))
    rows = []
    for gene, results in report.published.correlations.items():
        for result, published in results.items():
            known = gene in kept.pearson.index and result in kept.pearson.columns
            ours = (
                (m.loc[gene, result] if known else math.nan)
                for m in (kept.pearson, kept.spearman, every.pearson)
            )
            rows.append(
                (label(gene), label(result), decimal(published, 2), *(decimal(v, 2) for v in ours))
            )
    if not rows:
        return None
    return Table(
        "Correlations of genes with results, published and here",
        (
            *("Gene", "Result", "Pearson, published", "Pearson, kept", "Spearman, kept"),
            "Pearson, all",
        ),
        tuple(rows),
        labels=2,
    )


def spearman_table(report: SweepReport) -> Table:
    """The rank correlations behind the heat map."""
    matrix = report.analysis.correlations["kept" if report.analysis.kept else "all"].spearman
    return Table(
        f"The same as rank correlations (Spearman), {'kept' if report.analysis.kept else 'all'}",
        ("", *(RESULTS[c] for c in matrix.columns)),
        tuple((label(str(row)), *(decimal(v, 2) for v in matrix.loc[row])) for row in matrix.index),
    )


def effects_table(report: SweepReport) -> Table:
    """The best against the worst value of each gene."""
    rows = []
    for e in report.analysis.effects:
        known = e.difference.defined
        rows.append(
            (
                label(e.gene),
                f"{e.best:g} over {e.worst:g}" if known else DASH,
                points(e.difference.value, 2),
                points_interval(e.difference) or DASH,
                points_interval(e.naive_difference) or DASH,
                points(e.adjusted_difference.value, 2),
                points_interval(e.adjusted_difference) or DASH,
                percent(e.share),
            )
        )
    return Table(
        "Effect of each gene: its best value against its worst",
        (
            *("Gene", "Values", "Difference", "95 % interval", "Naive interval"),
            *("Adjusted", "95 % interval", "Share of variance"),
        ),
        tuple(rows),
        "In percentage points of test accuracy. Adjusted: as if the other genes were equally "
        "frequent at both values, which they are not where some combinations do not fit the "
        "image. Share: of the variance between networks that this gene explains by itself. Best and worst are chosen "
        "from the same data, so an interval that barely excludes 0 shows nothing.",
        labels=2,
    )


def values_table(report: SweepReport) -> Table:
    """Every value of every gene."""
    rows = tuple(
        (
            label(e.gene),
            f"{of.value:g}",
            f"{of.mean.n:,}",
            str(of.clusters),
            percent(of.mean.value, 2),
            points_interval(of.mean) or DASH,
            points_interval(of.naive) or DASH,
            percent(of.adjusted.value, 2),
            points_interval(of.adjusted) or DASH,
        )
        for e in report.analysis.effects
        for of in e.values
    )
    return Table(
        "Mean test accuracy at each value of each gene",
        (
            *("Gene", "Value", "Networks", "Clusters", "Mean", "95 % interval"),
            *("Naive interval", "Adjusted", "95 % interval"),
        ),
        rows,
    )


def interactions_table(report: SweepReport) -> Table | None:
    """The pairs that explain most on top of the single genes."""
    found = report.analysis.interactions
    if math.isnan(found.main) or not found.pairs:
        return None
    left = len(found.pairs) - MAX_PAIRS
    rows = tuple(
        (
            f"{label(p.first)} and {label(p.second)}",
            percent(p.share, 2),
            percent(p.by_chance, 2),
            str(p.degrees),
        )
        for p in found.pairs[:MAX_PAIRS]
    )
    note = f" {left} weaker pairs are in the run's summary." if left > 0 else ""
    luck = ""
    if report.analysis.cluster:
        luck = " and, for two genes of the first layer, of the luck of first layers that they share"
    return Table(
        "What two genes explain together, beyond what each explains alone",
        ("Genes", "Share of variance", "By chance", "Parameters"),
        rows,
        f"All genes one by one explain {percent(found.main)} of the variance of accuracy over "
        f"{found.n:,} networks; a pair's share comes on top of that. By chance: what as many "
        f"parameters would explain of pure noise{luck}.{note}",
    )
