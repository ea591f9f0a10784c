"""Panels of accuracies: of all networks (Figure 1), by class (Figure 3), and with random weights."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from randarch.report import style
from randarch.report.histogram import histogram_edges
from randarch.report.numbers import decimal, interval, percent
from randarch.report.structure.report import StructureReport

_BINS = 50
_MAX_VECTOR_POINTS = 1000


def draw_histogram(axes: Axes, report: StructureReport) -> None:
    """Test accuracies of all networks that did not fail, and where the best of them begin."""
    a, published = report.analysis, report.published
    accuracy = 100 * a.sampled.sound.accuracy
    edges = histogram_edges(accuracy, np.zeros(0), min(_BINS, max(8, len(accuracy) // 4)))
    best = accuracy >= 100 * a.cutoff - 1e-9
    axes.hist(accuracy, edges, color="#c9d6df", label=f"all networks ({a.n:,})")
    if not best.all():
        equals = f" ({best.sum():,} with equals)" if best.sum() > a.top else ""
        axes.hist(accuracy[best], edges, color=style.RFM, label=f"the best {a.top:,}{equals}")
    axes.axvline(100 * a.mean, color="#1a1a1a", linewidth=1.4, label=f"mean ({percent(a.mean)})")
    if published is not None and report.comparable:
        for value, what, line in (
            (published.mean, "published mean", ":"),
            (published.best, "published best", "--"),
        ):
            axes.axvline(
                100 * value,
                color=style.ENSEMBLE,
                linestyle=line,
                linewidth=1.6,
                label=f"{what} ({percent(value)})",
            )
    axes.set_xlabel("test accuracy (%)")
    axes.set_ylabel("networks")
    _legend_below(axes, 2)


def draw_groups(axes: Axes, report: StructureReport) -> None:
    """The class accuracies of a network from its best class to its worst, by overall accuracy."""
    groups = report.analysis.by_accuracy
    colours = matplotlib.colormaps[style.SIZES]
    shown = {0, (len(groups) - 1) // 2, len(groups) - 1}
    for i, group in enumerate(groups):
        colour = colours(0.95 * i / max(len(groups) - 1, 1))
        x = np.arange(1, len(group.curve) + 1)
        label = f"{100 * group.low:.1f} to {100 * group.high:.1f} %"
        marker = "o" if len(x) < 15 else None
        axes.plot(
            x,
            100 * group.curve,
            color=colour,
            linewidth=1.8,
            marker=marker,
            markersize=3,
            label=label,
        )
        if i in shown:
            low, high = 100 * group.curve_low, 100 * group.curve_high
            axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.set_xlim(left=1 if len(groups[0].curve) > 1 else 0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("classes of a network, its best first")
    axes.set_ylabel("test accuracy in the class (%)")
    axes.legend(
        title="overall accuracy", loc="upper right", ncols=2 if len(groups) > 5 else 1, fontsize=8
    )


def draw_random(axes: Axes, report: StructureReport) -> None:
    """Accuracy with random weights against trained accuracy, of the networks that have both."""
    if report.random is None:
        raise ValueError("the report has no networks with random weights; expected RandomWeights")
    trained, random = report.analysis.sampled, report.random.analysis.sampled
    known = ~(trained.failed | random.failed)
    best = trained.accuracy >= report.analysis.cutoff - 1e-9
    bitmap = int(known.sum()) > _MAX_VECTOR_POINTS
    for chosen, colour, size, label in (
        (known & ~best, "#b9bec2", 9, "all others"),
        (known & best, style.RFM, 16, "best trained"),
    ):
        if chosen.any():
            axes.scatter(
                100 * random.accuracy[chosen],
                100 * trained.accuracy[chosen],
                s=size,
                color=colour,
                linewidth=0,
                label=f"{label} ({chosen.sum():,})",
                rasterized=bitmap,
            )
    rho = report.random.against_trained.spearman
    axes.set_title(f"Spearman {decimal(rho.value, 2)} {interval(rho)}, n = {rho.n:,}")
    axes.set_xlabel("test accuracy with random weights (%)")
    axes.set_ylabel("test accuracy after training (%)")
    _legend_below(axes, 2)


def _legend_below(axes: Axes, columns: int) -> None:
    """Where no data are."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.46, -0.16), ncols=columns, columnspacing=1.2)
