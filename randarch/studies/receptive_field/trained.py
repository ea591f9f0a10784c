"""What the trainings of a network gave."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from randarch.analysis import Curves, Trainings

ACCURACIES, FAILED, LOOKED_AT = "accuracy_by_training", "failed_by_training", "looked_at_training"
"""Columns of the store."""
WEIGHTS = ("trained", "untrained")
ARRIVED = 0.01
"""Gradient, relative to the first, below which a probe's solver has done its work."""


@dataclass(frozen=True)
class Trained:
    """Trainings of one network in one form.

    Attributes:
      trainings: of all seeds.
      looked_at: whose layers were looked into, from 1: the first that did not fail, or the first.
      trained, untrained: layer by layer, of that training and of random weights.
    """

    trainings: Trainings
    looked_at: int
    trained: Curves
    untrained: Curves

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Trained":
        """From a row of the store."""
        trainings = Trainings(tuple(map(float, row[ACCURACIES])), tuple(map(bool, row[FAILED])))
        return cls(trainings, int(row[LOOKED_AT]), *(_curves(row, name) for name in WEIGHTS))

    @property
    def restless(self) -> int:
        """Probes of the trained network whose solver had not arrived when it stopped."""
        return sum(gradient >= ARRIVED for gradient in self.trained.probe_gradient)

    def notes(self) -> list[str]:
        """What went wrong, a sentence each."""
        found, failed = [], sum(self.trainings.failed)
        if failed:
            found.append(
                f"{failed} of {len(self.trainings.failed)} trainings failed (died or diverged)."
            )
        unknown = sum(math.isnan(accuracy) for accuracy in self.trained.probe_accuracy)
        if unknown:
            found.append(
                f"{unknown} of {len(self.trained.probe_accuracy)} layers gave values that are not finite: they have no "
                "probe."
            )
        return found

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            **self.trainings.to_summary(),
            "looked_at": self.looked_at,
            **{name: getattr(self, name).to_summary() for name in WEIGHTS},
        }


def curve_columns(name: str, found: Curves) -> dict[str, list[float]]:
    """Columns of the store for the curves of `trained` or `untrained` weights."""
    return {f"{name}_{f.name}_by_layer": list(getattr(found, f.name)) for f in fields(Curves)}


def _curves(row: Mapping[str, Any], name: str) -> Curves:
    found = {}
    for field in fields(Curves):
        values = row.get(f"{name}_{field.name}_by_layer")
        # A table's cell is NaN where its row has no such column, and a value None where it was NaN.
        known = values if isinstance(values, list) else []
        found[field.name] = tuple(float("nan") if v is None else float(v) for v in known)
    return Curves(**found)
