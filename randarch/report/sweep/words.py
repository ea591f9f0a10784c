"""What a sweep says, in sentences, and the names that its figures and tables share."""

import math

from randarch.analysis import Distribution, GeneEffect, SweptNetwork, first_column
from randarch.report.numbers import (
    count,
    decimal,
    interval,
    percent,
    points,
    points_interval,
)
from randarch.report.sweep.report import SweepReport
from randarch.report.words import plural

SPEED = {
    "measured": "throughput (images/s, measured)",
    "predicted": "throughput (images/s, predicted)",
    "macs": "multiply-adds (MACs) an image",
}
RESULTS = {
    "train_accuracy": "train accuracy",
    "test_accuracy": "test accuracy",
    "test_accuracy_min": "lowest trial",
    "test_accuracy_max": "highest trial",
    "fit_seconds": "fit time",
    "throughput": "throughput",
    "fitness": "fitness",
}

FIRST_LOOK = {"first": "first pass", "all": "mean over trials"}


def label(name: str) -> str:
    """`kernel_1` as `kernel 1`, `test_accuracy_min` as `lowest trial`."""
    return RESULTS.get(name, name.replace("_", " "))


def speed_of(network: SweptNetwork, speed: str) -> str:
    if speed == "macs":
        return f"{count(network.macs)} MACs"
    return f"{count(network.throughput)} images/s"


def headline(report: SweepReport) -> str:
    """Valid, evaluated, kept, and the best beside the published best."""
    a = report.analysis
    best = a.best[0]
    text = (
        f"Of {plural(report.genomes, 'genome')}, {report.valid:,} are valid networks, {a.n:,} were "
        f"evaluated, {a.kept:,} kept. The best{' of the kept' if a.kept else ''} ({best.genome_text}) "
        f"classifies {percent(best.accuracy.value)} of the test images with random weights"
    )
    if best.trials > 1:
        text += f" (mean of {best.trials} trials, {_range(best)})"
    published = report.published
    if published.best_accuracy is not None:
        where = f" ({published.best_genome_text})" if published.best_genome_text else ""
        text += f"; the best published{where} reaches {percent(published.best_accuracy, 2)}"
    return f"{text}."


def _range(network: SweptNetwork) -> str:
    if math.isnan(network.lowest) or math.isnan(network.highest):
        return "spread unknown"
    return f"{100 * network.lowest:.1f} to {100 * network.highest:.1f}"


def caution(report: SweepReport) -> str:
    """How far luck flatters the best of many."""
    a = report.analysis
    if (a.kept or a.n) == 1:
        return "A single network has no rival."
    text = (
        f"The best of {a.kept or a.n:,} networks owes part of its lead to luck with its "
        "random weights"
    )
    if math.isnan(a.trial_sd):
        return f"{text}; with one trial each, how much is unknown."
    return (
        f"{text}: from one draw of the weights to the next, a network's accuracy moves by "
        f"{points(a.trial_sd)} (standard deviation)."
    )


def details(report: SweepReport) -> tuple[str, ...]:
    return tuple(
        text
        for text in (
            _spread(report),
            _front(report),
            _strongest_gene(report),
            _strongest_effect(report),
            _hand_picked(report),
            *_trained(report),
        )
        if text
    )


def intervals(report: SweepReport) -> str:
    """What the two kinds of interval say."""
    a = report.analysis
    trials = f"the {a.effect_trials} trials" if a.effect_trials > 1 else "the trial"
    start = f"Over all {a.n:,} evaluated networks, on {trials} that every one of them has."
    if not a.cluster:
        return (
            f"{start} No two networks share weights, so they count as independent observations, "
            "and both intervals should agree."
        )
    of = ", ".join(label(gene) for gene in a.cluster)
    resampled = "first layers and trials" if a.effect_trials > 1 else "first layers"
    return (
        f"{start} All networks that begin with the same layer share its random weights, so they are "
        f"no independent observations: there are {plural(a.clusters, 'first layer')} ({of}). The "
        f"intervals resample whole {resampled}; the naive ones take every network as independent, "
        "which is wrong wherever the luck of a first layer moves all networks behind it."
    )


def first_look(report: SweepReport) -> tuple[str, Distribution]:
    """The accuracies that compare all networks alike: of the first pass, where all have it."""
    found = report.analysis.distributions
    name = "first" if found["first"].n == found["all"].n else "all"
    return name, found[name]


