"""The run: analyse each network, train it whole and truncated, look into its layers."""

import os
from typing import Unpack

from randarch import data
from randarch.engine import Normalization
from randarch.receptive_field import analyze_fields, suggest
from randarch.studies.images import for_training
from randarch.studies.receptive_field.config import (
    CHANNELS,
    CLASSES,
    RESOLUTION,
    Config,
    deviations,
)
from randarch.studies.receptive_field.networks import build
from randarch.studies.receptive_field.result import NetworkResult, Result
from randarch.studies.receptive_field.trained import Trained
from randarch.studies.receptive_field.training import (
    KIND,
    TRUNCATED,
    WHOLE,
    Job,
    check_images,
    check_memory,
    train_networks,
)
from randarch.studies.session import Options, Session, StudyRun, new_workdir
from randarch.training import TrainingImages

STUDY = "receptive_field"


class Study(StudyRun[Result]):
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      **options: see `Options`.

    Raises:
      ValueError: an unknown network, one that does not fit the resolution (the message names the layer), bad
        data, or a folder of another run.
    """

    def __init__(
        self, config: Config, workdir: str | os.PathLike[str], **options: Unpack[Options]
    ) -> None:
        self.config = config
        self.session = Session(
            STUDY,
            config.used(),
            workdir,
            numerics={
                "batch_norm": "calibrated (untrained), running (trained)",
                "init": config.init,
                "precision": "float32, default; covariances and probes' rotations float64",
            },
            **options,
        )
        self._images: TrainingImages | None = None
        for name in config.networks:
            build(name, config, CLASSES)  # a misspelt name is said before data are read
        digest = None if config.analyze_only else self._load()
        self.networks = tuple(self._analyzed(name) for name in config.networks)
        self._check_distinct()
        if self._images is not None:
            at_once = min(self.session.workers, len(self._jobs()))
            budget = self.session.memory_budget // at_once
            check_memory(config, {n.name: n.analysis for n in self.networks}, self._images, budget)
        self.session.open(digest)

    def _result(self) -> Result:
        session = self.session
        trained: dict[tuple[str, int], Trained] = {}
        if self._images is not None:
            train_networks(self.config, self._jobs(), self._images, session)
            rows = session.folder.results.frame(KIND).to_dict("records")
            trained = {(row["network"], row["form"]): Trained.of(row) for row in rows}
        networks = tuple(
            NetworkResult(
                n.name,
                n.analysis,
                n.suggestions,
                trained.get((n.name, WHOLE)),
                trained.get((n.name, TRUNCATED)),
            )
            for n in self.networks
        )
        return Result(
            study=STUDY,
            config=self.config,
            networks=networks,
            deviations=deviations(self.config, self._sizes()),
            seconds=session.seconds({KIND: "train"}),
            command=session.command,
            provenance=session.provenance(),
        )

    def _sizes(self) -> tuple[int, int] | None:
        """Numbers of training and of test images."""
        images = self._images
        return None if images is None else (len(images.x_train), len(images.x_test))

    def _load(self) -> str:
        """Loads the images; returns their digest."""
        config = self.config
        found = data.load(
            config.dataset,
            train_size=config.train_size,
            test_size=config.test_size,
            seed=config.seed,
        )
        height, width, _ = found.input_shape
        for name, value in (("resolution", height), ("num_classes", found.num_classes)):
            wanted = getattr(config, name)
            if wanted not in (None, value):
                raise ValueError(
                    f"{name} is {wanted}, the data's is {value}; leave it out, or take other data"
                )
        if height != width:
            raise ValueError(
                f"the images of {config.dataset} are {height} x {width}; expected square ones: crop or pad them, or "
                "take other data"
            )
        pixels = Normalization(found.channel_mean, found.channel_std)
        self._images = for_training(found, pixels)
        check_images(config, self._images)
        return found.digest

    def _check_distinct(self) -> None:
        """Genomes of different text may be one architecture, which would be trained twice to the same numbers."""
        known: dict[str, str] = {}
        for network in self.networks:
            other = known.setdefault(network.analysis.spec.digest, network.name)
            if other != network.name:
                raise ValueError(
                    f"{other} and {network.name} are the same architecture; leave one of them out"
                )

    def _analyzed(self, name: str) -> NetworkResult:
        config, images = self.config, self._images
        side, channels = config.resolution or RESOLUTION, CHANNELS
        classes = config.num_classes or CLASSES
        if images is not None:
            _, side, _, channels = images.x_train.shape
            classes = images.num_classes
        spec = build(name, config, classes)
        try:
            found = analyze_fields(spec, side, channels)
        except ValueError as error:
            raise ValueError(f"{name} at {side} pixels: {error}") from error
        return NetworkResult(name, found, suggest(found, classes))

    def _jobs(self) -> list[Job]:
        jobs = []
        for number, network in enumerate(self.networks):
            jobs.append(Job(network.name, number, WHOLE, network.analysis))
            if self.config.truncate and network.truncation is not None:
                jobs.append(Job(network.name, number, TRUNCATED, network.truncation.after))
        return jobs


def run(
    config: Config, workdir: str | os.PathLike[str] | None = None, **options: Unpack[Options]
) -> Result:
    """Runs the study and returns what it found; see `Options` for the options.

    Without a `workdir` the run goes to `runs/receptive_field-<time>`.
    """
    with Study(config, workdir or new_workdir(STUDY), **options) as study:
        return study.run()
