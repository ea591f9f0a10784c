"""Variants of a data set by its name: fewer classes, fewer images of each, or a largest class cut down.

`NAME:classes=5:per_class=10` is NAME with five of its classes and then ten training images of each. What is
drawn hangs on the seed and on what is there alone, each option has a random stream of its own, and a
smaller number's draw lies within a larger one's: the classes of `classes=3` are among those of `classes=5`.
"""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int32, Int64

from .dataset import DataError, Dataset

_OPTION = re.compile(r"(?P<key>\w+)=(?P<value>[^/\\]*)|balanced")
_SMALLEST = {"classes": 2, "per_class": 1}
_EXPECTED = "classes=K, per_class=K or balanced"
# The streams of SeedSequence(seed).spawn are 0 for training and 1 for test images.
_STREAM = {"classes": 2, "per_class": 3, "balanced": 4}


@dataclass(frozen=True)
class Variant:
    """One option of a name.

    Attributes:
        key: `classes`, `per_class` or `balanced`.
        count: how many classes, or images of each; 0 for `balanced`.
    """

    key: str
    count: int = 0


def split_variants(name: str) -> tuple[str, tuple[Variant, ...]]:
    """Splits a name into the data set's and its options.

    Options begin at the first part that looks like one (`key=value` or `balanced`). Of `npz:PATH`, the
    longest part that is a file comes first, whatever is in it.

    Args:
        name: as given to `load`.

    Raises:
        DataError: an option that does not exist, is there twice, or has no such number.
    """
    first, *rest = name.split(":")
    cut = next((i for i, part in enumerate(rest) if _OPTION.fullmatch(part)), len(rest))
    if first == "npz":
        files = (i for i in range(len(rest), 0, -1) if _is_file(":".join(rest[:i])))
        cut = next(files, cut)
    variants: list[Variant] = []
    for part in rest[cut:]:
        variant = _parse(name, part)
        if variant.key in [one.key for one in variants]:
            raise DataError(
                f"data set {name!r}: {variant.key} is there twice; expected every option once, so "
                "leave one out"
            )
        variants.append(variant)
    return ":".join([first, *rest[:cut]]), tuple(variants)


def apply_variants(dataset: Dataset, variants: tuple[Variant, ...], seed: int) -> Dataset:
    """Applies options one after the other; images keep their order.

    Args:
        dataset: the whole data set.
        variants: of `split_variants`.
        seed: of what is drawn, 0 or more.

    Raises:
        DataError: more classes asked for than have training images, or none of the test images are left.
    """
    for variant in variants:
        match variant.key:
            case "classes":
                dataset = draw_classes(dataset, variant.count, seed)
            case "per_class":
                dataset = limit_per_class(dataset, variant.count, seed)
            case "balanced":
                dataset = cut_largest_class(dataset, seed)
            case _:
                raise ValueError(f"variant {variant.key!r}; expected {_EXPECTED}")
    return dataset


def draw_classes(dataset: Dataset, count: int, seed: int) -> Dataset:
    """The images of `count` classes drawn at random, renumbered in the old order.

    Args:
        dataset: what to draw from: the classes that have training images.
        count: 2 or more. For one seed a smaller number's classes are among those of a larger one.
        seed: of the draw, 0 or more.

    Raises:
        DataError: more classes than have training images, fewer than 2, or no test images left.
    """
    there = np.unique(dataset.y_train)
    if not 2 <= count <= len(there):
        raise DataError(
            f"{dataset.name}: classes is {count}; expected 2 to {len(there)}, the number of classes "
            "with training images"
        )
    chosen = np.sort(_generator(seed, "classes").permutation(there)[:count])
    train, test = np.isin(dataset.y_train, chosen), np.isin(dataset.y_test, chosen)
    return dataclasses.replace(
        dataset,
        x_train=dataset.x_train[train],
        y_train=np.searchsorted(chosen, dataset.y_train[train]).astype(np.int32),
        x_test=dataset.x_test[test],
        y_test=np.searchsorted(chosen, dataset.y_test[test]).astype(np.int32),
        classes=tuple(dataset.classes[i] for i in chosen),
    )


