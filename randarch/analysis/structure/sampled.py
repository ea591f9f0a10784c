"""Sampled networks and how they did, class by class: what an analysis of structures is made from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Sampled:
    """Networks drawn from a library of layers, a row a draw.

    Draws are with replacement: an architecture may stand in several rows, which then have the same number in
    `architecture` and the same accuracies.

    Attributes:
      layers: layer type at each position, an index into `types`.
      types: names of the layer types.
      architecture: number of the architecture; equal for rows that are the same network.
      class_accuracy: share of each class's test images right.
      class_images: test images of each class.
      classes: names of the classes.
      params: learned numbers, the classifier included.
      failed: trainings that diverged; their accuracies are nan and they enter nothing else.

    Raises:
      ValueError: arrays that do not go together, a layer type out of range, a class without test images, or an
        accuracy of a sound network that is no fraction, or rows of one architecture with unlike accuracies.
    """

    layers: Int[np.ndarray, "n positions"]
    types: tuple[str, ...]
    architecture: Int[np.ndarray, " n"]
    class_accuracy: Float[np.ndarray, "n c"]
    class_images: Int[np.ndarray, " c"]
    classes: tuple[str, ...]
    params: Int[np.ndarray, " n"]
    failed: Bool[np.ndarray, " n"]

    def __post_init__(self) -> None:
        rows = {len(self.layers), len(self.architecture), len(self.class_accuracy)}
        if len(rows | {len(self.params), len(self.failed)}) > 1:
            raise ValueError(
                f"{len(self.layers)} rows of layers, {len(self.architecture)} architectures, "
                f"{len(self.class_accuracy)} rows of accuracies, {len(self.params)} parameter counts, "
                f"{len(self.failed)} flags; expected one of each a network"
            )
        if self.class_accuracy.shape[1] != len(self.classes) or len(self.class_images) != len(
            self.classes
        ):
            raise ValueError(
                f"accuracies of {self.class_accuracy.shape[1]} classes, images of {len(self.class_images)}, "
                f"{len(self.classes)} names; expected one of each a class"
            )
        if self.layers.size and not (
            self.layers.min() >= 0 and self.layers.max() < len(self.types)
        ):
            raise ValueError(
                f"layer types from {self.layers.min()} to {self.layers.max()}; expected 0 to {len(self.types) - 1}"
            )
        if (self.class_images < 1).any():
            empty = self.classes[int(np.argmax(self.class_images < 1))]
            raise ValueError(f"class {empty} has no test images; leave it out")
        sound = self.class_accuracy[~self.failed]
        if not ((sound >= 0) & (sound <= 1)).all():
            raise ValueError(
                "a network that did not fail has an accuracy that is no fraction from 0 to 1; mark it as failed"
            )
        first, row = np.unique(self.architecture[~self.failed], return_index=True)
        same = sound == sound[row[np.searchsorted(first, self.architecture[~self.failed])]]
        if not same.all():
            number = self.architecture[~self.failed][np.argmin(same.all(axis=1))]
            raise ValueError(
                f"rows of architecture {number} have unlike accuracies; expected those of one training in all, "
                "or a number of its own for each training"
            )

    def __len__(self) -> int:
        return len(self.layers)

    @property
    def accuracy(self) -> Float[np.ndarray, " n"]:
        """Share of all test images right, rounded to 12 digits: equal numbers of images are equal accuracies."""
        return np.round(self.class_accuracy @ (self.class_images / self.class_images.sum()), 12)

    @property
    def cluster(self) -> Int[np.ndarray, " n"]:
        """Number of each row's architecture, counted from 0 without gaps."""
        return np.unique(self.architecture, return_inverse=True)[1].reshape(-1)

    @property
    def dead(self) -> Bool[np.ndarray, " n"]:
        """Networks that have all images of one class right and none of the others.

        Those are the ones that call every image the same. Of a single class no network is called dead, and none is
        that failed.
        """
        if len(self.classes) < 2:
            return np.zeros(len(self), bool)
        return (self.class_accuracy.max(axis=1) == 1) & ((self.class_accuracy > 0).sum(axis=1) == 1)

    @property
    def live(self) -> Int[np.ndarray, " m"]:
        """Rows that neither failed nor are dead; those that did not fail, if all of them are dead.

        Raises:
          ValueError: no row that did not fail.
        """
        self._refuse_all_failed()
        rows = np.flatnonzero(~(self.failed | self.dead))
        return rows if len(rows) else np.flatnonzero(~self.failed)

    @property
    def sound(self) -> "Sampled":
        """Without the rows that failed."""
        return self.rows(np.flatnonzero(~self.failed))

    def rows(self, chosen: Sequence[int] | Int[np.ndarray, " k"]) -> "Sampled":
        """Some of the rows."""
        chosen = np.asarray(chosen, dtype=int)
        return Sampled(
            self.layers[chosen],
            self.types,
            self.architecture[chosen],
            self.class_accuracy[chosen],
            self.class_images,
            self.classes,
            self.params[chosen],
            self.failed[chosen],
        )

    def sound_scores(
        self, scores: Float[np.ndarray, " n"]
    ) -> tuple["Sampled", Float[np.ndarray, " m"]]:
        """The rows that did not fail, and their part of some scores.

        Raises:
          ValueError: scores that are not one a row, or no row that did not fail.
        """
        if len(scores) != len(self):
            raise ValueError(
                f"{len(scores)} scores of {len(self)} networks; expected one a network"
            )
        self._refuse_all_failed()
        return self.sound, scores[~self.failed]

    def _refuse_all_failed(self) -> None:
        if self.failed.all():
            raise ValueError(
                f"all of {len(self)} networks failed; expected at least one that did not"
            )
