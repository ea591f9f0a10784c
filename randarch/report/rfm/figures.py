"""The figures of a study: composed of panels, as files and as images for the page."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from randarch.report.limits import ScatterLimits
from randarch.report.rfm.panels import draw_across_depths, draw_bins, draw_seeds, has_bins
from randarch.report.rfm.report import DepthReport, StudyReport
from randarch.report.rfm.scatter import draw_scatter, draw_size_bar, draw_size_class
from randarch.report.style import new_figure, save, styled, to_data_uri

_SCORES = ("rfm", "ensemble")
_SEED_SCORES = ("rfm_accuracy", "trained_accuracy")


@dataclass(frozen=True)
class DepthImages:
    """Images of one depth for the page, each a data URI; `bins` is empty if no bin is defined."""

    scatter: dict[str, str]
    classes: tuple[str, ...]
    bins: str
    seeds: tuple[str, ...]


def write_figures(report: StudyReport, folder: Path) -> tuple[Path, ...]:
    """Writes every figure as PNG (150 dpi) and PDF into `folder`, made where missing.

    A depth gives `depth09_scatter`, `depth09_size_classes`, `depth09_seeds` and, where any bin of
    final size holds three architectures, `depth09_size_bins`; several give `across_depths`.

    Returns:
      The paths that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with styled():
        for depth in report.depths:
            prefix = f"depth{depth.depth:02d}"
            written += save(_scatters(depth), folder / f"{prefix}_scatter")
            written += save(_size_classes(depth), folder / f"{prefix}_size_classes")
            written += save(_seeds(depth), folder / f"{prefix}_seeds")
            if has_bins(depth):
                written += save(_bins(depth), folder / f"{prefix}_size_bins")
        if len(report.depths) > 1:
            written += save(_across(report), folder / "across_depths")
    return tuple(written)


def depth_images(depth: DepthReport) -> DepthImages:
    """The panels of `write_figures`, one an image, so that a narrow page can stack them."""
    with styled():
        return DepthImages(
            scatter={name: to_data_uri(_scatter(depth, name)) for name in _SCORES},
            classes=tuple(
                to_data_uri(_size_class(depth, i)) for i in range(len(depth.analysis.rfm.by_class))
            ),
            bins=to_data_uri(_bins(depth)) if has_bins(depth) else "",
            seeds=tuple(to_data_uri(_seed_panel(depth, score)) for score in _SEED_SCORES),
        )


def across_images(report: StudyReport) -> tuple[str, ...]:
    """Pearson and Spearman against depth, an image each; empty for a single depth."""
    if len(report.depths) < 2:
        return ()
    images = []
    with styled():
        for coefficient in ("spearman", "pearson"):
            figure = new_figure(4.8, 3.8)
            draw_across_depths(figure.subplots(), report, coefficient)
            images.append(to_data_uri(figure))
    return tuple(images)


def _scatters(depth: DepthReport) -> Figure:
    figure = new_figure(10.4, 4.6)
    panels = figure.subplots(1, 2)
    limits = ScatterLimits.of(depth.table)
    for axes, name in zip(panels, _SCORES, strict=True):
        draw_scatter(axes, depth, getattr(depth.analysis, name), limits)
    draw_size_bar(figure, depth, below=False)
    return figure


def _scatter(depth: DepthReport, name: str) -> Figure:
    figure = new_figure(5.2, 4.6)
    axes = figure.subplots()
    limits = ScatterLimits.of(depth.table)
    draw_scatter(axes, depth, getattr(depth.analysis, name), limits)
    draw_size_bar(figure, depth, below=True)
    return figure


def _size_classes(depth: DepthReport) -> Figure:
    classes = depth.analysis.rfm.by_class
    figure = new_figure(3.9 * max(len(classes), 1) + 0.9, 3.9)
    if not classes:
        return figure
    panels = list(figure.subplots(1, len(classes), squeeze=False)[0])
    limits = ScatterLimits.of(depth.table)
    for axes, inside in zip(panels, classes, strict=True):
        draw_size_class(axes, depth, inside, limits)
    draw_size_bar(figure, depth, below=False)
    for axes in panels[1:]:
        axes.set_ylabel("")
    return figure


def _size_class(depth: DepthReport, index: int) -> Figure:
    figure = new_figure(4.0, 3.6)
    inside = depth.analysis.rfm.by_class[index]
    draw_size_class(figure.subplots(), depth, inside, ScatterLimits.of(depth.table))
    return figure


def _bins(depth: DepthReport) -> Figure:
    figure = new_figure(5.8, 4.3)
    draw_bins(figure.subplots(), depth)
    return figure


def _seeds(depth: DepthReport) -> Figure:
    figure = new_figure(10.4, 4.2)
    for axes, score in zip(figure.subplots(1, 2), _SEED_SCORES, strict=True):
        draw_seeds(axes, depth, score)
    return figure


def _seed_panel(depth: DepthReport, score: str) -> Figure:
    figure = new_figure(5.2, 4.0)
    draw_seeds(figure.subplots(), depth, score)
    return figure


def _across(report: StudyReport) -> Figure:
    figure = new_figure(10.0, 4.2)
    for axes, coefficient in zip(figure.subplots(1, 2), ("pearson", "spearman"), strict=True):
        draw_across_depths(axes, report, coefficient)
    return figure
