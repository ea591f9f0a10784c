"""The run: score every valid network with random weights, give trials to the good ones, train the best, analyse."""

import functools
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from randarch import data
from randarch.analysis import analyze_sweep, pareto_mask
from randarch.engine import (
    DEFAULT_MEMORY_BUDGET,
    MIN_MEASUREMENTS,
    BudgetError,
    Images,
    Normalization,
    Part,
    ProgramCache,
    Sweep,
    Usage,
    check_budget,
)
from randarch.networks import seeds_over
from randarch.spaces import ConvGrid, Genome
from randarch.store import Row, RunFolder, os_failure, provenance
from randarch.studies.machine import available_cores, default_workers, peak_memory
from randarch.studies.random_conv_sweep import published
from randarch.studies.random_conv_sweep.choice import choose_genomes
from randarch.studies.random_conv_sweep.config import FIRST_SEED, Config, deviations
from randarch.studies.random_conv_sweep.confirm import check_training, train_networks
from randarch.studies.random_conv_sweep.result import Result, compare_confirmed, compare_hand_picked
from randarch.studies.random_conv_sweep.rows import (
    network_table,
    swept_row,
    with_times,
)
from randarch.studies.random_conv_sweep.throughput import CHOSEN, measure, predict, rates
from randarch.studies.shards import RunShards, Shard, Stop, run_shards

STUDY = "random_conv_sweep"
PROGRAMS = 2500
"""Compiled programs that are kept; the published space has 1,869 for layers."""


