"""The figures of a sweep: files that open, panels that show what the analysis holds."""

import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from randarch.report.histogram import histogram_edges
from randarch.report.sweep import SweepReport, write_figures
from randarch.report.sweep.panels import (
    draw_effect,
    draw_heat_map,
    draw_histogram,
    effect_columns,
)
from randarch.report.sweep.scatter import SweepPoints, draw_sweep
from tests.analysis.sweep.examples import make_sweep
from tests.report.sweep.examples import make_bare_report, make_sweep_report

ALWAYS = {"accuracy_speed", "accuracies", "correlations_all", "gene_effects"}


def test_every_figure_is_written_as_png_and_pdf(tmp_path: Path) -> None:
    written = write_figures(make_sweep_report(make_sweep(100)), tmp_path / "figures")
    names = {*ALWAYS, "correlations_kept", "random_trained"}
    assert {p.name for p in written} == {f"{n}.{e}" for n in names for e in ("png", "pdf")}
    for path in written:
        content = path.read_bytes()
        assert len(content) > 5000
        assert content.startswith(b"%PDF-" if path.suffix == ".pdf" else b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_bare_report(make_sweep(1, threshold=1.1)),
        lambda: make_bare_report(
            make_sweep(40, trials=1, threshold=1.1).assign(
                test_accuracy=0.3, throughput=np.nan, predicted_throughput=100.0
            )
        ),
    ],
    ids=["n = 1", "all equal"],
)
def test_awkward_sweeps_are_drawn_without_a_warning(
    make: Callable[[], SweepReport], tmp_path: Path
) -> None:
    report = make()
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = write_figures(report, tmp_path)
    assert {p.stem for p in written} == ALWAYS
    assert dict(matplotlib.rcParams) == before


def test_the_scatter_shows_all_and_the_front_as_a_staircase() -> None:
    table = make_sweep(200)
    report = make_bare_report(table.assign(throughput=table["predicted_throughput"]))
    axes = Figure().subplots()
    draw_sweep(axes, report, SweepPoints.of(report))
    rest, kept = axes.collections[:2]
    assert len(rest.get_offsets()) == (~table["kept"]).sum()
    assert len(kept.get_offsets()) == table["kept"].sum()
    (line,) = axes.lines
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert len(x) == len(report.analysis.pareto)
    assert (np.diff(x) > 0).all() and (np.diff(y) < 0).all()
    # No network lies to the right of and above the staircase.
    points = SweepPoints.of(report)
    shown = points.coloured
    for px, py in zip(points.x[shown], points.y[shown], strict=True):
        assert py <= y[x >= px - 1e-9].max() + 1e-9


def test_the_heat_map_writes_every_number() -> None:
    report = make_bare_report(make_sweep(100).assign(kernel_2=3))
    axes = Figure().subplots()
    draw_heat_map(axes, report, "kept")
    values = report.analysis.correlations["kept"].pearson.to_numpy()
    texts = [t.get_text().replace("\N{MINUS SIGN}", "-") for t in axes.texts]
    assert len(texts) == values.size
    for text, value in zip(texts, values.ravel(), strict=True):
        assert text == ("\u2013" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}")
    assert [t.get_text() for t in axes.get_yticklabels()][:2] == ["kernel 1", "kernel 2"]


@pytest.mark.parametrize("images", [40, 500, 1000])
def test_bins_hold_equally_many_possible_accuracies(images: int) -> None:
    # Every accuracy that there can be, once: a histogram of it is flat but for the last bin.
    values = 100 * np.arange(images // 10, images // 2) / images
    edges = histogram_edges(values, np.array([12.345]), 50)
    assert len(edges) <= 53
    counts, _ = np.histogram(values, edges)
    assert counts.sum() == len(values)
    assert len(set(counts[counts > 0][1:-1].tolist())) == 1


def test_equal_accuracies_have_bins_too() -> None:
    edges = histogram_edges(np.full(5, 20.0), np.zeros(0), 50)
    assert edges[0] < 20 < edges[-1]


def test_the_histogram_counts_all_and_kept() -> None:
    table = make_sweep(300)
    report = make_sweep_report(table)
    axes = Figure().subplots()
    draw_histogram(axes, report)
    every, kept = axes.containers
    assert sum(bar.get_height() for bar in every) == 300
    assert sum(bar.get_height() for bar in kept) == table["kept"].sum()
    assert [t.get_text() for t in axes.get_legend().get_texts()][-1].startswith("best published")


def test_effects_are_drawn_where_they_are() -> None:
    report = make_bare_report(make_sweep(300))
    effect = report.analysis.effects[0]
    axes = Figure().subplots()
    draw_effect(axes, effect)
    means, naive, adjusted = axes.containers
    for container, estimates in (
        (means, [v.mean for v in effect.values]),
        (naive, [v.naive for v in effect.values]),
        (adjusted, [v.adjusted for v in effect.values]),
    ):
        np.testing.assert_allclose(
            np.asarray(container.lines[0].get_ydata(), dtype=float),
            [100 * e.value for e in estimates],
        )
        segments = container.lines[2][0].get_segments()
        np.testing.assert_allclose(
            [s[:, 1] for s in segments], [[100 * e.low, 100 * e.high] for e in estimates]
        )
    assert [t.get_text() for t in axes.get_xticklabels()] == ["3", "5", "7", "9"]
    assert effect_columns(report.analysis.effects) == 3
    assert effect_columns(report.analysis.effects[:1]) == 1
