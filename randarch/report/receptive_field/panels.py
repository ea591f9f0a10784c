"""The panels: how the receptive field grows, where the multiply-adds go, what the layers do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from randarch.analysis import Curves
from randarch.receptive_field import FieldAnalysis, LayerField
from randarch.report import style

PRODUCTIVE, TAIL = style.RFM, style.ENSEMBLE
MOST_NAMES = 40
"""Layers up to which names stand under the axis; beyond, numbers."""


def draw_fields(axes: Axes, analysis: FieldAnalysis) -> None:
    """What each convolution reads: the smallest and the largest receptive field, the image, and the border."""
    layers = analysis.layers
    x = np.arange(1, len(layers) + 1)
    least = np.array([layer.reads_min for layer in layers], float)
    largest = np.array([layer.reads_max for layer in layers], float)
    _shade(axes, layers)
    label = "smallest over paths" if (largest > least).any() else "receptive field"
    axes.plot(x, least, color=PRODUCTIVE, marker="o", markersize=4, label=label)
    if (largest > least).any():
        finite = np.where(np.isfinite(largest), largest, np.nan)
        axes.plot(x, finite, color=style.GREY, marker=".", markersize=4, label="largest over paths")
    axes.axhline(analysis.resolution, color=style.PAPER, linestyle="--", linewidth=1)
    axes.annotate(
        f"the image, {analysis.resolution} pixels",
        (0.6, analysis.resolution),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left",
        fontsize=8,
        color=style.PAPER,
    )
    border = analysis.border_min
    if border is not None:
        axes.axvline(border.position - 0.5, color="black", linewidth=3)
        axes.annotate(
            "border",
            (border.position - 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -10),
            textcoords="offset points",
            fontsize=8,
        )
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylabel("receptive field of its input (pixels)")
    axes.legend(loc="upper left")
    axes.set_xlim(0.5, len(layers) + 0.5)


def draw_costs(axes: Axes, analysis: FieldAnalysis) -> None:
    """The share of each convolution in the network's multiply-adds and parameters."""
    layers, geometry = analysis.layers, analysis.geometry
    x = np.arange(1, len(layers) + 1)
    _shade(axes, layers)
    shares = {
        "multiply-adds": [100 * layer.macs / max(geometry.macs, 1) for layer in layers],
        "parameters": [100 * layer.params / max(geometry.params, 1) for layer in layers],
    }
    colours = {"multiply-adds": style.TRAINED, "parameters": style.GREY}
    for offset, (name, values) in zip((-0.2, 0.2), shares.items(), strict=True):
        axes.bar(x + offset, values, 0.4, color=colours[name], label=name)
    axes.set_ylabel("share of the network (%)")
    axes.legend(loc="upper left")
    axes.set_ylim(top=1.25 * max(max(values, default=1) for values in shares.values()))
    name_layers(axes, layers)


def name_layers(axes: Axes, layers: Sequence[LayerField]) -> None:
    """Names, or from `MOST_NAMES` on numbers, under the axis."""
    x = range(1, len(layers) + 1)
    if len(layers) <= MOST_NAMES:
        axes.set_xticks(list(x), [short(layer.name) for layer in layers], rotation=90, fontsize=7)
    else:
        step = math.ceil(len(layers) / 20)
        axes.set_xticks(list(x)[::step])
        axes.set_xlabel("convolution, in topological order")
    axes.set_xlim(0.5, len(layers) + 0.5)


def short(name: str) -> str:
    """`stage3_block2_conv1` as `3.2 conv1`."""
    parts = name.split("_", 2)
    if len(parts) == 3 and parts[0].startswith("stage") and parts[1].startswith("block"):
        return f"{parts[0][5:]}.{parts[1][5:]} {parts[2]}"
    return name


def _shade(axes: Axes, layers: Sequence[LayerField]) -> None:
    for x, layer in enumerate(layers, start=1):
        if layer.unproductive_min:
            axes.axvspan(x - 0.5, x + 0.5, color=TAIL, alpha=0.15, linewidth=0)


def draw_curves(
    axes: Axes,
    layers: Sequence[LayerField],
    trained: Curves,
    untrained: Curves | None,
    *,
    largest: bool = False,
) -> None:
    """The paper's plot: saturation, probe accuracy and the border; the untrained network's beside them, dashed.

    Args:
      axes: to draw on.
      layers: of the network, or of one path through it.
      trained, untrained: curves of these layers.
      largest: mark the border by the largest receptive field too, in grey.
    """
    x = np.arange(1, len(layers) + 1)
    _shade(axes, layers)
    handles: list[Any] = []
    if trained.saturation:
        handles.append(
            axes.bar(
                x,
                100 * np.array(trained.saturation),
                color=style.TRAINED,
                alpha=0.55,
                label="saturation, trained",
            )
        )
    for curves, line, width, name in (
        (trained, "-", 1.8, "trained"),
        (untrained, "--", 1.2, "random weights"),
    ):
        if curves is None:
            continue
        if curves.probe_accuracy:
            handles += axes.plot(
                x,
                100 * np.array(curves.probe_accuracy),
                color=style.ENSEMBLE,
                linestyle=line,
                linewidth=width,
                marker="o" if line == "-" else None,
                markersize=3,
                label=f"probe accuracy, {name}",
            )
        if curves.saturation and name != "trained":
            handles += axes.plot(
                x,
                100 * np.array(curves.saturation),
                color=style.TRAINED,
                linestyle=line,
                linewidth=width,
                label=f"saturation, {name}",
            )
    borders = {"black": [layer.unproductive_min for layer in layers]}
    if largest:
        borders[style.GREY] = [layer.unproductive_max for layer in layers]
    for colour, unproductive in borders.items():
        if any(unproductive):
            axes.axvline(unproductive.index(True) + 0.5, color=colour, linewidth=3)
    axes.set_ylim(0, 105)
    axes.set_ylabel("% of directions, % of test images")
    # Above the panel: inside, curves run everywhere.
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
        ncols=2,
        fontsize=7,
    )
    name_layers(axes, layers)


@dataclass(frozen=True)
class Costed:
    """A network before and after truncation.

    Attributes:
      name: of it.
      macs: multiply-adds of one image, before and after.
      accuracies: mean over trainings, likewise.
    """

    name: str
    macs: tuple[int, int]
    accuracies: tuple[float, float]


def draw_truncations(axes: Axes, networks: Sequence[Costed]) -> None:
    """Accuracy against cost: an arrow from each network to the truncated one."""
    for network in networks:
        (x, x_after), (y, y_after) = network.macs, (100 * a for a in network.accuracies)
        axes.annotate(
            "", (x_after, y_after), (x, y), arrowprops={"arrowstyle": "->", "color": style.GREY}
        )
        axes.annotate(network.name, (x, y), xytext=(5, 3), textcoords="offset points", fontsize=7)
    for index, (colour, name) in enumerate(((TAIL, "whole"), (PRODUCTIVE, "truncated"))):
        axes.scatter(
            [n.macs[index] for n in networks],
            [100 * n.accuracies[index] for n in networks],
            color=colour,
            label=name,
            zorder=3,
        )
    axes.set_xscale("log")
    axes.margins(x=0.15, y=0.15)
    axes.set_xlabel("multiply-adds an image")
    axes.set_ylabel("test accuracy (%)")
    axes.legend(loc="best")
