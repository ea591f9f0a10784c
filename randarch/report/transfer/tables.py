"""Tables of one source of scores: pairs of data sets, class-matched versions, drivers, spread."""

import math

import numpy as np

from randarch.analysis.results import Estimate
from randarch.analysis.transfer.results import ClassMatched, MatchedGain
from randarch.report.numbers import DASH, decimal, percent, points, signed
from randarch.report.numbers import interval as ends
from randarch.report.tables import Key, Table
from randarch.report.transfer.report import SOURCES, TransferReport
from randarch.report.words import told

NINETY_FIVE = "95\N{NO-BREAK SPACE}%"


def key(value: float) -> Key:
    """What a number counts as when a reader sorts."""
    return None if math.isnan(value) else float(value)


def cell(e: Estimate | None) -> str:
    """A coefficient with its interval."""
    return DASH if e is None else told(e)


def pairs_table(report: TransferReport) -> Table:
    """All pairs of all sources, raw and disattenuated."""
    pairs = {
        frozenset((pair.first, pair.second)): (pair.first, pair.second)
        for analysis in report.sources.values()
        for pair in analysis.apr.pairs
    }
    rows, keys = [], []
    for first, second in pairs.values():
        texts: list[str] = [report.name(first), report.name(second)]
        counted: list[Key] = [str(report.name(first)), str(report.name(second))]
        for analysis in report.sources.values():
            if {first, second} <= set(analysis.apr.datasets):
                pair = analysis.apr.pair(first, second)
                texts += [told(pair.spearman), told(pair.disattenuated), f"{pair.spearman.n:,}"]
                counted += [
                    key(pair.spearman.value),
                    key(pair.disattenuated.value),
                    pair.spearman.n,
                ]
            else:
                texts += [DASH] * 3
                counted += [None] * 3
        rows.append(tuple(texts))
        keys.append(tuple(counted))
    heads = [
        head
        for source in report.sources
        for head in (
            f"{SOURCES[source].capitalize()} [{NINETY_FIVE}]",
            f"{SOURCES[source].capitalize()}, freed of noise [{NINETY_FIVE}]",
            "n",
        )
    ]
    return Table(
        "All pairs of data sets: Spearman correlation of the errors",
        ("Data set", "Data set", *heads),
        tuple(rows),
        "Freed of noise: divided by the square root of the product of both reliabilities, as if every error were "
        "known exactly; it may exceed 1. A dash: no repeats to tell. n counts architectures. A click on a head sorts.",
        labels=2,
        keys=tuple(keys),
    )


def matched_table(report: TransferReport, source: str) -> Table | None:
    """Table 3; None without targets or smaller versions."""
    found = report.sources[source].class_matched
    if found is None:
        return None
    control = any(one.with_control is not None for one in found.targets)
    base = report.name(report.family.base)
    head: tuple[str, ...] = ("Data set", "Classes", f"With {base} [{NINETY_FIVE}]")
    head += ("Matched version",)
    head += (f"With it [{NINETY_FIVE}]", f"Difference [{NINETY_FIVE}]")
    if control:
        head += (f"With the control [{NINETY_FIVE}]", f"Matched less control [{NINETY_FIVE}]")
    head += ("n",)
    rows = tuple(_matched_row(report, one, control) for one in found.targets)
    note = (
        f"Matched version: {base} with about as many classes as the data set. The difference is taken on the same "
        "resampled architectures."
    )
    if control and report.family.control is not None:
        note += (
            f" The control, {report.name(report.family.control)}, has all classes and few images: where it has as many "
            "as the matched version, it tells the number of classes from the number of images (both are said above, "
            "and by which error a data set is judged). It is compared on the architectures that it has errors of."
        )
    return Table(
        f"Correlation of errors with {base} and with its class-matched version, {SOURCES[source]} (Table 3)",
        head,
        (*rows, _mean_row(found, control)),
        note,
    )


def _matched_row(report: TransferReport, one: MatchedGain, control: bool) -> tuple[str, ...]:
    row: tuple[str, ...] = (
        report.name(one.target),
        f"{one.classes:,}",
        told(one.with_base),
        report.name(one.matched),
        told(one.with_matched),
        _signed(one.gain),
    )
    if control:
        row += _against_control(one.with_control, one.gain_over_control)
    return (*row, f"{one.with_base.n:,}")


def _mean_row(found: ClassMatched, control: bool) -> tuple[str, ...]:
    row: tuple[str, ...] = ("Mean", "", told(found.mean_with_base), "")
    row += (told(found.mean_with_matched), _signed(found.mean_gain))
    if control:
        row += _against_control(found.mean_with_control, found.mean_gain_over_control)
    return (*row, f"{found.mean_with_base.n:,}")


