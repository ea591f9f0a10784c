"""What the analysis of transfer takes: errors of the same architectures on several data sets."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

STAGES = 4
# Standard deviations that a normal variable exceeds with a probability of 5 %.
_ONE_SIDED = 1.645


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors from one source of scores (training, or random weights), as fractions; nan where a repeat failed or was
    not made.

    Attributes:
      source: `trained` or `random`.
      datasets: names, in the order of `values`.
      values: of every data set, architecture and repeat (another draw of everything random). Data sets need not have
        the same number of repeats: those that are missing are nan for all architectures.
      test_images: of each data set, from which an error was counted.
      guessing: error of guessing on each data set; empty where it is not known.

    Raises:
      ValueError: not a name, a table and a number of test images (and an error of guessing, if there are any) for each
        data set, or a name twice.
    """

    source: str
    datasets: tuple[str, ...]
    values: Float[np.ndarray, "d a r"]
    test_images: tuple[int, ...]
    guessing: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        d = len(set(self.datasets))
        if not len(self.datasets) == len(self.values) == len(self.test_images) == d:
            raise ValueError(
                f"{len(self.datasets)} names of data sets ({d} different ones), errors of {len(self.values)} and "
                f"test images of {len(self.test_images)}; expected one of each for every data set"
            )
        if self.guessing and len(self.guessing) != d:
            raise ValueError(
                f"{len(self.guessing)} errors of guessing for {d} data sets; expected one for each, or none"
            )

    def index(self, dataset: str) -> int:
        """The position of a data set."""
        return self.datasets.index(dataset)

    def repeats(self, dataset: str) -> Float[np.ndarray, "a k"]:
        """One data set's, without the repeats that no architecture has."""
        values = self.values[self.index(dataset)]
        return values[:, ~np.isnan(values).all(axis=0)]

    def mean(self, dataset: str) -> Float[np.ndarray, " a"]:
        """One data set's mean over repeats; nan for an architecture that misses one of them."""
        repeats = self.repeats(dataset)
        return repeats.mean(axis=1) if repeats.shape[1] else np.full(len(repeats), np.nan)

    def no_better_than_guessing(self, dataset: str) -> int:
        """How many architectures are not shown to err less than guessing does (one-sided, 5 %).

        Guesses of every test image and repeat count as independent of each other.
        """
        if not self.guessing:
            return 0
        guess, images = self.guessing[self.index(dataset)], self.test_images[self.index(dataset)]
        guesses = images * self.repeats(dataset).shape[1]
        least = guess - _ONE_SIDED * math.sqrt(guess * (1 - guess) / max(guesses, 1))
        return int((self.mean(dataset) > least).sum())

    def has(self, dataset: str) -> bool:
        """Whether any architecture has all its repeats on a data set."""
        return dataset in self.datasets and bool(np.isfinite(self.mean(dataset)).any())


@dataclass(frozen=True, eq=False)
class Population:
    """The architectures, in the order of `Errors.values`.

    Attributes:
      texts: genomes as the space formats them.
      depths: blocks of every stage.
      widths: channels of every stage.
      bottlenecks: ratios of every stage.
      group_widths: channels in each group of the 3 x 3 convolution of every stage.
      params: learned numbers, without the classifier.
      macs: multiply-adds of one image, without the classifier.
    """

    texts: tuple[str, ...]
    depths: Float[np.ndarray, "a stages"]
    widths: Float[np.ndarray, "a stages"]
    bottlenecks: Float[np.ndarray, "a stages"]
    group_widths: Float[np.ndarray, "a stages"]
    params: Float[np.ndarray, " a"]
    macs: Float[np.ndarray, " a"]

    @property
    def depth(self) -> Float[np.ndarray, " a"]:
        """Cumulative block depth: the blocks of all stages."""
        return self.depths.sum(axis=1)

    @property
    def width(self) -> Float[np.ndarray, " a"]:
        """Cumulative block width: the sum of the stages' widths."""
        return self.widths.sum(axis=1)

    @property
    def by_stage(self) -> dict[str, Float[np.ndarray, "a stages"]]:
        """The genes' values by what they set: `depth`, `width`, `bottleneck` and `group_width`."""
        return {
            "depth": self.depths,
            "width": self.widths,
            "bottleneck": self.bottlenecks,
            "group_width": self.group_widths,
        }


@dataclass(frozen=True)
class Family:
    """The data set that others are compared with, and what it was cut down to.

    Attributes:
      base: name of the data set whose ranking is carried over.
      members: the base (with all its classes) and its class-subsampled versions, and how many classes each has; the
        most classes first.
      control: all classes of the base with as few images as a member; None without.
      targets: the other data sets, and how many classes each has.
      untrained: data sets without trained errors that architectures are recommended for, and how many classes each
        has. Only `matched` reads it; without its entry such a data set has no class-matched member.
    """

    base: str
    members: dict[str, int]
    control: str | None
    targets: dict[str, int]
    untrained: dict[str, int] = field(default_factory=dict)

    def matched(self, target: str) -> str:
        """The member that is closest in the number of classes to a target; of two, the one with fewer."""
        wanted = (self.untrained | self.targets)[target]
        return min(
            self.members, key=lambda name: (abs(self.members[name] - wanted), self.members[name])
        )

    def within(self, errors: Errors) -> "Family":
        """What is left of it for one source: members and control that have errors, targets that it knows."""
        return replace(
            self,
            members={m: c for m, c in self.members.items() if m == self.base or errors.has(m)},
            control=self.control if self.control and errors.has(self.control) else None,
            targets={t: c for t, c in self.targets.items() if t in errors.datasets},
        )
