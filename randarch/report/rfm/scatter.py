"""Panels of a score (upwards, as in the paper) against the trained accuracy, in percent."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from randarch.analysis import Correlations, ScoreAnalysis, SizeBin
from randarch.report import style
from randarch.report.limits import ScatterLimits
from randarch.report.numbers import size, size_range, with_interval
from randarch.report.rfm.report import DepthReport, seed_columns

# Above this the points of a vector image are drawn as one bitmap.
_MAX_VECTOR_POINTS = 2000
_MARKED: dict[str, dict[str, Any]] = {
    "dead": {"marker": "X", "facecolor": style.DEAD},
    "diverged": {"marker": "^", "facecolor": style.DIVERGED},
}


def size_norm(table: pd.DataFrame) -> LogNorm:
    low, high = (float(f(table["final_size"])) for f in (np.min, np.max))
    return LogNorm(low, high) if high > low else LogNorm(low / 2, low * 2)


def size_ticks(low: float, high: float) -> list[float]:
    """A few sizes that lie evenly on a logarithmic scale, the ends included."""
    if high <= low:
        return [low]
    steps = 4 if high / low > 4 else 3
    return [float(round(t)) for t in np.geomspace(low, high, steps)]


def score_name(depth: DepthReport, score: str) -> str:
    seeds = len(seed_columns(depth.table, "rfm_accuracy"))
    if score == "ensemble_accuracy":
        return f"ensemble of {seeds} seed{'s' if seeds > 1 else ''}"
    return f"random weights, {f'mean of {seeds} seeds' if seeds > 1 else 'one seed'}"


def subtitle(correlations: Correlations) -> str:
    """Two lines: both coefficients with intervals, and how many architectures they rest on."""
    return (
        f"Pearson {with_interval(correlations.pearson)}\n"
        f"Spearman {with_interval(correlations.spearman)}, n = {correlations.spearman.n}"
    )


def draw_scatter(
    axes: Axes, depth: DepthReport, analysis: ScoreAnalysis, limits: ScatterLimits
) -> None:
    """All architectures of a depth; dead and diverged ones marked."""
    mappable = ScalarMappable(size_norm(depth.table), style.SIZES)
    _draw_points(axes, depth.table, analysis.score, mappable)
    _label(axes, analysis.score, limits)
    axes.set_title(
        f"{depth.depth} layers, {score_name(depth, analysis.score)}\n{subtitle(analysis.all)}"
    )
    _legend(axes)


def draw_size_class(axes: Axes, depth: DepthReport, inside: SizeBin, limits: ScatterLimits) -> None:
    """The architectures of one size class, all others in pale grey behind them."""
    mappable = ScalarMappable(size_norm(depth.table), style.SIZES)
    table = depth.table
    member = table["final_size"].between(inside.low, inside.high)
    others = table[~member]
    axes.scatter(
        100 * others["trained_accuracy"], 100 * others["rfm_accuracy"], s=12, color="#dddddd"
    )
    _draw_points(axes, table[member], "rfm_accuracy", mappable)
    _label(axes, "rfm_accuracy", limits)
    _legend(axes)
    axes.set_title(
        f"{inside.label.capitalize()} final size: {size_range(inside.low, inside.high)}\n"
        f"Spearman {with_interval(inside.spearman)}, n = {inside.n}"
    )


def draw_size_bar(figure: Figure, depth: DepthReport, below: bool) -> None:
    """The colour bar of the final sizes, for all panels: below or to the right of them."""
    where: dict[str, Any] = {"orientation": "horizontal", "aspect": 40, "pad": 0.03}
    mappable = ScalarMappable(size_norm(depth.table), style.SIZES)
    bar = figure.colorbar(mappable, ax=figure.axes, **(where if below else {"pad": 0.02}))
    long_axis = bar.ax.xaxis if below else bar.ax.yaxis
    sizes = depth.table["final_size"]
    long_axis.set_major_locator(FixedLocator(size_ticks(float(sizes.min()), float(sizes.max()))))
    long_axis.set_minor_locator(NullLocator())
    long_axis.set_major_formatter(FuncFormatter(lambda value, _: size(round(value))))
    bar.set_label("final size (features, logarithmic)")
    bar.outline.set_visible(False)


def _draw_points(axes: Axes, table: pd.DataFrame, score: str, mappable: ScalarMappable) -> None:
    marks = {name: table[name].to_numpy(dtype=bool) for name in _MARKED}
    marks["diverged"] = marks["diverged"] & ~marks["dead"]
    healthy = ~(marks["dead"] | marks["diverged"])
    x, y = (100 * table[c].to_numpy(dtype=float) for c in ("trained_accuracy", score))
    axes.scatter(
        x[healthy],
        y[healthy],
        s=34,
        c=mappable.to_rgba(table["final_size"].to_numpy(dtype=float)[healthy]),
        edgecolor="white",
        linewidth=0.5,
        rasterized=len(table) > _MAX_VECTOR_POINTS,
    )
    for name, look in _MARKED.items():
        shown = marks[name] & np.isfinite(x) & np.isfinite(y)
        if shown.any():
            axes.scatter(
                x[shown],
                y[shown],
                s=46,
                edgecolor="black",
                linewidth=0.6,
                label=f"{name} ({shown.sum()})",
                **look,
            )


def _legend(axes: Axes) -> None:
    """Only where something is marked; framed, or its marks would pass for data."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", frameon=True, fancybox=False, edgecolor="#bbbbbb", framealpha=1)


def _label(axes: Axes, score: str, limits: ScatterLimits) -> None:
    axes.set_xlim(limits.trained)
    axes.set_ylim(limits.scores[score])
    axes.set_xlabel("trained accuracy (%)")
    named = {
        "rfm_accuracy": "random-weight accuracy (%)",
        "ensemble_accuracy": "ensemble score (%)",
    }
    axes.set_ylabel(named[score])
