"""The interactive scatter: plain data and layout for plotly.js, hover text included."""

import html
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis import ScoreAnalysis
from randarch.report import interactive, style
from randarch.report.limits import ScatterLimits
from randarch.report.numbers import count, percent
from randarch.report.rfm.report import DepthReport, seed_columns
from randarch.report.rfm.scatter import size_norm, size_ticks

# A longer line would leave a phone's screen.
_HOVER_WIDTH = 40


def scatter_chart(depth: DepthReport, analysis: ScoreAnalysis) -> dict[str, Any]:
    """`data` and `layout` for `Plotly.newPlot`; JSON-ready, and all text in it is escaped."""
    limits = ScatterLimits.of(depth.table)
    table = depth.table
    shown = np.isfinite(table[["trained_accuracy", analysis.score]].to_numpy(dtype=float))
    table = table[shown.all(axis=1)]
    dead = table["dead"].to_numpy(dtype=bool)
    diverged = table["diverged"].to_numpy(dtype=bool) & ~dead
    norm = size_norm(depth.table)
    sizes = np.log10(table["final_size"].to_numpy(dtype=float))
    low, high = float(norm.vmin or 1), float(norm.vmax or 1)
    ticks = size_ticks(
        float(depth.table["final_size"].min()), float(depth.table["final_size"].max())
    )
    markers: list[tuple[str, np.ndarray, dict[str, Any]]] = [
        (
            "trained normally",
            ~(dead | diverged),
            {
                "color": sizes[~(dead | diverged)].tolist(),
                "cmin": np.log10(low),
                "cmax": np.log10(high),
                "colorscale": interactive.colour_scale(),
                "size": 9,
                "line": {"color": "#ffffff", "width": 0.5},
                "colorbar": {
                    "orientation": "h",
                    "y": -0.17,
                    "yanchor": "top",
                    "thickness": 10,
                    "outlinewidth": 0,
                    "title": interactive.title("final size (features, logarithmic)", side="bottom"),
                    "tickvals": [float(np.log10(t)) for t in ticks],
                    "ticktext": [f"{t:,.0f}" for t in ticks],
                },
            },
        ),
        ("dead", dead, {"color": style.DEAD, "symbol": "x", "size": 10}),
        ("diverged", diverged, {"color": style.DIVERGED, "symbol": "triangle-up", "size": 11}),
    ]
    return {
        "data": [
            _trace(table[member], analysis.score, name, marker)
            for name, member, marker in markers
            if member.any()
        ],
        "layout": _layout(analysis.score, limits, legend=bool((dead | diverged).any())),
    }


def _trace(table: pd.DataFrame, score: str, name: str, marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{name} ({len(table)})",
        "x": (100 * table["trained_accuracy"]).round(3).tolist(),
        "y": (100 * table[score]).round(3).tolist(),
        "hoverinfo": "text",
        "hovertext": _hover_texts(table),
        "marker": marker,
    }


def _hover_texts(table: pd.DataFrame) -> list[str]:
    seeds = {s: seed_columns(table, s) for s in ("rfm_accuracy", "trained_accuracy")}
    return [_hover_text(row, seeds) for _, row in table.iterrows()]


def _hover_text(row: pd.Series, seeds: Mapping[str, list[str]]) -> str:
    """Plotly reads a few tags in hover text, so what comes from outside is escaped."""
    rfm, trained = (_each(row, seeds[s]) for s in ("rfm_accuracy", "trained_accuracy"))
    genome = [
        html.escape(line, quote=False)
        for line in textwrap.wrap(str(row["genome_text"]), _HOVER_WIDTH)
    ]
    lines = [
        *(f"<b>{line}</b>" for line in genome),
        f"final size {count(row['final_size'])}",
        f"{count(row['params'])} parameters, {count(row['macs'])} MACs",
        f"random weights {percent(row['rfm_accuracy'])}{rfm}",
        f"ensemble {percent(row['ensemble_accuracy'])}",
        f"trained {percent(row['trained_accuracy'])}{trained}",
        f"digest {html.escape(str(row['digest'])[:16])}",
    ]
    return "<br>".join(lines)


def _each(row: pd.Series, names: list[str]) -> str:
    if len(names) < 2:
        return ""
    values = row[names].to_numpy(dtype=float)
    if not np.isfinite(values).all():
        return ""
    return f" (seeds {100 * values.min():.1f} to {100 * values.max():.1f})"


def _layout(score: str, limits: ScatterLimits, legend: bool) -> dict[str, Any]:
    named = {"rfm_accuracy": "random-weight accuracy", "ensemble_accuracy": "ensemble score"}
    percent_axis = {"ticksuffix": " %"}
    return interactive.layout(
        percent_axis
        | {"title": interactive.title("trained accuracy"), "range": list(limits.trained)},
        percent_axis
        | {"title": interactive.title(named[score]), "range": list(limits.scores[score])},
        height=470,
        below=92,
        legend=legend,
    )
