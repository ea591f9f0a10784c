"""Data sets brought to one resolution and number of channels, so that one network fits them all."""

import dataclasses
from collections.abc import Sequence
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt8

from .dataset import DataError, Dataset

Resize = Literal["antialias", "crop_or_pad", "refuse"]
RESIZES: tuple[Resize, ...] = get_args(Resize)

_CHUNK_BYTES = 1 << 26  # of float32 pixels, in or out, at a time


def conform(dataset: Dataset, resolution: int, channels: int, resize: Resize) -> Dataset:
    """The data set with square images of `resolution` pixels and `channels` channels.

    Name, labels, classes and order stay. The same object comes back where nothing has to change.

    Args:
        dataset: any.
        resolution: height and width in pixels.
        channels: of every image. One grey channel becomes three by repetition.
        resize: what becomes of images of another size. `antialias`: linear interpolation, over a wider
            triangle when shrinking, rounded to integers. `crop_or_pad`: the middle of larger images, and
            an even black border (an odd pixel is at the bottom and on the right) around smaller ones.
            `refuse`: an error.

    Raises:
        DataError: an unknown policy, a resolution or number of channels below 1, a number of channels that
            cannot be had, or images of another size under `refuse`.
    """
    if resize not in RESIZES:
        raise DataError(f"resize is {resize!r}; expected one of {', '.join(RESIZES)}")
    for what, value in (("resolution", resolution), ("channels", channels)):
        if value < 1:
            raise DataError(f"{what} is {value}; expected 1 or more")
    size, _, given = dataset.input_shape
    if given != channels and (given, channels) != (1, 3):
        raise DataError(
            f"{dataset.name}: images have {given} channels; expected {channels}, and only 1 becomes "
            "another number, 3, so choose data sets of one kind"
        )
    if size != resolution and resize == "refuse":
        raise DataError(
            f"{dataset.name}: images are {size} x {size}; expected {resolution} x {resolution}, so "
            f"choose a set of that size or resize by {' or '.join(RESIZES[:-1])} (now: refuse)"
        )
    if (size, given) == (resolution, channels):
        return dataset
    return dataclasses.replace(
        dataset,
        x_train=_conformed(dataset.x_train, resolution, channels, resize),
        x_test=_conformed(dataset.x_test, resolution, channels, resize),
    )


def common_channels(datasets: Sequence[Dataset]) -> int:
    """The number of channels that all data sets can be brought to by `conform`.

    Args:
        datasets: one or more.

    Returns:
        3 if some have 3 and the others 1, else the number that all have.

    Raises:
        DataError: no data sets, or numbers that do not go together.
    """
    if not datasets:
        raise DataError("no data sets; give at least one to find its number of channels")
    there = {dataset.input_shape[2] for dataset in datasets}
    if len(there) == 1 or there == {1, 3}:
        return max(there)
    listed = ", ".join(f"{dataset.name} {dataset.input_shape[2]}" for dataset in datasets)
    raise DataError(
        f"numbers of channels differ: {listed}; expected one number, or 1 and 3, so leave out the others"
    )


def _conformed(
    images: UInt8[np.ndarray, "n h w c"], resolution: int, channels: int, resize: Resize
) -> UInt8[np.ndarray, "n size size d"]:
    if images.shape[1] != resolution:
        change = _interpolated if resize == "antialias" else _cropped_or_padded
        images = change(images, resolution)
    if images.shape[3] != channels:
        images = np.repeat(images, channels, axis=3)
    return images


def _interpolated(
    images: UInt8[np.ndarray, "n h w c"], resolution: int
) -> UInt8[np.ndarray, "n size size c"]:
    count, size, _, channels = images.shape
    resized = np.empty((count, resolution, resolution, channels), np.uint8)
    largest = 4 * max(size, resolution) ** 2 * channels
    rows = min(count, max(1, _CHUNK_BYTES // largest))
    for start in range(0, count, rows):
        # The last chunk reaches back into the one before: a shorter one would be compiled again.
        chunk = slice(min(start, count - rows), min(start, count - rows) + rows)
        pixels = jax.image.resize(
            jnp.asarray(images[chunk], jnp.float32),
            (rows, resolution, resolution, channels),
            "linear",
            antialias=True,
        )
        resized[chunk] = jnp.clip(jnp.round(pixels), 0, 255).astype(jnp.uint8)
    return resized


def _cropped_or_padded(
    images: UInt8[np.ndarray, "n h w c"], resolution: int
) -> UInt8[np.ndarray, "n size size c"]:
    size = images.shape[1]
    if size > resolution:
        start = (size - resolution) // 2
        middle = slice(start, start + resolution)
        return np.ascontiguousarray(images[:, middle, middle])
    before = (resolution - size) // 2
    border = (before, resolution - size - before)
    return np.pad(images, ((0, 0), border, border, (0, 0)))
