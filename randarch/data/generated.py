"""What a built-in data set is: a function that draws any number of labelled images from a generator."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, UInt8

from .dataset import Dataset

DEFAULT_TRAIN_SIZE = 3_000
DEFAULT_TEST_SIZE = 1_000
SMALLEST = 8
"""Height and width in pixels."""

Labelled = tuple[UInt8[np.ndarray, "n size size 3"], Int32[np.ndarray, " n"]]


@dataclass(frozen=True)
class GeneratedSet:
    """A data set without files, of any number of images of any size.

    Attributes:
        name: what `load` is asked for.
        classes: their names.
        make: draws labelled images: generator, number of images, height and width in pixels.
    """

    name: str
    classes: tuple[str, ...]
    make: Callable[[np.random.Generator, int, int], Labelled]

    def load(
        self, train_size: int | None, test_size: int | None, seed: int, size: int = 32
    ) -> Dataset:
        """Generates the data set; training and test images come from streams of their own.

        Args:
            train_size: training images; None for 3,000. The images depend on how many are asked for.
            test_size: test images; None for 1,000.
            seed: 0 or more; another seed is another data set of the same kind.
            size: height and width in pixels.

        Raises:
            ValueError: a count below 1 or `size` below 8.
        """
        for_train, for_test = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
        train = self.make(for_train, DEFAULT_TRAIN_SIZE if train_size is None else train_size, size)
        test = self.make(for_test, DEFAULT_TEST_SIZE if test_size is None else test_size, size)
        return Dataset(self.name, *train, *test, self.classes)


def balanced_labels(
    rng: np.random.Generator, count: int, size: int, num_classes: int
) -> Int32[np.ndarray, " n"]:
    """Labels in random order, as equal in number as integers allow.

    The first thing that a generator of images draws, so it is here that bad counts and sizes are refused.

    Args:
        rng: source of the order.
        count: number of labels.
        size: height and width in pixels of the images to come.
        num_classes: exactly equal numbers come out when `count` is a multiple of it.

    Raises:
        ValueError: `count` below 1 or `size` below 8.
    """
    if count < 1:
        raise ValueError(f"count is {count}; ask for at least 1 image")
    if size < SMALLEST:
        raise ValueError(f"size is {size}; the shapes need at least {SMALLEST} x {SMALLEST} pixels")
    return rng.permutation(np.arange(count, dtype=np.int32) % num_classes)
