"""What a report is made of: analyses, tables and the circumstances of a run, as plain data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from randarch.analysis import DepthAnalysis, FieldGroup

_COLUMNS = (
    *("genome_text", "digest", "final_size", "params", "macs"),
    *("rfm_accuracy", "ensemble_accuracy", "trained_accuracy", "dead", "diverged"),
)
_CONVERGENCE_COLUMNS = ("picked_by", "rank", "genome_text", "accuracy")


def seed_columns(table: pd.DataFrame, score: str) -> list[str]:
    """The columns `{score}_seed0`, `{score}_seed1`, ... that the table has, in that order."""
    names = [str(c) for c in table.columns if re.fullmatch(rf"{score}_seed\d+", str(c))]
    return sorted(names, key=lambda name: int(name.rpartition("seed")[2]))


@dataclass(frozen=True)
class PublishedBin:
    """One row of the paper's Table V: correlations for final sizes in (low, high]."""

    low: float
    high: float
    pearson: float
    spearman: float


@dataclass(frozen=True)
class Published:
    """The paper's numbers for one depth; None (and no bins) where it gives none.

    Attributes:
      pearson, spearman: RFM against trained accuracy (Table II).
      size_trained, size_rfm: Spearman of final size with either accuracy (Table IV).
      converged_trained, converged_rfm: mean and standard deviation, as fractions, of the best five
        by either accuracy after training to convergence (Table III).
      bins: Table V.
    """

    pearson: float | None = None
    spearman: float | None = None
    size_trained: float | None = None
    size_rfm: float | None = None
    converged_trained: tuple[float, float] | None = None
    converged_rfm: tuple[float, float] | None = None
    bins: tuple[PublishedBin, ...] = ()


@dataclass(frozen=True)
class DepthReport:
    """One depth of the study.

    Attributes:
      analysis: what `analyze_depth` says about `table`.
      table: one row per architecture, the columns that `analyze_depth` takes and `genome_text`, a
        readable genome. Accuracies are fractions, NaN where there is none.
      published: the paper's numbers for this depth.
      convergence: networks trained to convergence, with columns `picked_by` (`trained`, `rfm` or
        `ensemble`), `rank` (1 is the best by that score), `genome_text`, `accuracy` (fraction).
      fields: the architectures by unproductive convolutions; empty leaves them out.

    Raises:
      ValueError: a column is missing, or the table and the analysis differ in length.
    """

    analysis: DepthAnalysis
    table: pd.DataFrame
    published: Published = Published()
    convergence: pd.DataFrame | None = None
    fields: tuple[FieldGroup, ...] = ()

    def __post_init__(self) -> None:
        _require(self.table, _COLUMNS, "table")
        if len(self.table) != self.analysis.n:
            raise ValueError(
                f"the table of depth {self.depth} has {len(self.table)} rows and its analysis "
                f"{self.analysis.n} architectures; expected the table that was analysed"
            )
        if self.convergence is not None:
            _require(self.convergence, _CONVERGENCE_COLUMNS, "convergence table")

    @property
    def depth(self) -> int:
        return self.analysis.depth


@dataclass(frozen=True)
class StudyReport:
    """All that the figures and the page show.

    Attributes:
      title: of the page.
      depths: one or several, in the order in which they are shown.
      command: the line that reproduces the run.
      device: what it ran on, in words.
      config: every setting by its name.
      deviations: how this run differs from the paper's protocol, a sentence each.
      seconds: durations by name, e.g. total, compile, evaluate, train.
      versions: of Python and the packages.
      notes: what a reader has to know before believing the numbers, a sentence each.

    Raises:
      ValueError: no depth, or one depth twice.
    """

    title: str
    depths: tuple[DepthReport, ...]
    command: str
    device: str
    config: Mapping[str, object] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    seconds: Mapping[str, float | int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        found = [d.depth for d in self.depths]
        if not found or len(set(found)) < len(found):
            raise ValueError(f"the depths are {found}; expected at least one, each once")


def _require(table: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise ValueError(
            f"the {what} has no column {', '.join(missing)}; expected {', '.join(columns)}"
        )
