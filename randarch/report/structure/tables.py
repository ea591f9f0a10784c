"""The tables about networks and layers, as text."""

import math

import numpy as np

from randarch.analysis import Estimate, PairEffect, Pattern, by_unproductive
from randarch.receptive_field import UNPRODUCTIVE
from randarch.report import fields
from randarch.report.numbers import (
    DASH,
    count,
    decimal,
    interval,
    percent,
    percent_interval,
    points,
    points_interval,
    signed,
)
from randarch.report.structure.layer_names import class_name, meaning, structure
from randarch.report.structure.report import StructureReport
from randarch.report.tables import Table

MOST_NETWORKS, MOST_PAIRS = 10, 8
_CLASSES_NAMED = 3
# Structures that are a pattern with a name already.
_NAMED = {"CMC", "C", ""}
NINETY_FIVE = "95\N{NO-BREAK SPACE}%"


def types_table(report: StructureReport) -> Table:
    """What the words mean."""
    types = report.analysis.sampled.types
    rows = tuple((word, meaning(word) or DASH) for word in types)
    return Table("Layer types", ("Word", "Layer"), rows, labels=2)


def sample_table(report: StructureReport) -> Table:
    """How many networks, and how their accuracies are spread."""
    a = report.analysis
    accuracy = a.sampled.sound.accuracy
    rows = [
        ("draws", f"{len(a.sampled):,}"),
        ("failed", f"{a.failed:,}"),
        ("dead: one class right, no other", f"{int(a.sampled.dead.sum()):,}"),
        ("different architectures among the others", f"{a.architectures:,}"),
        ("test images", f"{int(a.sampled.class_images.sum()):,}"),
        ("classes", f"{len(a.sampled.classes):,}"),
        ("best accuracy", percent(a.best_accuracy, 2)),
        (f"accuracy of number {min(a.top, a.n):,}, the last of the best", percent(a.cutoff, 2)),
        ("mean accuracy", percent(a.mean, 2)),
        ("standard deviation", points(accuracy.std(ddof=1), 2) if a.n > 1 else DASH),
        ("median", percent(np.median(accuracy), 2)),
        ("lowest accuracy", percent(accuracy.min(), 2)),
    ]
    return Table("The sample", ("", "This run"), tuple(rows))


def fields_table(report: StructureReport) -> Table | None:
    """By number of unproductive convolutions; None without that column."""
    if UNPRODUCTIVE not in report.table.columns:
        return None
    sound = report.table[~report.table["failed"].to_numpy(dtype=bool)]
    groups = by_unproductive(
        sound[UNPRODUCTIVE].astype(int).tolist(), {"accuracy": sound["accuracy"].tolist()}
    )
    return fields.fields_table(groups, {"accuracy": "Test accuracy"})


def best_table(report: StructureReport) -> Table:
    """The most accurate architectures."""
    a = report.analysis
    sound = np.flatnonzero(~a.sampled.failed)
    order = sound[np.argsort(-a.sampled.accuracy[sound], kind="stable")]
    _, first = np.unique(a.sampled.architecture[order], return_index=True)
    shown = order[np.sort(first)[:MOST_NETWORKS]]
    leads = {row: [c.name for c in a.classes.classes if c.best == row] for row in shown.tolist()}
    rows = tuple(
        (
            str(report.table["genome_text"].iloc[row]),
            percent(a.sampled.accuracy[row], 2),
            count(a.sampled.params[row]),
            count(report.table["macs"].iloc[row]),
            _some(leads[row]),
        )
        for row in shown.tolist()
    )
    return Table(
        "The most accurate networks",
        ("Layers", "Test accuracy", "Parameters", "MACs", "Best of all networks in"),
        rows,
        "Layers from the input on. MACs: multiply-adds an image. The last column names the classes in which no other "
        "network is better.",
    )


def _some(names: list[str]) -> str:
    shown = [class_name(name) for name in names[:_CLASSES_NAMED]]
    more = len(names) - len(shown)
    return (", ".join(shown) + (f" and {more} more" if more > 0 else "")) or DASH


def intervals_table(report: StructureReport) -> Table:
    """The layer distribution with its intervals."""
    d = report.analysis.distribution
    positions = d.counts.shape[1]
    rows = []
    for i, word in enumerate(d.types):
        cells = [
            f"{d.counts[i, j]:.0f} {_ends(d.low[i, j], d.high[i, j])}".strip()
            for j in range(positions)
        ]
        rows.append((word, *cells, f"{d.base[i].mean():.1f}"))
    return Table(
        f"Layer types of the best, per 100 networks [{NINETY_FIVE}]",
        ("Layer type", *(f"Layer {j + 1}" for j in range(positions)), "All networks, mean"),
        tuple(rows),
        "Architectures are resampled and the best chosen anew. Blind at the edge: a layer type that not one of the "
        "best has gets [0, 0], although some of the best of another sample may well have it.",
    )


def _ends(low: float, high: float) -> str:
    return interval(Estimate(math.nan, low, high, math.nan, 0), 0)


