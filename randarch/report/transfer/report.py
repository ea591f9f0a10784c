"""What the page of the study is made of: the analysis, the errors it is of and the circumstances of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from randarch.analysis.transfer.errors import Errors, Family, Population
from randarch.analysis.transfer.results import SourceAnalysis, TransferAnalysis
from randarch.report import style
from randarch.report.transfer.names import Name, short_names

SOURCES = {"trained": "trained", "random": "random weights"}
"""Sources of scores, and what a reader is told that they are."""
COLOURS = {"trained": style.TRAINED, "random": style.RFM}


@dataclass(frozen=True, eq=False)
class DatasetCard:
    """What a reader is told of a data set.

    Attributes:
      name: as in the analysis.
      train_images, test_images, classes: how many.
      judged_by: `top-1 error` or `top-5 error`.
      epochs: of training; 0 where nothing was trained.
      examples: a few images to show; may be none.
    """

    name: str
    train_images: int
    test_images: int
    classes: int
    judged_by: str
    epochs: int
    examples: UInt8[np.ndarray, "_ _ _ 3"]


@dataclass(frozen=True, eq=False)
class TransferReport:
    """All that the figures and the page show.

    Attributes:
      title: of the page.
      analysis: what is said; of at least one source.
      trained, random: the errors that it is of, by source; None where a source was left out.
      population: the architectures.
      family: the base, its versions and the targets.
      command: the line that reproduces the run.
      device: what it ran on, in words.
      datasets: a card each, in the order in which they are shown.
      published_rows: of the published table of targets: data set, rho with ImageNet, rho with ImageNet-X.
      published_drivers: of the published table of drivers: data set, rho with depth, rho with width.
      config: every setting by its name.
      engine: counters of the engine by name; a mapping in it is shown as a group.
      deviations: how this run differs from the published one, a sentence each.
      seconds: durations by name.
      versions: of Python and the packages.
      notes: what a reader has to know before believing the numbers, a sentence each.

    Raises:
      ValueError: there is no source, an analysis is without its errors (or the other way round) or of other data sets,
        or the errors are of other architectures.
    """

    title: str
    analysis: TransferAnalysis
    trained: Errors | None
    random: Errors | None
    population: Population
    family: Family
    command: str
    device: str
    datasets: tuple[DatasetCard, ...] = ()
    published_rows: tuple[tuple[str, float, float], ...] = ()
    published_drivers: tuple[tuple[str, float, float], ...] = ()
    config: Mapping[str, object] = field(default_factory=dict)
    engine: Mapping[str, object] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    seconds: Mapping[str, float | int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.analysis.trained is None and self.analysis.random is None:
            raise ValueError("the analysis has no source; expected trained, random or both")
        for source in SOURCES:
            analysis: SourceAnalysis | None = getattr(self.analysis, source)
            errors: Errors | None = getattr(self, source)
            if (analysis is None) != (errors is None):
                raise ValueError(
                    f"{source}: errors without an analysis, or an analysis without errors; expected both or neither"
                )
            if analysis is None or errors is None:
                continue
            missing = [name for name in analysis.apr.datasets if name not in errors.datasets]
            if missing:
                raise ValueError(
                    f"{source}: no errors on {', '.join(missing)}; expected those that were analysed"
                )
            if errors.values.shape[1] != len(self.population.texts):
                raise ValueError(
                    f"{source}: errors of {errors.values.shape[1]} architectures and a population of "
                    f"{len(self.population.texts)}; expected the same ones in the same order"
                )

    @cached_property
    def sources(self) -> dict[str, SourceAnalysis]:
        """Those there are, training first."""
        found = {source: getattr(self.analysis, source) for source in SOURCES}
        return {source: analysis for source, analysis in found.items() if analysis is not None}

    @property
    def main(self) -> str:
        """The source that is shown first."""
        return next(iter(self.sources))

    @cached_property
    def errors(self) -> dict[str, Errors]:
        """By source, as `sources`."""
        return {source: getattr(self, source) for source in self.sources}

    @cached_property
    def names(self) -> dict[str, Name]:
        """Short names of all data sets by the full ones."""
        full = [name for analysis in self.sources.values() for name in analysis.apr.datasets]
        control = [] if self.family.control is None else [self.family.control]
        others = [self.family.base, *self.family.members, *control, *self.family.targets]
        return short_names([*full, *others, *(card.name for card in self.datasets)])

    def shortened(self, text: str) -> str:
        """A sentence with the short names of data sets in place of the full ones."""
        for full in sorted(self.names, key=len, reverse=True):
            text = text.replace(full, self.names[full])
        return text

    def name(self, dataset: str) -> Name:
        """The short name; one that nothing is known of is its own."""
        return self.names.get(dataset) or Name(dataset, dataset)
