"""What a run found, and how it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis.structure import Repeats, Specialists, StructureAnalysis
from randarch.report.structure import (
    RandomWeights,
    StructureReport,
    render_page,
    write_figures,
)
from randarch.store import write_csv, write_json, write_text
from randarch.studies.session import describe_device
from randarch.studies.structural_sampling import published
from randarch.studies.structural_sampling.analyses import Analyses
from randarch.studies.structural_sampling.comparison import Comparison, published_structure
from randarch.studies.structural_sampling.config import Config, differences, on_cifar100
from randarch.studies.structural_sampling.stored import Found

DEVIATING = 5
"""Classes named as the most deviating, as in Table III."""
EXAMPLES = 8
"""Images shown of an extreme class."""


@dataclass(frozen=True, eq=False)
class Result:
    """A whole run.

    Attributes:
      found: what was measured.
      analyses: what it says.
      deviations: from the paper's protocol, a sentence each.
      notes: what a reader has to know beside the numbers.
      seconds: `total` is this call's wall time until its files are written; `compile`, `train` and `evaluate` are
        work seconds, added up over workers and over interrupted runs of the same folder.
      engine: counters.
      provenance: device, versions, source and numerical settings.
    """

    study: str
    config: Config
    found: Found
    analyses: Analyses
    deviations: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]
    engine: Mapping[str, Any]
    command: str
    provenance: Mapping[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        """One row a draw."""
        return self.found.table

    @property
    def analysis(self) -> StructureAnalysis:
        """Of the trained networks."""
        return self.analyses.trained

    @property
    def random(self) -> RandomWeights | None:
        """Of random weights, beside the trained ones."""
        return self.analyses.random

    @property
    def specialists(self) -> Specialists | None:
        """Ensembles, members by the number of their draw; None where predictions were not stored."""
        return self.analyses.specialists

    @property
    def repeats(self) -> Repeats | None:
        """Of repeated trainings."""
        return self.analyses.repeats

    @property
    def comparison(self) -> Comparison:
        """With the paper, where the images are its own."""
        return self.analyses.comparison

    def to_summary(self) -> dict[str, Any]:
        """The content of summary.json."""
        analysis = self.analysis
        against = self.comparison
        random = self.random
        return {
            "study": self.study,
            "config": self.config.to_dict(),
            "num_networks": len(analysis.sampled),
            "num_architectures": analysis.architectures,
            "failed": analysis.failed,
            "best": {"accuracy": analysis.best_accuracy, "layers": list(analysis.best_layers)},
            "mean": analysis.mean,
            "top_cutoff": analysis.cutoff,
            "layer_distribution": analysis.distribution.to_summary(),
            "per_class": {c.name: c.to_summary() for c in analysis.classes.classes},
            "most_deviating": [c.name for c in analysis.classes.most_deviating(DEVIATING)],
            "patterns": analysis.patterns.to_summary(),
            "surrogate": analysis.surrogate.to_summary(),
            "pairs": [pair.to_summary() for pair in analysis.pairs],
            "accuracy_and_params": analysis.accuracy_and_params.to_summary(),
            "random": None
            if random is None
            else {
                "mean": random.analysis.mean,
                "best": random.analysis.best_accuracy,
                "against_trained": random.against_trained.to_summary(),
                "class_means": _summary(random.class_means),
                "layers": _summary(random.layers),
                "layer_distribution": random.analysis.distribution.to_summary(),
                "patterns": random.analysis.patterns.to_summary(),
            },
            "specialists": None if self.specialists is None else self.specialists.to_summary(),
            "repeats": None if self.repeats is None else self.repeats.to_summary(),
            "paper": {
                "num_networks": published.NETWORKS,
                "best": published.BEST_ACCURACY,
                "mean": published.MEAN_ACCURACY,
                "top_cutoff": published.CUTOFF,
                "against_layers": _summary(against.layers),
                "against_classes": _summary(against.classes),
            },
            "engine": dict(self.engine),
            "deviations": list(self.deviations),
            "notes": [*self.notes, *analysis.notes],
            "seconds": dict(self.seconds),
            **dict(self.provenance),
        }

    def describe(self) -> str:
        """The numbers, the deviations and the time, in plain text."""
        a, against = self.analysis, self.comparison
        pattern = a.patterns.of("convolution - max-pooling - convolution")
        rows = [
            ("networks", f"{published.NETWORKS:,}", f"{a.n:,} ({a.architectures:,} architectures)"),
            ("best accuracy", f"{published.BEST_ACCURACY:.2%}", f"{a.best_accuracy:.2%}"),
            ("mean accuracy", f"{published.MEAN_ACCURACY:.2%}", f"{a.mean:.2%}"),
            (f"accuracy of number {a.top}", f"{published.CUTOFF:.2%}", f"{a.cutoff:.2%}"),
            ("best network", " - ".join(published.BEST_NETWORK), " - ".join(a.best_layers)),
        ]
        lines = [f"{a.n} networks of {self.config.layers} layers, {a.failed} diverged"]
        lines += [f"  {'':22} {'paper':42} ours"]
        lines += [f"  {name:22} {paper:42} {ours}" for name, paper, ours in rows]
        lines.append(
            f"  convolution - max-pooling - convolution: {pattern.share_top.value:.0%} of the best, "
            f"{pattern.share_sample:.0%} of all; ratio {pattern.lift}"
        )
        if against.layers is not None:
            lines.append(
                f"  layer types by position, Spearman with Table I: {against.layers.spearman}"
            )
        if against.classes is not None:
            lines.append(
                f"  mean accuracy by class, Spearman with Table II: {against.classes.mean.spearman}"
            )
        names = [f"{c.name} ({c.distance:.0f})" for c in a.classes.most_deviating(DEVIATING)]
        lines.append(f"  most deviating classes: {', '.join(names)}")
        if self.random is not None:
            lines.append(
                f"  random weights, Spearman with trained: {self.random.against_trained.spearman}"
            )
        if self.specialists is not None:
            best, greedy = self.specialists.of("best"), self.specialists.of("greedy")
            lines.append(
                f"  best single network {best.accuracy.value:.2%}, greedy ensemble of {greedy.size} "
                f"{greedy.accuracy.value:.2%} of {self.specialists.report_images:,} held-back test images"
            )
        if self.repeats is not None:
            lines.append(f"  repeated trainings: {self.repeats.verdict}")
        lines += [f"  note: {note}" for note in (*self.notes, *a.notes)]
        lines += ["", "deviations from the paper's protocol:"]
        lines += [f"  - {text}" for text in self.deviations]
        times = ", ".join(f"{name} {value:.0f} s" for name, value in self.seconds.items())
        return "\n".join([*lines, "", f"time: {times} (all but the total: added up over workers)"])

    def save(self, folder: Path) -> None:
        """Writes results.csv, summary.json, report.html and figures/ into the folder."""
        write_csv(self.table, folder / "results.csv", key=("draw",))
        write_json(self.to_summary(), folder / "summary.json")
        report, figures = self.report(), folder / "figures"
        figures.mkdir(exist_ok=True)
        write_figures(report, figures)
        write_text(render_page(report), folder / "report.html")

    def report(self) -> StructureReport:
        """What the page shows."""
        against = self.comparison
        images = self.found.dataset
        others = differences(self.config, len(images.x_train), len(images.x_test))
        return StructureReport(
            title="Which layers suit which classes?",
            analysis=self.analysis,
            table=self.table,
            command=self.command,
            device=describe_device(self.provenance),
            dataset=f"{self.config.dataset}, {len(self.found.dataset.x_train):,} training images",
            random=self.random,
            specialists=self.specialists,
            repeats=self.repeats,
            published=published_structure(self.found.space.library, self.config.layers)
            if on_cifar100(self.config)
            else None,
            comparable=not others,
            against_layers=against.layers,
            against_classes=against.classes,
            examples=self._examples(),
            config=self.config.to_dict(),
            engine=self.engine,
            deviations=self.deviations,
            seconds=self.seconds,
            versions={k: str(v) for k, v in self.provenance["versions"].items()},
            notes=self.notes,
        )

    def _examples(self) -> dict[str, np.ndarray]:
        """The first test images of the classes that deviate the most and the least."""
        data = self.found.dataset
        if data.input_shape[2] not in (1, 3):
            return {}
        count = min(DEVIATING, data.num_classes // 2)
        by_distance = self.analysis.classes.most_deviating(data.num_classes)
        extreme = [*by_distance[:count], *by_distance[len(by_distance) - count :]]
        numbers = {c.name: data.classes.index(c.name) for c in extreme}
        return {
            name: data.x_test[data.y_test == number][:EXAMPLES] for name, number in numbers.items()
        }


def _summary(found: Any) -> dict[str, Any] | None:
    return None if found is None else found.to_summary()
