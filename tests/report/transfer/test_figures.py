"""The figures: files that open, panels that show what the analysis holds."""

import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from randarch.report.style import styled
from randarch.report.transfer import TransferReport, write_figures
from randarch.report.transfer.curves import (
    draw_agreement,
    draw_distribution,
    draw_regret,
    draw_subsampling,
)
from randarch.report.transfer.figures import to_image
from randarch.report.transfer.heat_maps import draw_matrix
from randarch.report.transfer.population import draw_driver
from tests.report.transfer.examples import make_report

SOURCES = ("trained", "random")
ALWAYS = {f"{kind}_{source}" for kind in ("apr", "scatter", "spread") for source in SOURCES}
ALWAYS |= {"depth", "width", "tops", "distributions", "agreement", "entries"}


def coarse(figure: Figure, path: Path) -> tuple[Path]:
    """Once and coarsely, which says as much and takes less time."""
    figure.savefig(path.with_suffix(".png"), dpi=20)
    return (path,)


def test_every_figure_is_drawn_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = make_report(8, targets=2, members=2)
    monkeypatch.setattr("randarch.report.transfer.figures.save", coarse)
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {p.name for p in write_figures(report, tmp_path)} == ALWAYS | {
            "subsampling",
            "regret",
        }
        few = make_report(4, targets=1, members=1, repeats=1)
        assert {p.name for p in write_figures(few, tmp_path / "few")} == ALWAYS
    assert dict(matplotlib.rcParams) == before


def test_figures_are_png_and_pdf(
    report: TransferReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "randarch.report.transfer.figures._drawn", lambda report: {"one": lambda: figure}
    )
    figure = Figure()
    written = write_figures(report, tmp_path / "figures")
    assert [p.name for p in written] == ["one.png", "one.pdf"]
    assert written[0].read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert written[1].read_bytes().startswith(b"%PDF-")
    image = to_image(figure)
    assert image.startswith("data:image/webp;base64,") and image == to_image(figure)


def test_panels_show_the_numbers(report: TransferReport) -> None:
    with styled():
        axes = Figure().subplots()
        draw_matrix(axes, report, "random")
    size = len(report.sources["random"].apr.datasets)
    assert len(axes.texts) == size**2
    assert [t.get_text() for t in axes.get_yticklabels()][:2] == [
        "cifar100",
        "cifar100, 10 classes",
    ]

    assert report.trained is not None
    axes = Figure().subplots()
    name = report.trained.datasets[-1]
    draw_distribution(axes, report, name)
    line = axes.lines[0]
    np.testing.assert_allclose(line.get_xdata()[1:], np.sort(100 * report.trained.mean(name)))
    assert line.get_ydata()[-1] == 1

    axes = Figure().subplots()
    driver = report.sources["trained"].drivers[1]
    draw_driver(axes, report, driver, "width")
    points = axes.collections[0].get_offsets()
    np.testing.assert_allclose(points[:, 0], report.population.width)
    assert f"{driver.width.value:.2f}".replace("-", "\N{MINUS SIGN}") in axes.get_title(
        loc="center"
    )


def test_estimates_are_marks_with_bars(report: TransferReport) -> None:
    axes = Figure().subplots()
    draw_agreement(axes, report)
    a = report.analysis.agreement
    assert a is not None
    (bars,) = axes.containers
    np.testing.assert_allclose(
        bars.lines[0].get_xdata().astype(float), [e.value for e in a.per_dataset.values()]
    )
    axes = Figure().subplots()
    draw_subsampling(axes, report)
    # Two sources, and a control of each.
    assert len(axes.containers) == 4
    recommendation = report.analysis.recommendation
    assert recommendation is not None
    axes = Figure().subplots()
    draw_regret(axes, report, recommendation)
    labels = [t.get_text() for t in axes.get_yticklabels()]
    assert labels == ["mnist", "cifar10", "Mean"]


def test_a_part_that_is_not_there_is_not_drawn() -> None:
    report = make_report(5, targets=1, members=1, without=("random",))
    with pytest.raises(ValueError, match="no second source"):
        draw_agreement(Figure().subplots(), report)
