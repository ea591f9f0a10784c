"""What a run found, and how it is written down."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from randarch.analysis import Agreement, Curves
from randarch.drawing import to_dot
from randarch.layerwise import agreements
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
from randarch.studies.receptive_field.comparison import stated
from randarch.studies.receptive_field.config import Config, on_cifar10
from randarch.studies.receptive_field.trained import ARRIVED, WEIGHTS, Trained
from randarch.studies.session import describe_device

FORMS = ("whole", "truncated")
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

    @property
    def agreements(self) -> dict[str, Agreement]:
        """Of border and curves, by weights, and by path where there are two; empty without curves."""
        found = {}
        for weights in WEIGHTS:
            curves = getattr(self.whole, weights, None)
            if curves:
                for path, agreement in agreements(self.analysis, curves).items():
                    found[f"{weights}, {path}" if path else weights] = agreement
        return found

    def to_summary(self) -> dict[str, Any]:
        """The network's part of summary.json."""
        summary = {
            **self.analysis.to_summary(),
            "suggestions": [one.to_summary() for one in self.suggestions],
        }
        if self.whole is None:
            return summary
        agreement = {key: found.to_summary() for key, found in self.agreements.items()}
        return {**summary, "training": self.whole.to_summary(), "agreement": agreement}

    def truncation_summary(self) -> dict[str, Any] | None:
        """What truncation costs and gains; None where there is nothing to cut."""
        if self.truncation is None:
            return None
        summary = self.truncation.to_summary()
        if self.whole is None or self.truncated is None:
            return summary
        whole, truncated = self.whole.trainings, self.truncated.trainings
        return {
            **summary,
            "training": self.truncated.to_summary(),
            "accuracies": list(truncated.accuracies),
            "accuracies_whole": list(whole.accuracies),
            "difference": truncated.minus(whole).to_summary(),
        }


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
        """One row a convolution of each network, with what it does where the network was trained."""
        rows = []
        for network in self.networks:
            columns = _by_layer(network.whole)
            for index, layer in enumerate(network.analysis.layers):
                looked = {name: values[index] for name, values in columns.items() if values}
                rows.append({"network": network.name, **layer.to_summary(), **looked})
        return pd.DataFrame(rows)

    @property
    def trainings(self) -> pd.DataFrame:
        """One row a training; none where nothing was trained."""
        forms = ((n.name, name, getattr(n, name)) for n in self.networks for name in FORMS)
        rows = [
            {"network": network, "form": form, "seed": seed, "accuracy": accuracy, "failed": failed}
            for network, form, trained in forms
            if trained is not None
            for seed, accuracy, failed in zip(
                itertools.count(self.config.seed),
                trained.trainings.accuracies,
                trained.trainings.failed,
                strict=False,
            )
        ]
        return pd.DataFrame(rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know before believing the numbers, a sentence each."""
        forms = ((n.name, form, getattr(n, form)) for n in self.networks for form in FORMS)
        known = [(name, form, trained) for name, form, trained in forms if trained is not None]
        found = [f"{name}, {form}: {note}" for name, form, own in known for note in own.notes()]
        restless = sum(trained.restless for _, _, trained in known)
        if restless:
            probes = sum(len(trained.trained.probe_gradient) for _, _, trained in known)
            found.append(
                f"{restless} of {probes} probes of trained networks stopped with a gradient that was not below "
                f"{ARRIVED:g} of the first; a longer fit could change their accuracies a little."
            )
        return tuple(found)

    def to_summary(self) -> dict[str, Any]:
        """The content of summary.json."""
        return {
            "study": self.study,
            "config": self.config.used(),
            "networks": {n.name: n.to_summary() for n in self.networks},
            "truncation": {n.name: n.truncation_summary() for n in self.networks},
            "paper": {
                "tails": {k: vars(v) for k, v in published.TAILS.items()},
                "stem_removed": {k: list(v) for k, v in published.STEM_REMOVED.items()},
                "gflops_printed": dict(published.MACS_STATED),
            },
            "deviations": list(self.deviations),
            "notes": list(self.notes),
            "seconds": dict(self.seconds),
            **dict(self.provenance),
        }

    def describe(self) -> str:
        """Borders and costs, in plain text."""
        side = self.networks[0].analysis.resolution
        width = max([len(n.name) for n in self.networks] + [8])
        lines = [
            f"at {side} x {side} pixels; border: the first convolution that reads windows larger than the image",
            "",
            f"  {'network':{width}}  {'params':>12} {'MACs':>14}  {'border (smallest field)':28} "
            f"{'border (largest field)':28} {'unproductive':>12}  productive from",
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
            trainings = network.whole.trainings
            yield ""
            yield f"{network.name}, trained {len(trainings.failed)} times, {sum(trainings.failed)} failed:"
            yield f"  test accuracy {trainings.mean}"
            if network.truncated is not None:
                truncated = network.truncated.trainings
                yield f"  truncated {truncated.mean}, a difference of {truncated.minus(trainings)}"
            for name, found in network.agreements.items():
                gains = ""
                if math.isfinite(found.gain_before):
                    gains = f"; the best probe gains {found.gain_before:+.3f} before the border, "
                    gains += f"{found.gain_behind:+.3f} behind it"
                yield (
                    f"  {name}: border {found.border or '-'}, tail by saturation from {found.tail or '-'} "
                    f"({found.strict_tail or '-'}){gains}"
                )

    def save(self, folder: Path) -> None:
        """Writes results.csv, trainings.csv, summary.json, report.html, figures/ and .dot files into the folder."""
        write_csv(self.table, folder / "results.csv", key=("network", "position"))
        if len(self.trainings):
            key = ("network", "form", "seed")
            write_csv(self.trainings, folder / "trainings.csv", key=key)
        write_json(self.to_summary(), folder / "summary.json")
        report, figures = self.report(), folder / "figures"
        figures.mkdir(exist_ok=True)
        write_figures(report, figures)
        for number, network in enumerate(self.networks, start=1):
            name = f"{number:02d}_{file_name(network.name)}"
            write_text(_to_dot(network.analysis), figures / f"{name}.dot")
            if network.truncation is not None:
                write_text(_to_dot(network.truncation.after), figures / f"{name}_truncated.dot")
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
                    _to_dot(n.analysis),
                    *_shown(n.whole),
                    *_shown(n.truncated),
                    None if n.whole is None else n.whole.trainings,
                    None if n.truncated is None else n.truncated.trainings,
                    n.agreements,
                    published.FIGURES.get(n.name, ""),
                )
                for n in self.networks
            ),
            command=self.command,
            device=describe_device(self.provenance),
            config=self.config.used(),
            deviations=self.deviations,
            seconds=self.seconds,
            stems=tuple(
                StemRemoved(
                    name, f"{name}_no_stem", accuracies if on_cifar10(self.config) else None
                )
                for name, accuracies in published.STEM_REMOVED.items()
            ),
            stated=stated({n.name: n.analysis for n in self.networks}),
            notes=self.notes,
            versions={k: str(v) for k, v in self.provenance["versions"].items()},
        )


def _to_dot(analysis: FieldAnalysis) -> str:
    """Graphviz text, unproductive convolutions in another colour."""
    unproductive = {layer.node for layer in analysis.unproductive}
    colours = {
        layer.node: TAIL if layer.node in unproductive else PRODUCTIVE for layer in analysis.layers
    }
    return to_dot(analysis.spec, analysis.geometry[0].shape, colours=colours)


def _by_layer(trained: Trained | None) -> dict[str, tuple[float, ...]]:
    if trained is None:
        return {}
    return {
        f"{weights}_{name}": getattr(getattr(trained, weights), name)
        for weights in WEIGHTS
        for name in ("saturation", "probe_accuracy")
    }


def _shown(trained: Trained | None) -> tuple[Curves | None, Curves | None]:
    """Curves for the page, where there are any."""
    if trained is None:
        return None, None
    return trained.trained or None, trained.untrained or None


def _border(layer: Any) -> str:
    return "-" if layer is None else f"{layer.position} {layer.name}"
