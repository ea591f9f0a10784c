"""Throughput of the networks of a sweep: measured for some, predicted for the others."""

from collections.abc import Callable, Sequence

import numpy as np

from randarch import geometry
from randarch.engine import ProgramCache, ThroughputModel, measure_throughput
from randarch.geometry import Shape
from randarch.spaces import ConvGrid, Genome
from randarch.store import ResultStore, Row
from randarch.studies.random_conv_sweep.config import Config
from randarch.studies.random_conv_sweep.rows import throughput_row
from randarch.studies.session import Session
from randarch.studies.shards import Shard, Stop

SAMPLED, CHOSEN = "throughput", "measured"
"""Kinds of rows: the random sample that the model is fitted to, and the networks that came out well."""


def measure(
    config: Config,
    input_shape: Shape,
    genomes: Sequence[Genome],
    kind: str,
    session: Session,
) -> None:
    """Measures what is not yet, one network at a time, with nothing beside it."""
    space = config.space()
    elsewhere = set(rates(session.folder.results, CHOSEN if kind == SAMPLED else SAMPLED))

    def work(genome: Genome) -> Callable[[Stop], list[Row]]:
        def run(stop: Stop) -> list[Row]:
            stop.check()
            arch = space.decode(genome)
            compile = ProgramCache(1).get
            batch = config.throughput_batch
            found = measure_throughput(arch, input_shape, batch=batch, compile=compile)
            return [throughput_row(kind, genome, arch.digest, found)]

        return run

    wanted = [g for g in dict.fromkeys(genomes) if g not in elsewhere]
    shards = [Shard(space.format(g), work(g)) for g in wanted]
    session.do(shards, kind=kind, label="throughput", workers=1)


def rates(store: ResultStore, *kinds: str) -> dict[Genome, float]:
    """Images a second, as measured."""
    found: dict[Genome, float] = {}
    for kind in kinds or (SAMPLED, CHOSEN):
        frame = store.timings(kind)
        if len(frame):
            found |= dict(zip(frame["genome"], frame["images_per_second"], strict=True))
    return found


def predict(
    config: Config,
    space: ConvGrid,
    input_shape: Shape,
    genomes: Sequence[Genome],
    session: Session,
) -> tuple[dict[Genome, float], ThroughputModel]:
    """Images a second of every network, by a model of a random sample that is measured."""
    rng = np.random.default_rng([config.seed, 2])
    count = min(config.throughput_sample, len(genomes))
    sample = [genomes[i] for i in sorted(rng.choice(len(genomes), count, replace=False))]
    measure(config, input_shape, sample, SAMPLED, session)
    measured = rates(session.folder.results)
    shapes = {g: geometry.analyze(space.decode(g), input_shape) for g in genomes}
    model = ThroughputModel.fit([shapes[g] for g in sample], [measured[g] for g in sample])
    return {g: model.predict(shapes[g]) for g in genomes}, model
