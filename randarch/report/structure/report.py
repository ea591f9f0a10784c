"""What the page of the study is made of: the analyses, the table of networks and the circumstances of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8

from randarch.analysis import (
    ClassComparison,
    Correlations,
    Repeats,
    Specialists,
    StructureAnalysis,
)

COLUMNS = ("genome_text", "digest", "params", "macs", "accuracy", "failed")
_EQUAL = 1e-6


@dataclass(frozen=True)
class PublishedClass:
    """A row of the published table of classes; accuracies are fractions.

    Attributes:
      top, mean: highest and mean accuracy in the class.
      distance: between the layers of the best for the class and those of the best of all.
    """

    top: float
    mean: float
    distance: float | int


@dataclass(frozen=True, eq=False)
class PublishedStructure:
    """The published numbers. Accuracies are fractions, counts are per 100 networks.

    Attributes:
      dataset: the images they are of, e.g. "CIFAR-100".
      networks: how many were drawn.
      best, mean: highest and mean accuracy.
      top: how many are the best of all.
      cutoff: accuracy of the last of them.
      best_layers: layer types of the best network.
      types: layer types, in the order of all counts.
      counts: layer types by position of the best of all (Table I).
      classes: by the name of the class (Table II).
      class_counts: layer types by position of the best for the classes that deviate the most, the first of them first
        (Table III).
      ranks_of_best: rank of the best network in a class.
      most_params, mean_params, best_params: largest and mean number of parameters, and that of the best network.
      remarks: what in them does not agree with itself, in sentences.
    """

    dataset: str
    networks: int
    best: float
    mean: float
    top: int
    cutoff: float
    best_layers: tuple[str, ...]
    types: tuple[str, ...]
    counts: Float[np.ndarray, "types positions"]
    classes: Mapping[str, PublishedClass] = field(default_factory=dict)
    class_counts: Mapping[str, Float[np.ndarray, "types positions"]] = field(default_factory=dict)
    ranks_of_best: Mapping[str, int] = field(default_factory=dict)
    most_params: int | None = None
    mean_params: int | None = None
    best_params: int | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RandomWeights:
    """The same networks with random weights, of which a readout alone was solved for.

    Attributes:
      analysis: of their accuracies; row for row the networks that were trained. What was not scored is marked as
        failed.
      against_trained: of both accuracies over the networks.
      class_means: of the mean accuracies in each class, over the classes.
      layers: of the layers of the best with random weights and those of the best trained, over types and positions.
    """

    analysis: StructureAnalysis
    against_trained: Correlations
    class_means: Correlations | None = None
    layers: Correlations | None = None


@dataclass(frozen=True, eq=False)
class StructureReport:
    """All that the figures and the page show.

    Attributes:
      title: of the page.
      analysis: of the trained networks.
      table: a row a draw, in the order of `analysis.sampled`; with a column `unproductive_layers` (how many
        convolutions are), accuracies are shown by it.
      command: the line that reproduces the run.
      device: what it ran on, in words.
      dataset: the images, in words; may be empty.
      random: the same networks with random weights.
      specialists: ensembles of the networks.
      repeats: networks that were trained several times.
      published: the published numbers.
      comparable: whether accuracies may be compared with the published ones: the same images, networks and training.
      against_layers: our layers of the best with the published ones, over types and positions.
      against_classes: our classes with the published ones.
      examples: a few images of some classes, the most and the least deviating ones say, by the class's name.
      config: every setting by its name.
      engine: counters of the engine by name; a mapping in it is shown as a group.
      deviations: how this run differs from the published one, a sentence each.
      seconds: durations by name.
      versions: of Python and the packages.
      notes: what a reader has to know before believing the numbers, a sentence each.

    Raises:
      ValueError: the table lacks a column or is of other networks, those with random weights are others, or an
        example is of no class.
    """

    title: str
    analysis: StructureAnalysis
    table: pd.DataFrame
    command: str
    device: str
    dataset: str = ""
    random: RandomWeights | None = None
    specialists: Specialists | None = None
    repeats: Repeats | None = None
    published: PublishedStructure | None = None
    comparable: bool = True
    against_layers: Correlations | None = None
    against_classes: ClassComparison | None = None
    examples: Mapping[str, UInt8[np.ndarray, "_ _ _ _"]] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)
    engine: Mapping[str, object] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    seconds: Mapping[str, float | int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = [c for c in COLUMNS if c not in self.table.columns]
        if missing:
            raise ValueError(
                f"the table has no column {', '.join(missing)}; expected {', '.join(COLUMNS)}"
            )
        sampled = self.analysis.sampled
        if len(self.table) != len(sampled):
            raise ValueError(
                f"the table has {len(self.table)} rows and the analysis {len(sampled)} networks; "
                "expected a row a network, in the same order"
            )
        failed = self.table["failed"].to_numpy(dtype=bool)
        accuracy = self.table["accuracy"].to_numpy(dtype=float)[~sampled.failed]
        if (failed != sampled.failed).any() or not np.allclose(
            accuracy, sampled.accuracy[~sampled.failed], rtol=0, atol=_EQUAL
        ):
            raise ValueError(
                "the table has other accuracies or failures than its analysis; expected the networks that were "
                "analysed, in the same order"
            )
        if self.random is not None:
            layers = self.random.analysis.sampled.layers
            if layers.shape != sampled.layers.shape or (layers != sampled.layers).any():
                raise ValueError(
                    "the networks with random weights are not those that were trained; expected the same in the same "
                    "order, those without a score marked as failed"
                )
        for name, images in self.examples.items():
            if name not in sampled.classes:
                raise ValueError(
                    f"examples of {name}; expected a class of {', '.join(sampled.classes)}"
                )
            if not images.size or images.shape[3] not in (1, 3):
                raise ValueError(
                    f"examples of {name} of shape {images.shape}; expected images, height, width, 1 or 3 channels"
                )
