"""The run: draw networks, train them in populations, score them with random weights, train some again."""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Sequence
from typing import Unpack

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from randarch import data, geometry
from randarch.engine import Evaluator, Normalization, ProgramCache
from randarch.memory import give_back, keep_freed
from randarch.receptive_field import field_columns
from randarch.spaces import Genome
from randarch.spec import ArchSpec
from randarch.store import Row
from randarch.studies.billing import billed
from randarch.studies.images import for_readout, for_training
from randarch.studies.session import Options, RunFailedError, Session, StudyRun, new_workdir
from randarch.studies.shards import Shard, Stop
from randarch.studies.structural_sampling.analyses import analyze
from randarch.studies.structural_sampling.config import Config, deviations
from randarch.studies.structural_sampling.networks import draw, last_map
from randarch.studies.structural_sampling.populations import populations
from randarch.studies.structural_sampling.result import Result
from randarch.studies.structural_sampling.rows import (
    random_metrics,
    repeat_metrics,
    training_metrics,
)
from randarch.studies.structural_sampling.stored import Found
from randarch.training import (
    Training,
    TrainingSettings,
    initial_state,
    memory_of_trainings,
    network_bytes,
    networks_at_once,
    too_large,
    train_population,
)

STUDY = "structural_sampling"
TRAIN, RANDOM, REPEAT = "train", "random", "repeat"
PROGRAMS = 1500
"""Kept: 10,000 networks of five layers of ten need 1,408 (one network in a program)."""


