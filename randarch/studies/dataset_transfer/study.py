"""The run: draw architectures, score and train each on every data set."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Unpack

import numpy as np
from threadpoolctl import threadpool_limits

from randarch.engine import (
    LoopedSettings,
    Normalization,
    ProgramCache,
    compilations,
    score_looped,
)
from randarch.memory import give_back, keep_freed
from randarch.networks import generator
from randarch.store import Row
from randarch.studies.billing import billed
from randarch.studies.dataset_transfer.config import Config
from randarch.studies.dataset_transfer.datasets import Used, family_of, load_all
from randarch.studies.dataset_transfer.networks import draw
from randarch.studies.dataset_transfer.protocol import deviations
from randarch.studies.dataset_transfer.result import Result, analyze
from randarch.studies.dataset_transfer.rows import (
    LONGER,
    PRETRAINED,
    RANDOM,
    TRAINED,
    random_metrics,
    training_metrics,
)
from randarch.studies.dataset_transfer.stored import Found
from randarch.studies.images import for_readout, for_training
from randarch.studies.session import Options, RunFailedError, Session, StudyRun, new_workdir
from randarch.studies.shards import Shard, Stop
from randarch.training import Task, TaskTraining, memory_of_trainings, train_on_tasks

STUDY = "dataset_transfer"
KINDS = (TRAINED, RANDOM, LONGER, PRETRAINED)
PROGRAMS_EACH = 4
"""Programs of an architecture: steps, calibration, features, and features in another precision on accelerators."""
EVERYWHERE = "every data set"
"""In the place of a data set's name where all draw the same random numbers."""


