"""Training the best networks of a sweep, to see whether what random weights say holds."""

from collections.abc import Callable, Sequence

import pandas as pd

from randarch import data
from randarch.engine import ProgramCache
from randarch.spaces import Genome
from randarch.store import ResultStore, Row
from randarch.studies.random_conv_sweep.config import Config
from randarch.studies.shards import RunShards, Shard, Stop
from randarch.training import Training, TrainingImages, train


def check_training(config: Config) -> None:
    """Raises ValueError if the data cannot be had, or are too few for a batch."""
    count = len(_images(config).x_train)
    if config.batch_size > count:
        raise ValueError(
            f"batch_size is {config.batch_size} with {count} images to train on; take a smaller batch, or more "
            "train_images"
        )


def _images(config: Config) -> data.Dataset:
    return data.load(config.dataset, train_size=config.train_images, seed=config.seed)


def train_networks(
    config: Config, genomes: Sequence[Genome], do: RunShards, store: ResultStore, workers: int
) -> pd.DataFrame:
    """Trains networks with a linear classifier, with each number of channels; a row each."""
    images = _images(config)
    channels = images.input_shape[2]
    arrays = TrainingImages(
        images.x_train,
        images.y_train,
        images.x_test,
        images.y_test,
        images.num_classes,
        (0.0,) * channels,
        (1.0,) * channels,
    )
    settings, cache = config.training_settings(), ProgramCache(4 * workers)

    def work(genome: Genome, width: int) -> Callable[[Stop], list[Row]]:
        def run(stop: Stop) -> list[Row]:
            stop.check()
            arch, before = config.space(width).decode(genome), cache.used()
            found = train(
                arch, arrays, settings, compile=cache.get, on_epoch=lambda _: stop.check()
            )
            compiling = (cache.used() - before).compile_seconds
            timings = {"compile": compiling, "run": found.seconds - compiling}
            return [
                Row(
                    "train",
                    width,
                    genome,
                    config.seed,
                    arch.digest,
                    _metrics(found, width),
                    timings,
                )
            ]

        return run

    space = config.space()
    shards = [
        Shard(f"{width}/{space.format(g)}", work(g, width))
        for width in config.train_channels
        for g in genomes
    ]
    do(shards, kind="train", label=f"train, {config.train_epochs} epochs", workers=workers)
    return store.frame("train")


def _metrics(found: Training, width: int) -> dict[str, object]:
    return {
        "channels": width,
        "trained_accuracy": float(found.test_accuracy.mean()),
        **{f"trained_accuracy_seed{i}": float(v) for i, v in enumerate(found.test_accuracy)},
        "dead": bool(found.dead.any()),
        "diverged": bool(found.diverged.any()),
        "train_loss_by_epoch": found.train_loss.tolist(),
        "test_accuracy_by_epoch": found.test_accuracy_by_epoch.tolist(),
    }
