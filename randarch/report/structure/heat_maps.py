"""Layer types by position as heat maps: how often the best have them, and what they do to accuracy."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from randarch.report.numbers import signed
from randarch.report.shades import COUNTS, DARK, DIFFERENCES, EMPTY, Shades, Table

_PALE = "#9a9a9a"
_LONGEST = 12


def draw_counts(
    axes: Axes, types: Sequence[str], counts: Table, shades: Shades, title: str
) -> None:
    """How often the best have a type at a position, per 100."""
    texts = [[f"{value:.0f}" for value in row] for row in counts]
    inks = [
        [_PALE if value < 0.5 else shades.inks[shades.step(value)] for value in row]
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
    axes.set_facecolor(EMPTY)
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