class Study(StudyRun[Result]):
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      population: networks that train together, at most; None chooses by device and memory. On an accelerator it, the
        memory and the number of workers change how sums are rounded; on a CPU nothing does.
      **options: see `Options`; the memory budget is for populations and, later, for the features of one network.

    Raises:
      ValueError: bad config, data, or run folder (`DataError`, `RunFolderError` are kinds of it).
    """

    def __init__(
        self,
        config: Config,
        workdir: str | os.PathLike[str],
        population: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        if population is not None and population < 1:
            raise ValueError(f"population is {population}; expected at least 1")
        self.config = config
        self.session = Session(
            STUDY,
            config.to_dict(),
            workdir,
            numerics={
                "init": config.init,
                "precision": "float32, highest (random weights); float32, default (training)",
            },
            **options,
        )
        self.dataset = data.load(
            config.dataset,
            train_size=config.train_size,
            test_size=config.test_size,
            seed=config.seed,
        )
        self.images = for_training(
            self.dataset, self._normalization(), per_pixel=config.standardize == "pixel"
        )
        if config.batch_size > len(self.dataset.x_train):
            raise ValueError(
                f"batch_size is {config.batch_size} with {len(self.dataset.x_train)} training images; "
                "expected no more than those"
            )
        missing = set(range(self.dataset.num_classes)) - set(self.dataset.y_test.tolist())
        if missing:
            raise ValueError(
                f"{len(missing)} of {self.dataset.num_classes} classes have no test image; take a larger test_size"
            )
        if config.ensembles and np.bincount(self.dataset.y_test).max() < 2:
            raise ValueError(
                f"{len(self.dataset.y_test)} test images, one of each class, cannot be split to choose ensembles; "
                "take a larger test_size, or no ensembles"
            )
        self.drawn = draw(config, self.dataset.input_shape)
        self.space = config.space()
        self.archs = [self.space.decode(genome) for genome in self.drawn.distinct]
        shape = self.dataset.input_shape
        # The costly ones first, so that no worker is left alone with one at the end.
        self.geometries = [geometry.analyze(arch, shape) for arch in self.archs]
        self.bytes = [network_bytes(found, config.batch_size) for found in self.geometries]
        self.memory = memory_of_trainings(self.session.memory_budget, self.session.workers)
        self.populations, self.shrunk = populations(
            sorted(range(len(self.archs)), key=lambda i: (-self.geometries[i].macs, i)),
            self.bytes,
            asked=population,
            memory=self.memory,
        )
        self.session.open(self.dataset.digest)

    def _result(self) -> Result:
        session, config = self.session, self.config
        if self.shrunk:
            session.log(self.shrunk)
        cache = ProgramCache(PROGRAMS)
        keep_freed()
        self._train(cache)
        self._repeat(cache)
        give_back()
        random_cache = ProgramCache(PROGRAMS)
        if config.seeds:
            self._evaluate(random_cache)
        used = cache.total + random_cache.total
        frames = {kind: session.folder.results.frame(kind) for kind in (TRAIN, RANDOM, REPEAT)}
        if frames[TRAIN]["diverged"].all():
            raise RunFailedError(
                f"every training diverged with learning_rate {config.learning_rate:g}; take a smaller one, or a "
                "gradient_clip, and another workdir"
            )
        found = Found(self.dataset, self.drawn, self.space, **frames)
        # Matrices of analyses are small: several threads of linear algebra wait for each other, a hundred times as long
        # where other work keeps the cores busy.
        with threadpool_limits(1, user_api="blas"):
            analyses = analyze(found, config)
        return Result(
            study=STUDY,
            config=config,
            found=found,
            analyses=analyses,
            deviations=deviations(config, len(self.dataset.x_train), len(self.dataset.x_test)),
            notes=(self.shrunk,) if self.shrunk else (),
            seconds=session.seconds({TRAIN: "train", REPEAT: "train", RANDOM: "evaluate"}),
            engine={
                "networks in a population, at most": max(map(len, self.populations)),
                "networks in a program, at most": networks_at_once(),
                "populations beside each other": session.workers,
                "programs compiled in this call": used.programs,
                "seconds of compiling them": round(used.compile_seconds, 1),
            },
            command=session.command,
            provenance=session.provenance(),
        )

    def _train(self, cache: ProgramCache) -> None:
        """Every architecture once, in populations of those that cost about as much."""
        done = self.session.folder.results.digests(TRAIN)
        names = self.session.folder.results.done_shards(TRAIN)
        shards = []
        for members in self.populations:
            # Populations do not depend on what is done, but one of another run's size may be done in part.
            digests = [self.archs[i].digest for i in members]
            missing = [i for i in members if self.archs[i].digest not in done]
            name = hashlib.sha256("+".join(digests).encode()).hexdigest()[:32]
            if missing or name in names:
                shards.append(Shard(name, self._training(missing, cache), len(members)))
        label = f"training, {self.config.epochs} epochs"
        self.session.do(shards, kind=TRAIN, label=label)

    def _training(self, chosen: Sequence[int], cache: ProgramCache) -> Callable[[Stop], list[Row]]:
        config, labels = self.config, self.dataset.y_test
        settings = config.training_settings()

        def work(stop: Stop) -> list[Row]:
            stop.check()
            seconds = billed(cache)
            archs = [self.archs[i] for i in chosen]
            trainings = self._train_together(archs, settings, cache, stop)
            timings = seconds(len(archs))
            return [
                self._row(
                    TRAIN,
                    i,
                    {
                        **self._costs(i),
                        **training_metrics(
                            one,
                            labels,
                            self.dataset.num_classes,
                            keep_predictions=config.ensembles,
                        ),
                    },
                    timings,
                )
                for i, one in zip(chosen, trainings, strict=True)
            ]

        return work

    def _train_together(
        self,
        archs: Sequence[ArchSpec],
        settings: TrainingSettings,
        cache: ProgramCache,
        stop: Stop,
    ) -> list[Training]:
        """A population; in halves, networks first and then seeds, if the device has less memory than was thought."""
        try:
            return train_population(
                archs,
                self.images,
                settings,
                compile=cache.get,
                on_epoch=lambda _: stop.check(),
            )
        except jax.errors.JaxRuntimeError as error:
            if not too_large(error) or len(archs) * len(settings.seeds) == 1:
                raise
        if len(archs) == 1:
            half = len(settings.seeds) // 2
            self.session.log(f"{len(settings.seeds)} trainings do not fit the device: in halves")
            return [self._train_by_parts(archs[0], settings, half, cache, stop)]
        half = len(archs) // 2
        self.session.log(f"{len(archs)} networks do not fit the device together: in halves")
        first, second = (
            self._train_together(some, settings, cache, stop)
            for some in (archs[:half], archs[half:])
        )
        return first + second

    def _train_by_parts(
        self,
        arch: ArchSpec,
        settings: TrainingSettings,
        at_once: int,
        cache: ProgramCache,
        stop: Stop,
    ) -> Training:
        """All seeds of a network, some of them at once."""
        parts = [
            dataclasses.replace(settings, seeds=settings.seeds[first : first + at_once])
            for first in range(0, len(settings.seeds), at_once)
        ]
        found = [self._train_together([arch], part, cache, stop)[0] for part in parts]
        return Training.of_seeds(found)

    def _repeat(self, cache: ProgramCache) -> None:
        """Some architectures, chosen at random, several times."""
        config = self.config
        rng = np.random.default_rng([config.seed, 1])
        count = min(config.repeat_networks, len(self.archs))
        chosen = sorted(rng.choice(len(self.archs), size=count, replace=False).tolist())
        settings = config.training_settings(config.repeat_trainings)

        def again(index: int) -> Callable[[Stop], list[Row]]:
            def work(stop: Stop) -> list[Row]:
                stop.check()
                seconds = billed(cache)
                arch = self.archs[index]
                at_once = max(1, self.memory // self.bytes[index])
                found = self._train_by_parts(arch, settings, at_once, cache, stop)
                _, state = initial_state(arch, self.images, settings)
                timings = seconds(1)
                metrics = repeat_metrics(
                    found,
                    jax.device_get(state.params),
                    self.dataset.y_test,
                    self.dataset.num_classes,
                )
                return [self._row(REPEAT, index, metrics, timings)]

            return work

        shards = [Shard(self.archs[i].digest, again(i)) for i in chosen]
        label = f"{config.repeat_trainings} trainings each"
        self.session.do(shards, kind=REPEAT, label=label)

    def _evaluate(self, cache: ProgramCache) -> None:
        """Random weights."""
        evaluator = Evaluator(
            for_readout(self.dataset, self._normalization()),
            self.config.evaluation_settings(self.session.memory_budget // self.session.workers),
            cache,
        )
        whole = self.config.feature_pool == "global"

        def score(index: int) -> Callable[[Stop], list[Row]]:
            def work(stop: Stop) -> list[Row]:
                stop.check()
                arch = self.archs[index]
                found = evaluator.evaluate(arch if whole else last_map(arch))
                metrics = random_metrics(found, self.dataset.y_test, self.dataset.num_classes)
                usage = found.usage
                timings = {"compile": usage.compile_seconds, "run": usage.run_seconds}
                return [self._row(RANDOM, index, metrics, timings)]

            return work

        shards = [Shard(arch.digest, score(i)) for i, arch in enumerate(self.archs)]
        self.session.do(shards, kind=RANDOM, label="random weights")

    def _row(self, kind: str, index: int, metrics: dict, timings: dict[str, float]) -> Row:
        genome: Genome = self.drawn.distinct[index]
        return Row(
            kind, index, genome, self.config.seed, self.archs[index].digest, metrics, timings
        )

    def _costs(self, index: int) -> dict[str, float | int | None]:
        arch, found = self.archs[index], self.geometries[index]
        classifier = (found.output_size + 1) * self.dataset.num_classes
        return {
            "params": found.params + classifier,
            "macs": found.macs + found.output_size * self.dataset.num_classes,
            **field_columns(arch, found),
        }

    def _normalization(self) -> Normalization:
        return Normalization(self.dataset.channel_mean, self.dataset.channel_std)


def run(
    config: Config,
    workdir: str | os.PathLike[str] | None = None,
    population: int | None = None,
    **options: Unpack[Options],
) -> Result:
    """Runs the study and returns what it found; see `Study` for the arguments.

    Without a `workdir` the run goes to `runs/structural_sampling-<time>`.
    """
    with Study(config, workdir or new_workdir(STUDY), population, **options) as study:
        return study.run()
