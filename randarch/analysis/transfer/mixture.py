"""One ranking out of several: a weighted mean of rank shares, and the weights that rank best on other data sets."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from randarch.analysis import coefficients
from randarch.analysis.correlation import complete

STEPS = 10
"""Weights are multiples of 1 / 10."""
# Mixtures that differ by rounding are ties, and so are equally good weights.
_DECIMALS = 9


@dataclass(frozen=True, eq=False)
class RankedTarget:
    """A data set, and what each component says of the architectures for it.

    Attributes:
      dataset: name.
      shares: of each component: 0 for the lowest error, 1 for the highest, mean ranks for ties; among the architectures
        that have all components, nan for others.
      trained: trained errors; nan where missing, all nan where they are to be recommended for.
    """

    dataset: str
    shares: Float[np.ndarray, "c a"]
    trained: Float[np.ndarray, " a"]

    @cached_property
    def judged(self) -> Bool[np.ndarray, " a"]:
        """Architectures that can be picked and judged: those with everything."""
        return complete(self.shares.T, self.trained)

    @property
    def usable(self) -> bool:
        """Whether a ranking can be judged: three architectures with everything, and differences between them."""
        trained = self.trained[self.judged]
        return len(trained) >= 3 and float(np.ptp(trained)) > 0

    def mixed(self, weights: Float[np.ndarray, " c"]) -> Float[np.ndarray, " a"]:
        """The mixture of each architecture: low is good."""
        return np.round(weights @ self.shares, _DECIMALS)


def rank_shares(errors: Float[np.ndarray, "c a"]) -> Float[np.ndarray, "c a"]:
    """See `RankedTarget.shares`. A single architecture has 0."""
    keep = complete(errors.T)
    shares = np.full(errors.shape, np.nan)
    shares[:, keep] = (stats.rankdata(errors[:, keep], axis=1) - 1) / max(int(keep.sum()) - 1, 1)
    return shares


def simplex(components: int) -> Float[np.ndarray, "g c"]:
    """All weights in tenths that sum to 1."""
    grid = [
        parts
        for parts in itertools.product(range(STEPS + 1), repeat=components)
        if sum(parts) == STEPS
    ]
    return np.array(grid, dtype=float) / STEPS


def agreement_on_grid(
    target: RankedTarget, grid: Float[np.ndarray, "g c"]
) -> Float[np.ndarray, " g"]:
    """Spearman's rho of each mixture with the trained errors; 0 for a mixture that ranks nothing."""
    keep = target.judged
    mixtures = np.round(grid @ target.shares[:, keep], _DECIMALS)
    ones = np.ones(mixtures.shape)
    trained = coefficients.ranks(target.trained[keep], ones[:1])
    rho = coefficients.correlation(stats.rankdata(mixtures, axis=1), trained, ones)
    return np.nan_to_num(rho, nan=0.0)


def best_weights(
    agreement: Sequence[Float[np.ndarray, " g"]], grid: Float[np.ndarray, "g c"]
) -> Float[np.ndarray, " c"]:
    """The weights with the highest mean over data sets; of equally good ones those closest to equal weights.

    Args:
      agreement: of each data set, for all weights of the grid.
      grid: the weights.
    """
    mean = np.round(np.mean(agreement, axis=0), _DECIMALS)
    unequal = np.round(((grid - 1 / grid.shape[1]) ** 2).sum(axis=1), _DECIMALS)
    return grid[np.lexsort((unequal, -mean))[0]]
