"""Trainings as pieces of work, and what the store keeps of each."""

from typing import Any

from randarch.engine import ProgramCache
from randarch.spaces import Genome
from randarch.spec import ArchSpec
from randarch.store import Row
from randarch.studies.billing import billed
from randarch.studies.shards import Shard, Stop
from randarch.training import Training, TrainingImages, TrainingSettings, train


def training_shard(
    name: str,
    arch: ArchSpec,
    images: TrainingImages,
    settings: TrainingSettings,
    cache: ProgramCache,
    *,
    kind: str,
    draw: int,
    genome: Genome,
    seed: int,
    **metrics: Any,
) -> Shard:
    """One architecture's trainings, with all the settings' seeds.

    Args:
      name: of the shard.
      arch: what is trained.
      images, settings, cache: as `training.train` takes them.
      kind, draw, genome, seed: name the row in the store.
      **metrics: stored beside what the training gives.
    """

    def work(stop: Stop) -> list[Row]:
        stop.check()
        seconds = billed(cache)
        found = train(arch, images, settings, compile=cache.get, on_epoch=lambda _: stop.check())
        timings = seconds(1)
        columns = {**metrics, **trained_metrics(found)}
        return [Row(kind, draw, genome, seed, arch.digest, columns, timings)]

    return Shard(name, work)


def trained_metrics(found: Training) -> dict[str, Any]:
    """Accuracies (mean over seeds, each seed's, and by epoch), and whether the training failed."""
    return {
        "trained_accuracy": float(found.test_accuracy.mean()),
        **{f"trained_accuracy_seed{i}": float(v) for i, v in enumerate(found.test_accuracy)},
        "dead": bool(found.dead.any()),
        "diverged": bool(found.diverged.any()),
        "train_loss_by_epoch": found.train_loss.tolist(),
        "train_accuracy_by_epoch": found.train_accuracy.tolist(),
        "test_accuracy_by_epoch": found.test_accuracy_by_epoch.tolist(),
    }
