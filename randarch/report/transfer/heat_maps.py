"""Correlations as coloured cells: the matrix of all pairs of data sets, and errors against genes."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from randarch.analysis.results import Estimate
from randarch.report.shades import DARK, EMPTY, Shades
from randarch.report.transfer.findings import with_sign
from randarch.report.transfer.names import Name
from randarch.report.transfer.report import SOURCES, TransferReport
from randarch.report.words import told

COLOURS = "RdBu"
"""Blue: positive, red: negative, white: 0."""
SHADES = Shades.of(COLOURS, -1.0, 1.0)
_GENES = {
    "depth": "depth",
    "width": "width",
    "bottleneck": "bottleneck",
    "group_width": "group width",
}


@dataclass(frozen=True)
class Cell:
    """Of a heat map.

    Attributes:
      text: what is written in it.
      style: its colours, as CSS.
      title: what a reader who points at it is told.
      row, column: data sets of the pair that it stands for; empty for a cell that opens nothing.
    """

    text: str
    style: str
    title: str
    row: str = ""
    column: str = ""


@dataclass(frozen=True)
class HeatMap:
    """A table of cells.

    Attributes:
      source: of the scores.
      caption: what it shows.
      columns: heads.
      rows: head and cells of each.
    """

    source: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Name, tuple[Cell, ...]], ...]


def matrix_map(report: TransferReport, source: str) -> HeatMap:
    """All pairs of data sets: Spearman correlation of errors."""
    apr = report.sources[source].apr
    rows = tuple(
        (
            report.name(row),
            tuple(_matrix_cell(report, source, row, column) for column in apr.datasets),
        )
        for row in apr.datasets
    )
    return HeatMap(
        source,
        f"Spearman correlation of errors, {SOURCES[source]}",
        tuple(report.name(name) for name in apr.datasets),
        rows,
    )


def _matrix_cell(report: TransferReport, source: str, row: str, column: str) -> Cell:
    apr = report.sources[source].apr
    if row == column:
        found = apr.reliability.get(row)
        known = found is not None and found.spearman_of_mean.defined
        repeats = (
            f"; reliability of its errors {told(found.spearman_of_mean)}" if found and known else ""
        )
        return Cell("", f"background:{EMPTY}", f"{report.name(row)} with itself: 1{repeats}")
    e = apr.pair(row, column).spearman
    return Cell(with_sign(e), _style(e), pair_text(report, source, row, column), row, column)


def pair_text(report: TransferReport, source: str, row: str, column: str) -> str:
    """What is known of a pair, in a line."""
    pair = report.sources[source].apr.pair(row, column)
    e, free = pair.spearman, pair.disattenuated
    noise = (
        f"freed of the noise of repeats {told(free)}"
        if free.defined
        else "noise of repeats unknown"
    )
    shown = "; not shown to differ from 0" if e.defined and e.contains_zero else ""
    return (
        f"{report.name(row)} against {report.name(column)}, {SOURCES[source]}: Spearman {told(e)}, {noise}, "
        f"n = {e.n:,}{shown}"
    )


def _style(e: Estimate) -> str:
    return SHADES.style(e.value) if e.defined else f"background:{EMPTY};color:{DARK}"


def gene_map(report: TransferReport, source: str) -> HeatMap:
    """Test errors on each data set against each gene."""
    drivers = report.sources[source].drivers
    genes = tuple(drivers[0].genes) if drivers else ()
    rows = []
    for driver in drivers:
        cells = []
        for gene in genes:
            e = driver.genes[gene]
            title = f"{report.name(driver.dataset)}, {gene_name(gene)}: {told(e)}, n = {e.n:,}"
            cells.append(Cell(with_sign(e), _style(e), title))
        rows.append((report.name(driver.dataset), tuple(cells)))
    return HeatMap(
        source,
        f"Test error against each gene, Spearman, {SOURCES[source]}",
        tuple(gene_name(gene) for gene in genes),
        tuple(rows),
    )


def gene_name(gene: str) -> str:
    """`group_width_2` is `group width 2`."""
    name, _, stage = gene.rpartition("_")
    return f"{_GENES.get(name, name)} {stage}".strip()


def draw_matrix(axes: Axes, report: TransferReport, source: str) -> None:
    """The matrix of a source as a figure."""
    shown = matrix_map(report, source)
    apr = report.sources[source].apr
    values = apr.spearman.copy()
    np.fill_diagonal(values, np.nan)
    size = len(values)
    axes.grid(False)
    axes.set_facecolor(EMPTY)
    image = axes.imshow(np.ma.masked_invalid(values), cmap=COLOURS, vmin=-1, vmax=1)
    for i, (_, cells) in enumerate(shown.rows):
        for j, cell in enumerate(cells):
            value = values[i, j]
            ink = DARK if np.isnan(value) else SHADES.inks[SHADES.step(float(value))]
            axes.text(j, i, cell.text, ha="center", va="center", fontsize=8, color=ink)
    labels = [str(name) for name in shown.columns]
    axes.set_xticks(
        range(size), labels, rotation=40, ha="right", rotation_mode="anchor", parse_math=False
    )
    axes.set_yticks(range(size), labels, parse_math=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.7)
    bar.set_label("Spearman correlation of errors")
    bar.outline.set_visible(False)
    n = max((pair.spearman.n for pair in apr.pairs), default=0)
    axes.set_title(
        f"{SOURCES[source].capitalize()}, n = {n:,} (in parentheses: the interval contains 0)"
    )


def diagonal_free(values: np.ndarray) -> np.ndarray:
    """Entries below the diagonal, row by row."""
    return values[np.tril_indices(len(values), -1)]
