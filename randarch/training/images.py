"""The images of a training."""

import functools
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt8

EVALUATION_BATCH = 250


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """Images, labels and how pixels are normalised; arrays may live on the host or the device.

    They go to the device once, however many architectures are trained on them.
    """

    x_train: UInt8[Array, "n h w c"] | UInt8[np.ndarray, "n h w c"]
    y_train: Int[Array, "n"] | Int[np.ndarray, "n"]
    x_test: UInt8[Array, "m h w c"] | UInt8[np.ndarray, "m h w c"]
    y_test: Int[Array, "m"] | Int[np.ndarray, "m"]
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @functools.cached_property
    def on_device(self) -> tuple[UInt8[Array, "n h w c"], Int[Array, "n"]]:
        """Training images and labels."""
        return jnp.asarray(self.x_train), jnp.asarray(self.y_train)

    @functools.cached_property
    def test_chunks(self) -> tuple[UInt8[Array, "b h w c"], ...]:
        """Test images in equal parts, which one program serves; the last is filled up with zeros."""
        x = np.asarray(self.x_test)
        padded = np.pad(x, ((0, -len(x) % EVALUATION_BATCH), (0, 0), (0, 0), (0, 0)))
        return tuple(jnp.asarray(x) for x in np.split(padded, len(padded) // EVALUATION_BATCH))
