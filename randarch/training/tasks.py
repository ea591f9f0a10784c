"""One architecture on several data sets: what is trained, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from randarch.networks import generator

from .images import TrainingImages

TOP = 5
"""Classes that a network names, best first, for the top-5 error."""


@dataclass(frozen=True, eq=False)
class Task:
    """One training: a data set, how long, and the draw of everything random.

    Attributes:
      dataset: its name; with the repeat it says which random numbers are drawn.
      images: of it.
      epochs: passes over the training images.
      repeat: number of the training on this data set.
      start: weights to begin with, of the network without its classifier, as in `TaskTraining.variables`; None draws
        them.
    """

    dataset: str
    images: TrainingImages
    epochs: int
    repeat: int
    start: Any = None

    def generator(self, digest: str, *purpose: str) -> np.random.Generator:
        """Random numbers of this training of an architecture, independent of those of every other one."""
        return generator(self.repeat, self.dataset, digest, *purpose)

    def seed(self, digest: str) -> int:
        """For functions that take a number."""
        return int(self.generator(digest, "weights").integers(2**62))


@dataclass(frozen=True, eq=False)
class TaskTraining:
    """What became of one training. Errors are fractions.

    Attributes:
      top1_error: share of test images whose class is not the first that the network names.
      top5_error: whose class is not among the first five; nan with five classes or fewer.
      train_loss: mean cross-entropy of each epoch's steps.
      train_error: share of augmented training images wrong while training, of each epoch.
      dead: every test image gets the same class.
      diverged: a loss or a weight is not finite; errors are nan then.
      variables: of the network without its classifier, on the host.
    """

    top1_error: float
    top5_error: float
    train_loss: Float[np.ndarray, " epochs"]
    train_error: Float[np.ndarray, " epochs"]
    dead: bool
    diverged: bool
    variables: Any


def errors_of(
    scores: Float[np.ndarray, "n c"], labels: Int[np.ndarray, " n"]
) -> tuple[float, float]:
    """Top-1 and top-5 error of decision values; the second is nan with five classes or fewer.

    A class counts as named before another of equal value if its number is smaller.
    """
    own = np.take_along_axis(scores, labels[:, None].astype(np.int64), axis=1)
    before = np.arange(scores.shape[1]) < labels[:, None]
    rank = ((scores > own) | ((scores == own) & before)).sum(axis=1)
    top5 = float((rank >= TOP).mean()) if scores.shape[1] > TOP else float("nan")
    return float((rank > 0).mean()), top5


def most_classes(tasks: Sequence[Task]) -> int:
    """Of any of them."""
    return max(task.images.num_classes for task in tasks)
