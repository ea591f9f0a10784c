"""What the page of a sweep is made of: the analysis, the table and the circumstances of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from randarch.analysis import FieldGroup, PublishedComparison, SweepAnalysis, TrainedComparison

_COLUMNS = ("genome_text", "digest", "ratio", "params", "macs", "test_accuracy", "trials", "kept")


@dataclass(frozen=True)
class PublishedSweep:
    """The published sweep's numbers; None (and empty) where it gives none.

    Attributes:
      genomes, valid, kept: numbers of networks.
      best_accuracy: highest published mean accuracy, a fraction.
      best_genome_text: of that network.
      correlations: Pearson's r by gene (or `ratio`) and result, over the kept networks.
    """

    genomes: int | None = None
    valid: int | None = None
    kept: int | None = None
    best_accuracy: float | None = None
    best_genome_text: str = ""
    correlations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepReport:
    """All that the figures and the page show.

    Attributes:
      title: of the page.
      table: as `analyze_sweep` takes it, a row a network.
      analysis: what `analyze_sweep` says about `table`.
      command: the line that reproduces the run.
      device: what it ran on, in words.
      genomes: how many the whole grid has.
      valid: how many of them are networks that can be built and reduce their input.
      kept_rule: what a network had to reach to be kept, in words, e.g. "25 % accuracy and 200
        images/s in the first pass".
      published: the published numbers.
      hand_picked: networks of the published table beside ours.
      trained: networks that were trained to confirm the sweep.
      fields: the networks by unproductive convolutions; empty leaves them out.
      config: every setting by its name.
      engine: counters of the engine by name; a mapping in it is shown as a group.
      deviations: how this run differs from the published one, a sentence each.
      seconds: durations by name.
      versions: of Python and the packages.
      notes: what a reader has to know before believing the numbers, a sentence each.

    Raises:
      ValueError: a column is missing, or the analysis is of another table.
    """

    title: str
    table: pd.DataFrame
    analysis: SweepAnalysis
    command: str
    device: str
    genomes: int
    valid: int
    kept_rule: str = ""
    published: PublishedSweep = PublishedSweep()
    hand_picked: PublishedComparison | None = None
    trained: TrainedComparison | None = None
    fields: tuple[FieldGroup, ...] = ()
    config: Mapping[str, object] = field(default_factory=dict)
    engine: Mapping[str, object] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    seconds: Mapping[str, float | int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = [c for c in _COLUMNS if c not in self.table.columns]
        if missing:
            raise ValueError(
                f"the table has no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}"
            )
        scored = int(self.table["test_accuracy"].notna().sum())
        if scored != self.analysis.n:
            raise ValueError(
                f"the table has {scored} networks with a test accuracy and its analysis "
                f"{self.analysis.n}; expected the table that was analysed"
            )
