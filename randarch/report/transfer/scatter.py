"""Errors of the same architectures on two data sets (Figure 3): what is drawn, as a figure and for plotly.js."""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes

from randarch.analysis.transfer.errors import Errors
from randarch.report import interactive
from randarch.report.numbers import decimal, interval
from randarch.report.transfer.report import TransferReport

MARKED = 10
"""So many best and worst are marked, a quarter of the architectures at most."""
BEST, WORST, OTHERS = "#E69F00", "#B2182B", "#9fb4c4"
DIGITS = 3


@dataclass(frozen=True, eq=False)
class PairPoints:
    """The architectures that have errors on both.

    Attributes:
      rows: their numbers.
      x, y: errors on the column's and on the row's data set, in percent.
      others, best, worst: positions by the error on the row's data set.
    """

    rows: Int[np.ndarray, " n"]
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    others: Int[np.ndarray, " k"]
    best: Int[np.ndarray, " m"]
    worst: Int[np.ndarray, " m"]

    @classmethod
    def of(cls, errors: Errors, row: str, column: str) -> "PairPoints":
        x, y = (percentages(errors, name) for name in (column, row))
        rows = np.flatnonzero(~np.isnan(x) & ~np.isnan(y))
        order = np.argsort(y[rows], kind="stable")
        k = min(MARKED, len(rows) // 4)
        return cls(
            rows,
            x[rows],
            y[rows],
            np.sort(order[k : len(order) - k]),
            order[:k],
            order[len(order) - k :],
        )

    def groups(self, name: str) -> tuple[tuple[Int[np.ndarray, " k"], str, str, str], ...]:
        """Positions, label, colour and marker of each group; the marked ones are drawn last."""
        k = len(self.best)
        return (
            (self.others, "the others", OTHERS, "o"),
            (self.best, f"{k} best on {name}", BEST, "D"),
            (self.worst, f"{k} worst on {name}", WORST, "X"),
        )


def percentages(errors: Errors, dataset: str) -> Float[np.ndarray, " a"]:
    """Mean errors in percent, rounded as a page shows them: ties are the same there and here."""
    return np.round(100 * errors.mean(dataset), DIGITS)


def first_pair(report: TransferReport, source: str) -> tuple[str, str]:
    """Row and column of the scatter that is shown first: the first target and the base, where both are there."""
    names = report.sources[source].apr.datasets
    base = report.family.base
    if base not in names:
        return names[0], names[-1]
    others = [name for name in report.family.targets if name in names and name != base]
    others += [name for name in names if name != base]
    return (others or [base])[0], base


def draw_pair(axes: Axes, report: TransferReport, source: str, row: str, column: str) -> None:
    """One pair, as a panel among others."""
    points = PairPoints.of(report.errors[source], row, column)
    for positions, _, colour, marker in points.groups(report.name(row)):
        axes.scatter(
            points.x[positions],
            points.y[positions],
            s=14 if marker == "o" else 22,
            color=colour,
            marker=marker,
            linewidth=0,
        )
    e = report.sources[source].apr.pair(row, column).spearman
    axes.set_title(
        f"{report.name(row)}\n\N{GREEK SMALL LETTER RHO} {decimal(e.value, 2)} {interval(e)}",
        fontsize=9,
        parse_math=False,
    )


def pair_chart(report: TransferReport) -> dict[str, Any]:
    """`data` and `layout` for `Plotly.newPlot` of the first pair; JSON-ready, and all text in it is escaped."""
    source = report.main
    row, column = first_pair(report, source)
    points = PairPoints.of(report.errors[source], row, column)
    texts = [html.escape(text, quote=False) for text in report.population.texts]
    names = [html.escape(str(report.name(name)), quote=False) for name in (row, column)]
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": label,
            "x": points.x[positions].tolist(),
            "y": points.y[positions].tolist(),
            "hoverinfo": "text",
            "hovertext": [
                hover(texts[points.rows[i]], names, points.y[i], points.x[i]) for i in positions
            ],
            "marker": {
                "size": 7 if marker == "o" else 9,
                "color": colour,
                "opacity": 0.8 if marker == "o" else 1,
                "symbol": {"o": "circle", "D": "diamond", "X": "x"}[marker],
            },
        }
        for positions, label, colour, marker in points.groups(names[0])
    ]
    layout = interactive.layout(
        {"title": interactive.title(f"test error on {names[1]} (%)"), "automargin": True},
        {"title": interactive.title(f"test error on {names[0]} (%)"), "automargin": True},
        height=470,
        below=56,
    )
    return {"data": data, "layout": layout | {"hovermode": "closest"}}


def hover(text: str, names: list[str], y: float, x: float) -> str:
    """Of a mark: the architecture and both errors. `matrix.js` writes the same."""
    return f"<b>{text}</b><br>{names[0]}: {y:.2f} %<br>{names[1]}: {x:.2f} %"


def payload(report: TransferReport) -> dict[str, Any]:
    """What the page's script draws other pairs from; texts are escaped for plotly.js."""
    sources = {}
    for source, analysis in report.sources.items():
        errors = report.errors[source]
        sources[source] = {
            name: [None if np.isnan(v) else v for v in percentages(errors, name).tolist()]
            for name in analysis.apr.datasets
        }
    full = {name for analysis in report.sources.values() for name in analysis.apr.datasets}
    return {
        "marked": MARKED,
        "texts": [html.escape(text, quote=False) for text in report.population.texts],
        "names": {name: html.escape(str(report.name(name)), quote=False) for name in sorted(full)},
        "sources": sources,
        "first": [report.main, *first_pair(report, report.main)],
    }
