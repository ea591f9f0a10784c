"""A network layer by layer: its curves, where its tail begins, and whether that was predicted.

After Richter, Schöning and Krumnack, sections II and IV.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from randarch.analysis.json_ready import json_object

LOW = 0.5
"""A layer of the tail has less than this share of the other layers' mean saturation."""


@dataclass(frozen=True)
class Curves:
    """A value a layer, in order.

    Attributes:
      saturation: share of the directions that a layer's values fill; empty if not looked at.
      probe_accuracy: of a linear classifier on the layer's output, on the test images; empty likewise.
    """

    saturation: tuple[float, ...] = ()
    probe_accuracy: tuple[float, ...] = ()

    def of(self, positions: Sequence[int]) -> "Curves":
        """Of some layers, by their numbers from 1."""
        return Curves(
            *(
                tuple(values[position - 1] for position in positions) if values else ()
                for values in (self.saturation, self.probe_accuracy)
            )
        )

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(vars(self))


@dataclass(frozen=True)
class Agreement:
    """Where the border was predicted, and where the curves change.

    Attributes:
      border: position of the predicted border, from 1; None if there is none.
      tail: where the saturation's tail begins, by the 50 % rule; None if there is none.
      gain_before, gain_behind: by how much the best probe improves from the first layer to the border, and
        behind it; NaN where there is no such part, or no probe.
    """

    border: int | None
    tail: int | None
    gain_before: float
    gain_behind: float

    @classmethod
    def of(cls, border: int | None, found: Curves) -> "Agreement":
        """Of a predicted border and the curves of the network, trained or not."""
        probes = np.array(found.probe_accuracy, float)
        before = behind = math.nan
        if len(probes) and border is not None and border > 1:
            best = float(probes[: border - 1].max())
            before, behind = best - float(probes[0]), float(probes[border - 1 :].max()) - best
        return cls(border, tail_start(found.saturation), before, behind)

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(vars(self))


def tail_start(saturations: Sequence[float]) -> int | None:
    """The first layer, from 1, of the tail; None if the last layer is not low.

    The tail is the longest run of layers at the end, each with less than half of the mean saturation of
    all layers before the run. (The paper says: of all other layers.)

    Args:
      saturations: of the layers in order; NaN counts as not low.
    """
    values = np.asarray(saturations, np.float64)
    for start in range(1, len(values)):
        before = values[:start][np.isfinite(values[:start])]
        if len(before) and (values[start:] < LOW * before.mean()).all():
            return start + 1
    return None
