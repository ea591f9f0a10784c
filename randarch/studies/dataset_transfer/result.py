"""What a run found, and how it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from randarch.analysis.transfer import Family, TransferAnalysis, analyze_transfer, published
from randarch.report.transfer import DatasetCard, TransferReport, render_page, write_figures
from randarch.store import write_csv, write_json, write_text
from randarch.studies.dataset_transfer.config import Config
from randarch.studies.dataset_transfer.datasets import Used, judged_by_top5
from randarch.studies.dataset_transfer.stored import Found
from randarch.studies.session import describe_device

RESAMPLES = 1000
EXAMPLES = 6
"""Images of a data set that the page shows."""


def analyze(found: Found, family: Family) -> TransferAnalysis:
    """Everything that is asked of a run's rows."""
    config = found.config
    return analyze_transfer(
        found.trained,
        found.random,
        found.drawn.population,
        family,
        train_errors=found.train_errors,
        longer=found.longer,
        top_five=found.top_five,
        pretrained=found.pretrained,
        target=config.target,
        rng_of=lambda stream: np.random.default_rng([config.seed, 4, stream]),
        resamples=RESAMPLES,
        top=min(config.top, config.num_architectures),
    )


@dataclass(frozen=True, eq=False)
class Result:
    """A whole run.

    Attributes:
      found: what was measured.
      family: how the data sets belong together.
      analysis: what it says.
      deviations: from the paper's protocol, a sentence each.
      seconds: `total` is this call's wall time until its files are written; `compile`, `train` and `random` are work
        seconds, added up over workers and over interrupted runs of the same folder.
      engine: counters.
      provenance: device, versions, source and numerical settings.
    """

    study: str
    found: Found
    family: Family
    analysis: TransferAnalysis
    deviations: tuple[str, ...]
    seconds: Mapping[str, float]
    engine: Mapping[str, Any]
    command: str
    provenance: Mapping[str, Any]

    @property
    def config(self) -> Config:
        """Of the run."""
        return self.found.config

    @property
    def table(self) -> pd.DataFrame:
        """A row for each architecture, data set, kind and repeat."""
        return self.found.table

    def to_summary(self) -> dict[str, Any]:
        """The content of summary.json."""
        return {
            "study": self.study,
            "config": self.config.to_dict(),
            "num_architectures": len(self.found.drawn.archs),
            "datasets": [_described(self.config, one) for one in self.found.datasets],
            **self.analysis.to_summary(),
            "paper": published.published_summary(),
            "deviations": list(self.deviations),
            "engine": dict(self.engine),
            "seconds": dict(self.seconds),
            **dict(self.provenance),
        }

    def describe(self) -> str:
        """The numbers, the deviations and the time, in plain text."""
        analysis = self.analysis
        lines = [
            f"{len(self.found.drawn.archs)} architectures on {len(self.found.datasets)} data sets"
        ]
        for label, source in (("trained", analysis.trained), ("random weights", analysis.random)):
            if source is None:
                continue
            lines += [
                "",
                f"{label}: correlation (Spearman) of errors with those on {self.config.base}",
            ]
            for name in source.apr.datasets:
                if name != self.config.base:
                    pair = source.apr.pair(self.config.base, name)
                    lines.append(f"  {name:40} {pair.spearman}")
            lines.append(f"{label}: correlation of errors with cumulative depth, and width")
            for one in source.drivers:
                lines.append(f"  {one.dataset:40} {one.depth}   {one.width}")
            if source.class_matched is not None:
                matched = source.class_matched
                lines.append(
                    f"{label}: mean over targets that have both: with the base "
                    f"{matched.mean_with_base}, class-matched {matched.mean_with_matched}, gain {matched.mean_gain}"
                )
        if analysis.agreement is not None:
            agreement = analysis.agreement
            lines += ["", "random weights against training, correlation of errors"]
            lines += [f"  {name:40} {one}" for name, one in agreement.per_dataset.items()]
            compared = {"base and targets alone": agreement.unrelated}
            if agreement.versions_count:
                compared = {"all data sets": agreement.matrices, **compared}
            for what, matrices in compared.items():
                if matrices.spearman.defined:
                    lines.append(
                        f"  the two matrices, {what}: {matrices.spearman.value:.3f}, p = {matrices.spearman.p:.3f} of "
                        f"{matrices.permutations:,} orders of {matrices.spearman.n} data sets"
                    )
        if analysis.recommendation is not None:
            told = analysis.recommendation
            lines += [
                "",
                "regret of the recommended architecture, mean over data sets that were left out (points)",
            ]
            for way, regret in told.mean_regret.items():
                lines.append(f"  {way:40} {100 * regret.value:.2f}")
            if told.target is not None and told.ranking:
                lines.append(f"recommended for {told.target}:")
                texts = self.found.drawn.population.texts
                lines += [
                    f"  {place}. {texts[i]}" for place, i in enumerate(told.ranking[:5], start=1)
                ]
        lines += [f"note: {note}" for note in analysis.notes]
        lines += ["", "deviations from the paper's protocol:"]
        lines += [f"  - {text}" for text in self.deviations]
        times = ", ".join(f"{name} {value:.0f} s" for name, value in self.seconds.items())
        return "\n".join([*lines, "", f"time: {times} (all but the total: added up over workers)"])

    def save(self, folder: Path) -> None:
        """Writes results.csv, summary.json, report.html and figures/ into the folder."""
        write_csv(
            self.table, folder / "results.csv", key=("kind", "dataset", "architecture", "repeat")
        )
        write_json(self.to_summary(), folder / "summary.json")
        report, figures = self.report(), folder / "figures"
        figures.mkdir(exist_ok=True)
        write_figures(report, figures)
        write_text(render_page(report), folder / "report.html")

    def report(self) -> TransferReport:
        """What the page shows."""
        return TransferReport(
            title="Does the best architecture here stay the best there?",
            analysis=self.analysis,
            trained=self.found.trained,
            random=self.found.random,
            population=self.found.drawn.population,
            family=self.family,
            command=self.command,
            device=describe_device(self.provenance),
            datasets=tuple(_card(self.config, one) for one in self.found.datasets),
            published_rows=tuple(
                (row.dataset, row.with_base, row.with_matched) for row in published.TABLE_3
            ),
            published_drivers=tuple(
                (row.dataset, row.depth, row.width) for row in published.TABLE_4
            ),
            config=self.config.to_dict(),
            engine=self.engine,
            deviations=self.deviations,
            seconds=self.seconds,
            versions={k: str(v) for k, v in self.provenance["versions"].items()},
            notes=self.analysis.notes,
        )


def _described(config: Config, used: Used) -> dict[str, Any]:
    data = used.dataset
    return {
        "name": used.name,
        "classes": data.num_classes,
        "train_images": len(data.x_train),
        "test_images": len(data.x_test),
        "judged_by": _judged_by(config, used),
        "epochs": used.epochs if used.trained else 0,
    }


def _judged_by(config: Config, used: Used) -> str:
    return "top-5 error" if judged_by_top5(config, used.dataset) else "top-1 error"


def _card(config: Config, used: Used) -> DatasetCard:
    data = used.dataset
    return DatasetCard(
        name=used.name,
        train_images=len(data.x_train),
        test_images=len(data.x_test),
        classes=data.num_classes,
        judged_by=_judged_by(config, used),
        epochs=used.epochs if used.trained else 0,
        examples=_examples(used),
    )


def _examples(used: Used) -> UInt8[np.ndarray, "k h w 3"]:
    """The first training images of different classes, in colours."""
    data = used.dataset
    _, first = np.unique(data.y_train, return_index=True)
    images = data.x_train[np.sort(first)[:EXAMPLES]]
    if images.shape[3] == 1:
        images = np.repeat(images, 3, axis=3)
    return images if images.shape[3] == 3 else images[:0, :, :, :3]
