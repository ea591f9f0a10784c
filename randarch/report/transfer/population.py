"""Architectures by their numbers: errors against depth and width (Figure 7), the best ones' stages (Figure 13)."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from randarch.analysis.transfer.results import Driver, TopConfigurations
from randarch.report import style
from randarch.report.numbers import decimal, interval
from randarch.report.transfer.report import TransferReport

PARAMETERS = {
    "depth": "depth (blocks)",
    "width": "width (channels)",
    "bottleneck": "bottleneck ratio",
    "group_width": "group width (channels)",
}
"""Of a stage, with units."""
_BEST, _TOP, _MARKS = "#0072B2", "#E69F00", "#6fb0d8"


def draw_driver(axes: Axes, report: TransferReport, driver: Driver, name: str) -> None:
    """Test error against cumulative depth or width.

    Args:
      axes: to draw into.
      report: with errors of its main source.
      driver: of the data set.
      name: `depth` or `width`.
    """
    errors = 100 * report.errors[report.main].mean(driver.dataset)
    x = report.population.depth if name == "depth" else report.population.width
    known = ~np.isnan(errors)
    axes.scatter(
        x[known],
        errors[known],
        s=13,
        color=_MARKS,
        linewidth=0,
    )
    e = getattr(driver, name)
    axes.set_title(
        f"{report.name(driver.dataset)}\n\N{GREEK SMALL LETTER RHO} {decimal(e.value, 2)} {interval(e)}",
        fontsize=9,
        parse_math=False,
    )


def draw_tops(figure: Figure, report: TransferReport) -> None:
    """A row a data set, a column a parameter: the best architecture, the best few, and all behind."""
    tops = report.sources[report.main].tops
    panels = figure.subplots(len(tops), len(PARAMETERS), squeeze=False, sharex=True, sharey="col")
    for row, top in zip(panels, tops, strict=True):
        for axes, (name, label) in zip(row, PARAMETERS.items(), strict=True):
            draw_stages(axes, top, name)
            axes.set_ylim(0, 1.05 * _highest(tops, name))
            if axes.get_subplotspec().is_first_row():
                axes.set_title(label)
            if axes.get_subplotspec().is_last_row():
                axes.set_xlabel("stage")
        label = "\n".join(
            line
            for part in report.name(top.dataset).split(", ")
            for line in textwrap.wrap(part, 17)
        )
        row[0].set_ylabel(label, fontsize=8, parse_math=False)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=3)


def _highest(tops: Sequence[TopConfigurations], name: str) -> float:
    """What a panel of a parameter has to hold, the same for all data sets."""
    ends = [
        values.max()
        for top in tops
        for values in (
            top.best_values[name],
            top.mean[name] + np.nan_to_num(top.std[name]),
            top.all_mean[name] + np.nan_to_num(top.all_std[name]),
        )
    ]
    return float(max(ends))


def draw_stages(axes: Axes, top: TopConfigurations, name: str) -> None:
    """One parameter over the stages."""
    stages = np.arange(1, len(top.best_values[name]) + 1)
    everything, spread = top.all_mean[name], top.all_std[name]
    axes.fill_between(
        stages,
        np.maximum(everything - spread, 0),
        everything + spread,
        color="#dddddd",
        linewidth=0,
        label="all architectures, mean and standard deviation",
    )
    axes.plot(stages, everything, color=style.GREY, linewidth=1)
    mean, std = top.mean[name], np.nan_to_num(top.std[name])
    look: dict[str, Any] = {"capsize": 2.5, "elinewidth": 1.2, "markersize": 4}
    axes.errorbar(
        stages,
        mean,
        [mean - np.maximum(mean - std, 0), std],
        marker="o",
        color=_TOP,
        label=f"best {top.top}, mean and standard deviation",
        **look,
    )
    axes.plot(
        stages, top.best_values[name], "D-", color=_BEST, markersize=4, linewidth=1.2, label="best"
    )
    axes.set_xticks(stages)
