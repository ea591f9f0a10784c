"""A run's rows as the analysis takes them."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from randarch.analysis.transfer import Errors
from randarch.studies.dataset_transfer.config import Config
from randarch.studies.dataset_transfer.datasets import Used, judged_by_top5
from randarch.studies.dataset_transfer.networks import Drawn
from randarch.studies.dataset_transfer.rows import (
    LONGER,
    PRETRAINED,
    RANDOM,
    TOP1,
    TOP5,
    TRAIN,
    TRAINED,
)
from randarch.training import TOP

Cube = Float[np.ndarray, "d a r"]


@dataclass(frozen=True, eq=False)
class Found:
    """What was measured.

    Attributes:
      config: of the run.
      datasets: in the order of their numbers in the rows.
      drawn: the architectures.
      frames: rows by kind; a kind without rows is an empty frame.
    """

    config: Config
    datasets: tuple[Used, ...]
    drawn: Drawn
    frames: Mapping[str, pd.DataFrame]

    @functools.cached_property
    def trained(self) -> Errors | None:
        """Test errors by training, each data set's by which it is judged."""
        return self._errors(TRAINED, "trained", self._trained_on)

    @functools.cached_property
    def random(self) -> Errors | None:
        """Of random weights, likewise."""
        return self._errors(RANDOM, "random", list(range(len(self.datasets))))

    @property
    def train_errors(self) -> Errors | None:
        """Training errors (top-1) in the last epoch."""
        return self._errors(TRAINED, "trained", self._trained_on, TRAIN)

    @property
    def pretrained(self) -> Errors | None:
        """Test errors of trainings that began with weights of the base."""
        return self._errors(PRETRAINED, "trained", self._trained_on[1:])

    @property
    def longer(self) -> dict[int, Errors]:
        """Errors on the base after so many times as many epochs."""
        if self.frames[LONGER].empty:
            return {}
        found = {}
        for factor in self.config.longer:
            # The draw of these rows is the factor.
            values = self._cube(LONGER, [factor], [self._error_of(0)])
            found[factor] = self._made("trained", [0], values)
        return found

    @property
    def top_five(self) -> dict[str, tuple[Float[np.ndarray, " a"], Float[np.ndarray, " a"]]]:
        """Mean top-1 and top-5 errors by training (of random weights where nothing was trained)."""
        kind = RANDOM if self.frames[TRAINED].empty else TRAINED
        found = {}
        for i, one in enumerate(self.datasets):
            if one.dataset.num_classes <= 5 or (kind == TRAINED and not one.trained):
                continue
            top1, top5 = (self._cube(kind, [i], [name])[0].mean(axis=-1) for name in (TOP1, TOP5))
            found[one.name] = (top1, top5)
        return found

    @property
    def table(self) -> pd.DataFrame:
        """A row for each architecture, data set, kind and repeat."""
        texts = dict(zip(self.drawn.genomes, self.drawn.population.texts, strict=True))
        parts = []
        for kind, frame in self.frames.items():
            if frame.empty:
                continue
            base = kind == LONGER
            names = [self.datasets[0 if base else i].name for i in frame["draw"]]
            columns = {
                "kind": [f"{kind} {i}x" if base else kind for i in frame["draw"]],
                "dataset": names,
                "architecture": [texts[genome] for genome in frame["genome"]],
                "repeat": frame["seed"],
            }
            scalars = [
                c
                for c in (TOP1, TOP5, TRAIN, "seed_error", "loo_error", "dead", "diverged")
                if c in frame
            ]
            parts.append(pd.DataFrame({**columns, **{c: frame[c] for c in scalars}}))
        return pd.concat(parts, ignore_index=True)

    @property
    def _trained_on(self) -> list[int]:
        return [i for i, one in enumerate(self.datasets) if one.trained]

    def _error_of(self, dataset: int) -> str:
        return TOP5 if judged_by_top5(self.config, self.datasets[dataset].dataset) else TOP1

    def _errors(
        self, kind: str, source: str, datasets: Sequence[int], column: str | None = None
    ) -> Errors | None:
        if self.frames[kind].empty:
            return None
        columns = [column or self._error_of(i) for i in datasets]
        made = self._made(source, datasets, self._cube(kind, datasets, columns))
        if column:
            return made
        return replace(made, guessing=tuple(self._guessing(i) for i in datasets))

    def _made(self, source: str, datasets: Sequence[int], values: Cube) -> Errors:
        return Errors(
            source,
            tuple(self.datasets[i].name for i in datasets),
            values,
            tuple(len(self.datasets[i].dataset.y_test) for i in datasets),
        )

    def _guessing(self, dataset: int) -> float:
        """The error of naming the most frequent classes of the test images, or the most frequent one."""
        named = TOP if self._error_of(dataset) == TOP5 else 1
        frequent = np.sort(np.bincount(self.datasets[dataset].dataset.y_test))[::-1]
        return 1.0 - float(frequent[:named].sum() / frequent.sum())

    def _cube(self, kind: str, draws: Sequence[int], columns: Sequence[str]) -> Cube:
        """One column of each draw's rows, by draw, architecture and repeat; NaN where there is none."""
        frame = self.frames[kind]
        place = {genome: i for i, genome in enumerate(self.drawn.genomes)}
        values = np.full((len(draws), len(place), int(frame["seed"].max()) + 1), np.nan)
        for d, (draw, column) in enumerate(zip(draws, columns, strict=True)):
            rows = frame[frame["draw"] == draw]
            for genome, seed, value in zip(rows["genome"], rows["seed"], rows[column], strict=True):
                values[d, place[genome], seed] = np.nan if value is None else value
        return values
