"""What a run of the study found, and how it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from randarch.analysis import DepthAnalysis, FieldGroup, by_unproductive
from randarch.receptive_field import UNPRODUCTIVE
from randarch.report.rfm import DepthReport, Published, StudyReport, render_page, write_figures
from randarch.report.rfm.sentences import finding
from randarch.store import write_csv, write_json, write_text
from randarch.studies.rfm_correlation.config import Config
from randarch.studies.rfm_correlation.published import WHERE_IT_HOLDS
from randarch.studies.session import describe_device


@dataclass(frozen=True)
class DepthResult:
    """One depth: the analysis, the table behind it, the paper's numbers, and Table III if it was asked for."""

    analysis: DepthAnalysis
    table: pd.DataFrame
    paper: Published
    converged: pd.DataFrame | None = None

    def to_summary(self) -> dict[str, Any]:
        summary = self.analysis.to_summary()
        fields = [group.to_summary() for group in self.fields]
        paper = _paper(self.paper)
        return {**summary, "receptive_field": fields, "paper": paper, **self._converged_summary()}

    @property
    def fields(self) -> tuple[FieldGroup, ...]:
        """Accuracies by unproductive convolutions."""
        scores = {name: self.table[name].tolist() for name in ("rfm_accuracy", "trained_accuracy")}
        return by_unproductive(self.table[UNPRODUCTIVE].tolist(), scores)

    def _converged_summary(self) -> dict[str, Any]:
        if self.converged is None:
            return {}
        groups = self.converged.groupby("picked_by", sort=False)["accuracy"]
        return {
            "converged": {
                str(name): {"mean": float(g.mean()), "std": float(g.std()), "n": len(g)}
                for name, g in groups
            }
        }

    def describe(self) -> str:
        """Paper vs ours, in plain text."""
        a, paper = self.analysis, self.paper
        rows = [
            ("Pearson, RFM and trained", paper.pearson, a.rfm.all.pearson),
            ("Spearman, RFM and trained", paper.spearman, a.rfm.all.spearman),
            ("Kendall, RFM and trained", None, a.rfm.all.kendall),
            ("Spearman, ensemble and trained", None, a.ensemble.all.spearman),
            ("Spearman, final size and trained", paper.size_trained, a.trained_final_size_spearman),
            ("Spearman, final size and RFM", paper.size_rfm, a.rfm.final_size_spearman),
            ("Spearman given log final size", None, a.rfm.partial_spearman["log_final_size"]),
            ("Reliability of RFM (mean over seeds)", None, a.rfm.reliability.of_mean),
        ]
        lines = [f"depth {a.depth}: {a.n} architectures, {a.dead} dead, {a.diverged} diverged"]
        lines.append(f"  {'':50} {'paper':>6}  ours [95 % interval]")
        lines += [
            f"  {name:50} {'-' if p is None else f'{p:.3f}':>6}  {ours}" for name, p, ours in rows
        ]
        found = finding(self.report())
        return "\n".join([*lines, f"  {found.verdict}", *(f"  {note}" for note in self.notes)])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know beside the numbers."""
        return (WHERE_IT_HOLDS,) if self.analysis.rfm.all.spearman.contains_zero else ()

    def report(self) -> DepthReport:
        """What the page shows of this depth."""
        return DepthReport(self.analysis, self.table, self.paper, self.converged, self.fields)

    def _repr_html_(self) -> str:
        return self.analysis._repr_html_()


@dataclass(frozen=True)
class Result:
    """A whole run.

    Attributes:
      depths: one result a depth, in the config's order.
      deviations: from the paper's protocol, a sentence each.
      seconds: `total` is this call's wall time until its files are written; `compile`, `evaluate` and
        `train` are work seconds, added up over workers and over interrupted runs of the same folder.
      provenance: device, versions, source and numerical settings.
    """

    study: str
    config: Config
    depths: tuple[DepthResult, ...]
    deviations: tuple[str, ...]
    seconds: Mapping[str, float]
    command: str
    provenance: Mapping[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        """One row per architecture of every depth."""
        parts = [d.table.assign(depth=d.analysis.depth) for d in self.depths]
        return pd.concat(parts, ignore_index=True)

    def to_summary(self) -> dict[str, Any]:
        """The content of summary.json: with one depth its numbers stand at the top, with several under `depths`."""
        head = {"study": self.study, "config": self.config.to_dict()}
        tail = {
            "deviations": list(self.deviations),
            "seconds": dict(self.seconds),
            **dict(self.provenance),
        }
        if len(self.depths) == 1:
            return head | self.depths[0].to_summary() | tail
        depths = {str(d.analysis.depth): head | d.to_summary() | tail for d in self.depths}
        return head | {"depths": depths} | tail

    def describe(self) -> str:
        """The numbers, the deviations and the time, in plain text."""
        parts = [d.describe() for d in self.depths]
        parts.append(
            "\n".join(
                ["deviations from the paper's protocol:", *(f"  - {d}" for d in self.deviations)]
            )
        )
        times = ", ".join(f"{name} {value:.0f} s" for name, value in self.seconds.items())
        return "\n\n".join([*parts, f"time: {times} (all but the total: added up over workers)"])

    def save(self, folder: Path) -> None:
        """Writes results.csv, summary.json, report.html and figures/ into the folder."""
        table = self.table
        write_csv(
            table[[c for c in table if not str(c).endswith("_by_epoch") and c != "kind"]],
            folder / "results.csv",
            key=("depth", "draw"),
        )
        write_json(self.to_summary(), folder / "summary.json")
        report = self.report()
        figures = folder / "figures"
        figures.mkdir(exist_ok=True)
        write_figures(report, figures)
        write_text(render_page(report), folder / "report.html")

    def report(self) -> StudyReport:
        """What the page shows."""
        return StudyReport(
            title="Random-weight accuracy against trained accuracy",
            depths=tuple(d.report() for d in self.depths),
            command=self.command,
            device=describe_device(self.provenance),
            config=self.config.to_dict(),
            deviations=self.deviations,
            seconds=self.seconds,
            notes=tuple(dict.fromkeys(note for d in self.depths for note in d.notes)),
            versions={k: str(v) for k, v in self.provenance["versions"].items()},
        )

    def _repr_html_(self) -> str:
        return "".join(d._repr_html_() for d in self.depths)


def _paper(paper: Published) -> dict[str, Any]:
    return {
        "pearson": paper.pearson,
        "spearman": paper.spearman,
        "final_size_spearman_trained": paper.size_trained,
        "final_size_spearman_rfm": paper.size_rfm,
        "converged_trained": paper.converged_trained,
        "converged_rfm": paper.converged_rfm,
        "by_bin": [
            {"low": b.low, "high": b.high, "pearson": b.pearson, "spearman": b.spearman}
            for b in paper.bins
        ],
    }
