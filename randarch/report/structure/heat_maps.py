"""Layer types by position as heat maps: how often the best have them, and what they do to accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from randarch.report.numbers import signed

COUNTS = "Blues"
DIFFERENCES = "RdBu_r"
"""Both are read by colour-blind readers; 0 is white in both."""
DARK, PALE, LIGHT = "#1a1a1a", "#9a9a9a", "#ffffff"
_STEPS = 41
_LONGEST = 12
_EMPTY = "#e4e4e4"

Table = Float[np.ndarray, "types positions"]


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


def draw_counts(
    axes: Axes, types: Sequence[str], counts: Table, shades: Shades, title: str
) -> None:
    """How often the best have a type at a position, per 100."""
    texts = [[f"{value:.0f}" for value in row] for row in counts]
    inks = [
        [PALE if value < 0.5 else shades.inks[shades.step(value)] for value in row]
        for row in counts
    ]
    _draw(axes, types, counts, shades, texts, inks)
    axes.set_title(title, fontsize=10, parse_math=False)


def draw_effects(axes: Axes, types: Sequence[str], effects: Table, title: str) -> None:
    """What a type at a position adds to accuracy, in percentage points; a dash where no network has it."""
    values = 100 * effects
    shades = Shades.of_differences(values)
    texts = [[signed(value, 1) for value in row] for row in values]
    inks = [
        [DARK if np.isnan(value) else shades.inks[shades.step(value)] for value in row]
        for row in values
    ]
    _draw(axes, types, values, shades, texts, inks)
    axes.set_title(title, fontsize=10, parse_math=False)


def _draw(
    axes: Axes,
    types: Sequence[str],
    values: Table,
    shades: Shades,
    texts: Sequence[Sequence[str]],
    inks: Sequence[Sequence[str]],
) -> None:
    axes.grid(False)
    axes.set_facecolor(_EMPTY)
    name = DIFFERENCES if shades.low < 0 else COUNTS
    shown = np.ma.masked_invalid(values)
    axes.imshow(shown, cmap=name, vmin=shades.low, vmax=shades.high, aspect="auto")
    for (i, j), _ in np.ndenumerate(values):
        axes.text(j, i, texts[i][j], ha="center", va="center", fontsize=9, color=inks[i][j])
    axes.set_xticks(range(values.shape[1]), [str(j + 1) for j in range(values.shape[1])])
    axes.set_yticks(range(values.shape[0]), [_short(word) for word in types], parse_math=False)
    axes.tick_params(length=0)
    axes.set_xlabel("layer")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(np.arange(values.shape[1] - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(values.shape[0] - 1) + 0.5, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(True, which="minor", color="white", linewidth=1.5)
    axes.set_axisbelow(False)


def _short(word: str) -> str:
    """A name beside a row, which shall not take the place of the row."""
    return word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
