"""A network layer by layer: its curves, where its tail begins, and whether that was predicted.

After Richter, Schöning and Krumnack, sections II and IV.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
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
      probe_gradient: norm of the gradient where the classifier's solver stopped, relative to where it began; empty
        for classifiers in closed form.
    """

    saturation: tuple[float, ...] = ()
    probe_accuracy: tuple[float, ...] = ()
    probe_gradient: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.saturation or self.probe_accuracy)

    def of(self, positions: Sequence[int]) -> "Curves":
        """Of some layers, by their numbers from 1."""
        return Curves(
            *(
                tuple(values[position - 1] for position in positions) if values else ()
                for values in (getattr(self, field.name) for field in fields(self))
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
      tail: where the saturation's tail begins, by the 50 % rule; None if there is none, or it was not looked at.
      strict_tail: the same, each layer compared with all others, the tail's too.
      gain_before, gain_behind: by how much the best probe improves from the first layer to the border, and
        behind it; NaN where there is no such part, or no probe.
    """

    border: int | None
    tail: int | None
    strict_tail: int | None
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
        tails = tail_start(found.saturation), strict_tail_start(found.saturation)
        return cls(border, *tails, before, behind)

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(vars(self))


def tail_start(saturations: Sequence[float]) -> int | None:
    """The first layer, from 1, of the tail; None if the last layer is not low.

    The tail is the longest run of layers at the end, each with less than half of the mean saturation of
    all layers before the run. That is the paper's rule if its "all other layers" are those outside of the run.

    Args:
      saturations: of the layers in order; NaN counts as not low.
    """
    values = np.asarray(saturations, np.float64)
    for start in range(1, len(values)):
        before = values[:start][np.isfinite(values[:start])]
        if len(before) and (values[start:] < LOW * before.mean()).all():
            return start + 1
    return None


def strict_tail_start(saturations: Sequence[float]) -> int | None:
    """The first layer, from 1, of the tail by the other reading of the rule; None if the last layer is not low.

    The tail is the run of layers at the end that each have less than half of the mean of all others, whether those
    are in the run or not: the longer a tail, the lower it has to be.

    Args:
      saturations: of the layers in order; NaN counts as not low, and is no other layer.
    """
    values = np.asarray(saturations, np.float64)
    known = np.isfinite(values)
    others = known.sum() - 1
    if others < 1:
        return None
    means = (values[known].sum() - np.where(known, values, 0.0)) / others
    low = known & (values < LOW * means)
    if not low[-1]:
        return None
    return int(len(low) - np.argmin(low[::-1])) + 1 if not low.all() else None