class Study:
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      workers: threads; None chooses by the machine. It changes no result.
      memory_budget: bytes for values and kernels, of all workers together; with less, values are computed
        again instead of kept: the same numbers, later.
      progress: show progress bars on standard error.
      command: how the run was started, for the report.

    Raises:
      ValueError: bad config, data, budget, or run folder (`DataError`, `BudgetError`, `RunFolderError` are
        kinds of it).
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
        self.config = config
        self._start = time.perf_counter()
        self.workers = workers or default_workers(available_cores())
        self._budget = memory_budget
        self._progress = progress
        self._command = command or f"random_conv_sweep.run({config!r}, {os.fspath(workdir)!r})"
        RunFolder.check(workdir, study=STUDY, config=config.to_dict())
        self.space = config.space()
        self.dataset = data.load(
            config.dataset,
            train_size=config.train_size,
            test_size=config.test_size,
            seed=config.seed,
            choice=config.choice,
        )
        height, width, channels = self.dataset.input_shape
        self.input_shape = (height, width, channels)
        self._images = Images(
            self.dataset.x_train,
            self.dataset.y_train,
            self.dataset.x_test,
            self.dataset.y_test,
            self.dataset.num_classes,
            Normalization((0.0,) * channels, (1.0,) * channels),
        )
        self.counts = self.space.count_valid(self.input_shape, config.max_ratio)
        self.genomes = choose_genomes(config, self.space, self.input_shape, self.counts)
        self._check()
        self._cache = ProgramCache(PROGRAMS)
        self._first = self._sweep(self.genomes, (FIRST_SEED,))
        trials = config.evaluation_settings(config.trial_seeds, memory_budget)
        check_budget(self._first.plan, self._images, trials)
        self.folder = RunFolder.open(
            workdir,
            study=STUDY,
            config={**config.to_dict(), "dataset_digest": self.dataset.digest},
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

    def _check(self) -> None:
        """What would fail only after the first pass, which may take hours."""
        config = self.config
        if config.min_throughput and len(self.genomes) < MIN_MEASUREMENTS:
            raise ValueError(
                f"{len(self.genomes)} networks are too few to predict throughput, which takes {MIN_MEASUREMENTS}; "
                "pass --min_throughput=0 (min_throughput=0.0 in Python)"
            )
        if config.train_top:
            check_training(config)

    def _sweep(self, genomes: Sequence[Genome], seeds: tuple[int, ...]) -> Sweep:
        """With fewer workers where the budget is too small for all of them."""
        archs = [self.space.decode(g) for g in genomes]
        settings = self.config.evaluation_settings(seeds, self._budget)
        # Parts must not depend on the machine: they are what a run resumes by.
        part = min(36, max(1, len(archs) // 16))
        while True:
            try:
                return Sweep(
                    self._images, settings, archs, self._cache, workers=self.workers, part=part
                )
            except BudgetError:
                if self.workers == 1:
                    raise
                self.workers -= 1

    def _run(self) -> Result:
        config = self.config
        self._log(f"started: {self._command}")
        before, start = self._cache.total, time.perf_counter()
        self._score("first", "first pass", self._first, self.genomes, (FIRST_SEED,))
        used, wall = self._cache.total - before, time.perf_counter() - start
        first = self.folder.results.frame("first")
        macs = dict(zip(first["genome"], first["macs"], strict=True))
        predicted: dict[Genome, float] = {}
        model = None
        if config.min_throughput:
            predicted, model = predict(
                config, self.space, self.input_shape, self.genomes, self._do, self.folder.results
            )
        kept = self._survivors(first, predicted)
        wanted = [
            g for g in self.genomes if g in kept or config.trials_for_all or g in self._picked()
        ]
        if wanted:
            sweep = self._sweep(wanted, config.trial_seeds)
            self._score("trials", f"{config.trials} trials", sweep, wanted, config.trial_seeds)
        table = self._table(predicted, kept)
        pareto = self._pareto(table, macs)
        if config.min_throughput:
            wanted = [*pareto, *(g for g in self.genomes if g in self._picked())]
            measure(config, self.input_shape, wanted, CHOSEN, self._do, self.folder.results)
            table = self._table(predicted, kept)
        confirmed = self._confirm(pareto[: config.train_top]) if config.train_top else None
        analysis = analyze_sweep(
            table,
            self.space.gene_names,
            rng=np.random.default_rng([config.seed, 1]),
            cluster=None if config.weights == "shared" else (),
        )
        result = Result(
            study=STUDY,
            config=config,
            counts=self.counts,
            table=table,
            analysis=analysis,
            hand_picked=compare_hand_picked(table),
            trained=None
            if confirmed is None
            else compare_confirmed(table, confirmed, np.random.default_rng([config.seed, 3])),
            throughput_model=model,
            engine=self._engine(used, wall),
            deviations=deviations(config, len(self.dataset.x_train), len(self.dataset.x_test)),
            seconds=self._seconds(),
            command=self._command,
            provenance=self._provenance(),
        )
        result.save(self.folder.path)
        self._log(f"finished after {result.seconds['total']:.1f} s")
        return result

    def _score(
        self,
        kind: str,
        label: str,
        sweep: Sweep,
        genomes: Sequence[Genome],
        seeds: tuple[int, ...],
    ) -> None:
        """Random weights and a readout, part by part."""
        input_size = int(np.prod(self.input_shape))
        digests = [self.space.decode(g).digest for g in genomes]

        def work(part: Part) -> Callable[[Stop], list[Row]]:
            def evaluate(stop: Stop) -> list[Row]:
                before, start = sweep.used(), time.perf_counter()
                found = sweep.run(part, stop.check)
                used = sweep.used() - before
                share = {
                    "compile": used.compile_seconds / len(found),
                    "run": (time.perf_counter() - start - used.compile_seconds) / len(found),
                }
                return [
                    swept_row(
                        kind,
                        genomes[one.position],
                        digests[one.position],
                        one,
                        seeds,
                        input_size,
                        share,
                    )
                    for one in found
                ]

            return evaluate

        ahead = self._compile_ahead(sweep, kind)
        try:
            shards = [Shard(p.name, work(p), len(p.positions)) for p in sweep.parts]
            self._do(shards, kind=kind, label=label, workers=self.workers)
        finally:
            if ahead is not None:
                ahead.shutdown(wait=True, cancel_futures=True)

    def _compile_ahead(self, sweep: Sweep, kind: str) -> ThreadPoolExecutor | None:
        """On accelerators, threads that compile while others run; on CPUs they would take the cores from them."""
        if jax.default_backend() == "cpu":
            return None
        done = self.folder.results.done_shards(kind)
        pool = ThreadPoolExecutor(available_cores())
        for part in sweep.parts:
            if part.name not in done:
                for path in part.trees:
                    pool.submit(sweep.compile, [*path[:-1], *path[-1].below()])
        return pool

    def _picked(self) -> set[Genome]:
        """The post's hand-picked networks, where the space has them."""
        found = set()
        for one in published.HANDPICKED:
            genome = _genome(self.space, one)
            if genome is not None:
                found.add(genome)
        return found

    def _survivors(self, first: pd.DataFrame, predicted: dict[Genome, float]) -> set[Genome]:
        """What the first pass keeps: accurate enough, and fast enough where that is asked."""
        config = self.config
        accurate = first[first["test_accuracy"] >= config.min_accuracy]["genome"]
        if not config.min_throughput:
            return set(accurate)
        # By predictions alone: what is measured later must not change this when a run is resumed.
        return {g for g in accurate if predicted[g] >= config.min_throughput}

    def _pareto(self, table: pd.DataFrame, macs: dict[Genome, int]) -> list[Genome]:
        """Of the kept networks (of all, where none is), those that no other beats in accuracy and speed."""
        among = table[table["kept"]] if table["kept"].any() else table
        speed = among["predicted_throughput"]
        if speed.isna().any():
            speed = pd.Series([1 / macs[g] for g in among["genome"]], index=among.index)
        mask = pareto_mask(among["test_accuracy"].to_numpy(), speed.to_numpy())
        front = among[mask].sort_values(["test_accuracy", "genome"], ascending=[False, True])
        return list(front["genome"])

    def _table(self, predicted: dict[Genome, float], kept: set[Genome]) -> pd.DataFrame:
        results = self.folder.results
        fits = results.timings("first")
        table = network_table(self.space, results.frame("first"), results.frame("trials"), kept)
        fit_seconds = dict(zip(fits["genome"], fits["fit"], strict=True))
        return with_times(table, fit_seconds, rates(results), predicted)

    def _confirm(self, genomes: Sequence[Genome]) -> pd.DataFrame:
        """The Pareto set and the post's counter-example, trained."""
        counter = _genome(self.space, published.COUNTER_EXAMPLE)
        extra = [counter] if counter in self.genomes else []
        chosen = list(dict.fromkeys([*genomes, *extra]))
        return train_networks(self.config, chosen, self._do, self.folder.results, self.workers)

    @property
    def _do(self) -> RunShards:
        return functools.partial(
            run_shards,
            store=self.folder.results,
            provenance=self._provenance(),
            progress=self._progress,
            log=self._log,
        )

    def _engine(self, used: Usage, wall: float) -> dict[str, Any]:
        """Counters of the first pass of this call: a resumed run counts what it did itself."""
        work, plan = self._first.work, self._first.plan
        images = len(self.dataset.x_train) + len(self.dataset.x_test)
        return {
            "wall_seconds": wall,
            "peak_memory": peak_memory(),
            "programs": used.programs,
            "hits": used.hits,
            "compile_seconds": used.compile_seconds,
            "run_seconds": used.run_seconds,
            "steps_run": work.steps,
            "macs_run": work.macs,
            "macs_one_by_one": work.macs_alone,
            "macs_shared": plan.macs * images,
            "distinct_steps": sum(1 for _ in plan.steps()),
            "parts": len(self._first.parts),
            "workers": self.workers,
            "memory_budget": self._budget,
        }

    def _seconds(self) -> dict[str, float]:
        found = {"total": time.perf_counter() - self._start}
        for kind, name in (
            ("first", "first_pass"),
            ("trials", "trials"),
            ("throughput", "throughput"),
            ("measured", "throughput"),
            ("train", "train"),
        ):
            frame = self.folder.results.timings(kind)
            for column, label in (("compile", "compile"), ("run", name)):
                if len(frame):
                    found[label] = found.get(label, 0.0) + float(frame[column].sum())
        return found

    def _log(self, text: str) -> None:
        with open(self.folder.path / "log.txt", "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def _provenance(self) -> dict[str, Any]:
        device = jax.devices()[0]
        return provenance(
            device=device.device_kind,
            platform=device.platform,
            batch_norm="none",
            init=self.config.init,
            seeds_over=seeds_over(),
            precision="float32, highest (evaluation); float32, default (throughput, training)",
        )


def _genome(space: ConvGrid, picked: published.Picked) -> Genome | None:
    """A published network in the space, if it is there."""
    try:
        return space.from_values(picked.kernels, picked.strides, picked.dilations)
    except ValueError:
        return None


def run(config: Config, workdir: str | os.PathLike[str] | None = None, **options: Any) -> Result:
    """Runs the study and returns what it found; the options are those of `Study`.

    Without a `workdir` the run goes to `runs/random_conv_sweep-<time>`.
    """
    workdir = workdir or Path("runs") / f"{STUDY}-{time.strftime('%Y%m%d-%H%M%S')}"
    with Study(config, workdir, **options) as study:
        return study.run()
