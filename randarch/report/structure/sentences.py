"""What each section of the page shows, how to read it, and what was found, in sentences."""

import math

import numpy as np
from jaxtyping import Float

from randarch.analysis import ClassResult, Estimate
from randarch.analysis.structure.classes import SIGNIFICANT
from randarch.report.numbers import count, decimal, interval, percent, percent_interval, signed
from randarch.report.structure.findings import SANDWICH, blunt, lift_verdict, pairs_add
from randarch.report.structure.layer_names import class_name, extent
from randarch.report.structure.report import StructureReport
from randarch.report.words import listed, plural, told

RARE = 0.25
"""A type that the best have less than this share as often as all networks is called rare."""


def accuracies(report: StructureReport) -> str:
    """Of the histogram."""
    a = report.analysis
    low, high = np.quantile(a.sampled.sound.accuracy, (0.25, 0.75)).tolist()
    chance = 1 / len(a.sampled.classes)
    text = (
        f"Each bar counts the networks with an accuracy in its range. Half of the {a.n:,} lie between {percent(low)} "
        f"and {percent(high)}; guessing would give {percent(chance)}. "
    )
    if 2 * a.top >= a.n:
        return (
            f"{text}With so few networks the {min(a.top, a.n):,} best are half of them or more, which says little "
            "about what makes a network good."
        )
    return f"{text}The {a.top:,} best, from {percent(a.cutoff)} on, are those whose layers are looked at below."


def parameters(report: StructureReport) -> str:
    """Of accuracy against parameters."""
    a = report.analysis
    rho, sound = a.accuracy_and_params, a.sampled.sound
    text = (
        "A mark is a network: higher is better, further left is smaller. "
        f"The networks have {count(sound.params.mean())} parameters on average and "
        f"{count(sound.params.max())} at most; the best one has {count(a.sampled.params[a.best])}. "
    )
    if not rho.defined:
        return f"{text}How size goes with accuracy cannot be said of these networks."
    text += f"Size and accuracy go together with Spearman {told(rho)}"
    if rho.contains_zero:
        return f"{text}: whether larger networks are better is open."
    if rho.value < 0:
        return f"{text}: larger networks are worse here."
    return f"{text}: larger networks are better, but networks of equal size differ widely."


def layers(report: StructureReport) -> str:
    """Of the layer distribution."""
    a, d = report.analysis, report.analysis.distribution
    base = f"about {100 / len(d.types):.0f}"
    if report.config.get("max_unproductive") is not None:
        base = f"{d.base.min():.0f} to {d.base.max():.0f}, as all that the filter left"
    first = [d.types[int(np.argmax(column))] for column in d.counts.T]
    often = listed([f"{word} at {i}" for i, word in enumerate(first, 1)])
    text = (
        f"Of 100 networks among the best {min(a.top, a.n):,}, so many have a layer type (row) as layer 1, 2 and so on "
        f"(column); a column sums to 100. Drawn without any choice, each cell would hold {base}. Most "
        f"frequent are {often}."
    )
    rare = rare_types(report)
    if rare and d.top < d.n:
        text += (
            f" Rare among the best, at most {percent(RARE, 0)} as often as among all, "
            f"{'is' if len(rare) == 1 else 'are'} {listed(rare)}."
        )
    return f"{text} {kernels(report)}".strip()


def rare_types(report: StructureReport) -> list[str]:
    """Layer types that the best have far less often than all, all positions together."""
    d = report.analysis.distribution
    base = d.base.sum(axis=1)
    share = d.counts.sum(axis=1) / np.where(base > 0, base, np.nan)
    return [word for word, value in zip(d.types, share, strict=True) if value <= RARE]


def mean_extents(
    types: tuple[str, ...], counts: Float[np.ndarray, "types positions"], networks: int
) -> tuple[Float[np.ndarray, " positions"], Float[np.ndarray, " positions"]]:
    """Mean extent of the kernels of the convolutions at each position, and its standard error.

    Args:
      types: words of the layer types.
      counts: of them by position, per 100 networks.
      networks: how many were counted.

    Returns:
      In pixels, holes included; nan where there is no convolution, errors also where there is one alone.
    """
    reach = np.array([extent(word) or 0 for word in types], dtype=float)
    weights = counts * (reach > 0)[:, None] * networks / 100
    total = weights.sum(axis=0)
    number = np.where(total > 0, total, np.nan)
    mean = reach @ weights / number
    squares = (weights * (reach[:, None] - mean) ** 2).sum(axis=0)
    freedom = np.where(number > 1, number - 1, np.nan)
    return mean, np.sqrt(squares / freedom / number)


