"""How far a score repeats over seeds, and what that leaves possible for a correlation.

The noise of two scores lowers their correlation: r = r_true * sqrt(rel_x * rel_y) (Spearman,
1904), where a reliability is the share of a score's variance that does not come from its seeds.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from randarch.analysis import coefficients
from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete
from randarch.analysis.results import Estimate, Reliability


def spearman_brown(single: Float[np.ndarray, " b"], repeats: int) -> Float[np.ndarray, " b"]:
    """Reliability of the mean of k repeats, k r / (1 + (k - 1) r), from that of one.

    A share of variance: an r below 0 gives 0.
    """
    single = np.where(single < 0, 0.0, single)
    return repeats * single / (1 + (repeats - 1) * single)


def seed_correlation(
    scores: Float[np.ndarray, "n k"], counts: Float[np.ndarray, "b n"], ranked: bool
) -> Float[np.ndarray, " b"]:
    """Mean over all pairs of seeds of Pearson's r (of Spearman's rho if `ranked`)."""
    seeds = [
        coefficients.ranks(column, counts) if ranked else coefficients.scaled(column)[None]
        for column in scores.T
    ]
    pairs = itertools.combinations(seeds, 2)
    return np.mean([coefficients.correlation(a, b, counts) for a, b in pairs], axis=0)


def reliability(scores: Float[np.ndarray, "n k"], bootstrap: Bootstrap) -> Reliability:
    """Reliability of a score with k seeds; architectures that miss a seed are left out."""
    scores = scores[complete(scores)]
    n, repeats = scores.shape
    if repeats < 2:
        unknown = Estimate.undefined(n)
        return Reliability(repeats, unknown, unknown, unknown, unknown)

    def single(counts: np.ndarray, ranked: bool = False) -> np.ndarray:
        return seed_correlation(scores, counts, ranked)

    return Reliability(
        repeats=repeats,
        single=bootstrap.estimate(single, n),
        of_mean=bootstrap.estimate(lambda c: spearman_brown(single(c), repeats), n),
        spearman_single=bootstrap.estimate(lambda c: single(c, True), n),
        spearman_of_mean=bootstrap.estimate(lambda c: spearman_brown(single(c, True), repeats), n),
    )


@dataclass(frozen=True)
class Ceiling:
    """See `ScoreAnalysis.ceiling`, `ceiling_uses` and `disattenuated`."""

    ceiling: Estimate
    uses: tuple[str, ...]
    disattenuated: Estimate


def ceiling(
    score: Float[np.ndarray, " n"],
    score_seeds: Float[np.ndarray, "n k"],
    trained: Float[np.ndarray, " n"],
    trained_seeds: Float[np.ndarray, "n t"],
    bootstrap: Bootstrap,
) -> Ceiling:
    """The ceiling of the correlation of two scores, and Pearson's r freed of attenuation.

    Everything is resampled together, over the architectures that miss nothing. A score with fewer
    than two seeds has an unknown reliability: it counts as 1 in the ceiling.
    """
    keep = complete(score, score_seeds, trained, trained_seeds)
    seeds = {"score": score_seeds[keep], "trained": trained_seeds[keep]}
    known = {name: s for name, s in seeds.items() if s.shape[1] >= 2}
    x, y, n = score[keep], trained[keep], int(keep.sum())
    if not known:
        return Ceiling(Estimate.undefined(n), (), Estimate.undefined(n))

    def highest(counts: np.ndarray) -> np.ndarray:
        shares = [
            spearman_brown(seed_correlation(s, counts, ranked=False), s.shape[1])
            for s in known.values()
        ]
        return np.sqrt(np.prod(shares, axis=0))

    def freed(counts: np.ndarray) -> np.ndarray:
        r, limit = coefficients.pearson(x, y, counts), highest(counts)
        unbounded = np.where(np.isnan(r), np.nan, np.copysign(np.inf, r))
        return np.where(limit == 0, unbounded, r / np.where(limit == 0, 1.0, limit))

    disattenuated = Estimate.undefined(n)
    if len(known) == 2:
        disattenuated = bootstrap.estimate(freed, n)
        if math.isinf(disattenuated.value):
            disattenuated = Estimate.undefined(n)
    return Ceiling(bootstrap.estimate(highest, n), tuple(known), disattenuated)
