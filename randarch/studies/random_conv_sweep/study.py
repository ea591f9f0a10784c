"""The run: score every valid network with random weights, give trials to the good ones, train the best, analyse."""

import functools
import os
import time
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from randarch import data
from randarch.analysis import analyze_sweep
from randarch.engine import (
    MIN_MEASUREMENTS,
    ProgramCache,
    Usage,
    check_budget,
)
from randarch.spaces import ConvGrid, Genome
from randarch.studies.images import for_readout, unchanged_pixels
from randarch.studies.machine import peak_memory
from randarch.studies.random_conv_sweep import published
from randarch.studies.random_conv_sweep.choice import choose_genomes, pareto_set, survivors
from randarch.studies.random_conv_sweep.config import FIRST_SEED, Config, deviations
from randarch.studies.random_conv_sweep.confirm import check_training, train_networks
from randarch.studies.random_conv_sweep.result import Result, compare_confirmed, compare_hand_picked
from randarch.studies.random_conv_sweep.rows import network_table, precision, with_times
from randarch.studies.random_conv_sweep.scoring import Scoring
from randarch.studies.random_conv_sweep.throughput import CHOSEN, SAMPLED, measure, predict, rates
from randarch.studies.session import Options, Session, StudyRun, new_workdir

STUDY = "random_conv_sweep"
PROGRAMS = 1000
"""Compiled programs that are kept; each takes a megabyte. The published space has 1,869 for layers, of which up to
1,164 are still needed at a time, so that a quarter is compiled twice."""


class Study(StudyRun[Result]):
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      **options: see `Options`; the memory budget is for values and kernels, of all workers together.

    Raises:
      ValueError: bad config, data, budget, or run folder (`DataError`, `BudgetError`, `RunFolderError` are
        kinds of it).
    """

    def __init__(
        self, config: Config, workdir: str | os.PathLike[str], **options: Unpack[Options]
    ) -> None:
        self.config = config
        self.session = Session(
            STUDY,
            config.to_dict(),
            workdir,
            numerics={
                "batch_norm": "none",
                "init": config.init,
                "precision": "float32, highest (evaluation); float32, default (throughput, training)",
            },
            **options,
        )
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
        self._images = for_readout(self.dataset, unchanged_pixels(channels))
        self.counts = self.space.count_valid(self.input_shape, config.max_ratio)
        self.genomes = choose_genomes(config, self.space, self.input_shape, self.counts)
        self._check()
        self._cache = ProgramCache(PROGRAMS)
        self._first = self._scoring(self.genomes, (FIRST_SEED,))
        trials = config.evaluation_settings(config.trial_seeds, self.session.memory_budget)
        check_budget(self._first.sweep.plan, self._images, trials)
        self.session.open(self.dataset.digest)

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

    def _scoring(self, genomes: Sequence[Genome], seeds: tuple[int, ...]) -> Scoring:
        return Scoring(
            self.session, self.config, self.space, self._images, genomes, seeds, self._cache
        )

    def _result(self) -> Result:
        config, session = self.config, self.session
        before, start = self._cache.total, time.perf_counter()
        self._first.run("first", "first pass")
        counters = self._engine(self._cache.total - before, time.perf_counter() - start)
        first = session.folder.results.frame("first")
        macs = dict(zip(first["genome"], first["macs"], strict=True))
        predicted: dict[Genome, float] = {}
        model = None
        if config.min_throughput:
            predicted, model = predict(config, self.space, self.input_shape, self.genomes, session)
        kept = survivors(config, first, predicted)
        wanted = [
            g for g in self.genomes if g in kept or config.trials_for_all or g in self._picked
        ]
        if wanted:
            self._scoring(wanted, config.trial_seeds).run("trials", f"{config.trials} trials")
        table = self._table(predicted, kept)
        pareto = pareto_set(table, macs)
        if config.min_throughput:
            wanted = [*pareto, *(g for g in self.genomes if g in self._picked)]
            measure(config, self.input_shape, wanted, CHOSEN, session)
            table = self._table(predicted, kept)
        confirmed = self._confirm(pareto[: config.train_top]) if config.train_top else None
        analysis = analyze_sweep(
            table,
            self.space.gene_names,
            rng=np.random.default_rng([config.seed, 1]),
            cluster=None if config.weights == "shared" else (),
        )
        return Result(
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
            engine={**counters, "precision": precision(first)},
            deviations=deviations(config, len(self.dataset.x_train), len(self.dataset.x_test)),
            seconds=session.seconds(
                {
                    "first": "first_pass",
                    "trials": "trials",
                    SAMPLED: "throughput",
                    CHOSEN: "throughput",
                    "train": "train",
                }
            ),
            command=session.command,
            provenance=session.provenance(),
        )

    @functools.cached_property
    def _picked(self) -> set[Genome]:
        """The post's hand-picked networks, where the space has them."""
        found = (_genome(self.space, one) for one in published.HANDPICKED)
        return {genome for genome in found if genome is not None}

    def _table(self, predicted: dict[Genome, float], kept: set[Genome]) -> pd.DataFrame:
        results = self.session.folder.results
        fits = results.timings("first")
        table = network_table(self.space, results.frame("first"), results.frame("trials"), kept)
        fit_seconds = dict(zip(fits["genome"], fits["fit"], strict=True))
        return with_times(table, fit_seconds, rates(results), predicted)

    def _confirm(self, genomes: Sequence[Genome]) -> pd.DataFrame:
        """The Pareto set and the post's counter-example, trained."""
        counter = _genome(self.space, published.COUNTER_EXAMPLE)
        extra = [counter] if counter in self.genomes else []
        chosen = list(dict.fromkeys([*genomes, *extra]))
        return train_networks(self.config, chosen, self.session)

    def _engine(self, used: Usage, wall: float) -> dict[str, Any]:
        """Counters of the first pass of this call: a resumed run counts what it did itself."""
        sweep = self._first.sweep
        images = len(self.dataset.x_train) + len(self.dataset.x_test)
        return {
            "wall_seconds": wall,
            "peak_memory": peak_memory(),
            "programs": used.programs,
            "hits": used.hits,
            "compile_seconds": used.compile_seconds,
            "wait_seconds": used.wait_seconds,
            "run_seconds": used.run_seconds,
            "steps_run": sweep.work.steps,
            "macs_run": sweep.work.macs,
            "macs_one_by_one": sweep.work.macs_alone,
            "macs_shared": sweep.plan.macs * images,
            "distinct_steps": sum(1 for _ in sweep.plan.steps()),
            "parts": len(sweep.parts),
            "workers": self._first.workers,
            "memory_budget": self.session.memory_budget,
        }


def _genome(space: ConvGrid, picked: published.Picked) -> Genome | None:
    """A published network in the space, if it is there."""
    try:
        return space.from_values(picked.kernels, picked.strides, picked.dilations)
    except ValueError:
        return None


def run(
    config: Config, workdir: str | os.PathLike[str] | None = None, **options: Unpack[Options]
) -> Result:
    """Runs the study and returns what it found; see `Options` for the options.

    Without a `workdir` the run goes to `runs/random_conv_sweep-<time>`.
    """
    with Study(config, workdir or new_workdir(STUDY), **options) as study:
        return study.run()
