"""The interactive scatter of a sweep: data and layout for plotly.js, hover text included."""

import html
import math
from typing import Any

import numpy as np
import pandas as pd

from randarch.report import interactive
from randarch.report.limits import around
from randarch.report.numbers import count, decimal, percent
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.scatter import FRONT, UNKEPT, SweepPoints
from randarch.report.sweep.words import SPEED

# A browser draws so many marks without a pause (as SVG: WebGL would need a laxer page policy).
MAX_MARKS = 5000


def chosen_marks(points: SweepPoints) -> np.ndarray:
    """Which rows the interactive scatter shows, in their order.

    All up to `MAX_MARKS`. Beyond, the Pareto front, all coloured (kept) ones if they fit, and a
    random subset of the others; if not, a random subset of the coloured.
    """
    n = len(points.x)
    if n <= MAX_MARKS:
        return np.arange(n)
    # The same page for the same run: the subset has its own fixed generator.
    order = np.random.default_rng(0).permutation(n)
    importance = np.where(points.front, 0, np.where(points.coloured, 1, 2))[order]
    ranked = order[np.argsort(importance, kind="stable")]
    return np.sort(ranked[: max(MAX_MARKS, int(points.front.sum()))])


def undrawn(report: SweepReport) -> str:
    """Which networks have no place in the scatter, in a sentence; empty if all have one."""
    missing = report.analysis.n - len(SweepPoints.of(report).x)
    if not missing:
        return ""
    return f"Not drawn, for want of a {report.analysis.speed} throughput: {missing:,} networks."


def omitted(points: SweepPoints) -> str:
    """What the interactive scatter leaves out, in a sentence; empty if nothing."""
    chosen = chosen_marks(points)
    n = len(points.x)
    if len(chosen) == n:
        return ""
    coloured = int(points.coloured.sum())
    if coloured == n:
        which = "the Pareto front whole, and a random subset of the others"
    elif points.coloured[chosen].sum() == coloured:
        which = "the kept ones whole, and a random subset of the others"
    else:
        which = "the Pareto front whole, and a random subset of the kept ones"
    return (
        f"So that it stays quick, the interactive chart shows {len(chosen):,} of {n:,} networks: "
        f"{which}. The figure in the run's folder has all."
    )


def sweep_chart(report: SweepReport) -> dict[str, Any]:
    """`data` and `layout` for `Plotly.newPlot`; JSON-ready, and all text in it is escaped."""
    everything = SweepPoints.of(report)
    points = everything.pick(chosen_marks(everything))
    low, high = everything.ratio_limits
    rest, shown = np.flatnonzero(~points.coloured), np.flatnonzero(points.coloured)
    texts = np.array(_hover_texts(points.table, report.analysis.speed), dtype=object)
    kept = "kept" if report.analysis.kept else "evaluated"
    front = points.front_in_order
    traces = [
        _trace(
            points,
            texts,
            rest,
            f"not kept ({_of(~points.coloured, ~everything.coloured)})",
            {"color": UNKEPT, "size": 4},
        ),
        _trace(
            points,
            texts,
            shown,
            f"{kept} ({_of(points.coloured, everything.coloured)})",
            {
                "color": points.ratio[shown].round(4).tolist(),
                "cmin": low,
                "cmax": high,
                "colorscale": interactive.colour_scale(),
                "size": 6 if len(shown) > 300 else 8,
                "colorbar": {
                    "thickness": 10,
                    "outlinewidth": 0,
                    "len": 0.9,
                    "title": interactive.title("ratio", side="top"),
                },
            },
        ),
        _trace(
            points,
            texts,
            front,
            f"Pareto front ({len(front):,})",
            {
                "color": "rgba(0,0,0,0)",
                "size": 11,
                "line": {"color": FRONT, "width": 1.8},
            },
        )
        | {
            "mode": "lines+markers",
            "line": {"color": FRONT, "width": 1.4, "shape": "hv" if points.fewer else "vh"},
        },
    ]
    return {
        "data": [trace for trace in traces if trace["x"]],
        "layout": _layout(report, everything),
    }


def _of(shown: np.ndarray, every: np.ndarray) -> str:
    part, whole = int(shown.sum()), int(every.sum())
    return f"{whole:,}" if part == whole else f"{part:,} of {whole:,}"


def _trace(
    points: SweepPoints, texts: np.ndarray, rows: np.ndarray, name: str, marker: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [float(f"{x:.5g}") for x in points.x[rows]],
        "y": points.y[rows].round(3).tolist(),
        "hoverinfo": "text",
        "hovertext": texts[rows].tolist(),
        "marker": marker,
    }


def _hover_texts(table: pd.DataFrame, speed: str) -> list[str]:
    """Plotly reads a few tags in hover text, so what comes from outside is escaped."""
    texts = []
    for row in table.to_dict("records"):
        lines = [
            f"<b>{html.escape(str(row['genome_text']), quote=False)}</b>",
            f"accuracy {percent(row['test_accuracy'])}{_range(row)}",
        ]
        for kind, name in (("measured", "throughput"), ("predicted", "predicted_throughput")):
            value = row.get(name, math.nan)
            if not math.isnan(value):
                lines.append(f"{count(value)} images/s ({kind})")
        lines.append(f"ratio {decimal(row['ratio'])}")
        lines.append(f"{count(row['params'])} parameters, {count(row['macs'])} MACs")
        texts.append("<br>".join(lines))
    return texts


def _range(row: dict[Any, Any]) -> str:
    low, high = (row.get(f"test_accuracy_{end}", math.nan) for end in ("min", "max"))
    if row["trials"] < 2 or math.isnan(low) or math.isnan(high):
        return " (one trial)" if row["trials"] == 1 else ""
    return f" ({100 * low:.1f} to {100 * high:.1f} in {row['trials']:.0f} trials)"


def _layout(report: SweepReport, points: SweepPoints) -> dict[str, Any]:
    title = SPEED[report.analysis.speed]
    x_axis: dict[str, Any] = {"title": interactive.title(title)}
    if points.logarithmic:
        x_axis = {
            "type": "log",
            "title": interactive.title(f"{title}, logarithmic"),
            "tickvals": points.ticks,
            "ticktext": points.tick_labels,
        }
    y_axis = {
        "title": interactive.title("test accuracy with random weights"),
        "range": list(around(points.y)),
        "ticksuffix": " %",
    }
    closest = {"hovermode": "closest"}
    return interactive.layout(x_axis, y_axis, height=560, below=56) | closest
