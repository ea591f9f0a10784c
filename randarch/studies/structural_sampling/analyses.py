"""Everything that is asked of a run's table."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.structure import (
    Repeats,
    Sampled,
    Specialists,
    StructureAnalysis,
    analyze_structure,
    combine_specialists,
    compare_classes,
    compare_distribution,
)
from randarch.report.structure import RandomWeights
from randarch.spaces.layer_library import IDENTITY, kind
from randarch.studies.structural_sampling.comparison import Comparison, compare
from randarch.studies.structural_sampling.config import Config, on_cifar100
from randarch.studies.structural_sampling.stored import Found

RESAMPLES, PERMUTATIONS, SIMULATIONS = 1000, 10_000, 200
CORRELATED = 3000
"""Architectures at most whose random and trained accuracies are correlated."""


@dataclass(frozen=True, eq=False)
class Analyses:
    """What a run's networks say.

    Attributes:
      trained: of the trained networks.
      random: of random weights, beside the trained ones; None without.
      specialists: ensembles, members by the number of their draw; None where predictions were not stored.
      repeats: of repeated trainings; None without.
      comparison: with the paper, where the images are its own.
    """

    trained: StructureAnalysis
    random: RandomWeights | None
    specialists: Specialists | None
    repeats: Repeats | None
    comparison: Comparison


def analyze(found: Found, config: Config) -> Analyses:
    """All of it; each part draws from a stream of its own, so that none depends on whether another is there."""
    trained = _structure(found, config, found.trained, 0)
    comparison = Comparison(None, None)
    if on_cifar100(config):
        comparison = compare(trained, _bootstrap(config, 4))
    return Analyses(
        trained=trained,
        random=_random(found, config, trained),
        specialists=_specialists(found, config),
        repeats=found.repeats,
        comparison=comparison,
    )


def _random(found: Found, config: Config, trained: StructureAnalysis) -> RandomWeights | None:
    sampled = found.with_random_weights
    if sampled is None:
        return None
    analysis, bootstrap = _structure(found, config, sampled, 1), _bootstrap(config, 2)
    both = found.table.drop_duplicates("architecture").dropna(
        subset=["accuracy", "ensemble_accuracy"]
    )
    # Draws are in random order, so the first are a sample; Kendall's tau compares all pairs at once.
    both = both[:CORRELATED]
    random_means, trained_means = (
        np.array([c.mean for c in a.classes.classes]) for a in (analysis, trained)
    )
    return RandomWeights(
        analysis,
        compare_classes(
            both["ensemble_accuracy"].to_numpy(float),
            both["accuracy"].to_numpy(float),
            bootstrap,
        ),
        compare_classes(random_means, trained_means, bootstrap),
        compare_distribution(analysis.distribution.counts, trained.distribution.counts, bootstrap),
    )


def _specialists(found: Found, config: Config) -> Specialists | None:
    predictions = found.predictions
    if predictions is None:
        return None
    data = found.dataset
    combined = combine_specialists(
        predictions, data.y_test.astype(np.int64), data.num_classes, rng=_rng(config, 3)
    )
    # Rows of predictions are architectures: name them by their first draw.
    draws = [found.drawn.first[i] for i in found.voters]
    ensembles = (
        dataclasses.replace(one, members=tuple(draws[i] for i in one.members))
        for one in combined.ensembles
    )
    return dataclasses.replace(combined, best=draws[combined.best], ensembles=tuple(ensembles))


def _structure(found: Found, config: Config, sampled: Sampled, stream: int) -> StructureAnalysis:
    return analyze_structure(
        sampled,
        top=config.top,
        class_top=config.class_top,
        kinds={word: kind(word) for word in found.space.library},
        rng=_rng(config, stream),
        resamples=RESAMPLES,
        permutations=PERMUTATIONS,
        simulations=SIMULATIONS,
        skip=IDENTITY if IDENTITY in found.space.library else None,
    )


def _rng(config: Config, stream: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, 2, stream])


def _bootstrap(config: Config, stream: int) -> Bootstrap:
    return Bootstrap(RESAMPLES, _rng(config, stream))
