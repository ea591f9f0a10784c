"""The analysis of a sample of structurally randomized networks: networks in, a `StructureAnalysis` out.

After "Structurally randomized networks" on CIFAR-100: the layers of the best networks (Table I), the classes (Tables
II and III), accuracy against parameters (Figure 2) and by class (Figure 3), and with them what it lacks: intervals,
tests, and what single layers and pairs of them explain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from randarch.analysis import coefficients
from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.structure.by_accuracy import AccuracyGroup, accuracy_groups
from randarch.analysis.structure.classes import ClassAnalysis, analyze_classes
from randarch.analysis.structure.distribution import Distribution, layer_distribution
from randarch.analysis.structure.ngrams import PairEffect, pair_effects
from randarch.analysis.structure.patterns import Patterns, analyze_patterns
from randarch.analysis.structure.resampling import clustered_estimate
from randarch.analysis.structure.sampled import Sampled
from randarch.analysis.structure.surrogate import Surrogate, fit_surrogate


@dataclass(frozen=True, eq=False)
class StructureAnalysis:
    """All statistics of a sample. Accuracies are fractions.

    Attributes:
      sampled: what was analysed, failed networks included.
      n: networks (draws) that did not fail; everything else is about them.
      failed: draws that failed.
      architectures: different architectures among the n.
      top: how many count as best of all.
      class_top: how many count as best for a class.
      best: row of the most accurate network in `sampled`, the first of equals.
      best_accuracy: its accuracy. The best of many are so with some luck.
      mean: accuracy over the n.
      cutoff: accuracy of the last of the best.
      distribution: layers of the best.
      classes: the best for each class.
      pairs: neighbouring layers, the largest excess first.
      surrogate: what layers explain one by one, and in pairs.
      patterns: the order of convolutions and poolings.
      accuracy_and_params: Spearman's rho of accuracy and number of parameters (or its logarithm) over the draws;
        architectures are resampled, and its n is their number; p by Student's t for as many.
      by_accuracy: groups of equal size, from the worst to the best.
      notes: what the sample is too small or too coarse for, in sentences.
    """

    sampled: Sampled
    n: int
    failed: int
    architectures: int
    top: int
    class_top: int
    best: int
    best_accuracy: float
    mean: float
    cutoff: float
    distribution: Distribution
    classes: ClassAnalysis
    pairs: tuple[PairEffect, ...]
    surrogate: Surrogate
    patterns: Patterns
    accuracy_and_params: Estimate
    by_accuracy: tuple[AccuracyGroup, ...]
    notes: tuple[str, ...]

    @property
    def best_layers(self) -> tuple[str, ...]:
        """Layer types of the most accurate network."""
        return tuple(self.sampled.types[t] for t in self.sampled.layers[self.best])

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it; the networks themselves are left to the results' table."""
        return json_object(
            {
                "n": self.n,
                "failed": self.failed,
                "architectures": self.architectures,
                "top": self.top,
                "class_top": self.class_top,
                "best": {
                    "row": self.best,
                    "layers": self.best_layers,
                    "accuracy": self.best_accuracy,
                    "params": int(self.sampled.params[self.best]),
                },
                "mean": self.mean,
                "cutoff": self.cutoff,
                "distribution": self.distribution.to_summary(),
                "classes": self.classes.to_summary(),
                "pairs": [pair.to_summary() for pair in self.pairs],
                "surrogate": self.surrogate.to_summary(),
                "patterns": self.patterns.to_summary(),
                "accuracy_and_params": self.accuracy_and_params.to_summary(),
                "by_accuracy": [group.to_summary() for group in self.by_accuracy],
                "notes": self.notes,
            }
        )


def analyze_structure(
    sampled: Sampled,
    *,
    top: int = 100,
    class_top: int = 50,
    kinds: Mapping[str, str],
    rng: np.random.Generator,
    resamples: int = 1000,
    permutations: int = 10_000,
    simulations: int = 200,
    skip: str | None = None,
) -> StructureAnalysis:
    """Analyses a sample. About 30 s on one core for 10,000 networks and 100 classes, most of it simulations.

    Args:
      sampled: networks; those that failed are counted and left out.
      top: how many count as best of all (the paper: 100 of 10,000).
      class_top: how many count as best for a class (50).
      kinds: kind of each layer type by its name: `conv`, `max`, `avg` or `identity`.
      rng: source of resamples, permutations, simulations and folds.
      resamples: bootstrap samples, at least 40.
      permutations: of the test of each class.
      simulations: of test-set noise; 0 leaves it out.
      skip: a layer type that pairs of neighbours skip, such as the identity.

    Raises:
      ValueError: no network that did not fail, too few resamples, or a type without a kind.
    """
    sound, accuracy = sampled.sound_scores(sampled.accuracy)
    rows = np.flatnonzero(~sampled.failed)
    best = int(np.argmax(accuracy))
    distribution = layer_distribution(sound, accuracy, top, rng, resamples)
    surrogate = fit_surrogate(sound, accuracy, rng=rng, resamples=resamples)
    return StructureAnalysis(
        sampled=sampled,
        n=len(sound),
        failed=int(sampled.failed.sum()),
        architectures=distribution.architectures,
        top=top,
        class_top=class_top,
        best=int(rows[best]),
        best_accuracy=float(accuracy[best]),
        mean=float(accuracy.mean()),
        cutoff=distribution.cutoff,
        distribution=distribution,
        classes=analyze_classes(
            sampled,
            top=top,
            class_top=class_top,
            rng=rng,
            permutations=permutations,
            simulations=simulations,
            resamples=resamples,
        ),
        pairs=pair_effects(sound, accuracy, top, rng=rng, resamples=resamples, skip=skip),
        surrogate=surrogate,
        patterns=analyze_patterns(sound, accuracy, top, kinds, rng=rng, resamples=resamples),
        accuracy_and_params=_with_params(sound, resamples, rng),
        by_accuracy=accuracy_groups(sound),
        notes=(*_notes(sampled, top, class_top), *surrogate.notes),
    )


def _with_params(sound: Sampled, resamples: int, rng: np.random.Generator) -> Estimate:
    accuracy, params = sound.accuracy, sound.params.astype(float)
    found = clustered_estimate(
        lambda counts: coefficients.spearman(accuracy, params, counts),
        sound.cluster,
        resamples,
        rng,
    )
    p = coefficients.t_test(found.value, found.n)
    return Estimate(found.value, found.low, found.high, p, found.n)


def _notes(sampled: Sampled, top: int, class_top: int) -> tuple[str, ...]:
    sound, notes = sampled.sound, []
    n, architectures = len(sound), len(np.unique(sound.architecture))
    if sampled.failed.any():
        notes.append(
            f"{int(sampled.failed.sum())} of {len(sampled)} networks failed and are left out"
        )
    dead = int(sampled.dead.sum())
    if dead:
        notes.append(
            f"{dead} of {len(sampled)} networks {'is' if dead == 1 else 'are'} dead: all of one class right, none of "
            "another. They count in everything but the best for each class, since each has its class entirely right"
        )
    if architectures < n:
        notes.append(
            f"{n} draws are {architectures} different architectures; intervals resample those"
        )
    for what, count in (("of all", top), ("for a class", class_top)):
        if 2 * count >= n:
            notes.append(
                f"the {count} best {what} are half of the {n} networks or more: they say little about what is good"
            )
    if sampled.class_images.min() < 50:
        step = 100 / int(sampled.class_images.min())
        notes.append(
            f"a class has {sampled.class_images.min()} test images, so its accuracy moves in steps of {step:.2g} %: "
            "many networks share its last places"
        )
    return tuple(notes)
