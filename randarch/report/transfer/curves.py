"""Curves and dots: subsampled classes, error distributions, spread, agreement, regret."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from randarch.analysis.results import Estimate
from randarch.analysis.transfer.results import Recommendation
from randarch.report import style
from randarch.report.numbers import decimal
from randarch.report.transfer.comparison_tables import ways
from randarch.report.transfer.findings import WAYS, control_estimate
from randarch.report.transfer.heat_maps import diagonal_free
from randarch.report.transfer.report import COLOURS, SOURCES, TransferReport

_WAYS: dict[str, tuple[str, str]] = {
    "mixture": ("D", style.ENSEMBLE),
    "base": ("o", style.TRAINED),
    "matched": ("s", "#E69F00"),
    "random": ("^", style.RFM),
    "chance": ("x", style.GREY),
}


def arms(estimates: Sequence[Estimate]) -> np.ndarray:
    """Lengths of error bars to both sides; 0 where there is no interval."""
    lengths = [(e.value - e.low, e.high - e.value) for e in estimates]
    return np.clip(np.nan_to_num(np.array(lengths, dtype=float), posinf=0, neginf=0), 0, None).T


def draw_subsampling(axes: Axes, report: TransferReport) -> None:
    """Correlation of the base with its smaller versions against their number of classes, and the control."""
    members, base = report.family.members, report.family.base
    counts = {members[base]} if base in members else set()
    for i, (source, analysis) in enumerate(report.sources.items()):
        matched = analysis.class_matched
        if matched is None or not matched.subsampling:
            continue
        x = np.array([members[name] for name in matched.subsampling], dtype=float)
        counts |= {int(v) for v in x}
        estimates = list(matched.subsampling.values())
        look: dict[str, Any] = {"color": COLOURS[source], "capsize": 2.5, "elinewidth": 1.2}
        shift = 1.03 ** (2 * i - 1) if len(report.sources) > 1 else 1.0
        values = np.array([e.value for e in estimates])
        axes.errorbar(shift * x, values, arms(estimates), marker="o", label=SOURCES[source], **look)
        control = control_estimate(report, source)
        if control is not None and control.defined and base in members:
            axes.errorbar(
                [shift * members[base]],
                [control.value],
                arms([control]),
                marker="s",
                markerfacecolor="white",
                linestyle="none",
                label=f"{SOURCES[source]}, control: all classes, few images",
                **look,
            )
    axes.axhline(0, color="#1a1a1a", linewidth=1)
    axes.set_xscale("log")
    ticks = sorted(counts)
    axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("classes, logarithmic")
    axes.set_ylabel(f"Spearman with {report.name(base)}", parse_math=False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.46, -0.16), ncols=1)


def draw_distribution(axes: Axes, report: TransferReport, dataset: str) -> None:
    """Share of the architectures that err at most so much, of each source."""
    for source, errors in report.errors.items():
        if dataset not in report.sources[source].apr.datasets:
            continue
        values = np.sort(100 * errors.mean(dataset))
        values = values[~np.isnan(values)]
        if not len(values):
            continue
        shares = np.arange(len(values) + 1) / len(values)
        axes.step(
            [values[0], *values],
            shares,
            where="post",
            color=COLOURS[source],
            label=SOURCES[source],
        )
    axes.set_ylim(0, 1)
    axes.set_title(report.name(dataset), fontsize=9, parse_math=False)


def draw_spread(axes: Axes, report: TransferReport, source: str) -> None:
    """Standard deviations between architectures, between repeats and of counting."""
    spreads = report.sources[source].spreads
    y = np.arange(len(spreads))
    for name, marker, colour, label in (
        ("between", "o", style.TRAINED, "between architectures"),
        ("within", "D", style.ENSEMBLE, "between repeats"),
        ("counting", "|", "#1a1a1a", "counting test images"),
    ):
        values = 100 * np.array([getattr(spread, name) for spread in spreads], dtype=float)
        if not np.isnan(values).all():
            size = 11 if marker == "|" else 6
            axes.plot(
                values,
                y,
                marker,
                color=colour,
                markersize=size,
                markeredgewidth=2 if marker == "|" else 0,
                label=label,
            )
    _rows(axes, report, [spread.dataset for spread in spreads])
    axes.set_xlim(left=0)
    axes.set_xlabel("standard deviation of the error (percentage points)")
    axes.set_title(SOURCES[source].capitalize())
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.4, -0.55 / max(len(spreads), 2) - 0.06), ncols=3
    )


def draw_agreement(axes: Axes, report: TransferReport) -> None:
    """Correlation of random-weight with trained errors on each data set."""
    a = report.analysis.agreement
    if a is None:
        raise ValueError("the report has no second source; expected a SourceAgreement")
    estimates = list(a.per_dataset.values())
    y = np.arange(len(estimates))
    axes.axvline(0, color="#1a1a1a", linewidth=1)
    axes.errorbar(
        [e.value for e in estimates],
        y,
        xerr=arms(estimates),
        fmt="o",
        color=style.RFM,
        capsize=2.5,
        elinewidth=1.2,
    )
    _rows(axes, report, list(a.per_dataset))
    axes.set_xlabel("Spearman of random-weight and trained errors")


def draw_entries(axes: Axes, report: TransferReport) -> None:
    """Entries of the two matrices against each other; a mark is a pair of data sets."""
    names = [
        name
        for name in report.sources["trained"].apr.datasets
        if name in report.sources["random"].apr.datasets
    ]
    entries = {}
    for source in ("random", "trained"):
        apr = report.sources[source].apr
        rows = [apr.datasets.index(name) for name in names]
        entries[source] = diagonal_free(apr.spearman[np.ix_(rows, rows)])
    axes.plot([-1, 1], [-1, 1], color=style.GREY, linewidth=1, linestyle="--", label="equal")
    axes.axhline(0, color="#cccccc", linewidth=1)
    axes.axvline(0, color="#cccccc", linewidth=1)
    with_base = np.array(
        [
            report.family.base in (names[i], names[j])
            for i, j in zip(*np.tril_indices(len(names), -1), strict=True)
        ],
        dtype=bool,
    )
    for chosen, colour, label in (
        (~with_base, style.GREY, "two other data sets"),
        (with_base, style.ENSEMBLE, f"with {report.name(report.family.base)}"),
    ):
        if chosen.any():
            axes.scatter(
                entries["random"][chosen],
                entries["trained"][chosen],
                s=24,
                color=colour,
                alpha=0.8,
                linewidth=0,
                label=label,
            )
    axes.set_xlim(-1.03, 1.03)
    axes.set_ylim(-1.03, 1.03)
    axes.set_aspect("equal")
    axes.set_xlabel("Spearman of two data sets, random weights")
    axes.set_ylabel("Spearman of the same, trained")
    a = report.analysis.agreement
    if a is not None and a.matrices.spearman.defined:
        mantel = a.matrices.spearman
        axes.set_title(f"Mantel {decimal(mantel.value, 2)}, n = {mantel.n:,} data sets")
    legend = axes.legend(
        loc="upper center", bbox_to_anchor=(0.46, -0.14), ncols=3, columnspacing=1.0
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def draw_regret(axes: Axes, report: TransferReport, found: Recommendation) -> None:
    """Regret on each held-out data set by way of choosing, and the means with intervals."""
    shown = ways(found)
    y = np.arange(len(found.held_out))
    for i, way in enumerate(shown):
        marker, colour = _WAYS[way]
        shift = 0.6 * (i / max(len(shown) - 1, 1) - 0.5)
        look: dict[str, Any] = {"marker": marker, "color": colour, "linestyle": "none"}
        axes.plot(
            [100 * one.regret.get(way, np.nan) for one in found.held_out],
            y + shift,
            markersize=6,
            label=WAYS[way],
            **look,
        )
        e = found.mean_regret[way]
        axes.errorbar(
            [100 * e.value],
            [len(y) + shift],
            xerr=100 * arms([e]),
            markersize=7,
            capsize=2.5,
            elinewidth=1.2,
            **look,
        )
    _rows(axes, report, [*(one.dataset for one in found.held_out), ""])
    axes.set_yticks(range(len(y) + 1), [*_labels(axes)[:-1], "Mean"], parse_math=False)
    axes.axhline(len(y) - 0.5, color="#1a1a1a", linewidth=0.8)
    for line in range(len(y) - 1):
        axes.axhline(line + 0.5, color="#e6e6e6", linewidth=0.8)
    axes.grid(False, axis="y")
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    axes.set_xlabel("regret: error above that of the best architecture (percentage points)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.75 / (len(y) + 1) - 0.05), ncols=3)


def _rows(axes: Axes, report: TransferReport, datasets: Sequence[str]) -> None:
    """Data sets from the top down."""
    axes.set_yticks(
        range(len(datasets)), [str(report.name(name)) for name in datasets], parse_math=False
    )
    axes.set_ylim(len(datasets) - 0.5, -0.5)


def _labels(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_yticklabels()]
