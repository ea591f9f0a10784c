"""The run: sample architectures, score them with random weights, train them, compare."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from randarch import data
from randarch.analysis import DepthAnalysis, analyze_depth
from randarch.engine import (
    DEFAULT_MEMORY_BUDGET,
    Evaluator,
    Images,
    Normalization,
    ProgramCache,
)
from randarch.networks import seeds_over
from randarch.spaces import ConvChain, Genome
from randarch.store import Row, RunFolder, os_failure, provenance
from randarch.studies.machine import available_cores, default_workers
from randarch.studies.rfm_correlation import published
from randarch.studies.rfm_correlation.checks import check_data, check_memory
from randarch.studies.rfm_correlation.config import Config, deviations
from randarch.studies.rfm_correlation.result import DepthResult, Result
from randarch.studies.rfm_correlation.rows import random_metrics, trained_metrics, work_seconds
from randarch.studies.shards import Shard, Stop, run_shards
from randarch.training import TrainingImages, train

STUDY = "rfm_correlation"
_KEY = ["draw", "genome", "digest"]


class Study:
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      workers: architectures at a time; None chooses by the machine. It changes no result.
      memory_budget: bytes that the features of one architecture may take; past it they are computed
        anew for each pass, and the readout may take its other form: the same numbers up to rounding.
      progress: show progress bars on standard error.
      command: how the run was started, for the report.

    Raises:
      ValueError: bad config, data, or run folder (`DataError`, `RunFolderError` are kinds of it).
    """

    def __init__(
        self,
        config: Config,
        workdir: str | os.PathLike[str],
        *,
        workers: int | None = None,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        progress: bool = True,
        command: str = "",
    ) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"workers is {workers}; expected at least 1")
        if memory_budget < 1:
            raise ValueError(
                f"memory_budget is {memory_budget}; expected a positive number of bytes"
            )
        self.config = config
        self._start = time.perf_counter()
        self.workers = workers or default_workers(available_cores())
        self._budget = memory_budget
        self._progress = progress
        self._command = command or f"rfm_correlation.run({config!r}, {os.fspath(workdir)!r})"
        wanted = config.to_dict()
        RunFolder.check(workdir, study=STUDY, config=wanted)  # reading the data may take minutes
        self.dataset = data.load(
            config.dataset,
            train_size=config.train_size,
            test_size=config.test_size,
            seed=config.seed,
        )
        check_data(config, self.dataset)
        self._genomes = {
            depth: config.space(depth).sample(
                config.num_architectures, np.random.default_rng([config.seed, depth])
            )
            for depth in config.depth
        }
        check_memory(config, self._genomes, self.dataset.input_shape)
        self.folder = RunFolder.open(
            workdir, study=STUDY, config={**wanted, "dataset_digest": self.dataset.digest}
        )

    def __enter__(self) -> "Study":
        return self

    def __exit__(self, *error: object) -> None:
        self.folder.close()

    def run(self) -> Result:
        """Does what the folder does not hold yet, analyses, and writes tables, summary, figures and page."""
        try:
            return self._run()
        except OSError as error:
            raise os_failure(self.folder.path, error, "write to") from error

    def _run(self) -> Result:
        self._log(f"started: {self._command}")
        # No two architectures share a training program, so only those at work are kept.
        caches = ProgramCache(), ProgramCache(4 * self.workers)
        results = tuple(self._run_depth(depth, *caches) for depth in self.config.depth)
        rows, images = self.folder.results, self.dataset
        result = Result(
            study=STUDY,
            config=self.config,
            depths=results,
            deviations=deviations(self.config, len(images.x_train), len(images.x_test)),
            seconds={"total": time.perf_counter() - self._start, **work_seconds(rows.timings)},
            command=self._command,
            provenance=self._provenance(),
        )
        result.save(self.folder.path)
        self._log(f"finished after {result.seconds['total']:.1f} s")
        return result

    def _log(self, text: str) -> None:
        with open(self.folder.path / "log.txt", "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def _run_depth(
        self, depth: int, cache: ProgramCache, training_cache: ProgramCache
    ) -> DepthResult:
        config = self.config
        space = config.space(depth)
        genomes = self._genomes[depth]
        self._evaluate(space, genomes, cache)
        self._train(space, list(enumerate(genomes)), "train", config.epochs, training_cache)
        table = self._table(space)
        converged = (
            self._converge(space, genomes, table, training_cache)
            if config.convergence_epochs
            else None
        )
        rng = np.random.default_rng([config.seed, depth, 1])
        analysis: DepthAnalysis = analyze_depth(table, depth=depth, top_k=(config.top_k,), rng=rng)
        return DepthResult(
            analysis, table, published.PUBLISHED.get(depth, published.Published()), converged
        )

    def _evaluate(self, space: ConvChain, genomes: Sequence[Genome], cache: ProgramCache) -> None:
        config, images = self.config, self.dataset
        size = config.readout_size or len(images.x_train)
        evaluator = Evaluator(
            Images(
                images.x_train[:size],
                images.y_train[:size],
                images.x_test,
                images.y_test,
                images.num_classes,
                Normalization(*self._statistics()),
            ),
            config.evaluation_settings(self._budget),
            cache,
        )

        def work(draw: int, genome: Genome) -> Callable[[Stop], list[Row]]:
            def evaluate(stop: Stop) -> list[Row]:
                stop.check()
                spec = space.decode(genome)
                found = evaluator.evaluate(spec)
                metrics = {
                    "genome_text": space.format(genome),
                    "final_size": found.geometry.output_size,
                    "params": found.geometry.params,
                    "macs": found.geometry.macs,
                    **random_metrics(found, config.seeds),
                }
                timings = {"compile": found.usage.compile_seconds, "run": found.usage.run_seconds}
                return [Row("evaluate", draw, genome, config.seed, spec.digest, metrics, timings)]

            return evaluate

        self._run_shards(
            "evaluate",
            space,
            [(f"{d}", work(d, g)) for d, g in enumerate(genomes)],
            "random weights",
        )

    def _train(
        self,
        space: ConvChain,
        picked: Sequence[tuple[int, Genome]],
        kind: str,
        epochs: int,
        cache: ProgramCache,
    ) -> None:
        config, images = self.config, self.dataset
        mean, std = self._statistics()
        arrays = TrainingImages(
            images.x_train,
            images.y_train,
            images.x_test,
            images.y_test,
            images.num_classes,
            mean,
            std,
        )
        settings = config.training_settings(epochs)

        def work(draw: int, genome: Genome) -> Callable[[Stop], list[Row]]:
            def training(stop: Stop) -> list[Row]:
                stop.check()
                spec, before = space.decode(genome), cache.used()
                found = train(
                    spec, arrays, settings, compile=cache.get, on_epoch=lambda _: stop.check()
                )
                compiling = (cache.used() - before).compile_seconds
                timings = {"compile": compiling, "run": found.seconds - compiling}
                return [
                    Row(
                        kind,
                        draw,
                        genome,
                        config.seed,
                        spec.digest,
                        trained_metrics(found),
                        timings,
                    )
                ]

            return training

        self._run_shards(
            kind, space, [(f"{d}", work(d, g)) for d, g in picked], f"{kind}, {epochs} epochs"
        )

    def _converge(
        self, space: ConvChain, genomes: Sequence[Genome], table: pd.DataFrame, cache: ProgramCache
    ) -> pd.DataFrame:
        """Table III: the best by each score, trained for longer."""
        columns = {
            "trained": "trained_accuracy",
            "rfm": "rfm_accuracy",
            "ensemble": "ensemble_accuracy",
        }
        picks = {
            name: list(
                table.sort_values([column, "draw"], ascending=[False, True])["draw"][
                    : self.config.top_k
                ]
            )
            for name, column in columns.items()
        }
        chosen = sorted({int(draw) for draws in picks.values() for draw in draws})
        self._train(
            space,
            [(d, genomes[d]) for d in chosen],
            "converge",
            self.config.convergence_epochs,
            cache,
        )
        frame = self._frame("converge", space).set_index("draw")
        texts = table.set_index("draw")["genome_text"]
        rows = [
            {
                "picked_by": name,
                "rank": rank,
                "genome_text": texts[draw],
                "accuracy": frame.loc[draw, "trained_accuracy"],
            }
            for name, draws in picks.items()
            for rank, draw in enumerate(draws, 1)
        ]
        return pd.DataFrame(rows)

    def _run_shards(
        self,
        kind: str,
        space: ConvChain,
        named: Sequence[tuple[str, Callable[[Stop], list[Row]]]],
        label: str,
    ) -> None:
        run_shards(
            [Shard(f"{space.name}/{name}", work) for name, work in named],
            kind=kind,
            store=self.folder.results,
            provenance=self._provenance(),
            workers=self.workers,
            label=f"depth {space.depth}: {label}",
            progress=self._progress,
            log=self._log,
        )

    def _frame(self, kind: str, space: ConvChain) -> pd.DataFrame:
        frame = self.folder.results.frame(kind)
        return frame[[len(genome) == space.num_genes for genome in frame["genome"]]]

    def _table(self, space: ConvChain) -> pd.DataFrame:
        random, trained = self._frame("evaluate", space), self._frame("train", space)
        trained = trained[[c for c in trained if c in _KEY or c not in random.columns]]
        table = random.merge(trained, on=_KEY, validate="one_to_one")
        return table.astype({"dead": bool, "diverged": bool}).reset_index(drop=True)

    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        if self.config.normalization == "paper":
            return published.CIFAR10_MEAN, published.CIFAR10_STD
        return self.dataset.channel_mean, self.dataset.channel_std

    def _provenance(self) -> dict[str, Any]:
        device = jax.devices()[0]
        return provenance(
            device=device.device_kind,
            platform=device.platform,
            batch_norm=self.config.batch_norm,
            init=self.config.init,
            seeds_over=seeds_over(),
            precision="float32, highest (evaluation); float32, default (training)",
        )


def run(config: Config, workdir: str | os.PathLike[str] | None = None, **options: Any) -> Result:
    """Runs the study and returns what it found; the options are those of `Study`.

    Without a `workdir` the run goes to `runs/rfm_correlation-<time>`.
    """
    workdir = workdir or Path("runs") / f"{STUDY}-{time.strftime('%Y%m%d-%H%M%S')}"
    with Study(config, workdir, **options) as study:
        return study.run()
