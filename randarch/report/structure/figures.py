"""The figures of the study, as files and as images for the page."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from randarch.analysis import ClassResult
from randarch.report.numbers import DASH
from randarch.report.shades import Shades, Table
from randarch.report.structure.accuracies import draw_groups, draw_histogram, draw_random
from randarch.report.structure.class_panels import (
    draw_published_class,
    draw_specialists,
    published_too,
)
from randarch.report.structure.heat_maps import draw_counts, draw_effects
from randarch.report.structure.layer_names import class_name
from randarch.report.structure.report import StructureReport
from randarch.report.structure.scatter import draw_params
from randarch.report.style import new_figure, save, styled, to_data_uri

DEVIATING = 5
"""So many classes have a heat map of their own, as in Table III."""


def write_figures(report: StructureReport, folder: Path) -> tuple[Path, ...]:
    """Writes every figure as PNG (150 dpi) and PDF into `folder`, made where missing.

    `accuracies` (Figure 1), `accuracy_params` (Figure 2), `layers_best` (Table I), `layer_effects`, `layers_classes`
    (Table III) and `accuracy_by_class` (Figure 3). `layers_published` where there are published counts,
    `layers_random` and `random_trained` with random weights, `specialists` with ensembles, and `published_mean`,
    `published_top` and `published_distance` with published classes.

    Returns:
      The paths that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with styled():
        for name, draw in (_drawn(report) | {"layers_classes": _classes}).items():
            written += save(draw(report), folder / name)
    return tuple(written)


def structure_images(report: StructureReport) -> dict[str, str]:
    """The figures of `write_figures` but for `layers_classes`, by their names, each a data URI."""
    with styled():
        return {name: to_data_uri(draw(report)) for name, draw in _drawn(report).items()}


@dataclass(frozen=True)
class ClassImage:
    """Heat map of the best networks for a class.

    Attributes:
      name: of the class, as a reader sees it.
      image: a data URI.
    """

    name: str
    image: str


def deviating_images(report: StructureReport) -> tuple[ClassImage, ...]:
    """The classes that deviate the most, one by one (Table III)."""
    shades = _class_shades(report)
    with styled():
        return tuple(
            ClassImage(
                class_name(result.name),
                to_data_uri(_counts_figure(report, result.counts, shades, _titled(result))),
            )
            for result in report.analysis.classes.most_deviating(DEVIATING)
        )


def _drawn(report: StructureReport) -> dict[str, Callable[[StructureReport], Figure]]:
    drawn: dict[str, Callable[[StructureReport], Figure]] = {
        "accuracies": _histogram,
        "accuracy_params": _params,
        "layers_best": _best,
        "layer_effects": _effects,
        "accuracy_by_class": _groups,
    }
    if report.published is not None:
        drawn["layers_published"] = _published
    if report.random is not None:
        drawn |= {"layers_random": _random_layers, "random_trained": _random}
    if report.specialists is not None:
        drawn["specialists"] = _specialists
    if report.against_classes is not None and published_too(report):
        drawn |= {
            "published_mean": lambda r: _published_class(r, "mean"),
            "published_top": lambda r: _published_class(r, "top"),
            "published_distance": lambda r: _published_class(r, "distance"),
        }
    return drawn


def _histogram(report: StructureReport) -> Figure:
    figure = new_figure(5.4, 3.9)
    draw_histogram(figure.subplots(), report)
    return figure


def _params(report: StructureReport) -> Figure:
    figure = new_figure(7.4, 5.0)
    draw_params(figure.subplots(), report)
    return figure


def _groups(report: StructureReport) -> Figure:
    figure = new_figure(6.0, 4.4)
    draw_groups(figure.subplots(), report)
    return figure


def _random(report: StructureReport) -> Figure:
    figure = new_figure(5.4, 4.6)
    draw_random(figure.subplots(), report)
    return figure


def _specialists(report: StructureReport) -> Figure:
    figure = new_figure(5.8, 4.8)
    draw_specialists(figure.subplots(), report)
    return figure


def _published_class(report: StructureReport, name: str) -> Figure:
    figure = new_figure(4.2, 3.8)
    draw_published_class(figure.subplots(), report, name)
    return figure


def _best(report: StructureReport) -> Figure:
    counts = report.analysis.distribution.counts
    title = f"Trained: best {_of(report.analysis.top, report.analysis.n)}"
    return _counts_figure(report, counts, _overall_shades(report), title)


def _published(report: StructureReport) -> Figure:
    published = report.published
    if published is None:
        raise ValueError("the report has no published counts; expected PublishedStructure")
    title = f"Published: best {_of(published.top, published.networks)}"
    rows, positions = published.counts.shape
    figure = _sized(rows, positions)
    shades = _overall_shades(report)
    draw_counts(figure.subplots(), published.types, published.counts, shades, title)
    return figure


def _random_layers(report: StructureReport) -> Figure:
    if report.random is None:
        raise ValueError("the report has no networks with random weights; expected RandomWeights")
    a = report.random.analysis
    title = f"Random weights: best {_of(a.top, a.n)}"
    return _counts_figure(report, a.distribution.counts, _overall_shades(report), title)


def _effects(report: StructureReport) -> Figure:
    surrogate = report.analysis.surrogate
    types, positions = surrogate.effects.shape
    figure = _sized(types, positions, width=0.62)
    draw_effects(
        figure.subplots(), surrogate.types, surrogate.effects, "Percentage points of accuracy"
    )
    return figure


def _classes(report: StructureReport) -> Figure:
    """All that deviate, and the best of all first, in one figure."""
    a, shades = report.analysis, _class_shades(report)
    shown = [(f"All classes: best {_of(a.top, a.n)}", a.classes.overall)]
    shown += [(_titled(r), r.counts) for r in a.classes.most_deviating(DEVIATING)]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    height, width = a.classes.overall.shape
    figure = new_figure(columns * (1.1 + 0.5 * width), rows * (0.9 + 0.28 * height))
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (title, counts) in zip(panels, shown, strict=False):
        draw_counts(axes, a.sampled.types, counts, shades, title)
    for axes in list(panels)[len(shown) :]:
        axes.set_visible(False)
    return figure


def _counts_figure(report: StructureReport, counts: Table, shades: Shades, title: str) -> Figure:
    figure = _sized(*counts.shape)
    draw_counts(figure.subplots(), report.analysis.sampled.types, counts, shades, title)
    return figure


def _sized(types: int, positions: int, width: float = 0.46) -> Figure:
    """Three of five positions stand side by side on a page."""
    return new_figure(max(1.1 + width * positions, 3.4), 0.9 + 0.28 * types)


def _overall_shades(report: StructureReport) -> Shades:
    """Of the heat maps of the best of all, which stand side by side."""
    tables = [report.analysis.distribution.counts]
    if report.published is not None:
        tables.append(report.published.counts)
    if report.random is not None:
        tables.append(report.random.analysis.distribution.counts)
    return Shades.of_counts(*tables)


def _class_shades(report: StructureReport) -> Shades:
    classes = report.analysis.classes
    return Shades.of_counts(classes.overall, *(c.counts for c in classes.classes))


def _titled(result: ClassResult) -> str:
    return f"{class_name(result.name)[:24] or DASH}, distance {result.distance:.0f}"


def _of(top: int, n: int) -> str:
    return f"{min(top, n):,} of {n:,}"