class Study(StudyRun[Result]):
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      **options: see `Options`.

    Raises:
      ValueError: bad config, data, or run folder (`DataError`, `RunFolderError` are kinds of it).
    """

    def __init__(
        self, config: Config, workdir: str | os.PathLike[str], **options: Unpack[Options]
    ) -> None:
        self.config = config
        self.before = compilations().count
        self.session = Session(
            STUDY,
            config.to_dict(),
            workdir,
            numerics={
                "init": config.init,
                "precision": "float32, highest (random weights, predictions); float32, default (training)",
            },
            **options,
        )
        self.datasets = load_all(config)
        shape = self.datasets[0].dataset.input_shape
        self.drawn = draw(
            config.space(), config.num_architectures, config.mac_range, shape, config.seed
        )
        self.outputs = max(one.dataset.num_classes for one in self.datasets)
        self.memory = memory_of_trainings(self.session.memory_budget, self.session.workers)
        self.normalizations = [
            Normalization(one.dataset.channel_mean, one.dataset.channel_std)
            for one in self.datasets
        ]
        self.images = [
            for_training(one.dataset, normalization)
            for one, normalization in zip(self.datasets, self.normalizations, strict=True)
        ]
        self.session.open("+".join(one.dataset.digest for one in self.datasets))

    def _result(self) -> Result:
        session = self.session
        cache = ProgramCache(PROGRAMS_EACH * session.workers)
        keep_freed()
        costly_first = np.argsort(-self.drawn.population.macs, kind="stable").tolist()
        shards = [Shard(self.drawn.archs[i].digest, self._work(i, cache)) for i in costly_first]
        kind = TRAINED if TRAINED in self.config.scores else RANDOM
        session.do(shards, kind=kind, label=f"{len(self.datasets)} data sets")
        give_back()
        frames = {kind: session.folder.results.frame(kind) for kind in KINDS}
        found = Found(self.config, self.datasets, self.drawn, frames)
        for source in self.config.scores:
            if frames[source]["top1_error"].isna().all():
                remedy = {
                    TRAINED: "take a smaller learning_rate, or a gradient_clip",
                    RANDOM: "take another init",
                }
                raise RunFailedError(
                    f"every {source} network failed: {remedy[source]}, and another workdir"
                )
        family = family_of(self.config, self.datasets)
        # Small matrices: several threads of linear algebra wait for each other.
        with threadpool_limits(1, user_api="blas"):
            analysis = analyze(found, family)
        counted = compilations()
        return Result(
            study=STUDY,
            found=found,
            family=family,
            analysis=analysis,
            deviations=deviations(self.config, self.datasets),
            seconds=session.seconds(
                {TRAINED: "train", LONGER: "train", PRETRAINED: "train", RANDOM: "random"}
            ),
            engine={
                "architectures beside each other": session.workers,
                "outputs of every classifier": self.outputs,
                "programs compiled for architectures in this call": cache.total.programs,
                "programs compiled by this process, by JAX's count": counted.count - self.before,
                "seconds of tracing and compiling those of architectures": round(
                    cache.total.compile_seconds, 1
                ),
            },
            command=session.command,
            provenance=session.provenance(),
        )

    def _work(self, index: int, cache: ProgramCache) -> Callable[[Stop], list[Row]]:
        """All that is asked of an architecture."""

        def work(stop: Stop) -> list[Row]:
            rows: list[Row] = []
            if RANDOM in self.config.scores:
                rows += self._random(index, cache, stop)
            if TRAINED in self.config.scores:
                rows += self._trained(index, cache, stop)
            return rows

        return work

    def _random(self, index: int, cache: ProgramCache, stop: Stop) -> list[Row]:
        config, arch = self.config, self.drawn.archs[index]
        settings = LoopedSettings(
            columns=config.max_width,
            outputs=self.outputs,
            init_name=config.init,
            calibration_images=config.calibration_images,
        )
        rows = []
        for number, (used, normalization) in enumerate(
            zip(self.datasets, self.normalizations, strict=True)
        ):
            images = for_readout(used.dataset, normalization)
            for repeat in range(config.random_repeats):
                stop.check()
                seconds = billed(cache)
                rng = generator(config.seed, self._stream(used), str(repeat), "random weights")
                seeds = rng.integers(2**62, size=config.seeds).tolist()
                scores = score_looped(arch, images, seeds, settings, cache.get)
                metrics = random_metrics(scores, used.dataset.y_test)
                rows.append(self._row(RANDOM, number, index, repeat, metrics, seconds(1)))
        return rows

    def _trained(self, index: int, cache: ProgramCache, stop: Stop) -> list[Row]:
        config = self.config
        trained = [number for number, used in enumerate(self.datasets) if used.trained]
        jobs = [(number, repeat) for number in trained for repeat in range(config.trainings)]
        found, seconds = self._train(
            index, [self._task(number, repeat) for number, repeat in jobs], cache, stop
        )
        rows = [
            self._row(TRAINED, number, index, repeat, training_metrics(one), seconds)
            for (number, repeat), one in zip(jobs, found, strict=True)
        ]
        if index < config.longer_networks and config.longer:
            tasks = [
                # From the same weights as the training that it is compared with, and in the same order.
                dataclasses.replace(self._task(0, 0), epochs=factor * self.datasets[0].epochs)
                for factor in config.longer
            ]
            longer, seconds = self._train(index, tasks, cache, stop)
            rows += [
                self._row(LONGER, factor, index, 0, training_metrics(one), seconds)
                for factor, one in zip(config.longer, longer, strict=True)
            ]
        if config.pretrain:
            begin = found[jobs.index((0, 0))].variables
            others = trained[1:]
            tasks = [
                dataclasses.replace(self._task(number, 0, "pretrained"), start=begin)
                for number in others
            ]
            tuned, seconds = self._train(index, tasks, cache, stop)
            rows += [
                self._row(PRETRAINED, number, index, 0, training_metrics(one), seconds)
                for number, one in zip(others, tuned, strict=True)
            ]
        return rows

    def _train(
        self, index: int, tasks: Sequence[Task], cache: ProgramCache, stop: Stop
    ) -> tuple[list[TaskTraining], dict[str, float]]:
        """Trainings, and the seconds of each on average."""
        seconds = billed(cache)
        found = train_on_tasks(
            self.drawn.archs[index],
            tasks,
            self.config.training_settings(),
            outputs=self.outputs,
            memory=self.memory,
            compile=cache.get,
            on_steps=stop.check,
        )
        return found, seconds(max(1, len(tasks)))

    def _task(self, number: int, repeat: int, purpose: str = "") -> Task:
        used = self.datasets[number]
        name = "/".join(filter(None, (str(self.config.seed), self._stream(used), purpose)))
        return Task(name, self.images[number], used.epochs, repeat)

    def _stream(self, used: Used) -> str:
        """Data sets of one stream draw the same random numbers."""
        return used.name if self.config.weights == "independent" else EVERYWHERE

    def _row(
        self,
        kind: str,
        draw: int,
        index: int,
        repeat: int,
        metrics: dict[str, object],
        seconds: dict[str, float],
    ) -> Row:
        arch = self.drawn.archs[index]
        return Row(kind, draw, self.drawn.genomes[index], repeat, arch.digest, metrics, seconds)


def run(
    config: Config, workdir: str | os.PathLike[str] | None = None, **options: Unpack[Options]
) -> Result:
    """Runs the study in the folder, and writes tables, summary, figures and page there.

    Args:
      config: what to run, for example `dataclasses.replace(PRESETS["quick"], base="shapes")`.
      workdir: the run folder; by default `runs/dataset_transfer-<time>`.
      **options: see `Options`.

    Raises:
      ValueError: bad config, data, or run folder.
      RunFailedError: nothing could be analysed.
    """
    with Study(config, workdir or new_workdir(STUDY), **options) as ready:
        return ready.run()
