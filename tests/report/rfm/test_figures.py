"""The figures: files that open, panels that show what the table holds, on comparable axes."""

import hashlib
import itertools
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from randarch.report.limits import ScatterLimits, around, same_span
from randarch.report.rfm import write_figures
from randarch.report.rfm.panels import draw_across_depths, draw_bins, draw_seeds
from randarch.report.rfm.scatter import draw_scatter, draw_size_class
from tests.report.rfm.examples import PUBLISHED_9, fail, make_depth, make_report, make_table

KINDS = ("scatter", "size_classes", "seeds")


def points(axes: Axes) -> int:
    collections = [c for c in axes.collections if isinstance(c, PathCollection)]
    return sum(len(c.get_offsets()) for c in collections)


def test_one_depth_gives_its_figures_as_png_and_pdf(tmp_path: Path) -> None:
    report = make_report(make_depth(make_table(24), published=PUBLISHED_9))
    written = write_figures(report, tmp_path / "figures")
    names = {f"depth09_{k}.{e}" for k in (*KINDS, "size_bins") for e in ("png", "pdf")}
    assert {p.name for p in written} == names == {p.name for p in (tmp_path / "figures").iterdir()}
    contents = [p.read_bytes() for p in written]
    for path, content in zip(written, contents, strict=True):
        assert len(content) > 5000
        assert content.startswith(b"%PDF-" if path.suffix == ".pdf" else b"\x89PNG\r\n\x1a\n")
    assert len({hashlib.sha256(c).digest() for c in contents}) == len(contents)


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    report = make_report(make_depth(make_table(3)))
    first = write_figures(report, tmp_path / "a")
    second = write_figures(report, tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_several_depths_add_the_figure_across_them(tmp_path: Path) -> None:
    depths = [make_depth(make_table(3, d), d) for d in (3, 11)]
    names = {p.name for p in write_figures(make_report(*depths), tmp_path)}
    assert {"across_depths.png", "across_depths.pdf"} <= names
    assert {f"depth{d}_{k}.png" for d in ("03", "11") for k in KINDS} <= names


@pytest.mark.parametrize(
    "table",
    [
        make_table(3),
        make_table(1),
        make_table(9, rfm_seeds=1, trained_seeds=1).assign(rfm_accuracy=0.2, final_size=192),
        fail(make_table(9), 0, 9),
    ],
    ids=["n = 3", "n = 1", "single seeds and all constant", "nothing trained"],
)
def test_awkward_runs_are_drawn_without_a_warning(table: pd.DataFrame, tmp_path: Path) -> None:
    depth = make_depth(table)
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = write_figures(make_report(depth), tmp_path)
    assert len(written) >= 2 * len(KINDS)
    assert dict(matplotlib.rcParams) == before


def test_the_scatter_shows_all_and_marks_the_failed() -> None:
    depth = make_depth(fail(make_table(24), 3, 2))
    limits = ScatterLimits.of(depth.table)
    panels = Figure().subplots(1, 2)
    for axes, analysis in zip(panels, (depth.analysis.rfm, depth.analysis.ensemble), strict=True):
        draw_scatter(axes, depth, analysis, limits)
    for axes in panels:
        # The diverged have no accuracy, so there is no place for them.
        drawn = [c for c in axes.collections if np.isfinite(c.get_offsets()).all()]
        assert sum(len(c.get_offsets()) for c in drawn) == 22
        assert [t.get_text() for t in axes.get_legend().get_texts()] == ["dead (3)"]
    for axes, column in zip(panels, ("rfm_accuracy", "ensemble_accuracy"), strict=True):
        low, high = axes.get_ylim()
        shown = 100 * depth.table[column][depth.table["trained_accuracy"].notna()]
        assert low < shown.min() and shown.max() < high
    title = panels[0].get_title(loc="left") or panels[0].get_title()
    assert "n = 22" in title and "Pearson" in title and "Spearman" in title
    assert panels[0].get_xlim() == panels[1].get_xlim()
    assert np.ptp(panels[0].get_ylim()) == pytest.approx(np.ptp(panels[1].get_ylim()))


def test_size_classes_split_the_architectures_on_equal_axes() -> None:
    depth = make_depth(make_table(30))
    limits = ScatterLimits.of(depth.table)
    classes = depth.analysis.rfm.by_class
    panels = Figure().subplots(1, 3)
    for axes, inside in zip(panels, classes, strict=True):
        draw_size_class(axes, depth, inside, limits)
        assert points(axes) == 30  # its own on top, the others in grey
        assert len(axes.collections[-1].get_offsets()) == inside.n
    for a, b in itertools.pairwise(panels):
        assert a.get_xlim() == b.get_xlim() and a.get_ylim() == b.get_ylim()


def test_seeds_are_drawn_in_the_order_of_their_mean() -> None:
    depth = make_depth(make_table(20))
    axes = Figure().subplots()
    draw_seeds(axes, depth, "rfm_accuracy")
    *seeds, mean = [np.asarray(line.get_ydata()) for line in axes.lines]
    assert len(seeds) == 3
    np.testing.assert_allclose(mean, np.sort(100 * depth.table["rfm_accuracy"]))
    np.testing.assert_allclose(np.mean(seeds, axis=0), mean)


def test_bins_show_ours_and_the_papers() -> None:
    depth = make_depth(make_table(60, seed=3), published=PUBLISHED_9)
    axes = Figure().subplots()
    draw_bins(axes, depth)
    shown = [b for b in depth.analysis.rfm.by_bin if b.n >= 3]
    assert [t.get_text() for t in axes.texts] == [str(b.n) for b in shown]
    diamonds = [line for line in axes.lines if line.get_marker() == "D"]
    heights = [float(np.asarray(line.get_ydata()).item()) for line in diamonds]
    assert heights == [b.spearman for b in PUBLISHED_9.bins]


def test_correlations_against_depth_show_ours_and_the_papers() -> None:
    depths = [
        make_depth(make_table(12, 9), 9, published=PUBLISHED_9),
        make_depth(make_table(12, 3), 3),  # no published value
    ]
    axes = Figure().subplots()
    draw_across_depths(axes, make_report(*depths), "pearson")
    legend = {t.get_text() for t in axes.get_legend().get_texts()}
    assert legend == {"paper", "ours, mean over seeds", "ours, ensemble"}
    (paper,) = [line for line in axes.lines if line.get_marker() == "D"]
    assert np.asarray(paper.get_xydata()).tolist() == [[9, PUBLISHED_9.pearson]]
    ours = sorted(float(c.lines[0].get_ydata()[0]) for c in axes.containers)
    expected = [s.all.pearson.value for d in depths for s in (d.analysis.rfm, d.analysis.ensemble)]
    np.testing.assert_allclose(ours, sorted(expected))


def test_limits_hold_all_values_and_survive_none() -> None:
    low, high = around([30.0, float("nan"), 60.0])
    assert low < 30 and high > 60
    assert around([]) == around([float("nan")]) == (0.0, 100.0)
    assert around([50.0]) == (49.0, 51.0)
    first, second = same_span((0.0, 10.0), (50.0, 52.0))
    assert first == (0.0, 10.0) and second == (46.0, 56.0)
