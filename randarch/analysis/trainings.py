"""Several trainings of one network."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from randarch.analysis.differences import difference_of_means
from randarch.analysis.results import Estimate
from randarch.analysis.sweep.trials import t_interval


@dataclass(frozen=True)
class Trainings:
    """Accuracies of one network, a training each.

    Attributes:
      accuracies: on the test images.
      failed: whether a training died (one class for all images) or diverged.

    Raises:
      ValueError: not one flag a training.
    """

    accuracies: tuple[float, ...]
    failed: tuple[bool, ...]

    def __post_init__(self) -> None:
        if len(self.accuracies) != len(self.failed):
            raise ValueError(
                f"{len(self.accuracies)} accuracies and {len(self.failed)} flags; expected one flag a training"
            )

    @property
    def sound(self) -> np.ndarray:
        """Accuracies of the trainings that did not fail."""
        return np.array([a for a, f in zip(self.accuracies, self.failed, strict=True) if not f])

    @property
    def mean(self) -> Estimate:
        """Of the trainings that did not fail, with Student's interval."""
        return t_interval(self.sound)

    def minus(self, other: "Trainings") -> Estimate:
        """The difference of both means, with Welch's interval; failed trainings are left out."""
        if not len(self.sound) or not len(other.sound):
            return Estimate.undefined(0)
        return difference_of_means(self.sound, other.sound)

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "accuracies": list(self.accuracies),
            "failed": list(self.failed),
            "accuracy": self.mean.to_summary(),
        }
