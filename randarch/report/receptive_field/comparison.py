"""Networks that differ in attention alone, side by side."""

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from randarch.receptive_field import without_gates
from randarch.report import style
from randarch.report.receptive_field.panels import name_layers
from randarch.report.receptive_field.report import NetworkReport

KINDS = {"saturation": "saturation (% of directions)", "probe_accuracy": "probe accuracy (%)"}
LINES = ("-", "--", ":")
"""Once all colours are used."""


def comparable(networks: Sequence[NetworkReport]) -> list[tuple[NetworkReport, ...]]:
    """Trained networks that without attention are the same one; two or more a group."""
    groups: dict[str, list[NetworkReport]] = {}
    for network in networks:
        if network.trained is not None:
            groups.setdefault(without_gates(network.analysis.spec)[0].digest, []).append(network)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def draw_comparison(figure: Figure, networks: Sequence[NetworkReport]) -> None:
    """A line a network: saturation above, probe accuracy below, of those that were looked at; the bar is the border."""
    shown = {name: text for name, text in KINDS.items() if any(_curve(n, name) for n in networks)}
    panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, text) in zip(panels, shown.items(), strict=True):
        looks = itertools.cycle(itertools.product(LINES, style.SERIES))
        for network, (line, colour) in zip(networks, looks, strict=False):
            values = 100 * np.array(_curve(network, name), float)
            axes.plot(
                np.arange(1, len(values) + 1),
                values,
                color=colour,
                linestyle=line,
                marker="o",
                markersize=3,
                label=network.name,
            )
        border = networks[0].analysis.border_min  # attention does not move it
        if border is not None:
            axes.axvline(border.position - 0.5, color="black", linewidth=3)
        axes.set_ylabel(text)
        axes.set_ylim(bottom=0)
    panels[0].legend(
        loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=2, fontsize=8
    )
    name_layers(panels[-1], networks[0].analysis.layers)


def _curve(network: NetworkReport, name: str) -> tuple[float, ...]:
    return () if network.trained is None else getattr(network.trained, name)
