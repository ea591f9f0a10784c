"""What a config and its data must agree on; looked at before anything is drawn, compiled or written."""

from collections.abc import Mapping, Sequence

import numpy as np

from randarch import geometry
from randarch.data import Dataset
from randarch.spaces import Genome
from randarch.studies.machine import physical_memory
from randarch.studies.rfm_correlation.config import Config


def check_data(config: Config, images: Dataset) -> None:
    """Raises ValueError for images that the config's networks, training or readout cannot use."""
    height, _, channels = images.input_shape
    if height < 4:
        raise ValueError(
            f"images are {height} pixels wide; expected at least 4, which two poolings leave at 1"
        )
    if config.normalization == "paper" and channels != 3:
        raise ValueError(
            f"normalization 'paper' is for 3 channels, the images have {channels}; use 'train'"
        )
    for name in ("batch_size", "readout_size"):
        value = getattr(config, name)
        if value is not None and value > len(images.x_train):
            raise ValueError(
                f"{name} is {value} with {len(images.x_train)} training images; expected no more"
            )
    seen = np.unique(images.y_train[: config.readout_size])
    if len(seen) < 2:
        raise ValueError(
            f"the readout's training images are all of one class ({seen}); take more of them"
        )


def check_memory(
    config: Config, genomes: Mapping[int, Sequence[Genome]], input_shape: tuple[int, int, int]
) -> None:
    """Raises ValueError for a depth whose channels grow past what this machine holds."""
    available = physical_memory()
    copies = max(config.seeds, 4 * config.train_seeds)  # weights, gradient, momentum, updates
    for depth, sampled in genomes.items():
        space = config.space(depth)
        largest = max(geometry.analyze(space.decode(g), input_shape).params for g in sampled)
        if 4 * copies * largest > available:
            raise ValueError(
                f"depth {depth} has a sampled architecture with {largest:,} parameters, which take "
                f"{4 * copies * largest / 2**30:,.0f} GiB here, and this machine has "
                f"{available / 2**30:,.0f}; choose a smaller depth"
            )
