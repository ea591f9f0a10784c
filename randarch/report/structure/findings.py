"""What the run found, in sentences that a newcomer can follow; the start of the page."""

import math

from randarch.analysis import ClassResult, Ensemble, Pattern, StructureAnalysis
from randarch.analysis.structure.classes import SIGNIFICANT
from randarch.report.numbers import (
    decimal,
    interval,
    percent,
    percent_interval,
    points,
    points_interval,
)
from randarch.report.structure.layer_names import class_name, sequence, structure
from randarch.report.structure.report import StructureReport
from randarch.report.words import listed, plural, told

SANDWICH = "convolution - max-pooling - convolution"
"""The pattern of the paper, a name of `analysis.structure.patterns.NAMED`."""
_NAMED_CLASSES = 3


def headline(report: StructureReport) -> str:
    """Best and mean accuracy, beside the published ones if they are of the same images."""
    a = report.analysis
    where = f" on {report.dataset}" if report.dataset else ""
    text = (
        f"Of {plural(a.n, 'network')} of {plural(a.sampled.layers.shape[1], 'random layer')}, trained{where}, the best "
        f"({sequence(a.best_layers)}) classifies {percent(a.best_accuracy, 2)} of the test images correctly; the mean "
        f"is {percent(a.mean, 2)}"
    )
    published = report.published
    if published is not None and report.comparable:
        text += (
            f". Published: {percent(published.best, 2)} and {percent(published.mean, 2)}, of "
            f"{published.networks:,} networks"
        )
    return f"{text}."


def cautions(report: StructureReport) -> tuple[str, ...]:
    """How far luck flatters the best, and what the sample is too small for."""
    a = report.analysis
    images = int(a.sampled.class_images.sum())
    half = 1.96 * math.sqrt(a.best_accuracy * (1 - a.best_accuracy) / images)
    luck = (
        f"An accuracy of {percent(a.best_accuracy)} on {plural(images, 'test image')} is uncertain by "
        f"{points(half)} to both sides"
    )
    if a.n > 1:
        luck += f", and the best of {a.n:,} is so with some luck: with other images it would be somewhat lower"
    return (f"{luck}.", *(f"{note[:1].upper()}{note[1:]}." for note in a.notes))


def details(report: StructureReport) -> tuple[str, ...]:
    """One sentence or two for each question of the study."""
    found = (
        sandwich(report),
        most_frequent(report),
        layers_explain(report),
        classes_differ(report),
        random_agrees(report),
        specialists_gain(report),
        repeated(report),
    )
    return tuple(text for text in found if text)


def sandwich(report: StructureReport) -> str:
    """Whether the order that the paper describes shows."""
    pattern = report.analysis.patterns.of(SANDWICH)
    text = (
        f"The order {SANDWICH}, which the paper finds among its best, is that of {_share(pattern)} of the best "
        f"{min(report.analysis.top, report.analysis.n):,} and of {percent(pattern.share_sample)} of all networks"
    )
    return f"{text}: {lift_verdict(report.analysis, pattern)}."


def _share(pattern: Pattern) -> str:
    return percent_interval(pattern.share_top)


def lift_verdict(analysis: StructureAnalysis, pattern: Pattern) -> str:
    """What the interval of the ratio of both shares allows to say."""
    lift = pattern.lift
    if analysis.top >= analysis.n:
        return "the best are all networks here, so there is nothing to compare"
    if not lift.defined:
        return "no network of the sample has it, so nothing can be said"
    if not pattern.share_top.value:
        return "not one of the best has it"
    times = f"{decimal(lift.value, 1)} times as often {interval(lift, 1)}".strip()
    if math.isnan(lift.low):
        return f"{times}, of too few networks for an interval"
    if lift.low > 1:
        return f"{times}, so it does show"
    if lift.high < 1:
        return f"{times}, so the best avoid it"
    return f"{times}; the interval includes 1, so this run does not show that the best prefer it"


def most_frequent(report: StructureReport) -> str:
    """The most frequent order among the best, where it is not the one above."""
    patterns = report.analysis.patterns.structures
    if not patterns or patterns[0].name == "CMC" or report.analysis.top >= report.analysis.n:
        return ""
    first = patterns[0]
    return (
        f"The most frequent order among the best is {structure(first.name)}: {_share(first)} of them, "
        f"{percent(first.share_sample)} of all ({lift_verdict(report.analysis, first)})."
    )


def layers_explain(report: StructureReport) -> str:
    """Explained variance, and what pairs add."""
    s = report.analysis.surrogate
    if not s.explained_unseen.defined:
        return ""
    text = (
        "Layers one by one, each with an effect of its own wherever the others stand, explain "
        f"{percent_interval(s.explained_unseen)} of the differences in accuracy between networks that the effects were "
        "not fitted to"
    )
    if s.explained_unseen.contains_zero:
        return f"{text}: the interval includes 0, so this run does not show that they explain anything."
    if s.explained_unseen.value < 0:
        return f"{text}: less than nothing, so the mean of all predicts unseen networks better."
    return f"{text}; {pairs_add(report)}."


