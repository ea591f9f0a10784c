"""The tables beside something else: random weights, ensembles, repeats, the published numbers."""

import math

from randarch.analysis import Correlations, Ensemble, Estimate
from randarch.analysis.structure.specialists import METHODS as MEANINGS
from randarch.report.numbers import (
    DASH,
    count,
    decimal,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    signed,
    with_interval,
)
from randarch.report.structure.class_panels import METHODS
from randarch.report.structure.layer_names import class_name, sequence
from randarch.report.structure.report import StructureReport
from randarch.report.structure.tables import NINETY_FIVE
from randarch.report.tables import Table


def _correlations(name: str, found: Correlations) -> tuple[str, ...]:
    return (
        name,
        f"{found.spearman.n:,}",
        with_interval(found.spearman),
        with_interval(found.pearson),
        with_interval(found.kendall),
    )


_HEAD = (
    "",
    "n",
    f"Spearman [{NINETY_FIVE}]",
    f"Pearson [{NINETY_FIVE}]",
    f"Kendall [{NINETY_FIVE}]",
)


def random_table(report: StructureReport) -> Table | None:
    """How random weights agree with training."""
    if report.random is None:
        return None
    named = {
        "accuracy, over networks": report.random.against_trained,
        "mean accuracy in each class, over classes": report.random.class_means,
        "layers of the best, over types and positions": report.random.layers,
    }
    return Table(
        "Random weights against trained ones",
        _HEAD,
        tuple(_correlations(name, found) for name, found in named.items() if found is not None),
        "1: the same order (Spearman, Kendall) or a straight line (Pearson); 0: no relation.",
    )


def random_sample_table(report: StructureReport) -> Table | None:
    """Both samples of accuracies, and both orders of layers."""
    if report.random is None:
        return None
    trained, random = report.analysis, report.random.analysis
    rows = [
        ("networks", f"{trained.n:,}", f"{random.n:,}"),
        ("best accuracy", percent(trained.best_accuracy, 2), percent(random.best_accuracy, 2)),
        ("mean accuracy", percent(trained.mean, 2), percent(random.mean, 2)),
        ("best network", sequence(trained.best_layers), sequence(random.best_layers)),
    ]
    rows += [
        (f"of the best: {a.name}", percent_interval(a.share_top), percent_interval(b.share_top))
        for a, b in zip(trained.patterns.named, random.patterns.named, strict=True)
    ]
    return Table("Trained and with random weights", ("", "Trained", "Random weights"), tuple(rows))


def specialists_table(report: StructureReport) -> Table | None:
    """Every way to combine networks."""
    if report.specialists is None:
        return None
    return Table(
        "Ways to combine networks",
        (
            *("Method", "What it does", "Votes", "Selection part", f"Report part [{NINETY_FIVE}]"),
            *(f"Gain, points [{NINETY_FIVE}]", "p"),
        ),
        tuple(_ensemble(e) for e in report.specialists.ensembles),
        "Votes: as many as are best on the selection part, whose accuracies flatter. Gain: over the best single "
        "network on the same images, p by McNemar's exact test. Intervals are those of the images, with the chosen "
        "networks as they are.",
        labels=2,
    )


def _ensemble(e: Ensemble) -> tuple[str, ...]:
    return (
        METHODS.get(e.method, e.method),
        MEANINGS.get(e.method, DASH),
        f"{e.size:,}",
        percent(float(e.selection[e.sizes.index(e.size)]), 2),
        percent_interval(e.accuracy),
        f"{signed(100 * e.gain.value, 2)} {points_interval(e.gain, 2)}".strip(),
        p_value(e.gain),
    )


