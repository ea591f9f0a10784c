"""The run: sample architectures, score them with random weights, train them, compare."""

import os
from collections.abc import Callable, Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from randarch import data
from randarch.analysis import DepthAnalysis, analyze_depth
from randarch.engine import Evaluator, Normalization, ProgramCache
from randarch.receptive_field import BORDER, AtMostUnproductive, field_columns
from randarch.spaces import ConvChain, Genome
from randarch.store import Row
from randarch.studies.images import for_readout, for_training
from randarch.studies.rfm_correlation import published
from randarch.studies.rfm_correlation.checks import check_data, check_memory
from randarch.studies.rfm_correlation.config import Config, deviations
from randarch.studies.rfm_correlation.result import DepthResult, Result
from randarch.studies.rfm_correlation.rows import random_metrics
from randarch.studies.selection import sample_accepted
from randarch.studies.session import Options, Session, StudyRun, new_workdir
from randarch.studies.shards import Shard, Stop
from randarch.studies.trained import training_shard

STUDY = "rfm_correlation"
_KEY = ["draw", "genome", "digest"]


class Study(StudyRun[Result]):
    """A run that is ready to go: everything that bad input could break has been checked.

    Args:
      config: what to run.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      **options: see `Options`; the memory budget is for the features of one architecture, and past it the readout
        may take its other form.

    Raises:
      ValueError: bad config, data, or run folder (`DataError`, `RunFolderError` are kinds of it).
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
                "batch_norm": config.batch_norm,
                "init": config.init,
                "precision": "float32, highest (evaluation); float32, default (training)",
            },
            **options,
        )
        self.dataset = data.load(
            config.dataset,
            train_size=config.train_size,
            test_size=config.test_size,
            seed=config.seed,
        )
        check_data(config, self.dataset)
        self.genomes = {
            depth: sample_accepted(
                config.space(depth),
                config.num_architectures,
                (config.seed, depth),
                AtMostUnproductive(config.max_unproductive, self.dataset.input_shape),
            )
            for depth in config.depth
        }
        check_memory(config, self.genomes, self.dataset.input_shape)
        self.session.open(self.dataset.digest)

    def _result(self) -> Result:
        session, images = self.session, self.dataset
        # No two architectures share a training program, so only those at work are kept. Programs of stages, which they
        # could share, were slower here (`benchmarks.population --space=chains`).
        caches = ProgramCache(), ProgramCache(4 * session.workers)
        return Result(
            study=STUDY,
            config=self.config,
            depths=tuple(self._run_depth(depth, *caches) for depth in self.config.depth),
            deviations=deviations(self.config, len(images.x_train), len(images.x_test)),
            seconds=session.seconds(
                {"evaluate": "evaluate", "train": "train", "converge": "train"}
            ),
            command=session.command,
            provenance=session.provenance(),
        )

    def _run_depth(
        self, depth: int, cache: ProgramCache, training_cache: ProgramCache
    ) -> DepthResult:
        config = self.config
        space = config.space(depth)
        genomes = self.genomes[depth]
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
        config = self.config
        evaluator = Evaluator(
            for_readout(self.dataset, self._normalization(), config.readout_size),
            config.evaluation_settings(self.session.memory_budget),
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
                    **field_columns(spec, found.geometry),
                    **random_metrics(found, config.seeds),
                }
                timings = {"compile": found.usage.compile_seconds, "run": found.usage.run_seconds}
                return [Row("evaluate", draw, genome, config.seed, spec.digest, metrics, timings)]

            return evaluate

        self._do(
            "evaluate",
            space,
            [Shard(f"{space.name}/{d}", work(d, g)) for d, g in enumerate(genomes)],
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
        images = for_training(self.dataset, self._normalization())
        settings = self.config.training_settings(epochs)
        shards = [
            training_shard(
                f"{space.name}/{draw}",
                space.decode(genome),
                images,
                settings,
                cache,
                kind=kind,
                draw=draw,
                genome=genome,
                seed=self.config.seed,
            )
            for draw, genome in picked
        ]
        self._do(kind, space, shards, f"{kind}, {epochs} epochs")

    def _do(self, kind: str, space: ConvChain, shards: Sequence[Shard], label: str) -> None:
        self.session.do(shards, kind=kind, label=f"depth {space.depth}: {label}")

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

    def _frame(self, kind: str, space: ConvChain) -> pd.DataFrame:
        frame = self.session.folder.results.frame(kind)
        return frame[[len(genome) == space.num_genes for genome in frame["genome"]]]

    def _table(self, space: ConvChain) -> pd.DataFrame:
        random, trained = self._frame("evaluate", space), self._frame("train", space)
        trained = trained[[c for c in trained if c in _KEY or c not in random.columns]]
        table = random.merge(trained, on=_KEY, validate="one_to_one")
        types = {"dead": bool, "diverged": bool, BORDER: "Int64"}
        return table.astype(types).reset_index(drop=True)

    def _normalization(self) -> Normalization:
        if self.config.normalization == "paper":
            return Normalization(published.CIFAR10_MEAN, published.CIFAR10_STD)
        return Normalization(self.dataset.channel_mean, self.dataset.channel_std)


def run(
    config: Config, workdir: str | os.PathLike[str] | None = None, **options: Unpack[Options]
) -> Result:
    """Runs the study and returns what it found; see `Options` for the options.

    Without a `workdir` the run goes to `runs/rfm_correlation-<time>`.
    """
    with Study(config, workdir or new_workdir(STUDY), **options) as study:
        return study.run()
