"""The table of all classes, and the layer tables that a reader picks a class of."""

import math
from typing import Any

from randarch.analysis import ClassResult
from randarch.analysis.structure.classes import SIGNIFICANT
from randarch.report.numbers import DASH, p_text, percent
from randarch.report.shades import Shades
from randarch.report.shades import Table as Counts
from randarch.report.structure.layer_names import class_name, sequence
from randarch.report.structure.report import PublishedClass, StructureReport
from randarch.report.structure.sentences import of_class
from randarch.report.tables import Key, Table

_HEAD: tuple[str, ...] = (
    *("Class", "Test images", "Highest", "Mean", "Distance", "Noise alone (95\N{NO-BREAK SPACE}%)"),
    *("p", "q", "Rank of the best"),
)
_PUBLISHED_HEAD = ("Highest, published", "Mean, published", "Distance, published")
_BEST_HEAD = ("Best network for the class", "Its accuracy in all", "As good")
_DISTANCE = _HEAD.index("Distance")


def classes_table(report: StructureReport) -> Table:
    """A row a class, the largest distance first; a reader may sort it by any column."""
    known = {} if report.published is None else report.published.classes
    results = sorted(report.analysis.classes.classes, key=lambda c: -c.distance)
    published = any(c.name in known for c in results)
    head, rows, keys = _HEAD, [_row(c) for c in results], [_keys(c) for c in results]
    if published:
        head += _PUBLISHED_HEAD
        rows = [r + _published(known.get(c.name)) for r, c in zip(rows, results, strict=True)]
        keys = [k + _published_keys(known.get(c.name)) for k, c in zip(keys, results, strict=True)]
    head += _BEST_HEAD
    rows = [r + _best(c) for r, c in zip(rows, results, strict=True)]
    keys = [k + _best_keys(c) for k, c in zip(keys, results, strict=True)]
    return Table(
        f"All {len(results):,} classes" if len(results) > 1 else "The class",
        head,
        tuple(rows),
        "Highest and mean: accuracy in the class, over all networks. Noise alone: mean distance without any "
        "specialisation, and the end of 95 % of them. Rank of the best: that of the best network of all in this class. "
        "As good: other networks with the same accuracy in the class; the one shown is the best of all of them. "
        f"*: q up to {SIGNIFICANT:g} and beyond noise.",
        keys=tuple(keys),
        sorted_by=_DISTANCE,
    )


def _row(c: ClassResult) -> tuple[str, ...]:
    found = c.q <= SIGNIFICANT and c.exceeds_noise
    noise = DASH
    if not math.isnan(c.noise_distance):
        noise = f"{c.noise_distance:.0f} ({c.noise_high:.0f})"
    return (
        class_name(c.name),
        f"{c.images:,}",
        percent(c.top),
        percent(c.mean),
        f"{c.distance:.0f}{'*' if found else ''}",
        noise,
        p_text(c.p),
        p_text(c.q),
        f"{c.rank_of_best:,}",
    )


def _best(c: ClassResult) -> tuple[str, ...]:
    layers = sequence(c.best_layers)
    return layers, percent(c.best_accuracy_elsewhere), f"{c.best_ties - 1:,}"


def _best_keys(c: ClassResult) -> tuple[Key, ...]:
    return sequence(c.best_layers), c.best_accuracy_elsewhere, c.best_ties


def _keys(c: ClassResult) -> tuple[Key, ...]:
    return (
        class_name(c.name).lower(),
        c.images,
        c.top,
        c.mean,
        c.distance,
        None if math.isnan(c.noise_distance) else c.noise_distance,
        c.p,
        c.q,
        c.rank_of_best,
    )


def _published(row: PublishedClass | None) -> tuple[str, ...]:
    if row is None:
        return (DASH, DASH, DASH)
    return percent(row.top), percent(row.mean), f"{row.distance:.0f}"


def _published_keys(row: PublishedClass | None) -> tuple[Key, ...]:
    return (None, None, None) if row is None else (row.top, row.mean, row.distance)


def class_maps(report: StructureReport) -> dict[str, Any]:
    """What the script shows of a class that a reader picks: JSON-ready.

    `shades` and `differences` are the colours of counts and of their differences to the best of all: `low`, `high`,
    and `colours`, pairs of background and ink. `classes` are in the order of their names, each with `name`, `text` and
    `counts` and `difference` (a row a type). `first` is the one that deviates the most.
    """
    c = report.analysis.classes
    results = sorted(c.classes, key=lambda r: class_name(r.name).lower())
    first = max(range(len(results)), key=lambda i: results[i].distance)
    return {
        "shades": _colours(_shades(report)),
        "differences": _colours(Shades.of_differences(*(r.counts - c.overall for r in results))),
        "first": first,
        "classes": [
            {
                "name": class_name(r.name),
                "text": of_class(r),
                "counts": _rounded(r.counts),
                "difference": _rounded(r.counts - c.overall),
            }
            for r in results
        ],
    }


def overall_cells(report: StructureReport) -> list[tuple[str, list[tuple[str, str]]]]:
    """The table of the best of all beside the picked class: each type with its cells, text and CSS."""
    c, shades = report.analysis.classes, _shades(report)
    return [
        (word, [(f"{value:.0f}", shades.style(value)) for value in row])
        for word, row in zip(report.analysis.sampled.types, c.overall, strict=True)
    ]


def _shades(report: StructureReport) -> Shades:
    c = report.analysis.classes
    return Shades.of_counts(c.overall, *(r.counts for r in c.classes))


def _colours(shades: Shades) -> dict[str, Any]:
    return {
        "low": round(shades.low, 6),
        "high": round(shades.high, 6),
        "colours": [list(pair) for pair in zip(shades.colours, shades.inks, strict=True)],
    }


def _rounded(counts: Counts) -> list[list[float]]:
    return [[round(float(value), 1) + 0.0 for value in row] for row in counts]