def repeats_table(report: StructureReport) -> Table | None:
    """What repeated trainings agree in."""
    found = report.repeats
    if found is None:
        return None
    rows = [
        ("mean accuracy", percent(found.mean, 2)),
        ("standard deviation between trainings of a network", points(found.within, 2)),
        ("standard deviation between networks", points(found.between, 2)),
        ("intraclass correlation of one training", with_interval(found.icc)),
    ]
    shares: list[tuple[str, Estimate]] = [
        ("test images on which two trainings decide alike", found.agreement)
    ]
    numbers = [
        ("distance of parameters, relative to their norm", found.distance),
        ("the same before training", found.start_distance),
        ("after training / before", found.distance_ratio),
    ]
    rows += [(name, percent_interval(e)) for name, e in shares if e.defined]
    rows += [(name, with_interval(e)) for name, e in numbers if e.defined]
    if len(found.class_within):
        known = [(w, i) for w, i in zip(found.class_within, found.class_icc, strict=True)]
        within = sum(w for w, _ in known) / len(known)
        icc = [i for _, i in known if not math.isnan(i)]
        rows.append(("in a class: standard deviation between trainings, mean", points(within, 2)))
        rows.append(
            (
                "in a class: intraclass correlation, mean",
                decimal(sum(icc) / len(icc)) if icc else DASH,
            )
        )
    return Table(
        f"Trainings of the same network [{NINETY_FIVE}]",
        ("", "This run"),
        tuple(rows),
        "Intraclass correlation: share of the variance of one training's accuracy that belongs to the network; 1 means "
        "that a training says all about it.",
    )


def published_table(report: StructureReport) -> Table | None:
    """Published numbers beside ours."""
    published, a = report.published, report.analysis
    if published is None:
        return None
    sound = a.sampled.sound
    rows = [
        ("images", published.dataset, report.dataset or DASH),
        ("networks", f"{published.networks:,}", f"{a.n:,}"),
        ("best accuracy", percent(published.best, 2), percent(a.best_accuracy, 2)),
        ("mean accuracy", percent(published.mean, 2), percent(a.mean, 2)),
        ("how many are best", f"{published.top:,}", f"{a.top:,}"),
        ("accuracy of the last of them", percent(published.cutoff, 2), percent(a.cutoff, 2)),
        ("best network", sequence(published.best_layers), sequence(a.best_layers)),
        ("most parameters", count(published.most_params), count(sound.params.max())),
        ("mean parameters", count(published.mean_params), count(sound.params.mean())),
        ("parameters of the best", count(published.best_params), count(a.sampled.params[a.best])),
    ]
    ranks = {c.name: c.rank_of_best for c in a.classes.classes}
    rows += [
        (f"rank of the best network in class {class_name(name)}", f"{theirs:,}", f"{ranks[name]:,}")
        for name, theirs in published.ranks_of_best.items()
        if name in ranks
    ]
    k = len(published.class_counts)
    if k:
        deviating = ", ".join(class_name(c.name) for c in a.classes.most_deviating(k))
        theirs = ", ".join(class_name(name) for name in published.class_counts)
        rows.append(("classes that deviate the most", theirs, deviating))
    note = (
        ""
        if report.comparable
        else (
            "Images, networks or trainings are others (see the deviations): accuracies cannot be compared, structures "
            "with caution."
        )
    )
    # Beside words, numbers read better as words than flush right; and long words wrap.
    head = ("", "Published", "This run")
    return Table("Published and here", head, tuple(rows), note, labels=3)


def agreement_table(report: StructureReport) -> Table | None:
    """Correlations with the published tables."""
    named: dict[str, Correlations] = {}
    if report.against_layers is not None:
        named["layers of the best (Table I), over types and positions"] = report.against_layers
    if report.against_classes is not None:
        of = report.against_classes
        named["highest accuracy in each class (Table II), over classes"] = of.top
        named["mean accuracy in each class"] = of.mean
        named["distance of each class"] = of.distance
    if not named:
        return None
    return Table(
        "Agreement with the published tables",
        _HEAD,
        tuple(_correlations(name, found) for name, found in named.items()),
    )