def filtered(report: SweepReport) -> str:
    """What the first pass did to the accuracies of those that it kept, in a sentence."""
    column = first_column(report.table)
    if column.startswith("test_accuracy_seed"):
        return (
            "The first pass decided who was kept and is one of the trials, so the mean over all trials of the "
            "kept still holds some of its luck."
        )
    kept = report.table[report.table["kept"].to_numpy(dtype=bool)]
    first, after = float(kept[column].mean()), float(kept["test_accuracy"].mean())
    return (
        f"Those kept had {percent(first, 2)} in the first pass, which chose them, and {percent(after, 2)} in their "
        "trials, with weights drawn anew: the difference is what luck with the first weights did for them."
    )


def _spread(report: SweepReport) -> str:
    name, spread = first_look(report)
    return (
        f"Accuracies of all {spread.n:,} ({FIRST_LOOK[name]}) run from "
        f"{percent(spread.quantiles[0.0])} to {percent(spread.quantiles[1.0])}; half of them lie "
        f"between {percent(spread.quantiles[0.25])} and {percent(spread.quantiles[0.75])}."
    )


def _front(report: SweepReport) -> str:
    a = report.analysis
    if not a.pareto:
        return ""
    verb = "is" if len(a.pareto) == 1 else "are"
    text = f"{plural(len(a.pareto), 'network')} {verb} beaten by no other in both accuracy and "
    text += "few multiply-adds" if a.speed == "macs" else f"{a.speed} throughput"
    ends = [a.pareto[0], a.pareto[-1]]
    if ends[0] is ends[1]:
        return f"{text}: {_told(ends[0], a.speed)}."
    return f"{text}, from {_told(ends[0], a.speed)} to {_told(ends[1], a.speed)}."


def _told(network: SweptNetwork, speed: str) -> str:
    return f"{network.genome_text} ({percent(network.accuracy.value)}, {speed_of(network, speed)})"


def _strongest_gene(report: SweepReport) -> str:
    a = report.analysis
    among = "kept" if a.kept else "all"
    matrix = a.correlations[among]
    column = matrix.pearson.loc[list(a.genes), "test_accuracy"].dropna()
    if column.empty:
        return ""
    gene = str(column.abs().idxmax())
    of = "kept networks" if among == "kept" else "networks"
    return (
        f"Over the {matrix.networks:,} {of}, the gene that goes with accuracy most closely is "
        f"{label(gene)}: Pearson {decimal(float(column[gene]), 2)}, Spearman "
        f"{decimal(float(matrix.spearman.loc[gene, 'test_accuracy']), 2)}."
    )


def strongest(effects: tuple[GeneEffect, ...]) -> GeneEffect | None:
    """The gene with the largest difference between its best and its worst value."""
    known = [e for e in effects if e.difference.defined]
    return max(known, key=lambda e: e.difference.value, default=None)


def _strongest_effect(report: SweepReport) -> str:
    effect = strongest(report.analysis.effects)
    if effect is None:
        return ""
    between = points_interval(effect.difference)
    naive = points_interval(effect.naive_difference)
    text = (
        f"The largest effect on accuracy is that of {label(effect.gene)}: {effect.best:g} is "
        f"{points(effect.difference.value)} better than {effect.worst:g}"
    )
    if between and naive and report.analysis.cluster:
        text += f", {between} with shared weights taken into account, {naive} without"
    elif between:
        text += f" {between}"
    return f"{text}."


def _hand_picked(report: SweepReport) -> str:
    compared = report.hand_picked
    if compared is None or not compared.difference.defined:
        return ""
    n = compared.difference.n
    return (
        f"Over the {plural(n, 'hand-picked network')} that this run has, the mean accuracy is "
        f"{percent(compared.ours, 2)}; published {percent(compared.published, 2)}, a difference "
        f"of {points(compared.difference.value, 2)} {points_interval(compared.difference)}".strip()
        + "."
    )


def _trained(report: SweepReport) -> tuple[str, ...]:
    if report.trained is None:
        return ()
    return tuple(
        f"Over {plural(group.spearman.n, 'network')} of {group.channels} channels that were also "
        f"trained, random weights rank the trained accuracies with Spearman "
        f"{decimal(group.spearman.value)} {interval(group.spearman)}".strip()
        + "."
        for group in report.trained.groups
        if group.spearman.defined
    )
