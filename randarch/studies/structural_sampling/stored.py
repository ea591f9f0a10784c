"""From what the store keeps to what the analysis takes."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Integer

from randarch.analysis.structure import Repeats, Sampled, analyze_repeats
from randarch.data import Dataset
from randarch.receptive_field import BORDER, UNPRODUCTIVE
from randarch.spaces import LayerLibrary
from randarch.store import unpack
from randarch.studies.structural_sampling.networks import Drawn
from randarch.studies.structural_sampling.rows import CONFUSION, PREDICTED, RIGHT


@dataclass(frozen=True, eq=False)
class Found:
    """What a run measured.

    Attributes:
      dataset: the images.
      drawn: the networks.
      space: that they are of.
      train, random, repeat: rows of the store, one an architecture; without rows where that was not asked for.
    """

    dataset: Dataset
    drawn: Drawn
    space: LayerLibrary
    train: pd.DataFrame
    random: pd.DataFrame
    repeat: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """One row a draw: what was drawn, its costs, and its accuracies."""
        rows = self._draws(self.train).reset_index(drop=True)
        table = pd.DataFrame(
            {
                "draw": range(len(rows)),
                "genome": self.drawn.genomes,
                "genome_text": [self.space.format(g) for g in self.drawn.genomes],
                "digest": rows["digest"],
                "architecture": self.drawn.architecture,
                "params": rows["params"],
                "macs": rows["macs"],
                BORDER: rows[BORDER].astype("Int64"),
                UNPRODUCTIVE: rows[UNPRODUCTIVE],
                "accuracy": rows["trained_accuracy"].where(~rows["diverged"].astype(bool)),
                "dead": rows["dead"].astype(bool),
                "failed": rows["diverged"].astype(bool),
            }
        )
        if len(self.random):
            random = self._draws(self.random).reset_index(drop=True)
            for name in ("random_accuracy", "ensemble_accuracy"):
                table[name] = random[name]
        return table

    @property
    def trained(self) -> Sampled:
        """Trained networks."""
        failed = self.train["diverged"].astype(bool).to_numpy()
        return self._sampled(self._class_accuracies(self.train, CONFUSION), failed)

    @property
    def with_random_weights(self) -> Sampled | None:
        """The readout on several draws of weights together; None where it was not asked for."""
        if not len(self.random):
            return None
        failed = self.random["ensemble_accuracy"].isna().to_numpy()
        if failed.all():
            return None
        return self._sampled(self._class_accuracies(self.random, "ensemble_confusion"), failed)

    @property
    def predictions(self) -> Integer[np.ndarray, "a m"] | None:
        """What each of the `voters` says of each test image; None where that was not stored or there are none."""
        voters = self.train.iloc[self.voters]
        if PREDICTED not in voters or not len(voters):
            return None
        kind = np.min_scalar_type(self.dataset.num_classes)
        return np.stack([unpack(text).astype(kind) for text in voters[PREDICTED]])

    @property
    def voters(self) -> Int[np.ndarray, " v"]:
        """Architectures that neither diverged nor call every image the same."""
        out = self.train["diverged"].astype(bool) | self.train["dead"].astype(bool)
        return np.flatnonzero(~out)

    @property
    def repeats(self) -> Repeats | None:
        """Of the architectures that were trained several times; None where none was."""
        if not len(self.repeat):
            return None
        accuracies = np.array(self.repeat["accuracies"].tolist(), float)
        accuracies[np.array(self.repeat["failed"].tolist(), bool)] = np.nan
        columns = {
            name: self.repeat[name].to_numpy(float)
            for name in ("distance", "start_distance", "agreement")
        }
        classes = None
        # Runs of earlier versions stored none.
        if RIGHT in self.repeat and self.repeat[RIGHT].notna().all():
            right = np.stack([unpack(text) for text in self.repeat[RIGHT]])
            classes = right / self.class_images
        return analyze_repeats(accuracies, class_accuracy=classes, **columns)

    def confusion(self, draw: int) -> Integer[np.ndarray, "c c"]:
        """Of a draw's network: how many test images of each class (row) it took for each class (column)."""
        return unpack(self._draws(self.train).iloc[draw][CONFUSION])

    @functools.cached_property
    def class_images(self) -> Int[np.ndarray, " c"]:
        """Test images of each class."""
        return np.bincount(self.dataset.y_test, minlength=self.dataset.num_classes)

    def _class_accuracies(self, rows: pd.DataFrame, column: str) -> Float[np.ndarray, "a c"]:
        nothing = np.full(self.dataset.num_classes, np.nan)
        return np.stack(
            [
                nothing if not isinstance(text, str) else np.diag(unpack(text)) / self.class_images
                for text in rows[column]
            ]
        )

    def _sampled(self, accuracy: Float[np.ndarray, "a c"], failed: np.ndarray) -> Sampled:
        """A row a draw, from values of each architecture."""
        of = np.array(self.drawn.architecture)
        accuracy = np.where(failed[:, None], np.nan, accuracy)
        return Sampled(
            layers=np.array(self.drawn.genomes),
            types=self.space.library,
            architecture=of,
            class_accuracy=accuracy[of],
            class_images=self.class_images,
            classes=self.dataset.classes,
            params=self.train["params"].to_numpy(int)[of],
            failed=failed[of],
        )

    def _draws(self, rows: pd.DataFrame) -> pd.DataFrame:
        """A row a draw, from rows of each architecture, which the store sorts by their number."""
        return rows.iloc[list(self.drawn.architecture)]
