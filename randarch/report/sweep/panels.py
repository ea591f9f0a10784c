"""Panels of a sweep other than the scatter: histogram, heat map, gene effects, training."""

import math
import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from randarch.analysis import Estimate, GeneEffect, first_column
from randarch.report import style
from randarch.report.histogram import histogram_edges
from randarch.report.numbers import decimal, percent, points
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.words import FIRST_LOOK, RESULTS, first_look, label

_BINS = 50
_TRAINED_MARKS = ("o", "s", "^", "D")


def draw_histogram(axes: Axes, report: SweepReport) -> None:
    """Accuracies of all in the first pass, and of the kept over all their trials.

    The two are not the same quantity on purpose: those above a threshold in one pass were so with
    some luck, which their trials take back.
    """
    table = report.table[report.table["test_accuracy"].notna()]
    kept = 100 * table["test_accuracy"][table["kept"].to_numpy(dtype=bool)].to_numpy(dtype=float)
    name, spread = first_look(report)
    column = first_column(report.table) if name == "first" else "test_accuracy"
    accuracy = 100 * table[column].to_numpy(dtype=float)
    edges = histogram_edges(accuracy, kept, min(_BINS, max(8, len(accuracy) // 4)))
    of = f"all, {FIRST_LOOK[name]} ({len(accuracy):,})"
    axes.hist(accuracy, edges, color="#c9d6df", label=of)
    if len(kept) and (name == "first" or len(kept) < len(accuracy)):
        of = f"kept, mean over trials ({len(kept):,})"
        axes.hist(kept, edges, color=style.RFM, alpha=0.85, label=of)
    published = report.published.best_accuracy
    if published is not None:
        axes.axvline(
            100 * published,
            color=style.PAPER,
            linestyle="--",
            linewidth=1.2,
            label=f"best published ({percent(published, 2)})",
        )
    axes.set_xlabel("test accuracy with random weights (%)")
    axes.set_ylabel("networks")
    axes.set_title(
        f"All, {FIRST_LOOK[name]}: mean {percent(spread.mean)}, "
        f"standard deviation {points(spread.sd)}"
    )
    axes.legend(loc="upper left")
    # Room for the legend above the bars.
    axes.set_ylim(top=1.3 * axes.get_ylim()[1])


def draw_heat_map(axes: Axes, report: SweepReport, among: str) -> None:
    """Pearson's r of genes, ratio and results with the results, each number written in.

    Args:
      among: `kept` or `all`.
    """
    matrix = report.analysis.correlations[among]
    values = matrix.pearson.to_numpy(dtype=float)
    axes.grid(False)
    axes.imshow(np.nan_to_num(values), cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if abs(value) > 0.6 else "#1a1a1a"
        axes.text(j, i, decimal(value, 2), ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(values.shape[1]), [RESULTS[c] for c in matrix.pearson.columns])
    axes.tick_params(axis="x", rotation=35, length=0)
    for tick in axes.get_xticklabels():
        tick.set_horizontalalignment("right")
        tick.set_rotation_mode("anchor")
    axes.set_yticks(range(values.shape[0]), [label(str(r)) for r in matrix.pearson.index])
    axes.tick_params(axis="y", length=0)
    # Genes and ratio above, results with each other below.
    axes.axhline(len(report.analysis.genes) + 0.5, color="white", linewidth=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(f"Pearson over the {matrix.networks:,} {'kept ' * (among == 'kept')}networks")


def effect_columns(effects: tuple[GeneEffect, ...]) -> int:
    """How many panels stand side by side: one a layer where genes are named by layer."""
    kinds = [re.sub(r"_\d+$", "", e.gene) for e in effects]
    same = kinds.count(kinds[0]) if kinds else 1
    return same if 1 < same <= 6 else min(3, max(len(kinds), 1))


def draw_effects(figure: Figure, report: SweepReport) -> None:
    """A panel a gene: mean accuracy at each value with both intervals, and the adjusted mean."""
    effects = report.analysis.effects
    columns = effect_columns(effects)
    rows = -(-len(effects) // columns)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, effect in zip(panels.flat, effects, strict=False):
        draw_effect(axes, effect)
    for axes in panels.flat[len(effects) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("test accuracy (%)")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)


def draw_effect(axes: Axes, effect: GeneEffect) -> None:
    """One gene."""
    x = np.arange(len(effect.values))
    for shift, colour, marker, estimates, name in (
        (-0.12, style.RFM, "o", [v.mean for v in effect.values], "mean, interval by clusters"),
        (0.0, style.GREY, "s", [v.naive for v in effect.values], "mean, naive interval"),
        (0.12, style.ENSEMBLE, "D", [v.adjusted for v in effect.values], "adjusted mean"),
    ):
        axes.errorbar(
            x + shift,
            np.array([100 * e.value for e in estimates]),
            yerr=100 * np.array([_arms(e) for e in estimates]).T,
            fmt=marker,
            color=colour,
            markerfacecolor="white" if marker == "D" else colour,
            markersize=4.5,
            elinewidth=1.4,
            capsize=2.5,
            label=name,
        )
    axes.set_xticks(x, [f"{v.value:g}" for v in effect.values])
    axes.set_xlim(-0.5, len(x) - 0.5)
    axes.set_title(label(effect.gene))


def _arms(estimate: Estimate) -> tuple[float, float]:
    if math.isnan(estimate.low) or math.isnan(estimate.value):
        return 0.0, 0.0
    return estimate.value - estimate.low, estimate.high - estimate.value


def draw_trained(axes: Axes, report: SweepReport) -> None:
    """Trained against random-weight accuracy of the confirmed networks, by width."""
    compared = report.trained
    if compared is None:
        raise ValueError("the report has no trained networks; expected a TrainedComparison")
    colours = (style.RFM, style.ENSEMBLE, style.TRAINED, style.DIVERGED)
    for i, group in enumerate(compared.groups):
        of = compared.table[compared.table["channels"] == group.channels]
        look: dict[str, Any] = {
            "color": colours[i % 4],
            "marker": _TRAINED_MARKS[i % 4],
            "linestyle": "none",
        }
        random = 100 * of["random_accuracy"].to_numpy(dtype=float)
        trained = 100 * of["trained_accuracy"].to_numpy(dtype=float)
        axes.plot(random, trained, label=f"{group.channels} channels, here", **look)
        published = 100 * of["published_trained_accuracy"].to_numpy(dtype=float)
        if np.isfinite(published).any():
            axes.plot(
                random,
                published,
                markerfacecolor="none",
                label=f"{group.channels} channels, published",
                **look,
            )
    axes.set_xlabel("test accuracy with random weights, here (%)")
    axes.set_ylabel("test accuracy after training (%)")
    axes.set_title("Random against trained")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
