"""The figures of the study, as files and as images for the page."""

import base64
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from randarch.report.style import new_figure, save, styled
from randarch.report.transfer.curves import (
    draw_agreement,
    draw_distribution,
    draw_entries,
    draw_regret,
    draw_spread,
    draw_subsampling,
)
from randarch.report.transfer.heat_maps import draw_matrix
from randarch.report.transfer.population import draw_driver, draw_tops
from randarch.report.transfer.report import TransferReport
from randarch.report.transfer.scatter import PairPoints, draw_pair

_COLUMNS = 4
_MATRICES = ("apr_trained", "apr_random")
# Pixels an inch on the page: many panels fill its width, single ones are small.
_WIDE, _WIDE_DPI, _DPI = 8.0, 115, 180


def write_figures(report: TransferReport, folder: Path) -> tuple[Path, ...]:
    """Writes every figure as PNG (150 dpi) and PDF into `folder`, made where missing.

    `apr_trained`, `apr_random` (the matrices), `scatter_trained`, `scatter_random` (Figure 3), `subsampling` (Figure
    4), `depth`, `width` (Figure 7), `tops` (Figure 13), `distributions`, `spread_trained`, `spread_random` (Figure
    10), `agreement`, `entries` and `regret`; those that the analysis has.

    Returns:
      The paths that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with styled():
        for name, draw in _drawn(report).items():
            written += save(draw(), folder / name)
    return tuple(written)


def transfer_images(report: TransferReport) -> dict[str, str]:
    """The figures of `write_figures` that a page shows, by their names, each a data URI.

    A page has the matrices as tables, and of the scatters those of its main source.
    """
    unused = {*_MATRICES, *(f"scatter_{source}" for source in report.sources)}
    unused -= {f"scatter_{report.main}"}
    with styled():
        return {
            name: to_image(draw()) for name, draw in _drawn(report).items() if name not in unused
        }


def to_image(figure: Figure) -> str:
    """The figure as pixels without loss, a data URI.

    With hundreds of marks in many panels, a vector image is several times as large.
    """
    buffer = io.BytesIO()
    dpi = _WIDE_DPI if figure.get_figwidth() > _WIDE else _DPI
    figure.savefig(buffer, format="webp", dpi=dpi, pil_kwargs={"lossless": True})
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _drawn(report: TransferReport) -> dict[str, Callable[[], Figure]]:
    drawn: dict[str, Callable[[], Figure]] = {}
    for source, analysis in report.sources.items():
        drawn[f"apr_{source}"] = partial(_matrix, report, source)
        if len(analysis.apr.datasets) > 1:
            drawn[f"scatter_{source}"] = partial(_scatters, report, source)
        if analysis.spreads:
            drawn[f"spread_{source}"] = partial(_spread, report, source)
    matched = [one.class_matched for one in report.sources.values()]
    if any(one is not None and one.subsampling for one in matched):
        drawn["subsampling"] = lambda: _single(
            5.8, 4.8, lambda axes: draw_subsampling(axes, report)
        )
    main = report.sources[report.main]
    if main.drivers:
        drawn["depth"] = lambda: _drivers(report, "depth", "depth: blocks of all stages")
        drawn["width"] = lambda: _drivers(report, "width", "width: channels of all stages")
    if main.tops:
        drawn["tops"] = lambda: _tops(report)
    drawn["distributions"] = lambda: _distributions(report)
    if report.analysis.agreement is not None:
        drawn["agreement"] = lambda: _agreement(report)
        drawn["entries"] = lambda: _single(5.4, 5.6, lambda axes: draw_entries(axes, report))
    if report.analysis.recommendation is not None:
        drawn["regret"] = lambda: _regret(report)
    return drawn


def _single(width: float, height: float, draw: Callable[[Axes], None]) -> Figure:
    figure = new_figure(width, height)
    draw(figure.subplots())
    return figure


def _panels(
    count: int, x_label: str, y_label: str, *, titles: int = 1, legend: bool = False
) -> tuple[Figure, list[Axes]]:
    """A grid of so many panels, labelled once.

    The places are computed here: to find them by drawing takes twice as long.

    Args:
      count: of panels.
      x_label, y_label: of all.
      titles: lines of a panel's title.
      legend: leave room for one above all.
    """
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    above = 0.12 + 0.18 * titles
    left, right, bottom, top = 0.75, 0.2, 0.62, above + 0.3 * legend
    gap_x, gap_y = 0.5, above + 0.3
    panel_width, panel_height = {1: (4.0, 3.1), 2: (2.6, 2.2)}.get(columns, (1.95, 1.65))
    width = left + columns * panel_width + (columns - 1) * gap_x + right
    height = bottom + rows * panel_height + (rows - 1) * gap_y + top
    figure = new_figure(width, height)
    figure.set_layout_engine(None)
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=gap_x / panel_width,
        hspace=gap_y / panel_height,
    )
    for empty in axes.flat[count:]:
        empty.set_visible(False)
    figure.supxlabel(x_label, y=0.1 / height, fontsize=10, parse_math=False)
    figure.supylabel(y_label, x=0.08 / width, fontsize=10, parse_math=False)
    return figure, list(axes.flat[:count])


def _matrix(report: TransferReport, source: str) -> Figure:
    size = len(report.sources[source].apr.datasets)
    side = max(0.48 * size + 2.6, 4.4)
    return _single(side + 0.9, side - 0.3, lambda axes: draw_matrix(axes, report, source))


def _scatters(report: TransferReport, source: str) -> Figure:
    """All others against the base; without it, all against the last one."""
    names = report.sources[source].apr.datasets
    column = report.family.base if report.family.base in names else names[-1]
    rows = [name for name in names if name != column]
    on = report.name(rows[0]) if len(rows) == 1 else "the panel's data set"
    figure, panels = _panels(
        len(rows),
        f"test error on {report.name(column)} (%)",
        f"test error on {on} (%)",
        titles=2,
        legend=True,
    )
    for axes, row in zip(panels, rows, strict=True):
        draw_pair(axes, report, source, row, column)
    marked = len(PairPoints.of(report.errors[source], rows[0], column).best)
    labels = ["the others", f"{marked} best", f"{marked} worst on the vertical axis"]
    figure.legend(panels[0].collections, labels, loc="upper center", ncols=3, columnspacing=1)
    return figure


def _drivers(report: TransferReport, name: str, label: str) -> Figure:
    drivers = report.sources[report.main].drivers
    figure, panels = _panels(len(drivers), label, "test error (%)", titles=2)
    for axes, driver in zip(panels, drivers, strict=True):
        draw_driver(axes, report, driver, name)
    return figure


def _tops(report: TransferReport) -> Figure:
    rows = len(report.sources[report.main].tops)
    width, height = 10.4, 1.3 * rows + 1.1
    figure = new_figure(width, height)
    figure.set_layout_engine(None)
    draw_tops(figure, report)
    figure.subplots_adjust(
        left=1.0 / width,
        right=1 - 0.1 / width,
        bottom=0.5 / height,
        top=1 - 0.6 / height,
        wspace=0.2,
        hspace=0.14,
    )
    return figure


def _distributions(report: TransferReport) -> Figure:
    names = list(dict.fromkeys(n for a in report.sources.values() for n in a.apr.datasets))
    figure, panels = _panels(
        len(names),
        "test error (%)",
        "share of architectures",
        legend=len(report.sources) > 1,
    )
    for axes, name in zip(panels, names, strict=True):
        draw_distribution(axes, report, name)
    if len(report.sources) > 1:
        found = dict(
            pair[::-1]
            for axes in panels
            for pair in zip(*axes.get_legend_handles_labels(), strict=True)
        )
        figure.legend(found.values(), found.keys(), loc="upper center", ncols=2)
    return figure


def _spread(report: TransferReport, source: str) -> Figure:
    rows = len(report.sources[source].spreads)
    return _single(6.6, 0.34 * rows + 1.5, lambda axes: draw_spread(axes, report, source))


def _agreement(report: TransferReport) -> Figure:
    a = report.analysis.agreement
    rows = 0 if a is None else len(a.per_dataset)
    return _single(5.8, 0.34 * rows + 1.2, lambda axes: draw_agreement(axes, report))


def _regret(report: TransferReport) -> Figure:
    found = report.analysis.recommendation
    if found is None:
        raise ValueError("the report has no recommendation; expected one")
    rows = len(found.held_out) + 1
    return _single(7.4, 0.55 * rows + 1.5, lambda axes: draw_regret(axes, report, found))
