"""Training the best networks of a sweep, to see whether what random weights say holds."""

from collections.abc import Sequence

import pandas as pd

from randarch import data
from randarch.engine import ProgramCache
from randarch.spaces import Genome
from randarch.studies.images import for_training, unchanged_pixels
from randarch.studies.random_conv_sweep.config import Config
from randarch.studies.session import Session
from randarch.studies.trained import training_shard


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


def train_networks(config: Config, genomes: Sequence[Genome], session: Session) -> pd.DataFrame:
    """Trains networks with a linear classifier, with each number of channels; a row each."""
    # Loaded again, not kept from the check on: the first pass, which may take hours, needs the memory.
    dataset = _images(config)
    images = for_training(dataset, unchanged_pixels(dataset.input_shape[2]))
    settings, cache = config.training_settings(), ProgramCache(4 * session.workers)
    shards = [
        training_shard(
            f"{width}/{space.format(genome)}",
            space.decode(genome),
            images,
            settings,
            cache,
            kind="train",
            draw=width,
            genome=genome,
            seed=config.seed,
            channels=width,
        )
        for width, space in ((w, config.space(w)) for w in config.train_channels)
        for genome in genomes
    ]
    session.do(shards, kind="train", label=f"train, {config.train_epochs} epochs")
    return session.folder.results.frame("train")
