"""How much of a network's accuracy its layers explain one by one, and what pairs of neighbours add.

Additive model: accuracy = intercept + sum over positions of an effect of the type that stands there. Its explained
variance is also given for networks that the fit has not seen, and so is that of a model with all pairs of neighbouring
layers. Every parameter raises the explained variance of the networks it is fitted to, so only unseen networks say
what pairs add.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.structure.pair_ridge import (
    PENALTIES,
    Fit,
    Moments,
    additive_columns,
    pair_columns,
)
from randarch.analysis.structure.resampling import clustered_estimate
from randarch.analysis.structure.sampled import Sampled

FOLDS = 10
_EQUAL = 1e-24


@dataclass(frozen=True, eq=False)
class Surrogate:
    """The additive model, and the one with pairs. Accuracies are fractions.

    Attributes:
      types: names of the layer types.
      n: networks (draws) that did not fail.
      architectures: how many different ones.
      parameters: free parameters of the additive model: 1 + positions x (types - 1).
      rank: how many of them the networks determine.
      intercept: mean accuracy if every type were as frequent at every position.
      effects: what a type at a position adds; those of a position sum to 0. nan for a type that no network has there.
      errors: their standard errors, robust to unequal variances and with architectures as clusters (CR1); nan
        where the model is not determined or as large as the sample.
      explained: share of the variance that the additive model explains of the networks that it is fitted to.
      explained_unseen: of those left out of the fit in turns, relative to the mean of the others; below 0 if it is
        worse than that mean. The interval resamples architectures, with the fits as they are.
      pairs_parameters: free parameters that all pairs of neighbours add, as far as the networks determine them.
      pairs_penalty: ridge penalty of the pairs, in networks (a pair that k networks have is shrunk by about k / (k +
        penalty)); inf if no pairs are best. Chosen on a fold that is used neither for the fit nor for the report.
      pairs_explained: as `explained`, with pairs.
      pairs_explained_unseen: as `explained_unseen`, with pairs.
      pairs_gain: `pairs_explained_unseen` minus `explained_unseen`, on the same networks.
      folds: parts of the cross-validation; all rows of an architecture are in one. 0 where there were too few.
      notes: what the sample is too small for.
    """

    types: tuple[str, ...]
    n: int
    architectures: int
    parameters: int
    rank: int
    intercept: float
    effects: Float[np.ndarray, "types positions"]
    errors: Float[np.ndarray, "types positions"]
    explained: float
    explained_unseen: Estimate
    pairs_parameters: int
    pairs_penalty: float
    pairs_explained: float
    pairs_explained_unseen: Estimate
    pairs_gain: Estimate
    folds: int
    notes: tuple[str, ...]

    @property
    def determined(self) -> bool:
        """Whether the networks determine all parameters of the additive model."""
        return self.rank == self.parameters

    def predict(self, layers: Int[np.ndarray, "n positions"]) -> Float[np.ndarray, " n"]:
        """Accuracy by the additive model; nan with a type that no network of the sample had there."""
        return self.intercept + self.effects[layers, np.arange(layers.shape[1])].sum(axis=1)

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(
            {
                "types": self.types,
                "n": self.n,
                "architectures": self.architectures,
                "parameters": self.parameters,
                "rank": self.rank,
                "intercept": self.intercept,
                "effects": self.effects.tolist(),
                "errors": self.errors.tolist(),
                "explained": self.explained,
                "explained_unseen": self.explained_unseen.to_summary(),
                "pairs_parameters": self.pairs_parameters,
                "pairs_penalty": self.pairs_penalty,
                "pairs_explained": self.pairs_explained,
                "pairs_explained_unseen": self.pairs_explained_unseen.to_summary(),
                "pairs_gain": self.pairs_gain.to_summary(),
                "folds": self.folds,
                "notes": self.notes,
            }
        )


def fit_surrogate(
    sampled: Sampled,
    scores: Float[np.ndarray, " n"],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    folds: int = FOLDS,
) -> Surrogate:
    """Fits and cross-validates.

    Args:
      sampled: n networks; those that failed are left out.
      scores: one a network, such as its accuracy.
      rng: source of the folds and the resamples.
      resamples: how many, at least 40.
      folds: at least 3 (one to report, one to choose the penalty, the rest to fit); fewer architectures make fewer.

    Raises:
      ValueError: fewer than 3 folds, no network is left, or scores that are not one a network.
    """
    if folds < 3:
        raise ValueError(f"folds is {folds}; expected at least 3")
    sound, y = sampled.sound_scores(scores)
    cluster, layers, types = sound.cluster, sound.layers, len(sound.types)
    positions, clusters = layers.shape[1], int(cluster.max()) + 1
    own = additive_columns(layers, types)
    x = np.hstack([own, pair_columns(layers, types)])
    centre = float(y.mean())
    unseen = _Unseen.of(x, y - centre, own.shape[1], cluster, min(folds, clusters), rng)
    fit = Fit.of(Moments.of(x, y - centre), own.shape[1], np.array([unseen.penalty]))
    left = y - centre - own @ fit.additive
    parameters = 1 + positions * (types - 1)
    held = own[:, 1:].any(axis=0).reshape(types, positions)
    contrast = _centred(held)
    errors = _errors(own, left, fit, cluster, contrast)
    effects = np.where(held, (contrast @ fit.additive[1:]).reshape(types, positions), np.nan)
    total = float(((y - centre) ** 2).sum())
    estimates = unseen.estimates(y - centre, cluster, resamples, rng)
    return Surrogate(
        types=sound.types,
        n=len(y),
        architectures=clusters,
        parameters=parameters,
        rank=fit.rank,
        intercept=centre + fit.additive[0] + _level(fit.additive[1:], held),
        effects=effects,
        errors=np.where(held, errors.reshape(types, positions), np.nan),
        explained=_share(left, total),
        explained_unseen=estimates[0],
        pairs_parameters=fit.pairs_rank,
        pairs_penalty=unseen.penalty,
        pairs_explained=_share(y - centre - x @ fit.with_pairs[:, 0], total),
        pairs_explained_unseen=estimates[1],
        pairs_gain=estimates[2],
        folds=unseen.folds,
        notes=_notes(len(y), clusters, parameters, fit, unseen.folds),
    )


def _share(left: Float[np.ndarray, " n"], total: float) -> float:
    return 1 - float(left @ left) / total if total > _EQUAL else math.nan


def _centred(held: np.ndarray) -> Float[np.ndarray, "cells cells"]:
    """Matrix that takes the mean over the types that occur at a position from all effects there."""
    types, positions = held.shape
    where = np.tile(np.arange(positions), types)
    share = held / np.maximum(held.sum(axis=0), 1)
    return np.eye(types * positions) - (where[:, None] == where) * share.ravel()


def _level(effects: Float[np.ndarray, " cells"], held: np.ndarray) -> float:
    """What the effects that occur add on average, over all positions."""
    return float((effects.reshape(held.shape) * held / np.maximum(held.sum(axis=0), 1)).sum())


def _errors(
    own: Float[np.ndarray, "n a"],
    left: Float[np.ndarray, " n"],
    fit: Fit,
    cluster: Int[np.ndarray, " n"],
    contrast: Float[np.ndarray, "cells cells"],
) -> Float[np.ndarray, " cells"]:
    """Cluster-robust standard errors of the centred effects (Liang and Zeger, 1986; factor CR1)."""
    n, clusters = len(left), int(cluster.max()) + 1
    occurring = int(own[:, 1:].any(axis=0).sum())
    positions = int(own[0, 1:].sum())
    if fit.rank < 1 + occurring - positions or n <= fit.rank or clusters < 2:
        return np.full(len(contrast), np.nan)
    scores = np.zeros((clusters, own.shape[1]))
    np.add.at(scores, cluster, own * left[:, None])
    factor = clusters / (clusters - 1) * (n - 1) / (n - fit.rank)
    turned = scores @ fit.inverse[:, 1:] @ contrast.T
    return np.sqrt(factor * (turned**2).sum(axis=0))


@dataclass(frozen=True, eq=False)
class _Unseen:
    """Squared errors on networks left out of the fit.

    Attributes:
      mean, additive, pairs: of the mean of the others, the additive model, and that with pairs.
      penalty: that is best over all folds.
      folds: how many there were, 0 if too few architectures.
    """

    mean: Float[np.ndarray, " n"]
    additive: Float[np.ndarray, " n"]
    pairs: Float[np.ndarray, " n"]
    penalty: float
    folds: int

    @classmethod
    def of(
        cls,
        x: Float[np.ndarray, "n p"],
        y: Float[np.ndarray, " n"],
        additive: int,
        cluster: Int[np.ndarray, " n"],
        folds: int,
        rng: np.random.Generator,
    ) -> "_Unseen":
        n, clusters = len(y), int(cluster.max()) + 1
        if folds < 3:
            nothing = np.full(n, np.nan)
            return cls(nothing, nothing, nothing, math.inf, 0)
        part = rng.permutation(np.arange(clusters) % folds)[cluster]
        members = [np.flatnonzero(part == f) for f in range(folds)]
        sums = [Moments.of(x[m], y[m]) for m in members]
        total = Moments.of(x, y)
        squared = np.empty((3, n))
        chosen_on = np.zeros(len(PENALTIES))
        for f, out in enumerate(members):
            chooser = (f + 1) % folds
            inner = Fit.of(total - sums[f] - sums[chooser], additive, PENALTIES)
            seen = members[chooser]
            losses = ((y[seen, None] - x[seen] @ inner.with_pairs) ** 2).sum(axis=0)
            chosen_on += losses
            rest = total - sums[f]
            fit = Fit.of(rest, additive, PENALTIES[[np.argmin(losses)]])
            squared[0, out] = (y[out] - rest.xy[0] / rest.gram[0, 0]) ** 2
            squared[1, out] = (y[out] - x[out, :additive] @ fit.additive) ** 2
            squared[2, out] = (y[out] - x[out] @ fit.with_pairs[:, 0]) ** 2
        mean, own, pairs = squared
        return cls(mean, own, pairs, float(PENALTIES[np.argmin(chosen_on)]), folds)

    def estimates(
        self,
        y: Float[np.ndarray, " n"],
        cluster: Int[np.ndarray, " n"],
        resamples: int,
        rng: np.random.Generator,
    ) -> tuple[Estimate, Estimate, Estimate]:
        """Explained variance of the additive model, of that with pairs, and the difference."""
        if not self.folds or float((y**2).sum()) <= _EQUAL:
            return (Estimate.undefined(int(cluster.max()) + 1),) * 3

        def of(numerator: Float[np.ndarray, " n"], sign: float, constant: float) -> Estimate:
            def statistic(counts: np.ndarray) -> np.ndarray:
                below = counts @ self.mean
                share = (counts @ numerator) / np.where(below > 0, below, np.nan)
                return constant + sign * share

            return clustered_estimate(statistic, cluster, resamples, rng)

        gain = self.additive - self.pairs
        return of(self.additive, -1.0, 1.0), of(self.pairs, -1.0, 1.0), of(gain, 1.0, 0.0)


def _notes(n: int, clusters: int, parameters: int, fit: Fit, folds: int) -> tuple[str, ...]:
    notes = []
    if fit.rank < parameters:
        notes.append(
            f"{n} networks determine {fit.rank} of the {parameters} parameters of the additive model: effects are "
            "those of least norm and have no errors unless only types that never occur are missing"
        )
    elif n < 3 * parameters:
        notes.append(
            f"{n} networks for {parameters} parameters of the additive model: effects are imprecise"
        )
    if not folds:
        notes.append(f"{clusters} architectures are too few to leave some out; expected at least 3")
    return tuple(notes)
