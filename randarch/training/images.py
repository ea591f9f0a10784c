"""The images of a training."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int, UInt8

from randarch.data.augmentation import scale_and_shift
from randarch.looped import filled_chunks

EVALUATION_BATCH = 250


class Pixels(NamedTuple):
    """How pixels from 0 to 255 are normalised: `scale` times them, plus `shift`."""

    scale: Float32[Array, "*h_w c"]
    shift: Float32[Array, "*h_w c"]


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """Images, labels and how pixels are normalised; arrays may live on the host or the device.

    They go to the device once, however many architectures are trained on them.

    Attributes:
      x_train, y_train: training images and labels.
      x_test, y_test: test images and labels.
      num_classes: outputs of the classifier.
      mean, std: of each channel, in units of 255; pixels are normalised by them after augmentation.
      per_pixel: normalise each pixel of each channel by its own mean and standard deviation over the training images
        instead, before augmentation, so that what comes in at the borders is the mean (1 for a constant pixel's
        deviation).
    """

    x_train: UInt8[Array, "n h w c"] | UInt8[np.ndarray, "n h w c"]
    y_train: Int[Array, " n"] | Int[np.ndarray, " n"]
    x_test: UInt8[Array, "m h w c"] | UInt8[np.ndarray, "m h w c"]
    y_test: Int[Array, " m"] | Int[np.ndarray, " m"]
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    per_pixel: bool = False

    @functools.cached_property
    def pixels(self) -> Pixels:
        """How pixels are normalised, on the device."""
        if not self.per_pixel:
            return Pixels(*scale_and_shift(self.mean, self.std))
        x = np.asarray(self.x_train)
        # Sums of bytes are exact; a float copy of all images is not needed.
        total = x.sum(axis=0, dtype=np.int64)
        squares = sum(np.square(part, dtype=np.int64) for part in x)
        mean = total / len(x)
        std = np.sqrt(np.maximum(squares / len(x) - mean**2, 0))
        std[std < 1e-6] = 1
        return Pixels(jnp.asarray(1 / std, jnp.float32), jnp.asarray(-mean / std, jnp.float32))

    @functools.cached_property
    def on_device(self) -> tuple[UInt8[Array, "n h w c"], Int[Array, " n"]]:
        """Training images and labels."""
        return jnp.asarray(self.x_train), jnp.asarray(self.y_train)

    @functools.cached_property
    def test_chunks(self) -> tuple[UInt8[Array, "b h w c"], ...]:
        """Test images, `EVALUATION_BATCH` at a time."""
        return self.chunks_of_test_images(EVALUATION_BATCH)

    def chunks_of_test_images(self, size: int) -> tuple[UInt8[Array, "b h w c"], ...]:
        """Test images in equal parts, which one program serves; the last is filled up with zeros."""
        if size not in self._chunks:
            parts = filled_chunks(np.asarray(self.x_test), size)
            self._chunks[size] = tuple(jnp.asarray(part) for part in parts)
        return self._chunks[size]

    @functools.cached_property
    def _chunks(self) -> dict[int, tuple[UInt8[Array, "b h w c"], ...]]:
        return {}
