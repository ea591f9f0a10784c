"""Which two neighbouring layers do better together than their layers' own effects say."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.structure.columns import contains_pair, without
from randarch.analysis.structure.distribution import top_weights
from randarch.analysis.structure.pair_ridge import additive_columns
from randarch.analysis.structure.resampling import cluster_counts, estimate, resampled_shares
from randarch.analysis.structure.sampled import Sampled

# More architectures than this are merged at random: intervals stay right, and only sums over groups are needed.
_GROUPS = 200
_NO_DIRECTION = 1e-10


@dataclass(frozen=True)
class PairEffect:
    """An ordered pair of layer types, next to each other anywhere in a network. Accuracies are fractions.

    With a hundred pairs some intervals exclude "no effect" by chance; read them as a ranking.

    Attributes:
      first, second: the types.
      n: networks (draws) that contain it.
      architectures: how many different ones.
      mean: their mean accuracy, nan for none.
      expected: mean of what the additive model (`surrogate`) predicts for them.
      excess: mean - expected. The additive model has already taken what it can of a pair's effect, so this is a
        cautious measure. The interval resamples architectures and fits the model anew; its n is `architectures`.
        Undefined where there are no more networks than the model can follow exactly.
      share_top: share of the best that contain it.
      share_sample: share of all networks.
      lift: share_top / share_sample, undefined if no network has it; the interval resamples architectures and
        chooses the best anew. [0, 0] if none of the best has it: blind at the edge.
    """

    first: str
    second: str
    n: int
    architectures: int
    mean: float
    expected: float
    excess: Estimate
    share_top: float
    share_sample: float
    lift: Estimate

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(
            vars(self) | {"excess": self.excess.to_summary(), "lift": self.lift.to_summary()}
        )


def pair_effects(
    sampled: Sampled,
    scores: Float[np.ndarray, " n"],
    top: int,
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    skip: str | None = None,
) -> tuple[PairEffect, ...]:
    """All ordered pairs, the largest excess first; those that no network contains come last.

    Args:
      sampled: n networks; those that failed are left out.
      scores: one a network, such as its accuracy.
      top: how many are best.
      rng: source of the resamples.
      resamples: how many, at least 40.
      skip: a type that is taken out first (identity: what is left and right of it become neighbours); there are no
        pairs with it. The additive model is that of the whole networks all the same.

    Raises:
      ValueError: `skip` is no type, no network is left, or scores that are not one a network.
    """
    sound, y = sampled.sound_scores(scores)
    types, cluster = sound.types, sound.cluster
    if skip is not None and skip not in types:
        raise ValueError(f"skip is {skip}; expected one of {', '.join(types)}")
    layers = sound.layers if skip is None else without(sound.layers, types.index(skip))
    contains = contains_pair(layers, len(types)).astype(float)
    kinds = [
        (a, b)
        for a in range(len(types))
        for b in range(len(types))
        if skip not in (types[a], types[b])
    ]
    contains = contains[:, [a * len(types) + b for a, b in kinds]]
    weights = top_weights(y, top)
    shares = resampled_shares(contains, y, cluster, top, resamples, rng)
    lifts = np.where(
        shares.sample > 0, shares.top / np.where(shares.sample > 0, shares.sample, 1), np.nan
    )
    sums = _PairSums.of(additive_columns(sound.layers, len(types)), y, contains, cluster, rng)
    clusters, groups = int(cluster.max()) + 1, len(sums.count)
    whole = sums.means(np.ones((1, groups)))[:, 0]
    resampled = [sums.means(counts) for counts in cluster_counts(groups, resamples, rng)]
    excesses = np.concatenate([mean - expected for mean, expected in resampled])
    followed = len(y) <= np.linalg.matrix_rank(sums.gram.sum(axis=0), hermitian=True)
    share_top, share_sample = weights @ contains / weights.sum(), contains.mean(axis=0)
    effects = []
    for k, (a, b) in enumerate(kinds):
        holders = contains[:, k] > 0
        architectures = len(np.unique(cluster[holders]))
        mean, expected = (float(value) for value in whole[:, k])
        lift = share_top[k] / share_sample[k] if share_sample[k] > 0 else math.nan
        effects.append(
            PairEffect(
                first=types[a],
                second=types[b],
                n=int(holders.sum()),
                architectures=architectures,
                mean=mean,
                expected=expected,
                excess=estimate(
                    math.nan if followed else mean - expected,
                    excesses[:, k],
                    architectures,
                    architectures,
                ),
                share_top=float(share_top[k]),
                share_sample=float(share_sample[k]),
                lift=estimate(float(lift), lifts[:, k], architectures, clusters),
            )
        )
    # A stable sort: pairs that no network contains stay in the types' order.
    effects.sort(key=lambda e: -e.excess.value if e.excess.defined else math.inf)
    return tuple(effects)


@dataclass(frozen=True, eq=False)
class _PairSums:
    """All that a resample needs of g groups of architectures; k pairs, p additive columns.

    Attributes:
      gram, xy: X'X and X'y of each group.
      count: networks of each group that contain each pair.
      y: sum of their scores.
      x: sum of their additive columns.
    """

    gram: Float[np.ndarray, "g p p"]
    xy: Float[np.ndarray, "g p"]
    count: Float[np.ndarray, "g k"]
    y: Float[np.ndarray, "g k"]
    x: Float[np.ndarray, "g k p"]

    @classmethod
    def of(
        cls,
        x: Float[np.ndarray, "n p"],
        y: Float[np.ndarray, " n"],
        contains: Float[np.ndarray, "n k"],
        cluster: Int[np.ndarray, " n"],
        rng: np.random.Generator,
    ) -> "_PairSums":
        clusters = int(cluster.max()) + 1
        group = (rng.permutation(clusters) % min(clusters, _GROUPS))[cluster]
        members = [np.flatnonzero(group == g) for g in range(min(clusters, _GROUPS))]
        return cls(
            gram=np.stack([x[m].T @ x[m] for m in members]),
            xy=np.stack([x[m].T @ y[m] for m in members]),
            count=np.stack([contains[m].sum(axis=0) for m in members]),
            y=np.stack([y[m] @ contains[m] for m in members]),
            x=np.stack([contains[m].T @ x[m] for m in members]),
        )

    def means(self, counts: Float[np.ndarray, "b g"]) -> Float[np.ndarray, "2 b k"]:
        """Mean score of the networks with each pair, and of the additive prediction; nan where there are none."""
        gram = np.tensordot(counts, self.gram, axes=1)
        values, vectors = np.linalg.eigh(gram)
        kept = values > _NO_DIRECTION * values[:, -1:]
        turned = np.einsum("bpq,bp->bq", vectors, counts @ self.xy)
        turned *= np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
        fitted = np.einsum("bpq,bq->bp", vectors, turned)
        number = counts @ self.count
        predicted = np.einsum("bkp,bp->bk", np.tensordot(counts, self.x, axes=1), fitted)
        return np.stack([counts @ self.y, predicted]) / np.where(number > 0, number, np.nan)
