"""What picking the k best by a score costs, with ties resolved by their expectation.

Accuracies on a small test set tie often, and dead networks all do. A fixed tie-break would make
the result hang on the order of rows, so every quantity is its mean over all orders of the tied.
"""

import math

import numpy as np
from jaxtyping import Float

from randarch.analysis.correlation import complete
from randarch.analysis.results import TopK


def _share_picked(score: Float[np.ndarray, " n"], k: int) -> Float[np.ndarray, " n"]:
    """Probability of each to be among the k best when ties are broken at random."""
    threshold = np.sort(score)[-k]
    sure, tied = score > threshold, score == threshold
    return sure + tied * (k - sure.sum()) / tied.sum()


def _expected_best(score: Float[np.ndarray, " n"], value: Float[np.ndarray, " n"], k: int) -> float:
    """Expected largest `value` among the k best by `score`."""
    threshold = np.sort(score)[-k]
    sure, tied = value[score > threshold], np.sort(value[score == threshold])[::-1]
    floor, draws = np.max(sure, initial=-np.inf), k - len(sure)
    orders = math.comb(len(tied), draws)
    # The j-th best of the tied is the best drawn if the other draws all come from behind it.
    return float(
        sum(
            math.comb(len(tied) - j - 1, draws - 1) / orders * max(floor, v)
            for j, v in enumerate(tied)
        )
    )


def top_k(score: Float[np.ndarray, " n"], trained: Float[np.ndarray, " n"], k: int) -> TopK:
    """Picks the k best by `score`, judges by `trained`; missing values drop out in pairs.

    Raises:
      ValueError: k below 1.
    """
    if k < 1:
        raise ValueError(f"top_k is {k}; expected 1 or more architectures to pick")
    keep = complete(score, trained)
    score, trained, n = score[keep], trained[keep], int(keep.sum())
    if n == 0:
        return TopK(k, 0, *[math.nan] * 7)
    taken = min(k, n)
    picked = _share_picked(score, taken)
    best = float(trained.max())
    return TopK(
        k=k,
        n=n,
        overlap=float(picked @ _share_picked(trained, taken)) / taken,
        expected_overlap=taken / n,
        regret=best - _expected_best(score, trained, taken),
        expected_regret=best - _expected_best(np.zeros(n), trained, taken),
        mean_picked=float(picked @ trained) / taken,
        mean_all=float(trained.mean()),
        best=best,
    )
