"""Networks that differ in attention alone, side by side."""

import dataclasses

import numpy as np
from matplotlib.figure import Figure

from randarch.analysis import Curves
from randarch.report.receptive_field import Stated, render_page
from randarch.report.receptive_field.comparison import comparable, draw_comparison
from randarch.report.receptive_field.report import NetworkReport
from tests.report.reading import read
from tests.report.receptive_field.examples import make_network_report, make_report

SET_A = [make_network_report(f"resnet18{kind}") for kind in ("", "_se", "_cbam")]
SET_B = [make_network_report(f"resnet18_no_skips{kind}") for kind in ("", "_spatial")]


def names(group: tuple[NetworkReport, ...]) -> list[str]:
    return [network.name for network in group]


def test_groups_differ_in_attention_alone() -> None:
    no_stem = make_network_report("resnet18_no_stem")
    mixed = [
        SET_A[0],
        no_stem,
        SET_B[0],
        make_network_report("vgg11"),
        SET_A[1],
        SET_B[1],
        SET_A[2],
    ]
    assert [names(group) for group in comparable(mixed)] == [
        ["resnet18", "resnet18_se", "resnet18_cbam"],
        ["resnet18_no_skips", "resnet18_no_skips_spatial"],
    ]


def test_networks_that_were_not_trained_have_no_curves_to_compare() -> None:
    untrained = make_network_report("resnet18_se", trained=False)
    assert comparable([SET_A[0], untrained]) == []


def test_each_network_is_a_line_in_each_panel_and_the_border_a_bar() -> None:
    figure = Figure()
    draw_comparison(figure, SET_A)
    assert len(figure.axes) == 2
    for axes, kind in zip(figure.axes, ("saturation", "probe_accuracy"), strict=True):
        *lines, bar = axes.get_lines()
        for line, network in zip(lines, SET_A, strict=True):
            assert line.get_label() == network.name
            np.testing.assert_allclose(
                line.get_ydata(), 100 * np.array(getattr(network.trained, kind))
            )
        # Attention does not move the border: one bar for all.
        border = SET_A[0].analysis.border_min
        assert border is not None
        np.testing.assert_allclose(bar.get_xdata(), border.position - 0.5)


def test_what_was_not_looked_at_has_no_panel() -> None:
    no_probes = [
        dataclasses.replace(n, trained=Curves(saturation=n.trained.saturation))  # type: ignore[union-attr]
        for n in SET_A
    ]
    figure = Figure()
    draw_comparison(figure, no_probes)
    assert [axes.get_ylabel() for axes in figure.axes] == ["saturation (% of directions)"]


def test_more_networks_than_looks_are_all_drawn() -> None:
    many = [dataclasses.replace(SET_A[0], name=f"network {i}") for i in range(20)]
    figure = Figure()
    draw_comparison(figure, many)
    assert len(figure.axes[0].get_lines()) == 21


def test_the_page_has_the_comparison_and_what_the_paper_prints() -> None:
    row = Stated("resnet18", "multiply-adds", "0.04 G", "0.037 G", "section VIII", "close")
    page = read(render_page(make_report(*SET_A, stated=(row,))))
    assert "resnet18, resnet18_se, resnet18_cbam, trained" in page.text
    assert "0.04 G" in page.text and "close" in page.text
    alone = read(render_page(make_report()))
    assert "differ in attention" not in alone.text and "Printed in the paper" not in alone.text
