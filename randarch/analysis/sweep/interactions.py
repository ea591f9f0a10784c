"""How much of the variance of accuracy the genes explain one by one, and in pairs on top.

Least squares on one-hot genes. The valid networks of a grid are no balanced design, so the share
of a pair is sequential: what its interaction adds to R^2 when the main effects of all genes are in.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis.coefficients import scaled

# An eigenvalue below this share of the number of networks is a direction that the data lack.
_NO_DIRECTION = 1e-9


@dataclass(frozen=True)
class PairInteraction:
    """The interaction of two genes.

    Attributes:
      first, second: the genes.
      share: what it adds to R^2 of the main effects.
      degrees: how many parameters it takes.
      by_chance: the share that so many parameters explain on average where there is no
        interaction. Of two genes that both belong to the cluster it is what the luck of shared
        draws explains, which looks like an interaction of the genes that tell the draws apart; of
        others what noise explains that is independent between networks. nan where no network (no
        cluster) is left to tell.
    """

    first: str
    second: str
    share: float
    degrees: int
    by_chance: float


@dataclass(frozen=True)
class Interactions:
    """Shares of the variance of accuracy; nan if all accuracies are equal.

    Attributes:
      n: number of networks.
      main: R^2 of the main effects of all genes together.
      pairs: every two genes, the largest share first.
    """

    n: int
    main: float
    pairs: tuple[PairInteraction, ...]


def design(levels: Int[np.ndarray, "n g"]) -> Float[np.ndarray, "n p"]:
    """An intercept, then a column for every value of every gene."""
    genes = [
        (of[:, None] == np.arange(of.max() + 1)).astype(float) for of in levels.T.astype(np.int64)
    ]
    return np.hstack([np.ones((len(levels), 1)), *genes])


def gene_interactions(
    names: tuple[str, ...],
    levels: Int[np.ndarray, "n g"],
    accuracy: Float[np.ndarray, " n"],
    cluster: Sequence[str] = (),
) -> Interactions:
    """Shares of main effects and of each pair's interaction.

    Args:
      names: of the genes.
      levels: index of each network's value among the values of each gene.
      accuracy: one a network, finite.
      cluster: the genes whose equal values tie networks to the same random weights.
    """
    fit = _MainEffects.of(levels, accuracy)
    inside = [i for i, name in enumerate(names) if name in cluster]
    luck = fit.gain(levels[:, inside]) if len(inside) > 1 else None
    pairs = []
    for a, b in itertools.combinations(range(len(names)), 2):
        gain, degrees = fit.gain(levels[:, [a, b]])
        if luck is not None and a in inside and b in inside:
            rest, left = luck
        else:
            rest, left = 1 - fit.share, fit.n - fit.rank
        by_chance = rest * degrees / left if left > 0 else math.nan
        pairs.append(PairInteraction(names[a], names[b], gain, degrees, by_chance))
    # A stable sort: pairs without a share stay in the genes' order.
    pairs.sort(key=lambda pair: 0.0 if math.isnan(pair.share) else -pair.share)
    return Interactions(fit.n, fit.share, tuple(pairs))


@dataclass(frozen=True)
class _MainEffects:
    """The additive fit, and what it leaves.

    Attributes:
      x: design; `inverse` is the pseudo-inverse of x'x and `rank` its rank.
      residual: of each network.
      total: sum of squares of the centred accuracies, 0 if all are equal.
    """

    x: Float[np.ndarray, "n p"]
    inverse: Float[np.ndarray, "p p"]
    rank: int
    residual: Float[np.ndarray, " n"]
    total: float

    @classmethod
    def of(
        cls, levels: Int[np.ndarray, "n g"], accuracy: Float[np.ndarray, " n"]
    ) -> "_MainEffects":
        # Scaled, so that what is constant up to rounding is constant; shares do not notice.
        y = scaled(accuracy)
        y = y - y.mean()
        x = design(levels)
        inverse, rank = _inverse(x.T @ x, len(y))
        return cls(x, inverse, rank, y - x @ (inverse @ (x.T @ y)), float(y @ y))

    @property
    def n(self) -> int:
        return len(self.residual)

    @property
    def share(self) -> float:
        """R^2."""
        if self.total == 0:
            return math.nan
        return 1 - float(self.residual @ self.residual) / self.total

    def gain(self, levels: Int[np.ndarray, "n k"]) -> tuple[float, int]:
        """What a mean for every combination of these levels adds to R^2, by how many parameters."""
        _, cell, count = np.unique(levels, axis=0, return_inverse=True, return_counts=True)
        order = np.argsort(cell.ravel(), kind="stable")
        starts = np.cumsum(count) - count
        # What is left of the cells when the main effects are taken out (Frisch, Waugh and Lovell).
        crossed = np.add.reduceat(self.x[order], starts)
        left, degrees = _inverse(np.diag(count) - crossed @ self.inverse @ crossed.T, self.n)
        sums = np.add.reduceat(self.residual[order], starts)
        return (float(sums @ left @ sums) / self.total if self.total else math.nan), degrees


def _inverse(gram: Float[np.ndarray, "p p"], n: int) -> tuple[Float[np.ndarray, "p p"], int]:
    """Pseudo-inverse of a positive semi-definite matrix of counts of n networks, and its rank."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _NO_DIRECTION * n
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T, int(kept.sum())
