"""The figures of a sweep, as files and as images for the page."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from randarch.report.style import new_figure, save, styled, to_data_uri
from randarch.report.sweep.panels import (
    draw_effects,
    draw_heat_map,
    draw_histogram,
    draw_trained,
    effect_columns,
)
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.scatter import SweepPoints, draw_sweep


def write_figures(report: SweepReport, folder: Path) -> tuple[Path, ...]:
    """Writes every figure as PNG (150 dpi) and PDF into `folder`, made where missing.

    `accuracy_speed`, `accuracies`, `correlations_all`, `gene_effects`; `correlations_kept` where
    networks were kept, and `random_trained` where some were trained.

    Returns:
      The paths that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with styled():
        for name, draw in _drawn(report).items():
            written += save(draw(report), folder / name)
    return tuple(written)


def sweep_images(report: SweepReport) -> dict[str, str]:
    """The figures of `write_figures` by their names, each a data URI."""
    with styled():
        return {name: to_data_uri(draw(report)) for name, draw in _drawn(report).items()}


def _drawn(report: SweepReport) -> dict[str, Callable[[SweepReport], Figure]]:
    drawn: dict[str, Callable[[SweepReport], Figure]] = {
        "accuracy_speed": _scatter,
        "accuracies": _histogram,
        "correlations_all": lambda r: _heat_map(r, "all"),
        "gene_effects": _effects,
    }
    if report.analysis.kept:
        drawn["correlations_kept"] = lambda r: _heat_map(r, "kept")
    if report.trained is not None and report.trained.groups:
        drawn["random_trained"] = _trained
    return drawn


def _scatter(report: SweepReport) -> Figure:
    figure = new_figure(8.6, 5.6)
    draw_sweep(figure.subplots(), report, SweepPoints.of(report))
    return figure


def _histogram(report: SweepReport) -> Figure:
    figure = new_figure(6.4, 3.8)
    draw_histogram(figure.subplots(), report)
    return figure


def _heat_map(report: SweepReport, among: str) -> Figure:
    rows = len(report.analysis.correlations[among].pearson)
    figure = new_figure(6.2, 1.4 + 0.27 * rows)
    draw_heat_map(figure.subplots(), report, among)
    return figure


def _effects(report: SweepReport) -> Figure:
    columns = effect_columns(report.analysis.effects)
    rows = -(-len(report.analysis.effects) // columns)
    figure = new_figure(0.8 + 2.7 * columns, 0.6 + 2.1 * rows)
    draw_effects(figure, report)
    return figure


def _trained(report: SweepReport) -> Figure:
    figure = new_figure(5.6, 4.6)
    draw_trained(figure.subplots(), report)
    return figure