def limit_per_class(dataset: Dataset, count: int, seed: int) -> Dataset:
    """At most `count` training images of each class; the test images stay.

    Args:
        dataset: what to draw from.
        count: 1 or more; a class with fewer images keeps all. For one seed a smaller number's images
            are among those of a larger one.
        seed: of the draw, 0 or more.

    Raises:
        DataError: `count` below 1.
    """
    if count < 1:
        raise DataError(f"{dataset.name}: per_class is {count}; expected 1 image or more")
    rng = _generator(seed, "per_class")
    kept = [_draw(rng, members, count) for members in _members(dataset.y_train)]
    return _keep(dataset, np.concatenate(kept))


def cut_largest_class(dataset: Dataset, seed: int) -> Dataset:
    """The largest class cut to as many training images as the second largest has; the test images stay.

    Args:
        dataset: what to draw from.
        seed: of the draw, 0 or more.

    Raises:
        DataError: a single class has training images.
    """
    members = _members(dataset.y_train)
    if len(members) < 2:
        raise DataError(
            f"{dataset.name}: 1 class has training images; balanced needs 2 or more, so leave it out"
        )
    second, _ = sorted(len(one) for one in members)[-2:]
    rng = _generator(seed, "balanced")
    return _keep(dataset, np.concatenate([_draw(rng, one, second) for one in members]))


def sizes_to_generate(
    variants: tuple[Variant, ...],
    num_classes: int,
    train_size: int | None,
    test_size: int | None,
    default_train_size: int,
) -> tuple[int | None, int | None]:
    """How many images of a generated data set to draw, so that its variant has the sizes asked for.

    Such a set has equally many images of each class. A size that was asked for is rounded up to a multiple
    of the classes that stay and multiplied by the share that goes. With `per_class` the training images
    are those of the set's default size, or more if a class needs more: `per_class=5` and `per_class=10`
    then draw from the same images.

    Args:
        variants: of `split_variants`.
        num_classes: of the whole set.
        train_size: training images asked for; None for the set's default, of all classes.
        test_size: test images asked for; None likewise.
        default_train_size: training images that the set has when nothing is asked for.

    Returns:
        Training and test images; None for the set's default.
    """
    counts = {one.key: one.count for one in variants}
    kept = min(counts.get("classes", num_classes), num_classes)

    def enlarged(size: int | None) -> int | None:
        return None if size is None else -(-size // kept) * num_classes

    train = enlarged(train_size)
    if "per_class" in counts:
        train = max(default_train_size, num_classes * counts["per_class"])
    return train, enlarged(test_size)


def _parse(name: str, part: str) -> Variant:
    match = _OPTION.fullmatch(part)
    key = match["key"] if match else None
    if part != "balanced" and key not in _SMALLEST:
        raise DataError(
            f"data set {name!r}: unknown option {part!r}; expected {_EXPECTED} (a size in pixels "
            "comes before them, as in shapes:16:classes=5)"
        )
    if match is None or key is None:
        return Variant("balanced")
    value, smallest = match["value"], _SMALLEST[key]
    digits = value.removeprefix("-")
    # 18 digits fit in 64 bits, and int() refuses some thousands.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18 and int(value) >= smallest):
        raise DataError(
            f"data set {name!r}: {key} is {value!r}; expected an integer from {smallest}, as in "
            f"{key}=10"
        )
    return Variant(key, int(value))


def _is_file(path: str) -> bool:
    try:
        return Path(path).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):  # too long, no such home, a null byte
        return False


def _generator(seed: int, key: str) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAM[key],)))


def _members(labels: Int32[np.ndarray, " n"]) -> list[Int64[np.ndarray, " k"]]:
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _draw(
    rng: np.random.Generator, members: Int64[np.ndarray, " k"], count: int
) -> Int64[np.ndarray, " l"]:
    # The permutation is drawn even if all stay, so that a class's draw does not hang on the number.
    return rng.permutation(members)[:count]


def _keep(dataset: Dataset, indices: Int64[np.ndarray, " k"]) -> Dataset:
    kept = np.sort(indices)
    return dataclasses.replace(
        dataset, x_train=dataset.x_train[kept], y_train=dataset.y_train[kept]
    )
