"""Small images, a network and a recipe for the tests of training."""

from typing import Any

import numpy as np

from randarch.spec import Activation, BatchNorm, Conv, GlobalPool, sequential
from randarch.training import TrainingImages, TrainingSettings

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
NET = sequential([Conv(4, 3), Activation(), BatchNorm(), GlobalPool()])


def images(count: int = 48, test: int = 30, size: int = 6, noise: float = 60.0) -> TrainingImages:
    """Noise whose mean colour is that of the class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, count + test).astype(np.int32)
    y[:3] = range(3)
    colours = np.array([[150, 90, 90], [90, 150, 90], [90, 90, 150]])
    x = rng.normal(0, noise, (count + test, size, size, 3)) + colours[y][:, None, None, :]
    x = np.clip(x, 0, 255).astype(np.uint8)
    return TrainingImages(x[:count], y[:count], x[count:], y[count:], 3, MEAN, STD)


IMAGES = images()
PLAIN = TrainingSettings(epochs=4, batch_size=48, augment="none", learning_rate=0.2)


def normalized(x: Any) -> np.ndarray:
    return (np.asarray(x, np.float64) / 255 - np.array(MEAN)) / np.array(STD)
