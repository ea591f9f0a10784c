"""Are the best for a class other structures than the best of all? A permutation test of the distance.

Null hypothesis: of the networks that are in one of the two sets, it is chance which of them are in which. Those that
are in both to the same degree stay; the others swap places. A label that moves is the pair (weight among the best of
all, weight among the best for the class), whole: a network that shares the last places for equal scores keeps no
part of its own. So every arrangement has the labels of the data, and the test is exact where the labels have nothing
to do with the structures, ties or not. What moves is an architecture with all of its rows: those are one training.
Totals then change a little with the sizes of architectures, and compositions are normalised anew.

What it does not say: the sets differ also because one class has few test images. The best for the class then hold
networks that are lucky and not among the best of all, and structures go with overall accuracy. See
`no_specialisation` for that.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

PER = 100
"""Compositions are given as if there were so many networks."""
_ELEMENTS_AT_ONCE = 2_000_000
_EQUAL = 1e-9


@dataclass(frozen=True, eq=False)
class Structures:
    """The architectures of a sample.

    Attributes:
      held: how many rows of each architecture have a type at a position, a column each (`columns.one_hot`).
      copies: rows of each architecture.
      positions: layers of a network.
    """

    held: Float[np.ndarray, "g cells"]
    copies: Float[np.ndarray, " g"]
    positions: int

    @classmethod
    def of(
        cls, held: Float[np.ndarray, "n cells"], cluster: Int[np.ndarray, " n"], positions: int
    ) -> "Structures":
        """Of rows, each with the number of its architecture, from 0 without gaps."""
        copies = np.bincount(cluster).astype(float)
        sums = np.zeros((len(copies), held.shape[1]))
        np.add.at(sums, cluster, held)
        return cls(sums, copies, positions)

    def composition(self, weights: Float[np.ndarray, "b g"]) -> Float[np.ndarray, "b cells"]:
        """Layer types by position per 100 networks, each row of an architecture weighted; a column sums to 100."""
        return self.normalised(weights @ self.held)

    def normalised(self, counts: Float[np.ndarray, "b cells"]) -> Float[np.ndarray, "b cells"]:
        """Sums over networks, as if they were 100."""
        return PER * self.positions * counts / counts.sum(axis=1, keepdims=True)


def distance(
    one: Float[np.ndarray, "b cells"], other: Float[np.ndarray, "#b cells"]
) -> Float[np.ndarray, " b"]:
    """Sum of the absolute differences of two compositions per 100, from 0 to 200 a position (section IV.B)."""
    return np.abs(one - other).sum(axis=-1)


def exchange_p(
    structures: Structures,
    overall: Float[np.ndarray, " g"],
    of_class: Float[np.ndarray, " g"],
    permutations: int,
    rng: np.random.Generator,
) -> float:
    """p value of the distance between the best for a class and the best of all.

    Args:
      structures: g architectures.
      overall: weight of each among the best of all, from 0 to 1 (`top_weights`).
      of_class: among the best for the class.
      permutations: how many.
      rng: their source.

    Returns:
      (1 + arrangements with at least this distance) / (1 + permutations); 1 where nothing can move.
    """
    moving = np.flatnonzero(overall != of_class)
    if len(moving) < 2:
        return 1.0
    held = structures.held[moving]
    labels = np.stack([overall[moving], of_class[moving]])
    staying = np.where(overall == of_class, overall, 0.0) @ structures.held

    def distances(order: Int[np.ndarray, "b k"]) -> Float[np.ndarray, " b"]:
        both = [structures.normalised(staying + label[order] @ held) for label in labels]
        return distance(*both)

    k = len(moving)
    found = distances(np.arange(k)[None])[0]
    at_least, step = 0, max(1, _ELEMENTS_AT_ONCE // k)
    for start in range(0, permutations, step):
        rows = min(step, permutations - start)
        order = rng.permuted(np.broadcast_to(np.arange(k), (rows, k)), axis=1)
        at_least += int((distances(order) >= found - _EQUAL).sum())
    return (1 + at_least) / (1 + permutations)
