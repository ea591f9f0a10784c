"""The analysis of transfer between data sets: errors in, a `TransferAnalysis` out.

After "ImageNet as a Representative Basis for Deriving Generally Effective CNN Architectures" (Tuggener et al.): the
matrix of architecture and performance relationships, class-matched versions of the base (Table 3), depth and width
(Table 4), the best configurations (Figure 13) and the controls of its appendix; and with them what it lacks: intervals,
correlations freed of noise, the same from random weights, and a recommendation whose cost is known.
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.transfer.agreement import source_agreement
from randarch.analysis.transfer.apr import apr_matrix
from randarch.analysis.transfer.class_matched import class_matched
from randarch.analysis.transfer.drivers import driver, train_depth
from randarch.analysis.transfer.error_distribution import error_distribution
from randarch.analysis.transfer.errors import Errors, Family, Population
from randarch.analysis.transfer.longer import longer_training
from randarch.analysis.transfer.notes import (
    agreement_notes,
    recommendation_notes,
    size_notes,
    source_notes,
)
from randarch.analysis.transfer.pretraining import pretraining
from randarch.analysis.transfer.recommendation import recommend
from randarch.analysis.transfer.results import SourceAnalysis, TransferAnalysis
from randarch.analysis.transfer.spread import spread
from randarch.analysis.transfer.top_configurations import top_configurations
from randarch.analysis.transfer.top_five import top_five as compare_top_five

# Streams of random numbers: of the parts of a source, counted from its own start, and of the others.
_TRAINED, _RANDOM = 0, 10
_APR, _CLASS_MATCHED, _DRIVERS, _TRAIN_DEPTH, _DISTRIBUTIONS = range(5)
_AGREEMENT, _ORDERS, _LONGER, _TOP_FIVE, _PRETRAINING, _RECOMMENDATION = range(20, 26)


def analyze_transfer(
    trained: Errors | None,
    random: Errors | None,
    population: Population,
    family: Family,
    *,
    train_errors: Errors | None,
    longer: Mapping[int, Errors],
    top_five: Mapping[str, tuple[Float[np.ndarray, " a"], Float[np.ndarray, " a"]]],
    pretrained: Errors | None,
    target: str | None,
    rng_of: Callable[[int], np.random.Generator],
    resamples: int,
    top: int = 15,
) -> TransferAnalysis:
    """Analyses errors of the same architectures, in the same order, on several data sets.

    Args:
      trained, random: errors by training, and of a readout on random weights; None for none.
      population: the architectures.
      family: who is who; `family.untrained` says how many classes `target` has.
      train_errors: of the trained networks on their training images.
      longer: by how many times as long they were trained, nan where not made.
      top_five: by data set: mean top-1 and top-5 errors.
      pretrained: errors after training on the base first.
      target: a data set without trained errors, to recommend for; its random-weight errors are in `random`.
      rng_of: the stream of random numbers with a number. Every part has its own, so none depends on whether another is
        there.
      resamples: of every interval, at least 40.
      top: how many architectures count as the best.

    Raises:
      ValueError: not as many architectures everywhere, too few resamples, or a top below 1.
    """
    architectures = len(population.texts)
    _same_architectures(
        architectures,
        {
            "trained": trained,
            "random": random,
            "train_errors": train_errors,
            "pretrained": pretrained,
        }
        | {f"longer[{factor}]": errors for factor, errors in longer.items()},
    )

    def bootstrap(stream: int) -> Bootstrap:
        return Bootstrap(resamples, rng_of(stream))

    def source(errors: Errors, start: int) -> SourceAnalysis:
        drivers, inside = bootstrap(start + _DRIVERS), bootstrap(start + _TRAIN_DEPTH)
        distributions = bootstrap(start + _DISTRIBUTIONS)
        names = errors.datasets
        fitted = train_errors if start == _TRAINED else None
        return SourceAnalysis(
            apr=apr_matrix(errors, bootstrap(start + _APR)),
            class_matched=class_matched(errors, family, bootstrap(start + _CLASS_MATCHED)),
            drivers=tuple(
                driver(
                    errors,
                    name,
                    population,
                    drivers,
                    train_depth=train_depth(fitted, name, population, inside),
                )
                for name in names
            ),
            tops=tuple(top_configurations(errors, name, population, top) for name in names),
            spreads=tuple(spread(errors, name) for name in names),
            distributions=tuple(
                error_distribution(name, errors.mean(name), distributions) for name in names
            ),
        )

    notes = list(size_notes(architectures))
    by_trained = by_random = agreement = recommendation = None
    if trained is not None:
        by_trained = source(trained, _TRAINED)
        notes += source_notes(trained, by_trained, family, top)
    if random is not None:
        by_random = source(random, _RANDOM)
        notes += source_notes(random, by_random, family, top)
    if trained is not None and random is not None and by_trained and by_random:
        agreement = source_agreement(
            trained,
            random,
            by_trained.apr,
            by_random.apr,
            family,
            bootstrap(_AGREEMENT),
            rng_of(_ORDERS),
        )
        notes += agreement_notes(agreement)
    if trained is not None:
        recommendation = recommend(trained, random, family, target, bootstrap(_RECOMMENDATION))
    notes += recommendation_notes(recommendation, family, random is not None, target, architectures)
    orderings = bootstrap(_TOP_FIVE)
    return TransferAnalysis(
        trained=by_trained,
        random=by_random,
        agreement=agreement,
        longer=() if trained is None else longer_training(trained, longer, bootstrap(_LONGER)),
        top_five=tuple(
            compare_top_five(name, first, fifth, orderings)
            for name, (first, fifth) in top_five.items()
        ),
        pretraining=()
        if trained is None or pretrained is None
        else pretraining(trained, pretrained, family.base, bootstrap(_PRETRAINING)),
        recommendation=recommendation,
        notes=tuple(notes),
    )


def _same_architectures(architectures: int, given: Mapping[str, Errors | None]) -> None:
    for name, errors in given.items():
        if errors is not None and errors.values.shape[1] != architectures:
            raise ValueError(
                f"{name} has errors of {errors.values.shape[1]} architectures; expected the population's "
                f"{architectures}, in the same order, nan where one is missing"
            )
