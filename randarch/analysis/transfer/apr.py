"""Do two data sets rank the same architectures alike? The matrix of architecture and performance relationships."""

import itertools
import math

import numpy as np
from jaxtyping import Float

from randarch.analysis import coefficients
from randarch.analysis.attenuation import reliability, seed_correlation, spearman_brown
from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete, spearman
from randarch.analysis.results import Estimate
from randarch.analysis.transfer.errors import Errors
from randarch.analysis.transfer.results import AprMatrix, PairAgreement


def disattenuated_spearman(
    first: Float[np.ndarray, "a k"], second: Float[np.ndarray, "a t"], bootstrap: Bootstrap
) -> Estimate:
    """Spearman's rho of two means over repeats, freed of the noise of the repeats (Spearman, 1904).

    The correlation over the root of the product of both reliabilities, which are Spearman's between repeats, stepped up
    by Spearman-Brown. All of them are resampled together. (The formula is exact for Pearson's r; for ranks it is an
    approximation.)

    Args:
      first, second: repeats of the same architectures; those that miss one are left out.
      bootstrap: how intervals are made.

    Returns:
      May exceed 1. Undefined with fewer than two repeats of either, and where a reliability is 0.
    """
    keep = complete(first, second)
    first, second, n = first[keep], second[keep], int(keep.sum())
    if min(first.shape[1], second.shape[1]) < 2:
        return Estimate.undefined(n)
    x, y = first.mean(axis=1), second.mean(axis=1)

    def freed(counts: np.ndarray) -> np.ndarray:
        shares = [
            spearman_brown(seed_correlation(repeats, counts, ranked=True), repeats.shape[1])
            for repeats in (first, second)
        ]
        limit = np.sqrt(shares[0] * shares[1])
        rho = coefficients.spearman(x, y, counts)
        unbounded = np.where(np.isnan(rho), np.nan, np.copysign(np.inf, rho))
        return np.where(limit == 0, unbounded, rho / np.where(limit == 0, 1.0, limit))

    found = bootstrap.estimate(freed, n)
    return Estimate.undefined(n) if math.isinf(found.value) else found


def apr_matrix(errors: Errors, bootstrap: Bootstrap) -> AprMatrix:
    """All pairs of data sets.

    Args:
      errors: of one source.
      bootstrap: how intervals are made.

    Returns:
      Undefined where an error is constant, or fewer than three architectures have both.
    """
    names = errors.datasets
    means = [errors.mean(name) for name in names]
    repeats = [errors.repeats(name) for name in names]
    rho, freed = np.eye(len(names)), np.eye(len(names))
    pairs = []
    for i, j in itertools.combinations(range(len(names)), 2):
        pair = PairAgreement(
            first=names[i],
            second=names[j],
            spearman=spearman(means[i], means[j], bootstrap),
            disattenuated=disattenuated_spearman(repeats[i], repeats[j], bootstrap),
        )
        rho[i, j] = rho[j, i] = pair.spearman.value
        freed[i, j] = freed[j, i] = pair.disattenuated.value
        pairs.append(pair)
    return AprMatrix(
        source=errors.source,
        datasets=names,
        spearman=rho,
        disattenuated=freed,
        pairs=tuple(pairs),
        reliability={
            name: reliability(r, bootstrap) for name, r in zip(names, repeats, strict=True)
        },
    )
