"""The figures: files that open, panels that show what the analysis holds."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from randarch.analysis import StructureAnalysis
from randarch.report.shades import Shades
from randarch.report.structure import StructureReport, write_figures
from randarch.report.structure.accuracies import draw_groups, draw_histogram, draw_random
from randarch.report.structure.class_panels import draw_published_class, draw_specialists
from randarch.report.structure.heat_maps import draw_counts, draw_effects
from randarch.report.structure.scatter import draw_params, thousands
from tests.report.structure.examples import TYPES, analyse, make_bare_report, make_report, simulate

ALWAYS = {
    *("accuracies", "accuracy_params", "layers_best", "layer_effects"),
    *("layers_classes", "accuracy_by_class"),
}
SOMETIMES = {
    *("layers_published", "layers_random", "random_trained", "specialists"),
    *("published_mean", "published_top", "published_distance"),
}


def test_every_figure_is_written_as_png_and_pdf(report: StructureReport, tmp_path: Path) -> None:
    written = write_figures(report, tmp_path / "figures")
    names = ALWAYS | SOMETIMES
    assert {p.name for p in written} == {f"{n}.{e}" for n in names for e in ("png", "pdf")}
    for path in written:
        content = path.read_bytes()
        assert len(content) > 5000
        assert content.startswith(b"%PDF-" if path.suffix == ".pdf" else b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_bare_report(analyse(simulate(1), simulations=0)),
        lambda: make_report(analyse(simulate(5, failed=1), simulations=0), examples={}),
    ],
    ids=["n = 1", "n = 4"],
)
def test_awkward_samples_are_drawn_without_a_warning(
    make: Callable[[], StructureReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(figure: Figure, path: Path) -> tuple[Path]:
        """Once and coarsely, which says as much and takes less time."""
        figure.savefig(path.with_suffix(".png"), dpi=40)
        return (path,)

    monkeypatch.setattr("randarch.report.structure.figures.save", save)
    report = make()
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = write_figures(report, tmp_path)
    assert {p.stem for p in written} >= ALWAYS
    assert dict(matplotlib.rcParams) == before


def test_heat_maps_write_every_number(analysis: StructureAnalysis) -> None:
    axes = Figure().subplots()
    counts = analysis.distribution.counts
    draw_counts(axes, TYPES, counts, Shades.of_counts(counts), "$ no formula")
    assert [t.get_text() for t in axes.texts] == [f"{v:.0f}" for v in counts.ravel()]
    assert [t.get_text() for t in axes.get_yticklabels()] == list(TYPES)
    assert axes.get_title(loc="left") == "$ no formula" or axes.get_title() == "$ no formula"
    axes = Figure().subplots()
    effects = analysis.surrogate.effects.copy()
    effects[0, 0] = np.nan
    draw_effects(axes, TYPES, effects, "effects")
    texts = [t.get_text().replace("\N{MINUS SIGN}", "-") for t in axes.texts]
    assert texts[0] == "\u2013"
    for text, value in zip(texts[1:], effects.ravel()[1:], strict=True):
        assert float(text) == pytest.approx(100 * value, abs=0.051)


def test_the_histogram_counts_all_and_the_best(
    report: StructureReport, analysis: StructureAnalysis
) -> None:
    axes = Figure().subplots()
    draw_histogram(axes, report)
    every, best = axes.containers
    assert sum(bar.get_height() for bar in every) == analysis.n
    reached = analysis.sampled.sound.accuracy >= analysis.cutoff - 1e-12
    assert sum(bar.get_height() for bar in best) == reached.sum()
    lines = [100 * analysis.mean, 24.05, 36.84]
    assert [line.get_xdata()[0] for line in axes.lines] == pytest.approx(lines)
    axes = Figure().subplots()
    draw_histogram(axes, replace(report, comparable=False))
    assert len(axes.lines) == 1


def test_every_network_is_a_mark(report: StructureReport, analysis: StructureAnalysis) -> None:
    axes = Figure().subplots()
    draw_params(axes, report)
    *shown, ring = axes.collections
    assert sum(len(c.get_offsets()) for c in shown) == analysis.n
    best = (analysis.sampled.params[analysis.best], 100 * analysis.best_accuracy)
    np.testing.assert_allclose(ring.get_offsets(), [best])
    assert (
        thousands(0.0) == "0" and thousands(150_000.0) == "150 K" and thousands(2500.0) == "2,500"
    )


def test_curves_are_those_of_the_groups(
    report: StructureReport, analysis: StructureAnalysis
) -> None:
    axes = Figure().subplots()
    draw_groups(axes, report)
    assert len(axes.lines) == len(analysis.by_accuracy)
    for line, group in zip(axes.lines, analysis.by_accuracy, strict=True):
        np.testing.assert_allclose(line.get_ydata(), 100 * group.curve)


def test_random_and_trained_stand_against_each_other(report: StructureReport) -> None:
    axes = Figure().subplots()
    draw_random(axes, report)
    assert report.random is not None
    points = np.concatenate([c.get_offsets() for c in axes.collections])
    known = ~report.analysis.sampled.failed
    np.testing.assert_allclose(
        sorted(points[:, 0]), sorted(100 * report.random.analysis.sampled.accuracy[known])
    )


def test_ensembles_have_a_line_each(report: StructureReport) -> None:
    axes = Figure().subplots()
    draw_specialists(axes, report)
    assert report.specialists is not None
    labels = [t.get_text() for t in axes.get_legend().get_texts()]
    assert len(labels) == len(report.specialists.ensembles)
    vote = report.specialists.of("vote")
    (line,) = [line for line in axes.lines if line.get_label() == "vote of the best"]
    np.testing.assert_allclose(line.get_ydata(), 100 * vote.report)


def test_published_classes_are_marks(report: StructureReport) -> None:
    axes = Figure().subplots()
    draw_published_class(axes, report, "distance")
    assert report.published is not None
    shown = axes.collections[0].get_offsets()
    known = report.published.classes
    expected = [
        (known[c.name].distance, c.distance)
        for c in report.analysis.classes.classes
        if c.name in known
    ]
    np.testing.assert_allclose(shown, expected)


def test_parts_that_are_not_there_are_not_drawn(analysis: StructureAnalysis) -> None:
    report = make_bare_report(analysis)
    for draw in (draw_random, draw_specialists):
        with pytest.raises(ValueError, match="the report has no"):
            draw(Figure().subplots(), report)
    with pytest.raises(ValueError, match="no published classes"):
        draw_published_class(Figure().subplots(), report, "mean")