def orders_table(report: StructureReport) -> Table:
    """The structures of the paper, then the most frequent ones."""
    found = report.analysis.patterns
    named = [_order(pattern.name, pattern) for pattern in found.named]
    frequent = [
        _order(structure(pattern.name), pattern)
        for pattern in found.structures
        if pattern.name not in _NAMED
    ]
    return Table(
        "Orders of layers: among the best and among all",
        (
            *("Order", "Networks", "Of all", f"Of the best [{NINETY_FIVE}]"),
            *(f"Ratio [{NINETY_FIVE}]", "Mean accuracy"),
        ),
        tuple(named + frequent),
        f"First the orders that the paper names, then the most frequent ones among the best. {found.n:,} networks, "
        f"{found.architectures:,} architectures, which are what the intervals of the ratios resample.",
    )


def _order(name: str, pattern: Pattern) -> tuple[str, ...]:
    return (
        name,
        f"{pattern.n:,}",
        percent(pattern.share_sample),
        percent_interval(pattern.share_top),
        f"{decimal(pattern.lift.value, 2)} {interval(pattern.lift)}".strip(),
        percent(pattern.mean),
    )


def explained_table(report: StructureReport) -> Table:
    """Explained variance of both models."""
    s = report.analysis.surrogate
    penalty = (
        "no pairs at all"
        if math.isinf(s.pairs_penalty)
        else f"a penalty of {s.pairs_penalty:g} networks"
    )
    rows = (
        (
            "layers one by one",
            f"{s.rank:,}" if s.determined else f"{s.rank:,} of {s.parameters:,}",
            percent(s.explained),
            percent_interval(s.explained_unseen),
        ),
        (
            "and pairs of neighbours",
            f"{s.rank + s.pairs_parameters:,}",
            percent(s.pairs_explained),
            percent_interval(s.pairs_explained_unseen),
        ),
        (
            "difference",
            f"{s.pairs_parameters:,}",
            points(s.pairs_explained - s.explained),
            f"{points(s.pairs_gain.value)} {points_interval(s.pairs_gain)}".strip(),
        ),
    )
    note = ""
    if s.folds:
        note = (
            f"Unseen: each network is predicted by a fit to the others, {s.folds} parts in turns; pairs are shrunk "
            f"with {penalty}, chosen on yet another part."
        )
    return Table(
        "How much of the differences in accuracy layers explain",
        ("Model", "Parameters", "Of fitted networks", f"Of unseen networks [{NINETY_FIVE}]"),
        rows,
        note,
    )


def effects_table(report: StructureReport) -> Table:
    """Effects with standard errors."""
    s = report.analysis.surrogate
    positions = s.effects.shape[1]
    rows = tuple(
        (word, *(_effect(s.effects[i, j], s.errors[i, j]) for j in range(positions)))
        for i, word in enumerate(s.types)
    )
    return Table(
        "What a layer type adds, in percentage points (standard error)",
        ("Layer type", *(f"Layer {j + 1}" for j in range(positions))),
        rows,
        f"To an intercept of {percent(s.intercept, 2)}, the accuracy if every type were as frequent at every position. "
        "Errors are robust to unequal variances, with architectures as clusters.",
    )


def _effect(effect: float, error: float) -> str:
    text = signed(100 * effect, 2)
    return text if math.isnan(error) else f"{text} ({decimal(100 * error, 2)})"


def pairs_table(report: StructureReport, helpful: bool) -> Table:
    """The pairs that do better, or worse, together than their layers' own effects say; the extreme ones first."""
    known = [p for p in report.analysis.pairs if p.excess.defined]
    signs = [p for p in known if (p.excess.value > 0 if helpful else p.excess.value < 0)]
    shown = (signs if helpful else signs[::-1])[:MOST_PAIRS]
    return Table(
        f"Neighbours that do {'better' if helpful else 'worse'} together than apart",
        (
            *("Pair", "Networks", "Mean accuracy", "Expected", f"Excess, points [{NINETY_FIVE}]"),
            *("Of all", "Of the best", f"Ratio [{NINETY_FIVE}]"),
        ),
        tuple(_pair(p) for p in shown),
        ""
        if helpful
        else "Expected: by the sum of the layers' own effects. Intervals that exclude 0 are among so many that some do "
        "by chance; read both tables as a ranking.",
    )


def _pair(pair: PairEffect) -> tuple[str, ...]:
    return (
        f"{pair.first} - {pair.second}",
        f"{pair.n:,}",
        percent(pair.mean),
        percent(pair.expected),
        f"{signed(100 * pair.excess.value, 2)} {points_interval(pair.excess, 2)}".strip(),
        percent(pair.share_sample),
        percent(pair.share_top),
        f"{decimal(pair.lift.value, 2)} {interval(pair.lift)}".strip(),
    )


def groups_table(report: StructureReport) -> Table:
    """The numbers of Figure 3."""
    rows = tuple(
        (
            f"{100 * g.low:.1f} to {100 * g.high:.1f}\N{NO-BREAK SPACE}%",
            f"{g.n:,}",
            percent(g.mean),
            percent(g.best_class),
            decimal(g.covered, 1),
            decimal(g.above_chance, 1),
        )
        for g in report.analysis.by_accuracy
    )
    return Table(
        "Networks by overall accuracy",
        (
            *("Overall accuracy", "Networks", "Mean", "In its best class"),
            *("Classes with an image right", "Classes better than guessing"),
        ),
        rows,
        "Means over the networks of a group.",
    )
