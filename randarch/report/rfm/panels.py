"""Panels other than scatters: size bins, repetition over seeds, correlations across depths."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from randarch.analysis import Estimate, ScoreAnalysis
from randarch.report import style
from randarch.report.numbers import with_interval
from randarch.report.rfm.report import DepthReport, StudyReport, seed_columns

MIN_IN_BIN = 3


def has_bins(depth: DepthReport) -> bool:
    """Whether any size bin has a correlation to draw."""
    return any(b.n >= MIN_IN_BIN and b.spearman.defined for b in depth.analysis.rfm.by_bin)


def draw_bins(axes: Axes, depth: DepthReport) -> None:
    """Spearman within each of 20 bins of final size, the paper's bins beside."""
    axes.axhline(0, color=style.GREY, linewidth=1)
    overall = depth.analysis.rfm.all.spearman
    if overall.defined:
        axes.axhline(
            overall.value, color=style.RFM, linestyle=":", linewidth=1.2, label="ours, all sizes"
        )
    label = "ours, in a bin (its n)"
    for b in depth.analysis.rfm.by_bin:
        if b.n < MIN_IN_BIN or not b.spearman.defined:
            continue
        middle = (b.low + b.high) / 2
        axes.plot([b.low, b.high], [b.spearman.value] * 2, color=style.RFM, linewidth=3)
        _whisker(axes, middle, b.spearman, style.RFM, label)
        axes.annotate(
            str(b.n),
            (b.high, b.spearman.value),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color="#333333",
        )
        label = ""
    for i, p in enumerate(depth.published.bins):
        name = "paper, in a bin" if i == 0 else None
        axes.plot([p.low, p.high], [p.spearman] * 2, color=style.PAPER, linewidth=1.5, label=name)
        axes.plot((p.low + p.high) / 2, p.spearman, "D", color=style.PAPER, markersize=5)
    _show_range(axes, [b.spearman for b in depth.analysis.rfm.by_bin if b.n >= MIN_IN_BIN])
    axes.set_xlabel("final size (features)")
    axes.set_ylabel("Spearman within the bin")
    axes.set_title(f"{depth.depth} layers: architectures of nearly the same final size")
    _legend_below(axes)


def draw_seeds(axes: Axes, depth: DepthReport, score: str) -> None:
    """Each seed's accuracy, architectures in the order of their mean.

    Args:
      score: `rfm_accuracy` or `trained_accuracy`.
    """
    names = seed_columns(depth.table, score)
    values = 100 * depth.table[names].to_numpy(dtype=float)
    values = values[np.isfinite(values).any(axis=1)]
    mean = np.nanmean(values, axis=1)
    order = np.argsort(mean, kind="stable")
    values, mean = values[order], mean[order]
    position = np.arange(1, len(values) + 1)
    colour = style.TRAINED if score == "trained_accuracy" else style.RFM
    if len(names) > 1:
        ends = np.nanmin(values, axis=1), np.nanmax(values, axis=1)
        axes.vlines(position, *ends, color=colour, alpha=0.25, linewidth=2)
    for column in range(values.shape[1]):
        label = ("one seed" if len(names) > 1 else "the only seed") if column == 0 else None
        axes.plot(position, values[:, column], "o", color=colour, alpha=0.65, ms=4, label=label)
    if len(names) > 1:
        axes.plot(position, mean, color="black", linewidth=1.4, label=f"mean of {len(names)}")
    axes.legend(loc="upper left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    trained = score == "trained_accuracy"
    what = "trained" if trained else "random-weight"
    axes.set_xlabel(f"architectures, sorted by {what} accuracy")
    axes.set_ylabel(f"{what} accuracy (%)")
    known = depth.analysis.trained_reliability if trained else depth.analysis.rfm.reliability
    second = (
        f"Pearson between two seeds {with_interval(known.single)}"
        if known.single.defined
        else "how well it repeats is unknown"
    )
    axes.set_title(f"{depth.depth} layers, {what} accuracy of each seed\n{second}")


def draw_across_depths(axes: Axes, report: StudyReport, coefficient: str) -> None:
    """One coefficient of both scores against depth, the published values beside.

    Args:
      coefficient: `pearson` or `spearman`.
    """
    axes.axhline(0, color=style.GREY, linewidth=1)
    depths = sorted(report.depths, key=lambda d: d.depth)
    span = depths[-1].depth - depths[0].depth
    shift = max(span, 1) * 0.012
    for by, colour, label, offset in (
        ("rfm", style.RFM, "ours, mean over seeds", -shift),
        ("ensemble", style.ENSEMBLE, "ours, ensemble", shift),
    ):
        for d in depths:
            estimate: Estimate = getattr(getattr(d.analysis, by).all, coefficient)
            _whisker(axes, d.depth + offset, estimate, colour, label)
            label = label if not estimate.defined else ""
    published = {d.depth: getattr(d.published, coefficient) for d in depths}
    published = {depth: value for depth, value in published.items() if value is not None}
    if published:
        axes.plot(
            list(published),
            list(published.values()),
            "D--",
            color=style.PAPER,
            markerfacecolor="white",
            markersize=6,
            linewidth=1,
            label="paper",
        )
    axes.set_xticks([d.depth for d in depths])
    axes.set_xlim(depths[0].depth - 0.1 * span - 0.3, depths[-1].depth + 0.1 * span + 0.3)
    _show_range(axes, [getattr(s.all, coefficient) for d in depths for s in _scores(d)])
    axes.set_xlabel("convolutional layers")
    axes.set_ylabel(f"{coefficient.capitalize()} with trained accuracy")
    axes.set_title(f"{coefficient.capitalize()} against depth, 95 % intervals")
    _legend_below(axes)


def _scores(depth: DepthReport) -> tuple[ScoreAnalysis, ScoreAnalysis]:
    return depth.analysis.rfm, depth.analysis.ensemble


def _show_range(axes: Axes, estimates: Sequence[Estimate]) -> None:
    """Always 0 to 1, so that a small correlation looks small, and as far below as needed."""
    lowest = [e.value if math.isnan(e.low) else e.low for e in estimates if e.defined]
    axes.set_ylim(max(min([-0.1, *(v - 0.08 for v in lowest)]), -1.06), 1.06)


def _legend_below(axes: Axes) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, columnspacing=1.0)


def _whisker(axes: Axes, x: float, estimate: Estimate, colour: str, label: str) -> None:
    """A value with its interval; hollow where there is no interval."""
    if not estimate.defined:
        return
    known = not math.isnan(estimate.low)
    # BCa bounds are order statistics and may, rarely, leave the value outside.
    below = max(estimate.value - estimate.low, 0.0) if known else 0.0
    above = max(estimate.high - estimate.value, 0.0) if known else 0.0
    axes.errorbar(
        x,
        estimate.value,
        yerr=[[below], [above]],
        fmt="o",
        color=colour,
        markerfacecolor=colour if known else "white",
        markersize=6,
        capsize=3,
        elinewidth=1.4,
        label=label or None,
    )
