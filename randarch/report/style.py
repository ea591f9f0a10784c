"""How figures look and are stored: colours that colour-blind readers can tell apart, no pyplot."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito's palette.
RFM = "#0072B2"
ENSEMBLE = "#D55E00"
TRAINED = "#009E73"
PAPER = "#444444"
DEAD = "#D55E00"
DIVERGED = "#CC79A7"
SIZES = "cividis"
GREY = "#8a8a8a"
SERIES = (RFM, ENSEMBLE, TRAINED, DIVERGED, "#E69F00", "#56B4E9")
"""Where names alone tell lines apart."""

PNG_DPI = 150

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so a figure looks the same everywhere
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "figure.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "randarch",  # without it the ids are random: the same run, another file
}


@contextmanager
def styled() -> Iterator[None]:
    """Makes and saves figures in the report's style; the caller's settings come back after."""
    with matplotlib.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure of that size in inches, bound to no window."""
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: Path) -> tuple[Path, Path]:
    """Writes `path` with .png and .pdf appended; the same figure gives the same bytes."""
    png, pdf = path.with_name(f"{path.name}.png"), path.with_name(f"{path.name}.pdf")
    figure.savefig(png, dpi=PNG_DPI)
    figure.savefig(pdf, metadata={"CreationDate": None})
    return png, pdf


def to_data_uri(figure: Figure) -> str:
    """The figure as an SVG inside a URI."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
