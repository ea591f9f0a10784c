"""Random weights and a readout for many networks of the grid, part by part."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod

import jax

from randarch.engine import BudgetError, Images, Part, ProgramCache, Sweep
from randarch.spaces import ConvGrid, Genome
from randarch.store import Row
from randarch.studies.billing import billed
from randarch.studies.machine import available_cores
from randarch.studies.random_conv_sweep.config import Config
from randarch.studies.random_conv_sweep.rows import swept_row
from randarch.studies.session import Session
from randarch.studies.shards import Shard, Stop


class Scoring:
    """Scores networks with some draws of weights.

    Attributes:
      sweep: plans and computes.
      workers: threads; fewer than the session's where the budget is too small for all of them.

    Args:
      session: its workers and budget; `run` stores in its folder.
      config, space: of the study.
      images: the data.
      genomes: what to score.
      seeds: of the weights.
      cache: of compiled programs.

    Raises:
      BudgetError: the budget is too small for one worker.
    """

    def __init__(
        self,
        session: Session,
        config: Config,
        space: ConvGrid,
        images: Images,
        genomes: Sequence[Genome],
        seeds: tuple[int, ...],
        cache: ProgramCache,
    ) -> None:
        self._session = session
        self._genomes = genomes
        self._seeds = seeds
        self._input_size = prod(images.x_train.shape[1:])
        self._archs = [space.decode(g) for g in genomes]
        settings = config.evaluation_settings(seeds, session.memory_budget)
        # Parts must not depend on the machine: they are what a run resumes by.
        part = min(36, max(1, len(genomes) // 16))
        self.workers = session.workers
        while True:
            try:
                self.sweep = Sweep(
                    images, settings, self._archs, cache, workers=self.workers, part=part
                )
                return
            except BudgetError:
                if self.workers == 1:
                    raise
                self.workers -= 1

    def run(self, kind: str, label: str) -> None:
        """Stores a row of that kind for every network, but for those that the folder has."""
        ahead = self._compile_ahead(kind)
        try:
            shards = [
                Shard(p.name, self._work(kind, p), len(p.positions)) for p in self.sweep.parts
            ]
            self._session.do(shards, kind=kind, label=label, workers=self.workers)
        finally:
            if ahead is not None:
                ahead.shutdown(wait=True, cancel_futures=True)

    def _work(self, kind: str, part: Part) -> Callable[[Stop], list[Row]]:
        cache = self.sweep.cache

        def evaluate(stop: Stop) -> list[Row]:
            seconds = billed(cache)
            found = self.sweep.run(part, stop.check)
            share = seconds(len(found))
            return [
                swept_row(
                    kind,
                    self._genomes[one.position],
                    self._archs[one.position],
                    one,
                    self._seeds,
                    self._input_size,
                    share,
                )
                for one in found
            ]

        return evaluate

    def _compile_ahead(self, kind: str) -> ThreadPoolExecutor | None:
        """On accelerators, threads that compile while others run; on CPUs they would take the cores from them."""
        if jax.default_backend() == "cpu":
            return None
        done = self._session.folder.results.done_shards(kind)
        pool = ThreadPoolExecutor(available_cores())
        for part in self.sweep.parts:
            if part.name not in done:
                pool.submit(self.sweep.compile, list(part.steps()))
        return pool
