"""The figures of the study, as files and as images for the page."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from randarch.analysis import Curves
from randarch.receptive_field import FieldAnalysis, sequences, without_gates
from randarch.report.receptive_field.comparison import comparable, draw_comparison
from randarch.report.receptive_field.drawing import draw_network, place
from randarch.report.receptive_field.panels import (
    Costed,
    draw_costs,
    draw_curves,
    draw_fields,
    draw_truncations,
)
from randarch.report.receptive_field.report import FieldReport, NetworkReport
from randarch.report.style import new_figure, save, styled, to_data_uri


@dataclass(frozen=True)
class NetworkImages:
    """Images of one network for the page, each a data URI.

    `truncated` is empty where nothing is cut, `curves` and `truncated_curves` where nothing was trained.
    """

    fields: str
    drawing: str
    truncated: str
    curves: str
    truncated_curves: str


def write_figures(report: FieldReport, folder: Path) -> tuple[Path, ...]:
    """Writes the figures as PNG and PDF into `folder`.

    For each network `NN_name` (fields and costs), `NN_name_drawing` and, where it was trained, `NN_name_layers`
    (saturation and probes), the latter two of the truncated network too; `side_by_side_N` for each group of trained
    networks that differ in attention alone; and `truncation` (accuracy and cost of all).

    Returns:
      The paths that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with styled():
        for number, network in enumerate(report.networks, start=1):
            name = f"{number:02d}_{file_name(network.name)}"
            written += save(_fields(network.analysis), folder / name)
            written += save(_drawing(network.analysis), folder / f"{name}_drawing")
            if network.trained is not None:
                curves = _curves(network.analysis, network.trained, network.untrained)
                written += save(curves, folder / f"{name}_layers")
            if network.truncated is not None:
                written += save(_drawing(network.truncated), folder / f"{name}_truncated_drawing")
            if network.truncated is not None and network.truncated_trained is not None:
                curves = _curves(
                    network.truncated, network.truncated_trained, network.truncated_untrained
                )
                written += save(curves, folder / f"{name}_truncated_layers")
        for number, group in enumerate(comparable(report.networks), start=1):
            written += save(_comparison(group), folder / f"side_by_side_{number}")
        if _costed(report):
            written += save(_truncations(report), folder / "truncation")
    return tuple(written)


def network_images(network: NetworkReport) -> NetworkImages:
    """The same, and the truncated network, for the page."""
    with styled():
        return NetworkImages(
            to_data_uri(_fields(network.analysis)),
            to_data_uri(_drawing(network.analysis)),
            "" if network.truncated is None else to_data_uri(_drawing(network.truncated)),
            ""
            if network.trained is None
            else to_data_uri(_curves(network.analysis, network.trained, network.untrained)),
            ""
            if network.truncated is None or network.truncated_trained is None
            else to_data_uri(
                _curves(network.truncated, network.truncated_trained, network.truncated_untrained)
            ),
        )


def truncation_image(report: FieldReport) -> str:
    """Accuracy and cost before and after truncation (Figure 11 of the paper); empty where none was trained."""
    if not _costed(report):
        return ""
    with styled():
        return to_data_uri(_truncations(report))


def comparison_images(report: FieldReport) -> list[tuple[str, str]]:
    """The names of networks that differ in attention alone, and their layers side by side; trained ones alone."""
    with styled():
        return [
            (", ".join(network.name for network in group), to_data_uri(_comparison(group)))
            for group in comparable(report.networks)
        ]


def _comparison(networks: tuple[NetworkReport, ...]) -> Figure:
    figure = new_figure(_width(networks[0].analysis), 6.0)
    draw_comparison(figure, networks)
    return figure


def _costed(report: FieldReport) -> list[Costed]:
    found = []
    for network in report.networks:
        before, after = network.trainings, network.truncated_trainings
        if network.truncated is None or before is None or after is None:
            continue
        if len(before.sound) and len(after.sound):
            costs = network.analysis.geometry.macs, network.truncated.geometry.macs
            found.append(Costed(network.name, costs, (before.mean.value, after.mean.value)))
    return found


def _truncations(report: FieldReport) -> Figure:
    figure = new_figure(7.0, 4.4)
    draw_truncations(figure.subplots(), _costed(report))
    return figure


def file_name(name: str) -> str:
    """A network's name with nothing in it that a file system minds."""
    return "".join(c if c.isalnum() else "_" for c in name)[:60]


def _fields(analysis: FieldAnalysis) -> Figure:
    figure = new_figure(_width(analysis), 5.4)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    draw_fields(top, analysis)
    draw_costs(bottom, analysis)
    return figure


def _curves(analysis: FieldAnalysis, trained: Curves, untrained: Curves | None) -> Figure:
    paths = sequences(analysis)
    figure = new_figure(_width(analysis), 4.2 * len(paths))
    panels = figure.subplots(len(paths), 1, squeeze=False)[:, 0]
    for axes, (name, layers) in zip(panels, paths.items(), strict=True):
        positions = [layer.position for layer in layers]
        own = None if untrained is None else untrained.of(positions)
        draw_curves(axes, layers, trained.of(positions), own, largest=name == "largest path")
        if name:
            axes.set_title(f"the path of the {name.split()[0]} receptive field", fontsize=9, pad=28)
    return figure


def _width(analysis: FieldAnalysis) -> float:
    return max(6.0, 2.0 + 0.22 * len(analysis.layers))


def _drawing(analysis: FieldAnalysis) -> Figure:
    places, _ = place(without_gates(analysis.spec)[0])
    columns = 2 + max(x for x, _ in places.values())
    rows = 2.8 + max(y for _, y in places.values()) - min(y for _, y in places.values())
    figure = new_figure(0.3 * columns, 0.3 * rows)
    draw_network(figure.subplots(), analysis)
    return figure
