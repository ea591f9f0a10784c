"""`load`: a data set by its name."""

import dataclasses
import os
from collections.abc import Callable
from typing import Literal

import numpy as np

from .dataset import DataError, Dataset
from .npz import load_npz
from .shapes import SMALLEST, load_shapes
from .subset import stratified_indices
from .tfds import load_tfds

Choice = Literal["stratified", "first"]
CHOICES: tuple[Choice, ...] = ("stratified", "first")

# Built-in sets are generated: (train_size, test_size, seed, height and width) -> images, None for the
# set's own default size.
BUILT_IN: dict[str, Callable[[int | None, int | None, int, int], Dataset]] = {"shapes": load_shapes}
DEFAULT_IMAGE_SIZE = 32


def load(
    name: str,
    *,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    choice: Choice = "stratified",
    data_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Loads a data set, or a subset of one.

    The same arguments give the same images in the same order.

    Args:
        name: a built-in set (`shapes`, or `shapes:96` for 96 x 96 pixels), `npz:PATH`, or a TFDS
            image classification set (`cifar10`, `mnist`, ...).
        train_size: training images; None for all of them (3,000 of a built-in set, which has any
            number).
        test_size: test images; None for all of them (1,000 of a built-in set).
        seed: of the images of a built-in set; of the choice and order of the others.
        choice: `stratified`, which keeps the class shares as closely as integers allow, and every
            class that there is room for, in a seeded random order; or the `first` images in the
            order of the file. Built-in sets, which are generated to size, do not differ.
        data_dir: folder of TFDS; None for its default. Nothing else reads it.

    Raises:
        DataError: a `ValueError` that says in one line what is wrong, what was expected and what
            to do.
    """
    if not name:
        raise DataError(
            f"no data set named; expected {', '.join(BUILT_IN)}, npz:PATH or a TFDS name"
        )
    if seed < 0:
        raise DataError(f"seed is {seed}; expected 0 or more")
    for what, size in (("train_size", train_size), ("test_size", test_size)):
        if size is not None and size < 1:
            raise DataError(f"{what} is {size}; expected 1 or more images, or none given for all")
    if choice not in CHOICES:
        raise DataError(f"choice is {choice!r}; expected one of {', '.join(CHOICES)}")
    family, _, image_size = name.partition(":")
    if family in BUILT_IN:
        size = _image_size(name, image_size) if image_size else DEFAULT_IMAGE_SIZE
        dataset = dataclasses.replace(
            BUILT_IN[family](train_size, test_size, seed, size), name=name
        )
        _check_train_size(dataset, len(dataset.x_train))
        return dataset
    if name.startswith("npz:"):
        whole = load_npz(name.removeprefix("npz:"))
    else:
        whole = load_tfds(name, data_dir, others=[*BUILT_IN, "npz:PATH"])
    return _subset(whole, train_size, test_size, seed, choice)


def _image_size(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and SMALLEST <= int(text) <= 1024):
        raise DataError(
            f"data set {name!r}: expected a height and width of {SMALLEST} to 1024 pixels after the "
            "colon, as in shapes:96"
        )
    return int(text)


def _subset(
    whole: Dataset, train_size: int | None, test_size: int | None, seed: int, choice: Choice
) -> Dataset:
    for what, size, there in (
        ("train_size", train_size, len(whole.x_train)),
        ("test_size", test_size, len(whole.x_test)),
    ):
        if size is not None and size > there:
            raise DataError(
                f"{what} is {size}; {whole.name} has {there} such images, so ask for {there} or "
                "fewer"
            )
    _check_train_size(whole, train_size if train_size is not None else len(whole.x_train))
    train: slice | np.ndarray = slice(train_size)
    test: slice | np.ndarray = slice(test_size)
    if choice == "stratified":
        # Streams of their own: the test images do not depend on how many are trained on.
        streams = np.random.SeedSequence(seed).spawn(2)
        train = stratified_indices(np.random.default_rng(streams[0]), whole.y_train, train_size)
        test = stratified_indices(np.random.default_rng(streams[1]), whole.y_test, test_size)
    return dataclasses.replace(
        whole,
        x_train=whole.x_train[train],
        y_train=whole.y_train[train],
        x_test=whole.x_test[test],
        y_test=whole.y_test[test],
    )


def _check_train_size(dataset: Dataset, train_size: int) -> None:
    if train_size < dataset.num_classes:
        raise DataError(
            f"train_size is {train_size}; {dataset.name} has {dataset.num_classes} classes, "
            f"so ask for {dataset.num_classes} training images or more"
        )
