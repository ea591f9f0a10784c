"""Stratified, seeded subsets: the class shares of the whole, as closely as integers allow."""

from fractions import Fraction

import numpy as np
from jaxtyping import Int, Int64

from .dataset import DataError


def class_quota(available: list[int], size: int) -> list[int]:
    """Shares `size` images among the classes in proportion to what each has.

    Largest remainder, ties to the first class. A class that exists gets at least one image when
    `size` allows one for each.

    Args:
        available: images of each class.
        size: images wanted, 0 to sum(available).

    Returns:
        Images of each class, adding up to `size`, at most `available`.
    """
    total = sum(available)
    if not 0 <= size <= total:
        raise ValueError(f"size is {size}; expected 0 to {total}, the number of images")
    if total == 0:
        return [0] * len(available)
    exact = [Fraction(size * count, total) for count in available]
    quota = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (quota[i] - exact[i], i))
    for i in by_remainder[: size - sum(quota)]:
        quota[i] += 1
    # A rare class must not vanish from a subset that has room for it: the largest class pays.
    if size >= sum(count > 0 for count in available):
        for i, count in enumerate(available):
            if count and not quota[i]:
                quota[max(range(len(quota)), key=lambda j: quota[j])] -= 1
                quota[i] = 1
    return quota


def stratified_indices(
    rng: np.random.Generator, labels: Int[np.ndarray, " n"], size: int | None
) -> Int64[np.ndarray, " k"]:
    """Draws `size` indices, class by class without replacement, in random order.

    Args:
        rng: source of the draw and of the order.
        labels: label of each image.
        size: how many; None for all, in random order too.

    Raises:
        DataError: `size` below 1 or above the number of images.
    """
    if size is None:
        return rng.permutation(len(labels))
    if not 1 <= size <= len(labels):
        raise DataError(
            f"{size} images asked for; there are {len(labels)}, so ask for 1 to {len(labels)}"
        )
    classes, inverse = np.unique(labels, return_inverse=True)
    members = [np.flatnonzero(inverse == i) for i in range(len(classes))]
    quota = class_quota([len(one) for one in members], size)
    chosen = [rng.permutation(one)[:count] for one, count in zip(members, quota, strict=True)]
    return rng.permutation(np.concatenate(chosen))
