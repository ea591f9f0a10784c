"""Accuracy against number of parameters (Figure 2): what is drawn, and in which colours."""

from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.ticker import FuncFormatter

from randarch.report import style
from randarch.report.numbers import count
from randarch.report.structure.layer_names import extent
from randarch.report.structure.report import StructureReport

BEST = "#D55E00"
_MAX_VECTOR_POINTS = 1000


@dataclass(frozen=True, eq=False)
class NetworkPoints:
    """The networks that did not fail, one entry each.

    Attributes:
      rows: of the report's table.
      table: those rows.
      x: learned numbers.
      y: test accuracy in percent.
      convolutions: how many of its layers are.
      positions: layers of a network.
      best: whether it belongs to the best of all, be it in part.
    """

    rows: Int[np.ndarray, " n"]
    table: pd.DataFrame
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    convolutions: Int[np.ndarray, " n"]
    positions: int
    best: Bool[np.ndarray, " n"]

    @classmethod
    def of(cls, report: StructureReport) -> "NetworkPoints":
        a = report.analysis
        rows, sound = np.flatnonzero(~a.sampled.failed), a.sampled.sound
        is_convolution = np.array([extent(word) is not None for word in sound.types])
        return cls(
            rows=rows,
            table=report.table.iloc[rows],
            x=sound.params.astype(float),
            y=100 * sound.accuracy,
            convolutions=is_convolution[sound.layers].sum(axis=1),
            positions=sound.layers.shape[1],
            best=sound.accuracy >= a.cutoff - 1e-9,
        )

    def pick(self, chosen: Int[np.ndarray, " k"]) -> "NetworkPoints":
        """Some of them."""
        return NetworkPoints(
            self.rows[chosen],
            self.table.iloc[chosen],
            self.x[chosen],
            self.y[chosen],
            self.convolutions[chosen],
            self.positions,
            self.best[chosen],
        )


def draw_params(axes: Axes, report: StructureReport) -> None:
    """All networks; the best one ringed."""
    points, a = NetworkPoints.of(report), report.analysis
    for number in range(points.positions + 1):
        rows = points.convolutions == number
        if rows.any():
            axes.scatter(
                points.x[rows],
                points.y[rows],
                s=9 if len(points.x) > 300 else 20,
                color=colour_of(number, points.positions),
                linewidth=0,
                label=str(number),
                rasterized=len(points.x) > _MAX_VECTOR_POINTS,
            )
    axes.axhline(100 * a.cutoff, color=style.GREY, linewidth=1, linestyle="--")
    axes.scatter(
        [float(a.sampled.params[a.best])],
        [100 * a.best_accuracy],
        s=90,
        facecolor="none",
        edgecolor=BEST,
        linewidth=1.8,
    )
    rho = a.accuracy_and_params
    axes.set_title(_spearman(rho.value, rho.n), fontsize=10)
    axes.set_xlabel("learned parameters")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value)))
    axes.set_ylabel("test accuracy (%)")
    axes.legend(
        title="convolutions",
        loc="upper center",
        bbox_to_anchor=(0.48, -0.13),
        ncols=points.positions + 1,
        columnspacing=1.2,
        handletextpad=0.2,
        markerscale=1.8,
    )


def colour_of(number: int, most: int) -> str:
    """Of networks with so many of at most so many convolutions, light enough at the end to be told from white."""
    return to_hex(matplotlib.colormaps[style.SIZES](0.97 * number / max(most, 1)))


def _spearman(value: float, n: int) -> str:
    if np.isnan(value):
        return f"{n:,} architectures"
    return f"Spearman {value:.2f} over {n:,} architectures".replace("-", "\N{MINUS SIGN}")


def thousands(value: float) -> str:
    """A tick of the axis of parameters: `150 K`."""
    return f"{value / 1000:g} K" if value and value % 1000 == 0 else count(value)
