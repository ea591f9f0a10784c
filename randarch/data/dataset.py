"""What a data set is here: four arrays in memory and the names of the classes."""

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, UInt8

_CHUNK_BYTES = 1 << 24  # of pixels at a time, so that statistics need no second copy of the images


class DataError(ValueError):
    """A data set that cannot be had or used.

    The message is one line: the value, what was expected, and the remedy.
    """


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled training and test images.

    Two data sets are the same when their `digest` is.

    Attributes:
        name: what `load` was asked for.
        x_train: training images [n, height, width, channels], 0 to 255.
        y_train: their labels [n], indices into `classes`.
        x_test: test images, of the same height, width and channels.
        y_test: their labels.
        classes: names of the classes.

    Raises:
        DataError: the arrays do not go together, are empty, not square, or name a class that is
            not there.
    """

    name: str
    # The lengths and sizes that have to agree are compared in __post_init__, with a better message.
    x_train: UInt8[np.ndarray, "n h w c"]
    y_train: Int32[np.ndarray, " n2"]
    x_test: UInt8[np.ndarray, "m h2 w2 c2"]
    y_test: Int32[np.ndarray, " m2"]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise DataError(
                f"{self.name}: {len(self.classes)} class; a classifier needs 2 or more, so add "
                "images of others"
            )
        for split in ("train", "test"):
            x, y = getattr(self, f"x_{split}"), getattr(self, f"y_{split}")
            if len(x) == 0:
                raise DataError(f"{self.name}: no {split} images; at least 1 is needed")
            if len(x) != len(y):
                raise DataError(
                    f"{self.name}: {len(x)} {split} images and {len(y)} labels; give one label for "
                    "each image"
                )
            height, width, channels = x.shape[1:]
            if height != width:
                raise DataError(
                    f"{self.name}: {split} images are {height} x {width}; crop or resize them to "
                    "squares"
                )
            if height < 1 or channels < 1:
                raise DataError(
                    f"{self.name}: {split} images have shape {x.shape[1:]}; "
                    "height, width and channels must be at least 1"
                )
            low, high = int(y.min()), int(y.max())
            if low < 0 or high >= len(self.classes):
                raise DataError(
                    f"{self.name}: {split} labels run from {low} to {high}; expected 0 to "
                    f"{len(self.classes) - 1} "
                    f"for {len(self.classes)} classes, so renumber them"
                )
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise DataError(
                f"{self.name}: training images are {_by(self.x_train)}, test images "
                f"{_by(self.x_test)}; "
                "bring both to one size and number of channels"
            )

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    @property
    def channel_mean(self) -> tuple[float, ...]:
        """Mean of each channel over the training images, in units of 255."""
        return self._channel_moments[0]

    @property
    def channel_std(self) -> tuple[float, ...]:
        """Standard deviation of each channel over the training images, in units of 255.

        1 for a constant channel, so that dividing by it is harmless.
        """
        return self._channel_moments[1]

    @functools.cached_property
    def _channel_moments(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        # Integer sums are exact: no rounding, whatever the chunks.
        channels = self.x_train.shape[-1]
        count = self.x_train.size // channels
        total = np.zeros(channels, np.uint64)
        squares = np.zeros(channels, np.uint64)
        for pixels in _chunks(self.x_train):
            flat = pixels.reshape(-1, channels)
            for channel in range(channels):
                histogram = np.bincount(flat[:, channel], minlength=256).astype(np.uint64)
                levels = np.arange(256, dtype=np.uint64)
                total[channel] += histogram @ levels
                squares[channel] += histogram @ levels**2
        means, stds = [], []
        for one, two in zip(total.tolist(), squares.tolist(), strict=True):
            spread = count * two - one * one  # count^2 times the variance, an exact integer
            means.append(one / count / 255)
            stds.append(spread**0.5 / count / 255 if spread else 1.0)
        return tuple(means), tuple(stds)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of images, labels, their order and the class names, as 64 hexadecimal digits."""
        sha = hashlib.sha256("\0".join(self.classes).encode())
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            sha.update(f"{array.dtype.str}{array.shape}".encode())
            for chunk in _chunks(array):
                sha.update(np.ascontiguousarray(chunk).data)
        return sha.hexdigest()

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}: {len(self.x_train):,} + {len(self.x_test):,} images of "
            f"{_by(self.x_train)}, {self.num_classes} classes)"
        )


def _by(images: np.ndarray) -> str:
    return " x ".join(str(extent) for extent in images.shape[1:])


def _chunks(array: np.ndarray):
    rows = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
    return (array[start : start + rows] for start in range(0, len(array), rows))
