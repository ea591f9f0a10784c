"""Training the networks of a run, whole and truncated, and looking into their layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from randarch.engine import ProgramCache
from randarch.layerwise import curves, group_bytes, untrained_variables
from randarch.receptive_field import FieldAnalysis
from randarch.spec import ArchSpec, Linear, append
from randarch.store import Row
from randarch.studies.billing import billed
from randarch.studies.receptive_field.config import Config
from randarch.studies.receptive_field.trained import ACCURACIES, FAILED, LOOKED_AT, curve_columns
from randarch.studies.session import Session
from randarch.studies.shards import Shard, Stop
from randarch.studies.trained import trained_metrics
from randarch.training import TrainingImages, train

KIND = "train"
WHOLE, TRUNCATED = 0, 1
"""Which form of a network a row is of."""


@dataclass(frozen=True)
class Job:
    """A network to train.

    Attributes:
      name: as it was asked for.
      number: among the networks of the run.
      form: `WHOLE` or `TRUNCATED`.
      analysis: of the network in that form.
    """

    name: str
    number: int
    form: int
    analysis: FieldAnalysis


def train_networks(
    config: Config, jobs: Sequence[Job], images: TrainingImages, session: Session
) -> None:
    """Stores a row for each network: its trainings, and the curves of one of them and of no training."""
    # Trained and untrained weights run through the same programs, one for each group of layers.
    cache = ProgramCache(32 * session.workers)
    probed = first_images(images, config.probe_size)
    shards = [
        Shard(f"{job.number}-{job.name}-{job.form}", _work(config, job, images, probed, cache))
        for job in jobs
    ]
    session.do(shards, kind=KIND, label=f"train, {config.epochs} epochs")


def first_images(images: TrainingImages, size: int | None) -> TrainingImages:
    """The same with fewer training images."""
    return TrainingImages(
        images.x_train[:size],
        images.y_train[:size],
        images.x_test,
        images.y_test,
        images.num_classes,
        images.mean,
        images.std,
    )


def features_of(spec: ArchSpec) -> ArchSpec:
    """A network without the linear layer that ends it, which `train` appends."""
    if not isinstance(spec.nodes[-1].op, Linear):
        raise ValueError("the network does not end in a linear layer; expected a classifier")
    return ArchSpec(spec.nodes[:-1])


def _work(
    config: Config,
    job: Job,
    images: TrainingImages,
    probed: TrainingImages,
    cache: ProgramCache,
) -> Callable[[Stop], list[Row]]:
    def work(stop: Stop) -> list[Row]:
        stop.check()
        seconds = billed(cache)
        features = features_of(job.analysis.spec)
        found = train(
            features,
            images,
            config.training_settings(),
            compile=cache.get,
            on_epoch=lambda _: stop.check(),
        )
        failed = (found.dead | found.diverged).tolist()
        # A network that failed has nothing to look at; if all failed, the first shows it.
        chosen = failed.index(False) if False in failed else 0
        metrics: dict[str, Any] = {
            "network": job.name,
            "form": job.form,
            ACCURACIES: found.test_accuracy.tolist(),
            FAILED: failed,
            LOOKED_AT: chosen + 1,
            **trained_metrics(found),
        }
        if config.probes or config.saturation:
            stop.check()
            whole = append(features, Linear(images.num_classes))
            nodes = [layer.node for layer in job.analysis.layers]
            weights = {
                "trained": jax.tree.map(lambda leaf: leaf[chosen], found.variables),
                "untrained": untrained_variables(
                    whole, images, config.seed, config.init, compile=cache.get
                ),
            }
            for name, variables in weights.items():
                looked = curves(
                    whole,
                    variables,
                    probed,
                    nodes,
                    saturations=config.saturation,
                    probes=config.probes,
                    trained=name == "trained",
                    compile=cache.get,
                )
                metrics |= curve_columns(name, looked)
                stop.check()
        timings = seconds(1)
        genome = (job.number, job.form)
        return [Row(KIND, 0, genome, config.seed, job.analysis.spec.digest, metrics, timings)]

    return work


def check_images(config: Config, images: TrainingImages) -> None:
    """Raises ValueError for images that a training or a probe cannot use."""
    count = len(images.x_train)
    if config.batch_size > count:
        raise ValueError(
            f"batch_size is {config.batch_size} with {count} training images; expected no more than those"
        )
    probed = np.asarray(images.y_train[: config.probe_size])
    if config.probes and len(np.unique(probed)) < 2:
        raise ValueError(
            f"the probes' {len(probed)} training images are all of one class; take a larger probe_size"
        )


def check_memory(
    config: Config, networks: Mapping[str, FieldAnalysis], images: TrainingImages, budget: int
) -> None:
    """Raises ValueError if what probes read does not fit the memory budget of one worker."""
    if not config.probes:
        return
    train, test = len(images.x_train[: config.probe_size]), len(images.x_test)
    for name, analysis in networks.items():
        shapes = [analysis.geometry[layer.node].shape for layer in analysis.layers]
        needed = group_bytes(shapes, train, test)
        if needed > budget:
            raise ValueError(
                f"the probes of {name} need {needed / 2**30:.2f} GiB at a time for {train:,} training and {test:,} "
                f"test images, and a worker has {budget / 2**30:.2f}; take a smaller probe_size or test_size, fewer "
                "workers, a larger memory_budget, or no probes"
            )
