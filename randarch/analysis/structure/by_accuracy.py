"""How the accuracy in single classes is spread, for networks that are bad to good overall: Figure 3."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import stats

from randarch.analysis.json_ready import json_object
from randarch.analysis.structure.sampled import Sampled

GROUPS = 10
_BAND = (0.25, 0.75)
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class AccuracyGroup:
    """Networks of similar overall accuracy. Accuracies are fractions.

    Attributes:
      low, high: the lowest and highest overall accuracy inside.
      n: networks (draws).
      mean: their mean overall accuracy.
      curve: the class accuracies of a network from its best class to its worst, mean over the networks.
      curve_low, curve_high: their quartiles over the networks.
      class_mean: mean accuracy in each class, in the order of the classes.
      covered: in how many classes a network gets at least one image right, on average.
      above_chance: in how many classes it is better than guessing, on average: than 95 % of what a network that
        guesses among all classes has right. Of a guesser's own classes, at most 5 % are.
    """

    low: float
    high: float
    n: int
    mean: float
    curve: Float[np.ndarray, " c"]
    curve_low: Float[np.ndarray, " c"]
    curve_high: Float[np.ndarray, " c"]
    class_mean: Float[np.ndarray, " c"]
    covered: float
    above_chance: float

    @property
    def best_class(self) -> float:
        """Mean accuracy in a network's best class."""
        return float(self.curve[0])

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        arrays = ("curve", "curve_low", "curve_high", "class_mean")
        return json_object(vars(self) | {name: getattr(self, name).tolist() for name in arrays})


def accuracy_groups(sampled: Sampled, groups: int = GROUPS) -> tuple[AccuracyGroup, ...]:
    """Networks that did not fail, in groups of equal size (up to one) from the worst to the best.

    Args:
      sampled: n networks.
      groups: how many; fewer if there are not so many networks. Equals may fall into two groups.

    Raises:
      ValueError: no network is left, or fewer than one group.
    """
    if groups < 1:
        raise ValueError(f"groups is {groups}; expected at least 1")
    sound, accuracy = sampled.sound_scores(sampled.accuracy)
    order = np.argsort(accuracy, kind="stable")
    images = sound.class_images
    guessed = stats.binom.ppf(0.95, images, 1 / len(sound.classes)) / images
    return tuple(
        _group(sound.class_accuracy[rows], accuracy[rows], guessed)
        for rows in np.array_split(order, min(groups, len(sound)))
    )


def _group(
    class_accuracy: Float[np.ndarray, "n c"],
    accuracy: Float[np.ndarray, " n"],
    guessed: Float[np.ndarray, " c"],
) -> AccuracyGroup:
    ordered = -np.sort(-class_accuracy, axis=1)
    low, high = np.quantile(ordered, _BAND, axis=0)
    return AccuracyGroup(
        low=float(accuracy.min()),
        high=float(accuracy.max()),
        n=len(accuracy),
        mean=float(accuracy.mean()),
        curve=ordered.mean(axis=0),
        curve_low=low,
        curve_high=high,
        class_mean=class_accuracy.mean(axis=0),
        covered=float((class_accuracy > 0).sum(axis=1).mean()),
        above_chance=float((class_accuracy > guessed + _ROUNDING).sum(axis=1).mean()),
    )
