"""Additive least squares on layer types, and pairs of neighbours on top with a ridge penalty.

Only sums of products enter (the Gram matrix, the moments), so that folds are added up and taken away. The additive
part is not penalised and of least norm where the networks do not determine it; the pairs are penalised on what the
additive part leaves of them (Frisch, Waugh and Lovell). With an infinite penalty it is the additive model.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis.structure.columns import neighbours, one_hot

# An eigenvalue below this share of the largest is a direction that the networks lack.
_NO_DIRECTION = 1e-10
PENALTIES = np.array([*10.0 ** np.arange(-2, 7), np.inf])
"""In the scale of counts: a pair that k networks have is shrunk by k / (k + penalty), roughly."""


def additive_columns(
    layers: Int[np.ndarray, "n positions"], types: int
) -> Float[np.ndarray, "n p"]:
    """An intercept, then a column for every type at every position, as `one_hot` has them."""
    return np.hstack([np.ones((len(layers), 1)), one_hot(layers, types)])


def pair_columns(layers: Int[np.ndarray, "n positions"], types: int) -> Float[np.ndarray, "n q"]:
    """A column for every ordered pair of types at every two neighbouring positions that some network has."""
    pairs = neighbours(layers, types)
    held = one_hot(pairs, types * types)
    return held[:, held.any(axis=0)]


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over networks.

    Attributes:
      gram: X'X.
      xy: X'y.
    """

    gram: Float[np.ndarray, "p p"]
    xy: Float[np.ndarray, " p"]

    @classmethod
    def of(cls, x: Float[np.ndarray, "n p"], y: Float[np.ndarray, " n"]) -> "Moments":
        return cls(x.T @ x, x.T @ y)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.gram + other.gram, self.xy + other.xy)

    def __sub__(self, other: "Moments") -> "Moments":
        return Moments(self.gram - other.gram, self.xy - other.xy)


def pseudo_inverse(gram: Float[np.ndarray, "p p"]) -> tuple[Float[np.ndarray, "p p"], int]:
    """Of a positive semi-definite matrix, and its rank."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _NO_DIRECTION * max(values[-1], 1.0)
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T, int(kept.sum())


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients, one set for each penalty.

    Attributes:
      additive: without pairs.
      inverse: pseudo-inverse of the additive Gram matrix.
      rank: of the additive columns.
      pairs_rank: what the pair columns add to it.
      with_pairs: of all columns, a column a penalty.
    """

    additive: Float[np.ndarray, " a"]
    inverse: Float[np.ndarray, "a a"]
    rank: int
    pairs_rank: int
    with_pairs: Float[np.ndarray, "p l"]

    @classmethod
    def of(cls, moments: Moments, additive: int, penalties: Float[np.ndarray, " l"]) -> "Fit":
        """Fits.

        Args:
          moments: of the additive columns, then those of the pairs.
          additive: how many additive columns there are.
          penalties: at least 0, inf leaves the pairs out.
        """
        own, pairs = slice(None, additive), slice(additive, None)
        inverse, rank = pseudo_inverse(moments.gram[own, own])
        coefficients = inverse @ moments.xy[own]
        projection = inverse @ moments.gram[own, pairs]
        left = moments.gram[pairs, pairs] - moments.gram[pairs, own] @ projection
        xy = moments.xy[pairs] - moments.gram[pairs, own] @ coefficients
        values, vectors = np.linalg.eigh((left + left.T) / 2)
        kept = values > _NO_DIRECTION * max(float(values.max(initial=0.0)), 1.0)
        values, vectors = values[kept], vectors[:, kept]
        turned = (vectors.T @ xy)[:, None] / (values[:, None] + penalties)
        of_pairs = vectors @ turned
        of_own = coefficients[:, None] - projection @ of_pairs
        both = np.concatenate([of_own, of_pairs])
        return cls(coefficients, inverse, rank, int(kept.sum()), both)
