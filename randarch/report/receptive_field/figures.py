"""The figures of the study, as files and as images for the page."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from randarch.receptive_field import FieldAnalysis, two_paths, without_gates
from randarch.report.receptive_field.drawing import draw_network, place
from randarch.report.receptive_field.panels import draw_costs, draw_curves, draw_fields
from randarch.report.receptive_field.report import FieldReport, NetworkReport
from randarch.report.style import GREY, new_figure, save, styled, to_data_uri

BLACK = "black"


@dataclass(frozen=True)
class NetworkImages:
    """Images of one network for the page, each a data URI.

    `truncated` is empty where nothing is cut, `curves` where nothing was trained.
    """

    fields: str
    drawing: str
    truncated: str
    curves: str


def write_figures(report: FieldReport, folder: Path) -> tuple[Path, ...]:
    """Writes for each network `NN_name` (fields and costs), `NN_name_drawing` and, where it was trained,
    `NN_name_layers` (saturation and probes) as PNG and PDF into `folder`.

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
                written += save(_curves(network), folder / f"{name}_layers")
    return tuple(written)


def network_images(network: NetworkReport) -> NetworkImages:
    """The same, and the truncated network, for the page."""
    with styled():
        return NetworkImages(
            to_data_uri(_fields(network.analysis)),
            to_data_uri(_drawing(network.analysis)),
            "" if network.truncated is None else to_data_uri(_drawing(network.truncated)),
            to_data_uri(_curves(network)) if network.trained is not None else "",
        )


def file_name(name: str) -> str:
    """A network's name with nothing in it that a file system minds."""
    return "".join(c if c.isalnum() else "_" for c in name)[:60]


def _fields(analysis: FieldAnalysis) -> Figure:
    figure = new_figure(_width(analysis), 5.4)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    draw_fields(top, analysis)
    draw_costs(bottom, analysis)
    return figure


def _curves(network: NetworkReport) -> Figure:
    trained, untrained, analysis = network.trained, network.untrained, network.analysis
    assert trained is not None
    paths = two_paths(analysis)
    if paths is None:
        figure = new_figure(_width(analysis), 4.2)
        border = {BLACK: analysis.border_min}
        draw_curves(figure.subplots(), analysis.layers, trained, untrained, border)
        return figure
    figure = new_figure(_width(analysis), 8.4)
    borders = {BLACK: analysis.border_min}, {BLACK: analysis.border_min, GREY: analysis.border_max}
    names = "path of the smallest receptive field", "path of the largest receptive field"
    for axes, layers, shown, name in zip(figure.subplots(2, 1), paths, borders, names, strict=True):
        positions = [layer.position for layer in layers]
        own = None if untrained is None else untrained.of(positions)
        draw_curves(axes, layers, trained.of(positions), own, shown)
        axes.set_title(name, fontsize=9)
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