def kernels(report: StructureReport) -> str:
    """Whether kernels grow with depth among the best; empty for libraries with a single size."""
    d = report.analysis.distribution
    if len({extent(word) for word in d.types} - {None}) < 2 or d.top >= d.n:
        return ""
    mean, error = mean_extents(d.types, d.counts, d.top)
    known = np.flatnonzero(~np.isnan(error))
    if len(known) < 2:
        return ""
    first, last = known[0], known[-1]
    value = float(mean[last] - mean[first])
    margin = 1.96 * math.hypot(error[first], error[last])
    growth = Estimate(value, value - margin, value + margin, math.nan, d.top)
    verdict = "they grow" if value > 0 else "they shrink"
    if growth.contains_zero:
        verdict = "no trend is shown"
    return (
        "The paper finds kernels growing with depth. Those of the best networks' convolutions reach "
        f"{mean[first]:.1f} pixels on average at layer {first + 1} and {mean[last]:.1f} at layer {last + 1} (holes of "
        f"dilated ones included), {signed(value, 1)} {interval(growth, 1)}: {verdict}."
    )


def beside_published(report: StructureReport) -> str:
    """How our layer distribution agrees with the published one; empty without."""
    published, found = report.published, report.against_layers
    if published is None:
        return ""
    images = "" if report.comparable else f", of another protocol ({published.dataset}),"
    text = f"The published table{images} stands beside it in the same colours."
    if found is None or not found.spearman.defined:
        return text
    text += f" Over its {found.spearman.n} cells both agree with Spearman {told(found.spearman)}"
    if found.spearman.contains_zero:
        return f"{text}: no agreement is shown."
    if found.spearman.value < 0:
        return f"{text}: what is frequent there is rare here."
    return f"{text} (cells of a column depend on each other, so the interval is a rough guide)."


def orders(report: StructureReport) -> str:
    """Of the table of structures."""
    pattern = report.analysis.patterns.of(SANDWICH)
    return (
        "A network's order of layers is what remains if identities are left out and equal neighbours are taken as one. "
        "The ratio says how much more often the best have it than all; 1 is no preference. "
        f"{SANDWICH.capitalize()}: {lift_verdict(report.analysis, pattern)}."
    )


def effects(report: StructureReport) -> str:
    """Of the surrogate."""
    s = report.analysis.surrogate
    text = (
        "The additive model says: accuracy is a sum, with one number for each layer type at each position. A cell is "
        "what a type adds to the average layer there (red) or takes away (blue), in percentage points; those of a "
        "column sum to 0."
    )
    extremes = _extremes(report)
    if extremes:
        text += f" {extremes}"
    if not s.explained_unseen.defined:
        return (
            f"{text} There are too few networks to say how much of the differences that explains."
        )
    text += (
        f" It explains {percent(s.explained)} of the variance of the networks that it is fitted to and "
        f"{percent_interval(s.explained_unseen)} of that of unseen ones"
    )
    if s.explained_unseen.contains_zero:
        return f"{text}: of unseen networks it may explain nothing at all."
    if s.explained_unseen.value < 0:
        return f"{text}: the mean of all predicts unseen networks better."
    return f"{text}; {pairs_add(report)}."


def _extremes(report: StructureReport) -> str:
    s = report.analysis.surrogate
    if np.isnan(s.effects).all() or not np.nan_to_num(s.effects).any():
        return ""
    places = [np.unravel_index(f(s.effects), s.effects.shape) for f in (np.nanargmax, np.nanargmin)]
    said = [
        f"{s.types[i]} as layer {j + 1} ({_points(s.effects[i, j], s.errors[i, j])})"
        for i, j in places
    ]
    return f"The largest gain is that of {said[0]}, the largest loss that of {said[1]}."


def _points(effect: float, error: float) -> str:
    text = f"{signed(100 * effect, 1)} points"
    return text if math.isnan(error) else f"{text}, standard error {100 * error:.2f}"


def pairs(report: StructureReport) -> str:
    """Of the table of pairs."""
    known = [p for p in report.analysis.pairs if p.excess.defined]
    if not known:
        return (
            "Whether two neighbouring layers do better or worse together than the sum of their effects cannot be said "
            "of so few networks."
        )
    sure = [p for p in known if not p.excess.contains_zero]
    return (
        "Two neighbouring layers, anywhere in a network, may do better or worse together than the sum of their "
        "effects: that is the excess, in percentage points, with an interval. "
        f"Of {plural(len(known), 'pair')}, {len(sure):,} have an interval that excludes 0; about "
        f"{0.05 * len(known):.0f} would by chance."
    )


