"""What the interactive charts of all pages share, as plotly.js takes it."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from randarch.report import style

FONT = {"family": "system-ui, sans-serif", "size": 13, "color": "#1a1a1a"}
AXIS = {"gridcolor": "#e6e6e6", "zeroline": False, "linecolor": "#666666"}


def title(text: str, **options: Any) -> dict[str, Any]:
    """Of an axis or a colour bar."""
    return {"text": text, "font": FONT, **options}


def colour_scale() -> list[list[Any]]:
    """That of `style.SIZES`."""
    colours = matplotlib.colormaps[style.SIZES]
    return [[x, to_hex(colours(x))] for x in np.linspace(0, 1, 11).tolist()]


def layout(
    x_axis: dict[str, Any],
    y_axis: dict[str, Any],
    *,
    height: int,
    below: int,
    legend: bool = True,
) -> dict[str, Any]:
    """Of a chart with a legend above it.

    Args:
      x_axis, y_axis: what they have beside `AXIS`.
      height: of the chart.
      below: room under the plot; both in pixels.
      legend: show it.
    """
    return {
        "xaxis": AXIS | x_axis,
        "yaxis": AXIS | y_axis,
        "font": FONT,
        "hoverlabel": {"align": "left", "bgcolor": "#ffffff", "font": FONT},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 68, "r": 12, "t": 34 if legend else 12, "b": below},
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        # A drag would be taken from a reader who scrolls with a finger.
        "dragmode": False,
        "height": height,
    }
