"""The interactive scatter of accuracy and parameters: data and layout for plotly.js, hover text included."""

import html
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from randarch.report import interactive, style
from randarch.report.limits import around
from randarch.report.numbers import count, percent
from randarch.report.structure.layer_names import class_name
from randarch.report.structure.report import StructureReport
from randarch.report.structure.scatter import BEST, NetworkPoints, colour_of

# A browser draws so many marks without a pause (as SVG: WebGL would need a laxer page policy).
MAX_MARKS = 4000


def chosen_marks(points: NetworkPoints) -> Int[np.ndarray, " k"]:
    """Which networks the interactive scatter shows, in their order: the best, and of the others a random subset."""
    n = len(points.x)
    if n <= MAX_MARKS:
        return np.arange(n)
    # The same page for the same run: the subset has its own fixed generator.
    order = np.random.default_rng(0).permutation(n)
    ranked = order[np.argsort(~points.best[order], kind="stable")]
    return np.sort(ranked[: max(MAX_MARKS, int(points.best.sum()))])


def omitted(report: StructureReport) -> str:
    """What the interactive scatter leaves out, in a sentence; empty if nothing."""
    points = NetworkPoints.of(report)
    chosen = chosen_marks(points)
    if len(chosen) == len(points.x):
        return ""
    return (
        f"So that it stays quick, the interactive chart shows {len(chosen):,} of {len(points.x):,} networks: the "
        f"best ({int(points.best.sum()):,}), and a random subset of the others. The figure in the run's folder has all."
    )


def params_chart(report: StructureReport) -> dict[str, Any]:
    """`data` and `layout` for `Plotly.newPlot`; JSON-ready, and all text in it is escaped."""
    everything = NetworkPoints.of(report)
    points = everything.pick(chosen_marks(everything))
    texts = np.array(_hover_texts(report, points), dtype=object)
    shown = [
        _trace(points, texts, points.convolutions == number, number)
        for number in range(points.positions + 1)
    ]
    best = int(np.flatnonzero(points.rows == report.analysis.best)[0])
    ring = {
        "type": "scatter",
        "mode": "markers",
        "name": "the best",
        "x": [int(points.x[best])],
        "y": [round(float(points.y[best]), 3)],
        "hoverinfo": "text",
        "hovertext": [texts[best]],
        "showlegend": False,
        "marker": {
            "size": 13,
            "color": "rgba(0,0,0,0)",
            "line": {"color": BEST, "width": 2},
        },
    }
    data = [*(trace for trace in shown if trace["x"]), ring]
    return {"data": data, "layout": _layout(report, everything)}


def _trace(
    points: NetworkPoints, texts: np.ndarray, rows: Bool[np.ndarray, " n"], number: int
) -> dict[str, Any]:
    """The networks with so many convolutions; a click on its name in the legend hides them."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": str(number),
        "x": points.x[rows].astype(int).tolist(),
        "y": points.y[rows].round(3).tolist(),
        "hoverinfo": "text",
        "hovertext": texts[rows].tolist(),
        "marker": {
            "size": 5 if len(points.x) > 300 else 8,
            "color": colour_of(number, points.positions),
        },
    }


def _hover_texts(report: StructureReport, points: NetworkPoints) -> list[str]:
    """Plotly reads a few tags in hover text, so what comes from outside is escaped."""
    sampled = report.analysis.sampled
    rank = np.full(len(sampled), 0)
    sound = np.flatnonzero(~sampled.failed)
    accuracy = sampled.accuracy[sound]
    rank[sound] = 1 + len(sound) - np.searchsorted(np.sort(accuracy), accuracy, side="right")
    texts = []
    for row, record in zip(points.rows, points.table.to_dict("records"), strict=True):
        own = sampled.class_accuracy[row]
        good = int(np.argmax(own))
        lines = [
            f"<b>{html.escape(str(record['genome_text']), quote=False)}</b>",
            f"accuracy {percent(sampled.accuracy[row])}, rank {rank[row]:,} of {len(sound):,}",
            f"{count(sampled.params[row])} parameters, {count(record['macs'])} MACs",
            f"its best class: {html.escape(class_name(sampled.classes[good]), quote=False)} ({percent(own[good], 0)})",
        ]
        texts.append("<br>".join(lines))
    return texts


def _layout(report: StructureReport, points: NetworkPoints) -> dict[str, Any]:
    x_axis = {"title": interactive.title("learned parameters"), "rangemode": "tozero"}
    y_axis = {
        "title": interactive.title("test accuracy"),
        "range": list(around(points.y)),
        "ticksuffix": " %",
    }
    layout = interactive.layout(x_axis, y_axis, height=500, below=56)
    # All names in a line on a phone too.
    layout["legend"] |= {"itemsizing": "constant", "entrywidth": 12}
    line = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 100 * report.analysis.cutoff,
        "y1": 100 * report.analysis.cutoff,
        "line": {"color": style.GREY, "width": 1, "dash": "dash"},
    }
    return layout | {"hovermode": "closest", "shapes": [line]}
