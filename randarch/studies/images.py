"""A data set, as the engine and the training take it."""

from randarch.data import Dataset
from randarch.engine import Images, Normalization
from randarch.training import TrainingImages


def for_readout(images: Dataset, normalization: Normalization, size: int | None = None) -> Images:
    """For random networks and their readout, which sees the first `size` training images; None: all."""
    return Images(
        images.x_train[:size],
        images.y_train[:size],
        images.x_test,
        images.y_test,
        images.num_classes,
        normalization,
    )


def for_training(
    images: Dataset, normalization: Normalization, per_pixel: bool = False
) -> TrainingImages:
    """For networks that are trained, on pixels normalised by channel or one by one."""
    return TrainingImages(
        images.x_train,
        images.y_train,
        images.x_test,
        images.y_test,
        images.num_classes,
        normalization.mean,
        normalization.std,
        per_pixel,
    )


def unchanged_pixels(channels: int) -> Normalization:
    """For images that are taken as they are, pixels from 0 to 1."""
    return Normalization((0.0,) * channels, (1.0,) * channels)
