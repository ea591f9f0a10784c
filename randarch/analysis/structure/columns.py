"""Layers as columns of zeros and ones: which type stands where, and which two are neighbours."""

import numpy as np
from jaxtyping import Bool, Float, Int

NONE = -1
"""Stands behind the last layer of a network that has lost some."""


def one_hot(layers: Int[np.ndarray, "n positions"], types: int) -> Float[np.ndarray, "n cells"]:
    """A column for every type at every position.

    Args:
      layers: type at each position; `NONE` gives no column.
      types: how many there are.

    Returns:
      Ones and zeros; column t * positions + i says that type t stands at position i, so that a row reshapes to
      [types, positions].
    """
    held = layers[:, None, :] == np.arange(types)[:, None]
    return held.reshape(len(layers), types * layers.shape[1]).astype(float)


def without(layers: Int[np.ndarray, "n positions"], skip: int) -> Int[np.ndarray, "n positions"]:
    """The layers with one type taken out: the rest moves to the front, `NONE` fills the end."""
    order = np.argsort(layers == skip, axis=1, kind="stable")
    moved = np.take_along_axis(layers, order, axis=1)
    return np.where(moved == skip, NONE, moved)


def neighbours(layers: Int[np.ndarray, "n positions"], types: int) -> Int[np.ndarray, "n pairs"]:
    """Number of the ordered pair that begins at each position but the last: first * types + second, or `NONE`."""
    first, second = layers[:, :-1], layers[:, 1:]
    return np.where((first == NONE) | (second == NONE), NONE, first * types + second)


def contains_pair(
    layers: Int[np.ndarray, "n positions"], types: int
) -> Bool[np.ndarray, "n kinds"]:
    """Whether a network has an ordered pair of neighbours anywhere; column first * types + second."""
    found = np.zeros((len(layers), types * types + 1), dtype=bool)
    np.put_along_axis(found, neighbours(layers, types), True, axis=1)
    # What is no pair has been put in the last column.
    return found[:, :-1]
