"""`load`: a data set by its name."""

import dataclasses
import os
from collections.abc import Callable

import numpy as np

from .dataset import DataError, Dataset
from .npz import load_npz
from .shapes import load_shapes
from .subset import stratified_indices
from .tfds import load_tfds

# Built-in sets are generated: (train_size, test_size, seed) -> images, None for the set's own
# default.
BUILT_IN: dict[str, Callable[[int | None, int | None, int], Dataset]] = {"shapes": load_shapes}


def load(
    name: str,
    *,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    data_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Loads a data set, or a stratified subset of one, in a seeded random order.

    Subsets keep the class shares as closely as integers allow, and every class that there is room
    for. The same arguments give the same images in the same order.

    Args:
        name: a built-in set (`shapes`), `npz:PATH`, or a TFDS image classification set
            (`cifar10`, `mnist`, ...).
        train_size: training images; None for all of them (3,000 of a built-in set, which has any
            number).
        test_size: test images; None for all of them (1,000 of a built-in set).
        seed: of the images of a built-in set; of the choice and order of the others.
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
    if name in BUILT_IN:
        dataset = BUILT_IN[name](train_size, test_size, seed)
        _check_train_size(dataset, len(dataset.x_train))
        return dataset
    if name.startswith("npz:"):
        whole = load_npz(name.removeprefix("npz:"))
    else:
        whole = load_tfds(name, data_dir, others=[*BUILT_IN, "npz:PATH"])
    return _subset(whole, train_size, test_size, seed)


def _subset(whole: Dataset, train_size: int | None, test_size: int | None, seed: int) -> Dataset:
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
    # Streams of their own: the test images do not depend on how many are trained on.
    for_train, for_test = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    train = stratified_indices(for_train, whole.y_train, train_size)
    test = stratified_indices(for_test, whole.y_test, test_size)
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
