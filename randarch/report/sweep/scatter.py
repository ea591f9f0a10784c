"""Accuracy against speed: what is drawn, in which colours, on which axes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import NullLocator

from randarch.report import style
from randarch.report.limits import Limits
from randarch.report.numbers import count, percent
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.words import SPEED

UNKEPT = "#c8c8c8"
FRONT = "#D55E00"
# Above this the points of a vector image are drawn as one bitmap.
_MAX_VECTOR_POINTS = 1000
# Values that spread more than this get a logarithmic axis.
_LOGARITHMIC = 8.0


@dataclass(frozen=True)
class SweepPoints:
    """The networks of a scatter, one entry each.

    Attributes:
      table: the rows that have both coordinates.
      x: throughput in images/s, or MACs.
      y: test accuracy in percent.
      coloured: whether the mark is coloured by ratio: the kept, or all if none is kept.
      front: whether the network is on the Pareto front.
      fewer: whether less of `x` is better.
      logarithmic: whether the axis of `x` is.
    """

    table: pd.DataFrame
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    coloured: Bool[np.ndarray, " n"]
    front: Bool[np.ndarray, " n"]
    fewer: bool
    logarithmic: bool

    @classmethod
    def of(cls, report: SweepReport) -> "SweepPoints":
        a, table = report.analysis, report.table
        column = {"measured": "throughput", "predicted": "predicted_throughput", "macs": "macs"}
        x = table[column[a.speed]].to_numpy(dtype=float)
        y = 100 * table["test_accuracy"].to_numpy(dtype=float)
        known = np.isfinite(x) & np.isfinite(y) & (x > 0)
        table, x, y = table[known], x[known], y[known]
        kept = table["kept"].to_numpy(dtype=bool)
        return cls(
            table=table,
            x=x,
            y=y,
            coloured=kept if a.kept else np.ones(len(table), dtype=bool),
            front=table["digest"].isin([n.digest for n in a.pareto]).to_numpy(dtype=bool),
            fewer=a.speed == "macs",
            logarithmic=bool(len(x) and x.max() > _LOGARITHMIC * x.min()),
        )

    def pick(self, rows: np.ndarray) -> "SweepPoints":
        """Some of them, on the same axes."""
        return SweepPoints(
            self.table.iloc[rows],
            self.x[rows],
            self.y[rows],
            self.coloured[rows],
            self.front[rows],
            self.fewer,
            self.logarithmic,
        )

    @property
    def front_in_order(self) -> np.ndarray:
        """Rows of the front from the smallest x on."""
        rows = np.flatnonzero(self.front)
        return rows[np.argsort(self.x[rows], kind="stable")]

    @property
    def ticks(self) -> list[float]:
        """1, 2 and 5 times powers of ten within the range of `x`, for a logarithmic axis."""
        if not len(self.x):
            return []
        low, high = float(self.x.min()), float(self.x.max())
        powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
        return [t for p in powers for t in (p, 2 * p, 5 * p) if 0.9 * low <= t <= 1.1 * high]

    @property
    def tick_labels(self) -> list[str]:
        return [count(t).replace(".00", "") for t in self.ticks]

    @property
    def ratio(self) -> Float[np.ndarray, " n"]:
        return self.table["ratio"].to_numpy(dtype=float)

    @property
    def ratio_limits(self) -> Limits:
        """From 0, so that a colour means a share of the input."""
        return 0.0, float(max(self.ratio.max(initial=0.0), 1e-3))


def draw_sweep(axes: Axes, report: SweepReport, points: SweepPoints) -> None:
    """All networks; those that were not kept in grey behind the others."""
    a = report.analysis
    mappable = ScalarMappable(Normalize(*points.ratio_limits), style.SIZES)
    bitmap = len(points.table) > _MAX_VECTOR_POINTS
    rest = ~points.coloured
    if rest.any():
        axes.scatter(
            points.x[rest],
            points.y[rest],
            s=6,
            color=UNKEPT,
            linewidth=0,
            label=f"not kept ({rest.sum():,})",
            rasterized=bitmap,
        )
    shown = points.coloured
    axes.scatter(
        points.x[shown],
        points.y[shown],
        s=14 if shown.sum() > 300 else 26,
        c=mappable.to_rgba(points.ratio[shown]),
        linewidth=0,
        label=f"{'kept' if a.kept else 'evaluated'} ({shown.sum():,})",
        rasterized=bitmap,
    )
    front = points.front_in_order
    axes.plot(
        points.x[front],
        points.y[front],
        color=FRONT,
        linewidth=1.3,
        drawstyle="steps-post" if points.fewer else "steps-pre",
        marker="o",
        markersize=6,
        markerfacecolor="none",
        markeredgewidth=1.3,
        label=f"Pareto front ({len(front):,})",
    )
    if points.logarithmic:
        axes.set_xscale("log")
        axes.set_xticks(points.ticks, points.tick_labels)
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(SPEED[a.speed] + (", logarithmic" if points.logarithmic else ""))
    axes.set_ylabel("test accuracy with random weights (%)")
    axes.set_title(
        f"{len(points.x):,} networks, best {percent(a.best[0].accuracy.value)} "
        f"({a.best[0].genome_text})"
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, columnspacing=1.2)
    bar = axes.figure.colorbar(mappable, ax=axes, pad=0.02)
    bar.set_label("ratio (output size / input size)")
    bar.outline.set_visible(False)
