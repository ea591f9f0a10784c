"""Which layers the best networks have: Table I of the structurally randomized networks, with intervals."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from randarch.analysis.json_ready import json_object
from randarch.analysis.structure.columns import one_hot
from randarch.analysis.structure.exchange import PER
from randarch.analysis.structure.resampling import interval, resampled_shares
from randarch.analysis.structure.sampled import Sampled


def top_weights(scores: Float[np.ndarray, " n"], count: int) -> Float[np.ndarray, " n"]:
    """How much each network belongs to the best `count`.

    Scores come in coarse steps (a class has a hundred test images), so the cut-off often falls among equals. Those
    share the places that are left equally: whatever order broke the tie would favour some structure.

    Args:
      scores: higher is better, finite.
      count: how many are best, at least 1.

    Returns:
      1 above the cut-off, 0 below, one fraction for all at the cut-off; they sum to `count`. All 1 where there are
      no more networks than that.

    Raises:
      ValueError: a count below 1, or a score that is not finite.
    """
    if count < 1:
        raise ValueError(f"the best {count} networks; expected at least 1")
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite; leave out networks that failed (`Sampled.sound`)")
    n = len(scores)
    if n <= count:
        return np.ones(n)
    cutoff = cutoff_score(scores, count)
    above, at = scores > cutoff, scores == cutoff
    return above + at * ((count - above.sum()) / at.sum())


def cutoff_score(scores: Float[np.ndarray, " n"], count: int) -> float:
    """Score of the last of the best `count`, of the worst network if there are fewer; nan for none."""
    n = len(scores)
    return float(np.partition(scores, n - min(n, count))[n - min(n, count)]) if n else math.nan


@dataclass(frozen=True, eq=False)
class Distribution:
    """How often the best networks have a layer type at a position, as if they were 100.

    Networks that share the last places for equal scores count by their share of a place.

    Attributes:
      types: names of the layer types.
      counts: per 100 of the best; each column sums to 100.
      low, high: ends of the 95 % bootstrap interval (percentile; architectures are resampled and the best chosen
        anew); nan for fewer than 6 architectures. Blind at the edge: a layer that none of the best has gets [0, 0],
        although one in a hundred of the population's best may well have it.
      base: per 100 of all networks of the sample.
      n: networks (draws) in the sample.
      architectures: how many different ones those are.
      top: how many were asked for as best; all of them if `n` is less.
      cutoff: score of the last of them.
    """

    types: tuple[str, ...]
    counts: Float[np.ndarray, "types positions"]
    low: Float[np.ndarray, "types positions"]
    high: Float[np.ndarray, "types positions"]
    base: Float[np.ndarray, "types positions"]
    n: int
    architectures: int
    top: int
    cutoff: float

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it: a row a layer type, a number a position."""
        tables = {"counts": self.counts, "low": self.low, "high": self.high, "base": self.base}
        return json_object(
            {
                "types": self.types,
                "n": self.n,
                "architectures": self.architectures,
                "top": self.top,
                "cutoff": self.cutoff,
                **{name: table.tolist() for name, table in tables.items()},
            }
        )


def layer_distribution(
    sampled: Sampled,
    scores: Float[np.ndarray, " n"],
    top: int,
    rng: np.random.Generator,
    resamples: int,
) -> Distribution:
    """The layers of the best networks by some score. Networks that failed are left out.

    Args:
      sampled: n networks.
      scores: one a network; the overall accuracy gives Table I.
      top: how many are best.
      rng: source of the resamples.
      resamples: how many, at least 40.

    Raises:
      ValueError: no network is left, scores that are not one a network, or what `top_weights` refuses.
    """
    sound, kept = sampled.sound_scores(scores)
    weights, cluster = top_weights(kept, top), sound.cluster
    held = one_hot(sound.layers, len(sound.types))
    shape = len(sound.types), sound.layers.shape[1]
    shares = resampled_shares(held, kept, cluster, top, resamples, rng)
    architectures = int(cluster.max()) + 1
    low, high = interval(PER * shares.top, architectures)
    return Distribution(
        types=sound.types,
        counts=(PER * weights @ held / weights.sum()).reshape(shape),
        low=low.reshape(shape),
        high=high.reshape(shape),
        base=(PER * held.mean(axis=0)).reshape(shape),
        n=len(sound),
        architectures=architectures,
        top=top,
        cutoff=cutoff_score(kept, top),
    )
