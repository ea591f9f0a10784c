"""What a sweep found, and how it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis import (
    FieldGroup,
    PublishedComparison,
    SweepAnalysis,
    TrainedComparison,
    by_unproductive,
    compare_published,
    compare_trained,
)
from randarch.engine import ThroughputModel
from randarch.receptive_field import UNPRODUCTIVE
from randarch.report.sweep import (
    PublishedSweep,
    SweepReport,
    render_page,
    write_figures,
)
from randarch.spaces import ValidCount
from randarch.store import write_csv, write_json, write_text
from randarch.studies.random_conv_sweep import published
from randarch.studies.random_conv_sweep.config import Config
from randarch.studies.session import describe_device

CLOCKED = ("fit_seconds", "throughput", "predicted_throughput")
"""Columns that a clock made, which are in throughput.csv. Where throughput decides what is kept, results.csv
follows the clock too; with min_throughput=0 the same run gives the same file."""


@dataclass(frozen=True)
class Result:
    """A whole run.

    Attributes:
      counts: of the whole grid, before `limit`.
      table: one row a network, as `rows.network_table` and `rows.with_times` make it.
      analysis: of the table.
      hand_picked: the post's networks, published and ours.
      trained: the networks that were trained; None if none was.
      throughput_model: what predicted throughput; None if none was measured.
      engine: programs, steps and multiply-adds, of the call that made this.
      deviations: from the post's protocol, a sentence each.
      seconds: `total` is this call's wall time; the others are work seconds, added up over workers and
        over interrupted runs of the same folder.
      provenance: device, versions, source and numerical settings.
    """

    study: str
    config: Config
    counts: ValidCount
    table: pd.DataFrame
    analysis: SweepAnalysis
    hand_picked: PublishedComparison
    trained: TrainedComparison | None
    throughput_model: ThroughputModel | None
    engine: Mapping[str, Any]
    deviations: tuple[str, ...]
    seconds: Mapping[str, float]
    command: str
    provenance: Mapping[str, Any]

    @property
    def fields(self) -> tuple[FieldGroup, ...]:
        """Accuracies of the first pass, which all networks have alike, by unproductive convolutions."""
        scores = {"first_test_accuracy": self.table["first_test_accuracy"].tolist()}
        return by_unproductive(self.table[UNPRODUCTIVE].tolist(), scores)

    def to_summary(self) -> dict[str, Any]:
        """The content of summary.json."""
        model = self.throughput_model
        return {
            "study": self.study,
            "config": self.config.to_dict(),
            "valid": self.counts.valid,
            "does_not_fit": self.counts.does_not_fit,
            "too_large": self.counts.too_large,
            "total": self.counts.total,
            "evaluated": len(self.table),
            "kept": int(self.table["kept"].sum()),
            **self.analysis.to_summary(),
            "receptive_field": [group.to_summary() for group in self.fields],
            "paper": {
                "valid": published.VALID,
                "kept": published.KEPT,
                "correlations": {k: dict(v) for k, v in published.CORRELATIONS.items()},
                "hand_picked": self.hand_picked.to_summary(),
            },
            "random_vs_trained": None if self.trained is None else self.trained.to_summary(),
            "throughput_error": None if model is None else model.median_relative_error,
            "engine": dict(self.engine),
            "deviations": list(self.deviations),
            "seconds": dict(self.seconds),
            **dict(self.provenance),
        }

    def describe(self) -> str:
        """The numbers, the deviations and the time, in plain text."""
        counts, analysis = self.counts, self.analysis
        lines = [
            f"{counts.total:,} networks in the grid, {counts.valid:,} valid ({counts.does_not_fit:,} do not fit, "
            f"{counts.too_large:,} put out more than the input), {len(self.table):,} evaluated, "
            f"{int(self.table['kept'].sum()):,} kept",
            "",
            f"  {'best of ' + analysis.among:34} {'test accuracy [95 % over trials]':36} images/s",
        ]
        for one in analysis.best[:5]:
            rate = "-" if np.isnan(one.throughput) else f"{one.throughput:,.0f}"
            lines.append(f"  {one.genome_text:34} {one.accuracy!s:36} {rate}")
        lines += ["", f"  {'hand-picked by the post':34} published  ours [95 % over trials]"]
        lines += [
            f"  {row.genome_text:34} {row.published_accuracy:9.4f}  {row.accuracy}"
            for row in self.hand_picked.rows
            if row.accuracy.n
        ]
        if any(row.accuracy.n for row in self.hand_picked.rows):
            lines.append(
                f"  {'their mean':34} {self.hand_picked.published:9.4f}  {self.hand_picked.ours:.4f}"
            )
        else:
            lines.append("  (none of them is among the networks evaluated)")
        if self.trained is not None:
            lines += [
                "",
                "  random weights against trained, Spearman [95 %], of the networks trained:",
            ]
            lines += [
                f"  {group.channels} channels: {group.spearman}" for group in self.trained.groups
            ]
        engine = self.engine
        lines += [
            "",
            f"engine: {engine['programs']:,} programs in {engine['compile_seconds']:.0f} s of compiling, "
            f"{engine['hits']:,} hits; {engine['macs_run'] / 1e12:.2f} T multiply-adds of "
            f"{engine['macs_one_by_one'] / 1e12:.2f} T one by one (first pass, this call)",
            "",
            "deviations from the post's protocol:",
            *(f"  - {d}" for d in self.deviations),
        ]
        times = ", ".join(f"{name} {value:.0f} s" for name, value in self.seconds.items())
        return "\n".join([*lines, "", f"time: {times} (all but the total: added up over workers)"])

    def save(self, folder: Path) -> None:
        """Writes results.csv, throughput.csv, summary.json, report.html and figures/ into the folder."""
        table = self.table
        write_csv(table.drop(columns=list(CLOCKED)), folder / "results.csv", key=("genome",))
        timed = table[["genome", "genome_text", *CLOCKED]]
        write_csv(timed, folder / "throughput.csv", key=("genome",))
        if self.trained is not None:
            write_csv(self.trained.table, folder / "trained.csv", key=("channels", "genome_text"))
        write_json(self.to_summary(), folder / "summary.json")
        report = self.report()
        figures = folder / "figures"
        figures.mkdir(exist_ok=True)
        write_figures(report, figures)
        write_text(render_page(report), folder / "report.html")

    def report(self) -> SweepReport:
        """What the page shows."""
        config = self.config
        rule = f"{100 * config.min_accuracy:g} % accuracy"
        if config.min_throughput:
            rule += f" and {config.min_throughput:g} images/s"
        best = max(published.HANDPICKED, key=lambda one: one.accuracy)
        return SweepReport(
            title="Every network of a grid, with random weights",
            table=self.table,
            analysis=self.analysis,
            command=self.command,
            device=describe_device(self.provenance),
            genomes=self.counts.total,
            valid=self.counts.valid,
            kept_rule=f"{rule} in the first pass",
            published=PublishedSweep(
                genomes=46_656,
                valid=published.VALID,
                kept=published.KEPT,
                # Beside an accuracy on other images it would mean nothing.
                best_accuracy=best.accuracy if config.on_stl10 else None,
                best_genome_text=_text(best) if config.on_stl10 else "",
                correlations=published.CORRELATIONS,
            ),
            hand_picked=self.hand_picked,
            trained=self.trained,
            fields=self.fields,
            config=config.to_dict(),
            engine=dict(self.engine),
            deviations=self.deviations,
            seconds=self.seconds,
            versions={k: str(v) for k, v in self.provenance["versions"].items()},
        )


def compare_hand_picked(table: pd.DataFrame) -> PublishedComparison:
    """The post's hand-picked networks beside ours."""
    rows = [
        {
            "kernel_size": ",".join(map(str, one.kernels)),
            "stride": ",".join(map(str, one.strides)),
            "dilation": ",".join(map(str, one.dilations)),
            "throughput": one.throughput,
            "accuracy": 100 * one.accuracy,
            "ratio": one.ratio,
        }
        for one in published.HANDPICKED
    ]
    return compare_published(table, pd.DataFrame(rows))


def compare_confirmed(
    table: pd.DataFrame, rows: pd.DataFrame, rng: np.random.Generator
) -> TrainedComparison:
    """The networks that were trained: with random weights, trained, and as published."""
    texts = dict(zip(table["genome"], table["genome_text"], strict=True))
    random = dict(zip(table["genome"], table["test_accuracy"], strict=True))
    known = {
        (_text(one), channels): accuracy
        for one in (*published.HANDPICKED, published.COUNTER_EXAMPLE)
        for channels, accuracy in one.trained.items()
    }
    confirmed = pd.DataFrame(
        {
            "genome_text": [texts[g] for g in rows["genome"]],
            "channels": rows["channels"].astype(int),
            "random_accuracy": [random[g] for g in rows["genome"]],
            "trained_accuracy": rows["trained_accuracy"].astype(float),
        }
    )
    confirmed["published_trained_accuracy"] = [
        known.get(key, np.nan)
        for key in zip(confirmed["genome_text"], confirmed["channels"], strict=True)
    ]
    return compare_trained(confirmed, rng=rng)


def _text(one: published.Picked) -> str:
    return " - ".join(",".join(map(str, v)) for v in (one.kernels, one.strides, one.dilations))