def _against_control(correlation: Estimate | None, gain: Estimate | None) -> tuple[str, ...]:
    return (
        DASH if correlation is None else told(correlation),
        DASH if gain is None else _signed(gain),
    )


def _signed(e: Estimate) -> str:
    return f"{signed(e.value, 2)} {ends(e)}".strip()


def published_matched_table(report: TransferReport) -> Table | None:
    """The published Table 3; None where none was given."""
    if not report.published_rows:
        return None
    rows = [
        (name, decimal(base), decimal(matched), signed(matched - base))
        for name, base, matched in report.published_rows
    ]
    base, matched = np.mean([row[1:] for row in report.published_rows], axis=0).tolist()
    return Table(
        "Published: correlation of errors with ImageNet and with the closest ImageNet-X",
        ("Data set", "With ImageNet", "With ImageNet-X", "Difference"),
        (*rows, ("Mean", decimal(base), decimal(matched), signed(matched - base))),
        "500 architectures, without intervals.",
    )


def subsampling_table(report: TransferReport, source: str) -> Table | None:
    """The numbers of Figure 4; None where there are none."""
    found = report.sources[source].class_matched
    if found is None or not found.subsampling:
        return None
    rows = tuple(
        (report.name(name), f"{report.family.members[name]:,}", told(e), f"{e.n:,}")
        for name, e in found.subsampling.items()
    )
    base = report.name(report.family.base)
    return Table(
        f"Versions of {base} with fewer classes: correlation of errors with {base}, {SOURCES[source]}",
        ("Version", "Classes", f"Spearman [{NINETY_FIVE}]", "n"),
        rows,
    )


def drivers_table(report: TransferReport, source: str) -> Table | None:
    """Table 4; None where there are no data sets."""
    drivers = report.sources[source].drivers
    if not drivers:
        return None
    training = any(driver.train_depth is not None for driver in drivers)
    head = ("Data set", "Depth", "Width", "Depth, given width", "Width, given depth", "Parameters")
    rows = tuple(
        (
            report.name(d.dataset),
            told(d.depth),
            told(d.width),
            told(d.depth_given_width),
            told(d.width_given_depth),
            told(d.params),
            *([cell(d.train_depth)] if training else []),
            f"{d.depth.n:,}",
        )
        for d in drivers
    )
    return Table(
        f"What goes with the test error, Spearman [{NINETY_FIVE}], {SOURCES[source]} (Table 4)",
        (*head, *(("Training error and depth",) if training else ()), "n"),
        rows,
        "Depth: blocks of all stages; width: the sum of the stages' channels. Above 0: more of it, more errors. Given: "
        "the partial correlation."
        + (
            " Where the training error grows with depth as the test error does, overfitting is not the cause."
            if training
            else ""
        ),
    )


def published_drivers_table(report: TransferReport) -> Table | None:
    """The published Table 4; None where none was given."""
    if not report.published_drivers:
        return None
    rows = tuple((name, decimal(d), decimal(w)) for name, d, w in report.published_drivers)
    return Table(
        "Published: correlation of errors with depth and width",
        ("Data set", "Depth", "Width"),
        rows,
        "500 architectures, without intervals.",
    )


def spreads_table(report: TransferReport, source: str) -> Table | None:
    """Figure 10 in numbers; None where there are no data sets."""
    analysis = report.sources[source]
    if not analysis.spreads:
        return None
    rows = []
    for spread in analysis.spreads:
        found = analysis.apr.reliability.get(spread.dataset)
        lowest, _, median, _, highest = spread.quantiles
        rows.append(
            (
                report.name(spread.dataset),
                percent(lowest),
                percent(median),
                percent(highest),
                points(spread.between),
                points(spread.within),
                points(spread.counting),
                told(spread.icc),
                DASH if found is None else f"{found.repeats}",
                DASH if found is None else told(found.spearman_of_mean),
            )
        )
    return Table(
        f"Where the spread of errors comes from, {SOURCES[source]}",
        (
            *("Data set", "Lowest error", "Median", "Highest", "Between architectures"),
            *("Between repeats", "Counting", f"Share of architectures [{NINETY_FIVE}]"),
            *("Repeats", f"Reliability of the mean [{NINETY_FIVE}]"),
        ),
        tuple(rows),
        "Standard deviations in percentage points. Counting: what so few test images leave to chance. Share of "
        "architectures: of the variance of one repeat's error. Reliability of the mean: expected rank correlation with "
        "the same number of fresh repeats.",
    )
