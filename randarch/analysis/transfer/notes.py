"""What a reader has to know beside the numbers, in sentences."""

import math
from collections.abc import Iterator

import numpy as np

from randarch.analysis.bootstrap import MIN_POINTS_FOR_INTERVAL
from randarch.analysis.transfer.errors import Errors, Family
from randarch.analysis.transfer.results import Recommendation, SourceAgreement, SourceAnalysis

# Of so few orders at most the best one has a p below .05.
_FEW_ORDERS = 24


def source_notes(errors: Errors, found: SourceAnalysis, family: Family, top: int) -> Iterator[str]:
    """Of one source of scores.

    Args:
      errors: what was analysed.
      found: what it gave.
      family: who is who.
      top: how many architectures were asked for as the best.
    """
    source, architectures = _label(errors), errors.values.shape[1]
    single, blunt, guesses = [], [], []
    for name, spread in zip(errors.datasets, found.spreads, strict=True):
        mean = errors.mean(name)
        failed = int(np.isnan(mean).sum())
        if failed == architectures:
            yield f"{source}: {name} has no errors of any architecture with all its repeats"
            continue
        if failed:
            yield (
                f"{source}: {failed} of {architectures} architectures failed on {name} and are left out there"
            )
        known = mean[np.isfinite(mean)]
        if len(known) > 1 and np.ptp(known) == 0:
            yield (
                f"{source}: all architectures have the same error on {name}: it has no correlation with anything"
            )
        elif spread.counting > spread.between:
            blunt.append(f"{name} ({100 * spread.between:.1f} and {100 * spread.counting:.1f})")
        if count := errors.no_better_than_guessing(name):
            guesses.append(f"{count} on {name}")
        if errors.repeats(name).shape[1] == 1:
            single.append(name)
    if guesses:
        yield (
            f"{source}: not shown to be better than guessing, of {architectures} architectures: {'; '.join(guesses)}"
        )
    if blunt:
        yield (
            f"{source}: the spread between architectures is less than what counting so few test images leaves to "
            f"chance, in points: {'; '.join(blunt)}"
        )
    if single:
        yield (
            f"{source}: a single repeat on {'; '.join(single)}: no reliability there, and no correlation freed of noise"
        )
    if 2 * top >= architectures:
        yield (
            f"{source}: the {top} best are half of the {architectures} architectures or more: they say little about "
            "what is good"
        )
    yield from _family_notes(errors, found, family)


def _label(errors: Errors) -> str:
    return "random weights" if errors.source == "random" else errors.source


def _family_notes(errors: Errors, found: SourceAnalysis, family: Family) -> Iterator[str]:
    left = family.within(errors)
    for name in family.members:
        if name not in left.members:
            yield f"{_label(errors)}: {name} has no errors, and matches no target's classes"
    if found.class_matched is None:
        return
    for gain in found.class_matched.targets:
        if not gain.gain.defined:
            yield (
                f"{_label(errors)}: {gain.target} has no correlation with {family.base} or with {gain.matched}: it is "
                "left out of the means over targets"
            )


def size_notes(architectures: int) -> Iterator[str]:
    """Of the number of architectures."""
    if architectures < 3:
        yield f"{architectures} architectures: a correlation takes 3 or more"
    elif architectures < MIN_POINTS_FOR_INTERVAL:
        yield f"{architectures} architectures: an interval takes {MIN_POINTS_FOR_INTERVAL} or more"


def agreement_notes(agreement: SourceAgreement) -> Iterator[str]:
    """Of the comparison of the sources."""
    tests = (agreement.matrices.spearman, agreement.unrelated.spearman)
    for d in dict.fromkeys(test.n for test in tests if test.defined):
        if math.factorial(d) <= _FEW_ORDERS:
            yield (
                f"{d} data sets have {math.factorial(d)} orders: the p value of their two matrices cannot be below "
                f"{1 / math.factorial(d):.2g}"
            )


def recommendation_notes(
    recommendation: Recommendation | None,
    family: Family,
    random: bool,
    target: str | None,
    architectures: int,
) -> Iterator[str]:
    """Of the recommendation.

    Args:
      recommendation: what was found; None where trained errors are too few.
      family: who is who.
      random: whether there are errors with random weights.
      target: what was to be recommended for.
      architectures: how many there are.
    """
    if recommendation is None:
        if target is not None:
            yield (
                f"no recommendation for {target}: it takes trained errors on two or more targets, of three or more "
                "architectures that differ"
            )
        return
    if "matched" not in recommendation.components and len(family.members) > 1:
        unknown = target is not None and target not in family.targets | family.untrained
        why = f"how many classes {target} has is not known" if unknown else "errors are missing"
        yield f"the recommendation is without class-matched members: {why}"
    if random and "random" not in recommendation.components:
        yield "the recommendation is without random weights: a target has no errors with them"
    if target is not None and len(recommendation.ranking) < architectures:
        yield (
            f"{architectures - len(recommendation.ranking)} of {architectures} architectures miss an error that the "
            f"recommendation takes, and are not ranked for {target}"
        )
