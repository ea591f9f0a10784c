"""Colours of cells that a reader compares, in tables and in figures."""

from dataclasses import dataclass

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.colors import to_hex

COUNTS = "Blues"
DIFFERENCES = "RdBu_r"
"""Both are read by colour-blind readers; 0 is white in both."""
DARK, LIGHT, EMPTY = "#1a1a1a", "#ffffff", "#e4e4e4"
_STEPS = 41

Table = Float[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class Shades:
    """Colours of the cells of tables that a reader compares.

    Attributes:
      low, high: values of the first and the last colour.
      colours: of the cells, from low to high.
      inks: of the number in a cell of each colour.
    """

    low: float
    high: float
    colours: tuple[str, ...]
    inks: tuple[str, ...]

    @classmethod
    def of(cls, name: str, low: float, high: float) -> "Shades":
        """Of one of matplotlib's colour maps."""
        chosen = [matplotlib.colormaps[name](x) for x in np.linspace(0, 1, _STEPS)]
        light = [0.2126 * r + 0.7152 * g + 0.0722 * b > 0.45 for r, g, b, _ in chosen]
        return cls(
            low,
            high,
            tuple(to_hex(c) for c in chosen),
            tuple(DARK if bright else LIGHT for bright in light),
        )

    @classmethod
    def of_counts(cls, *tables: Table) -> "Shades":
        """From 0 to the largest count of all that are shown."""
        return cls.of(COUNTS, 0.0, max([1.0, *(float(t.max()) for t in tables)]))

    @classmethod
    def of_differences(cls, *tables: Table) -> "Shades":
        """The same to both sides of 0; unknown cells are left out."""
        largest = [float(np.nan_to_num(np.abs(t)).max()) for t in tables]
        end = max([1e-9, *largest])
        return cls.of(DIFFERENCES, -end, end)

    def step(self, value: float) -> int:
        """Number of the colour."""
        share = (value - self.low) / (self.high - self.low)
        return int(np.clip(round(share * (len(self.colours) - 1)), 0, len(self.colours) - 1))

    def style(self, value: float) -> str:
        """Of a cell, as CSS."""
        step = self.step(value)
        return f"background:{self.colours[step]};color:{self.inks[step]}"
