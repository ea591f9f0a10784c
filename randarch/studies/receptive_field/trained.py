"""What the trainings of a network gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from randarch.analysis import Curves


@dataclass(frozen=True)
class Trained:
    """Trainings of one network in one form.

    Attributes:
      accuracies: on the test images, one a training.
      dead, diverged: whether any of them is.
      trained, untrained: layer by layer, of the first training and of random weights.
    """

    accuracies: tuple[float, ...]
    dead: bool
    diverged: bool
    trained: Curves
    untrained: Curves

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Trained":
        """From a row of the store."""
        trials = sum(str(c).startswith("trained_accuracy_seed") for c in row)
        found = (row[f"trained_accuracy_seed{i}"] for i in range(trials))
        return cls(
            tuple(float(v) for v in found),
            bool(row["dead"]),
            bool(row["diverged"]),
            _curves(row, "trained"),
            _curves(row, "untrained"),
        )

    @property
    def accuracy(self) -> float:
        """Mean over trainings."""
        return float(np.mean(self.accuracies))

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "accuracy": self.accuracy,
            "accuracies": list(self.accuracies),
            "dead": self.dead,
            "diverged": self.diverged,
            "trained": self.trained.to_summary(),
            "untrained": self.untrained.to_summary(),
        }


def _curves(row: Mapping[str, Any], prefix: str) -> Curves:
    found = []
    for name in ("saturation", "probe_accuracy"):
        values = row.get(f"{prefix}_{name}_by_layer")
        # A table's cell is NaN where its row has no such column.
        found.append(tuple(map(float, values)) if isinstance(values, list) else ())
    return Curves(*found)
