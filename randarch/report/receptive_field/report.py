"""What the figures and the page of the study are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from randarch.analysis import Agreement, Curves, Trainings
from randarch.receptive_field import FieldAnalysis, Suggestion


@dataclass(frozen=True)
class NetworkReport:
    """One network.

    Attributes:
      name: of it.
      analysis: of it.
      suggestions: what could be changed, a truncation first if there is one.
      dot: the graph as Graphviz text.
      trained, untrained: its curves; None where none was made.
      truncated_trained, truncated_untrained: those of the network without its tail.
      trainings, truncated_trainings: of it, and of it without its tail; None where it was not trained.
      agreements: of border and curves, by weights, and by path where there are two.
      shown_in: where the paper has it; empty for others.
    """

    name: str
    analysis: FieldAnalysis
    suggestions: tuple[Suggestion, ...]
    dot: str
    trained: Curves | None = None
    untrained: Curves | None = None
    truncated_trained: Curves | None = None
    truncated_untrained: Curves | None = None
    trainings: Trainings | None = None
    truncated_trainings: Trainings | None = None
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    shown_in: str = ""

    @property
    def truncated(self) -> FieldAnalysis | None:
        """The network without its tail."""
        found = (one.after for one in self.suggestions if one.kind == "truncate")
        return next(found, None)


@dataclass(frozen=True)
class StemRemoved:
    """A ResNet with its stem and without.

    Attributes:
      whole, changed: names of both networks.
      published: CIFAR-10 accuracies with and without; None beside other images.
    """

    whole: str
    changed: str
    published: tuple[float, float] | None


@dataclass(frozen=True)
class Stated:
    """Something that the paper prints of a network, beside what was found.

    Attributes:
      network: its name.
      what: the quantity.
      printed: by the paper.
      found: here, of the same network at the same resolution.
      where: in the paper.
      remark: what to know about the difference; empty if there is none.
    """

    network: str
    what: str
    printed: str
    found: str
    where: str
    remark: str = ""


@dataclass(frozen=True)
class FieldReport:
    """All that the figures and the page show.

    Attributes:
      title: of the page.
      networks: in order.
      stems: pairs of networks to compare, of those that are there.
      stated: what the paper prints of the networks as they are here.
      command: the line that reproduces the run.
      device: what it ran on, in words.
      config: every setting by its name.
      deviations: how this run differs from the paper's, a sentence each.
      seconds: durations by name.
      versions: of Python and the packages.
      notes: what a reader has to know first, a sentence each.
    """

    title: str
    networks: tuple[NetworkReport, ...]
    command: str
    device: str
    config: Mapping[str, object] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stems: tuple[StemRemoved, ...] = ()
    stated: tuple[Stated, ...] = ()
