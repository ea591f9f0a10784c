"""What a run found, and how it is written down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from randarch.analysis import Agreement
from randarch.drawing import to_dot
from randarch.receptive_field import FieldAnalysis, Suggestion
from randarch.report.receptive_field import (
    FieldReport,
    NetworkReport,
    StemRemoved,
    render_page,
    write_figures,
)
from randarch.report.receptive_field.figures import file_name
from randarch.store import write_csv, write_json, write_text
from randarch.studies.receptive_field import published
from randarch.studies.receptive_field.config import Config
from randarch.studies.receptive_field.trained import Trained
from randarch.studies.session import describe_device

PRODUCTIVE, TAIL = "#cfe3f3", "#f6c9a8"
"""Colours of layers in Graphviz text."""


@dataclass(frozen=True)
class NetworkResult:
    """One network.

    Attributes:
      name: as it was asked for.
      analysis: of it.
      suggestions: what could be changed.
      whole, truncated: trainings of it in both forms; None where it was not trained.
    """

    name: str
    analysis: FieldAnalysis
    suggestions: tuple[Suggestion, ...]
    whole: Trained | None = None
    truncated: Trained | None = None

    @property
    def truncation(self) -> Suggestion | None:
        """The truncated network, if there is one."""
        return next((one for one in self.suggestions if one.kind == "truncate"), None)

    def to_summary(self) -> dict[str, Any]:
        """The network's part of summary.json."""
        summary = {
            **self.analysis.to_summary(),
            "suggestions": [one.to_summary() for one in self.suggestions],
        }
        if self.whole is None:
            return summary
        border = None if self.analysis.border_min is None else self.analysis.border_min.position
        agreement = {
            name: Agreement.of(border, getattr(self.whole, name)).to_summary()
            for name in ("trained", "untrained")
        }
        return {**summary, "training": self.whole.to_summary(), "agreement": agreement}

    def truncation_summary(self) -> dict[str, Any] | None:
        """What truncation costs and gains; None where there is nothing to cut."""
        if self.truncation is None:
            return None
        summary = self.truncation.to_summary()
        if self.whole is None or self.truncated is None:
            return summary
        return {
            **summary,
            "accuracy": self.truncated.accuracy,
            "accuracies": list(self.truncated.accuracies),
            "accuracy_whole": self.whole.accuracy,
            "accuracies_whole": list(self.whole.accuracies),
        }

    def to_dot(self) -> str:
        """Graphviz text, unproductive convolutions in another colour."""
        unproductive = {layer.node for layer in self.analysis.unproductive}
        colours = {
            layer.node: TAIL if layer.node in unproductive else PRODUCTIVE
            for layer in self.analysis.layers
        }
        side, channels = self.analysis.resolution, self.analysis.geometry[0].shape[2]
        return to_dot(self.analysis.spec, (side, side, channels), colours=colours)


@dataclass(frozen=True)
class Result:
    """A whole run.

    Attributes:
      networks: in the config's order.
      deviations: from the paper's protocol, a sentence each.
      seconds: `total` is this call's wall time until its files are written.
      provenance: device, versions and source.
    """

    study: str
    config: Config
    networks: tuple[NetworkResult, ...]
    deviations: tuple[str, ...]
    seconds: Mapping[str, float]
    command: str
    provenance: Mapping[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        """One row a convolution of each network."""
        rows = [
            {"network": network.name, **layer.to_summary()}
            for network in self.networks
            for layer in network.analysis.layers
        ]
        return pd.DataFrame(rows)

    def to_summary(self) -> dict[str, Any]:
        """The content of summary.json."""
        return {
            "study": self.study,
            "config": self.config.to_dict(),
            "networks": {n.name: n.to_summary() for n in self.networks},
            "truncation": {n.name: n.truncation_summary() for n in self.networks},
            "paper": {
                "borders": {k: vars(v) for k, v in published.BORDERS.items()},
                "stem_removed": {k: list(v) for k, v in published.STEM_REMOVED.items()},
                "macs_stated": dict(published.MACS_STATED),
            },
            "deviations": list(self.deviations),
            "seconds": dict(self.seconds),
            **dict(self.provenance),
        }

    def describe(self) -> str:
        """Borders and costs, in plain text."""
        side = self.networks[0].analysis.resolution
        width = max([len(n.name) for n in self.networks] + [8])
        lines = [
            f"at {side} x {side} pixels; border: the first convolution whose input has seen more than the image",
            "",
            f"  {'network':{width}}  {'params':>12} {'MACs':>14}  {'border (smallest field)':28} "
            f"{'border (largest field)':28} {'MACs behind':>12}  productive from",
        ]
        for network in self.networks:
            found = network.analysis
            share = found.unproductive_macs / max(found.geometry.macs, 1)
            lines.append(
                f"  {network.name:{width}}  {found.geometry.params:12,} {found.geometry.macs:14,}  "
                f"{_border(found.border_min):28} {_border(found.border_max):28} {share:11.1%}  "
                f"{found.productive_from} pixels"
            )
        for network in self.networks:
            if network.suggestions:
                lines += ["", f"{network.name}:"]
                lines += [
                    f"  - {one.text} Params {one.params:+,}, MACs {one.macs:+,}."
                    for one in network.suggestions
                ]
        return "\n".join([*lines, *self._training_lines()])

    def _training_lines(self) -> Iterator[str]:
        for network in self.networks:
            if network.whole is None:
                continue
            border = network.analysis.border_min
            found = Agreement.of(None if border is None else border.position, network.whole.trained)
            yield ""
            yield (
                f"{network.name}, trained {len(network.whole.accuracies)} times: accuracy "
                f"{network.whole.accuracy:.4f}; border {found.border or '-'}, tail by saturation from "
                f"{found.tail or '-'}; the best probe gains "
                f"{found.gain_before:+.3f} up to the border, {found.gain_behind:+.3f} behind it"
            )
            if network.truncated is not None:
                yield f"  truncated: accuracy {network.truncated.accuracy:.4f}"

    def save(self, folder: Path) -> None:
        """Writes results.csv, summary.json, report.html, figures/ and a .dot file a network into the folder."""
        write_csv(self.table, folder / "results.csv", key=("network", "position"))
        write_json(self.to_summary(), folder / "summary.json")
        report, figures = self.report(), folder / "figures"
        figures.mkdir(exist_ok=True)
        write_figures(report, figures)
        for number, network in enumerate(self.networks, start=1):
            write_text(network.to_dot(), figures / f"{number:02d}_{file_name(network.name)}.dot")
        write_text(render_page(report), folder / "report.html")

    def report(self) -> FieldReport:
        """What the page shows."""
        return FieldReport(
            title="What a network wastes at a resolution",
            networks=tuple(
                NetworkReport(
                    n.name,
                    n.analysis,
                    n.suggestions,
                    n.to_dot(),
                    None if n.whole is None else n.whole.trained,
                    None if n.whole is None else n.whole.untrained,
                    () if n.whole is None else n.whole.accuracies,
                    () if n.truncated is None else n.truncated.accuracies,
                    published.FIGURES.get(n.name, ""),
                )
                for n in self.networks
            ),
            command=self.command,
            device=describe_device(self.provenance),
            config=self.config.to_dict(),
            deviations=self.deviations,
            seconds=self.seconds,
            stems=tuple(
                StemRemoved(name, f"{name}_no_stem", accuracies)
                for name, accuracies in published.STEM_REMOVED.items()
            ),
            versions={k: str(v) for k, v in self.provenance["versions"].items()},
        )


def _border(layer: Any) -> str:
    return "-" if layer is None else f"{layer.position} {layer.name}"