def pairs_add(report: StructureReport) -> str:
    """What pairs of neighbours add for unseen networks, in a clause."""
    gain = report.analysis.surrogate.pairs_gain
    if not gain.defined:
        return "what pairs of neighbouring layers add is unknown"
    amount = f"{points(gain.value)} {points_interval(gain)}".strip()
    if gain.contains_zero:
        return f"that pairs of neighbouring layers add to it is not shown ({amount})"
    if gain.value < 0:
        return f"pairs of neighbouring layers only add noise ({amount})"
    return f"pairs of neighbouring layers add {amount}"


def classes_differ(report: StructureReport) -> str:
    """How many classes have best networks of their own, and which ones the most."""
    c = report.analysis.classes
    if len(c.classes) < 2:
        return ""
    found = sorted(c.found, key=lambda r: -r.distance)
    if not c.simulations:
        return (
            f"Whether the best networks for a class differ from the best of all by more than test-set noise is not "
            f"known: this run has no simulations of it. The largest distance is that of {_named(c.most_deviating(1))}."
        )
    if not found:
        return (
            f"For no class of {len(c.classes):,} is it shown that the layers of its best {c.class_top:,} networks "
            "differ from those of the best of all by more than both chance and the noise of so few test images explain"
            f"; {sum(r.exceeds_noise for r in c.classes):,} have a distance beyond 95 % of that of noise."
            f"{' ' * bool(blunt(report))}{blunt(report)}"
        )
    return (
        f"For {len(found):,} of {len(c.classes):,} classes the layers of the best {c.class_top:,} networks differ from "
        "those of the best of all by more than chance and the noise of the few test images of a class explain; the "
        f"most for {_named(tuple(found[:_NAMED_CLASSES]))}."
    )


def blunt(report: StructureReport) -> str:
    """What the test cannot show for want of permutations, in a sentence; empty where it can."""
    c = report.analysis.classes
    least = 1 / (1 + c.permutations)
    needed = math.ceil(least * len(c.classes) / SIGNIFICANT - 1e-9)
    if needed < 2:
        return ""
    return (
        f"With {c.permutations:,} permutations p is never below {least:.2g}, so no q reaches {SIGNIFICANT:g} unless at "
        f"least {needed:,} classes have so small a p: more permutations might show more."
    )


def _named(results: tuple[ClassResult, ...]) -> str:
    return listed([f"{class_name(r.name)} (distance {r.distance:.0f})" for r in results])


def random_agrees(report: StructureReport) -> str:
    """Whether random weights say what training does."""
    if report.random is None:
        return ""
    rho = report.random.against_trained.spearman
    if not rho.defined:
        return "Too few networks have both accuracies to compare random weights with training."
    text = (
        f"With random weights, where a readout alone is solved for, {plural(rho.n, 'network')} rank as after training "
        f"with Spearman {told(rho)}"
    )
    if math.isnan(rho.low):
        text += ", too few for an interval"
    elif rho.contains_zero:
        text += "; the interval includes 0, so this run does not show that they say anything"
    pattern = report.random.analysis.patterns.of(SANDWICH)
    return (
        f"{text}. The order {SANDWICH} is that of {_share(pattern)} of the best with random weights: "
        f"{lift_verdict(report.random.analysis, pattern)}."
    )


def specialists_gain(report: StructureReport) -> str:
    """What combining networks gains, on images that nothing was chosen on."""
    if report.specialists is None:
        return ""
    found = report.specialists
    special = next((e for e in found.ensembles if e.method == "specialists"), None)
    plain = next((e for e in found.ensembles if e.method == "vote"), None)
    if special is None or plain is None:
        return ""
    return (
        f"Of {plural(found.report_images, 'image')} that nothing was chosen on, a vote of the best networks for each "
        f"class ({plural(special.size, 'vote')}) classifies {percent(special.accuracy.value)} correctly, "
        f"{_gained(special)}; a vote of the {plural(plain.size, 'network')} that {'is' if plain.size == 1 else 'are'} "
        f"best of all {percent(plain.accuracy.value)}, {_gained(plain)}."
    )


def _gained(ensemble: Ensemble) -> str:
    gain = ensemble.gain
    if not gain.defined:
        return "the difference to the best single network unknown"
    amount = f"{points(abs(gain.value))} {'more' if gain.value >= 0 else 'less'} than the best single network"
    amount = f"{amount} {points_interval(gain)}".strip()
    return f"{amount}, which is no clear difference" if gain.contains_zero else amount


def repeated(report: StructureReport) -> str:
    """Whether trainings of a network end at the same place."""
    if report.repeats is None:
        return ""
    return f"Repeated trainings: {report.repeats.verdict}."