def classes(report: StructureReport) -> str:
    """Of the table of classes."""
    c = report.analysis.classes
    noise = ""
    if c.simulations:
        noise = (
            " Noise is the distance that would come out if no network were better at one class than its overall "
            "accuracy and the class's difficulty say: a class has few test images, so its best networks are partly "
            f"lucky ones.{_lucky_trainings(report)}"
        )
    return (
        f"For each class, its best {c.class_top:,} networks are compared with the best {c.top:,} of all. The distance "
        f"adds up the differences of their layer tables, from 0 to {200 * c.overall.shape[1]:,}.{noise} "
        "p says how often chance alone would divide the same networks into two so different sets; q corrects it for "
        f"the number of classes. An asterisk marks the {len(c.found):,} of {len(c.classes):,} classes with q up to "
        f"{SIGNIFICANT:g} and a distance beyond 95 % of those of noise. {blunt(report)}"
    ).strip()


def _lucky_trainings(report: StructureReport) -> str:
    """What the noise of test images leaves out, where repeated trainings tell; empty where not."""
    icc = np.empty(0) if report.repeats is None else report.repeats.class_icc
    if not np.isfinite(icc).any():
        return ""
    share = max(0.0, float(np.nanmean(icc)))
    return (
        " It does not cover that a network trained again is better at other classes: of the variance of a class's "
        f"accuracy, {percent(share, 0)} is the network's, the rest that of a single training (mean over classes, from "
        "the repeated trainings)."
    )


def distance_and_rank(report: StructureReport) -> str:
    """The paper: the distance "directly connects relative performances"."""
    c = report.analysis.classes
    rho = c.distance_and_rank
    if not rho.defined:
        return ""
    verdict = (
        "that is not shown here"
        if rho.contains_zero
        else "so it is"
        if rho.value > 0
        else "it is the other way round"
    )
    return (
        "The paper says that the best network of all does worse in classes of larger distance. Spearman of distance "
        f"and its rank over {plural(rho.n, 'class')}: {told(rho)}; {verdict}."
    )


def of_class(result: ClassResult) -> str:
    """What is known of a class, for the picker."""
    noise = ""
    if not math.isnan(result.noise_distance):
        beyond = "more" if result.exceeds_noise else "no more"
        noise = f", {beyond} than noise alone gives (95 % of it lies below {result.noise_high:.0f})"
    return (
        f"{class_name(result.name)}: distance {result.distance:.0f}{noise}; "
        f"{'p < 0.001' if result.p < 0.001 else f'p = {decimal(result.p)}'}. Highest accuracy {percent(result.top)}, "
        f"mean {percent(result.mean)}. The best network of all has rank {result.rank_of_best:,} here."
    )


def groups(report: StructureReport) -> str:
    """Of Figure 3."""
    found = report.analysis.by_accuracy
    worst, best = found[0], found[-1]
    classes = len(report.analysis.sampled.classes)
    size = f"{plural(len(found), 'group')} of about {found[0].n:,} networks"
    text = (
        f"Networks in {size}, from the worst overall (dark) to the best (bright). Each network's classes are put in "
        "order, its best class first; a line is the mean of a group, a band its middle half. "
    )
    if len(found) < 2:
        return text.strip()
    return (
        f"{text}The worst group has {percent(worst.best_class)} in its best class and is better than guessing in "
        f"{worst.above_chance:.1f} of {classes} classes; the best group has {percent(best.best_class)} and "
        f"{best.above_chance:.1f}. (Better: than 95 % of what guessing gives, so a guesser is so in up to "
        f"{0.05 * classes:.1f}.)"
    )


def random_weights(report: StructureReport) -> str:
    """Of random weights beside trained ones."""
    return (
        "The same architectures with random weights (other draws than those that trainings start from, and pixels "
        "normalised by channel): only a linear readout on their features is solved for, in closed form. If accuracies "
        "on the left go with those upwards, the structure matters before anything is learned; if the layer tables "
        "agree, the untrained networks already show the pattern."
    )


def specialists(report: StructureReport) -> str:
    """Of ensembles."""
    found = report.specialists
    if found is None:
        return ""
    return (
        f"The test images are split: on {found.selection_images:,} networks are chosen, on the other "
        f"{found.report_images:,}, which nothing was chosen on, accuracies are reported. Specialists are the networks "
        "that are best for each class. A diamond marks the size that the selection part prefers, with a 95 % interval. "
        f"At least one of the {found.n:,} networks classifies {percent(found.any_right)} of the images correctly, "
        "which no choice among their answers can exceed."
    )


def repeats(report: StructureReport) -> str:
    """Of repeated trainings."""
    found = report.repeats
    if found is None:
        return ""
    left = (
        f" {plural(found.left_out, 'network')} with a failed training are left out."
        if found.left_out
        else ""
    )
    return (
        f"{plural(found.networks, 'network')} were trained {found.trainings} times from different random weights. The "
        "paper keeps no weights because trainings of a network end at the same or very close parameters. Here: "
        f"{found.verdict}.{left}"
    )
