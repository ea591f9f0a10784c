"""`load`: a data set by its name."""

import dataclasses
import os
from typing import Literal

import numpy as np

from .colours import COLOUR_SET
from .dataset import DataError, Dataset
from .fabrics import FABRIC_SET
from .generated import DEFAULT_TRAIN_SIZE, SMALLEST, GeneratedSet
from .npz import load_npz
from .shapes import SHAPE_SET
from .subset import stratified_indices
from .textures import TEXTURE_SET
from .tfds import load_tfds
from .variants import Variant, apply_variants, sizes_to_generate, split_variants

Choice = Literal["stratified", "first"]
CHOICES: tuple[Choice, ...] = ("stratified", "first")

BUILT_IN: dict[str, GeneratedSet] = {
    one.name: one for one in (SHAPE_SET, TEXTURE_SET, COLOUR_SET, FABRIC_SET)
}
DEFAULT_IMAGE_SIZE = 32


def load(
    name: str,
    *,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    choice: Choice = "stratified",
    at_most: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Loads a data set, a variant of one, or a subset of either.

    The same arguments give the same images in the same order.

    A name may end in options, which are applied to the whole data set one after the other; `train_size` and
    `test_size` then choose among what is left. All that is drawn is drawn by `seed`.

    - `:classes=K` keeps K of the classes that have training images (those for a smaller K are among those
      for a larger one) and renumbers the labels in the old order;
    - `:per_class=K` keeps K training images of each class, or all of a class that has fewer;
    - `:balanced` cuts the largest class to as many training images as the second largest has.

    Built-in sets have any number of images, so of their variants, too, exactly as many come out as are asked
    for: enough of the whole set are generated and the surplus left out. Where no size is given, the options
    apply to the default number of images (`shapes:classes=5` has 1,500 + 500); only `:per_class=K` always
    gives K images of each class.

    Args:
        name: a built-in set (`shapes`, `textures`, `colours` or `fabrics`, or `shapes:96` for 96 x 96
            pixels), `npz:PATH`, or a TFDS image classification set (`cifar10`, `mnist`, ...); then options,
            if any: `shapes:16:classes=5`, `npz:data/cifar100.npz:classes=10:per_class=50`,
            `cifar100:balanced`. A PATH that names a file may hold colons and equals signs.
        train_size: training images; None for all of them (3,000 of a built-in set, which has any
            number).
        test_size: test images; None for all of them (1,000 of a built-in set).
        seed: of the images of a built-in set; of the choice and order of the others; of the options.
        choice: `stratified`, which keeps the class shares as closely as integers allow, and every
            class that there is room for, in a seeded random order; or the `first` images in the
            order of the file. Built-in sets, which are generated to size, do not differ.
        at_most: a `train_size` or `test_size` above what is there takes all, instead of being an error.
        data_dir: folder of TFDS; None for its default. Nothing else reads it.

    Returns:
        The data set; its name is `name`, options included.

    Raises:
        DataError: a `ValueError` that says in one line what is wrong, what was expected and what
            to do.
    """
    family, variants = split_variants(name)
    if not family:
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
    built_in, _, image_size = family.partition(":")
    if built_in in BUILT_IN:
        size = _image_size(name, image_size) if image_size else DEFAULT_IMAGE_SIZE
        whole = _generate(BUILT_IN[built_in], variants, train_size, test_size, seed, size)
    elif family.startswith("npz:"):
        whole = load_npz(family.removeprefix("npz:"))
    else:
        whole = load_tfds(family, data_dir, others=[*BUILT_IN, "npz:PATH"])
    whole = apply_variants(dataclasses.replace(whole, name=name), variants, seed)
    if built_in in BUILT_IN:
        if not variants:  # of the sizes asked for already
            _check_train_size(whole, len(whole.x_train))
            return whole
        choice = "stratified"
    if at_most:
        train_size = _at_most(train_size, len(whole.x_train))
        test_size = _at_most(test_size, len(whole.x_test))
    return _subset(whole, train_size, test_size, seed, choice)


def _generate(
    family: GeneratedSet,
    variants: tuple[Variant, ...],
    train_size: int | None,
    test_size: int | None,
    seed: int,
    image_size: int,
) -> Dataset:
    """The whole of a built-in set, as large as its variant needs."""
    if variants:
        train_size, test_size = sizes_to_generate(
            variants, len(family.classes), train_size, test_size, DEFAULT_TRAIN_SIZE
        )
    return family.load(train_size, test_size, seed, image_size)


def _at_most(size: int | None, there: int) -> int | None:
    return None if size is None else min(size, there)


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
