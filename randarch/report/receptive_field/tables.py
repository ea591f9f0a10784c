"""The tables of the page, as text."""

import math
from collections.abc import Iterator

from randarch.analysis import Estimate, Trainings
from randarch.receptive_field import FieldAnalysis, LayerField
from randarch.report.numbers import DASH, count, percent, points, points_interval
from randarch.report.receptive_field.report import FieldReport, NetworkReport
from randarch.report.tables import Table

MOST_HEADLINES = 5
"""Networks up to which each is introduced by a sentence of its own."""
_INFINITE = "all"


def networks_table(report: FieldReport) -> Table:
    """Borders and what lies behind them, of all networks."""
    rows = tuple(
        (
            network.name,
            count(a.geometry.params),
            count(a.geometry.macs),
            border(a.border_min),
            f"{len(a.unproductive)} of {len(a.layers)}",
            percent(a.unproductive_params / max(a.geometry.params, 1)),
            percent(a.unproductive_macs / max(a.geometry.macs, 1)),
        )
        for network, a in _analyses(report)
    )
    return Table(
        f"Networks at {report.networks[0].analysis.resolution} pixels",
        (
            *("Network", "Parameters", "MACs", "Border", "Unproductive convolutions"),
            *("their parameters", "their MACs"),
        ),
        rows,
        "The border is the first convolution that reads windows larger than the image on every path: its number among "
        "the convolutions, and its name. Unproductive are all for which that holds; with skip connections others, such "
        "as shortcuts, may stand behind the border without being among them.",
    )


def resolutions_table(report: FieldReport) -> Table:
    """Where the border would be at other resolutions, and by the largest field."""
    rows = tuple(
        (
            network.name,
            DASH if a.border_at_end is None else f"{a.border_at_end[0]} to {a.border_at_end[1]}",
            str(a.productive_from),
            border(a.border_max),
            border(a.border_attended),
        )
        for network, a in _analyses(report)
    )
    return Table(
        "Other resolutions, other paths",
        (
            *("Network", "Border at the last convolution (pixels)", "No border from (pixels)"),
            *("Border by the largest field", "with attention counted"),
        ),
        rows,
        "Where paths differ, the largest receptive field predicts no tail, as the paper found. With attention counted, "
        "what a gate carries counts as seen.",
    )


def _analyses(report: FieldReport) -> Iterator[tuple[NetworkReport, FieldAnalysis]]:
    return ((network, network.analysis) for network in report.networks)


def agreement_table(report: FieldReport) -> Table | None:
    """Whether the tail begins at the border, of the networks that were trained."""
    rows = [
        (
            network.name,
            name,
            _number(found.border),
            _number(found.tail),
            _number(found.strict_tail),
            points(found.gain_before),
            points(found.gain_behind),
        )
        for network in report.networks
        for name, found in network.agreements.items()
    ]
    if not rows:
        return None
    return Table(
        "Does the tail begin at the border?",
        (
            *("Network", "Weights", "Predicted border", "Tail by saturation", "Strict tail"),
            *("Best probe gains before the border", "and behind it"),
        ),
        tuple(rows),
        "Numbers of convolutions, along a path where there are two; a dash where there is no such layer, or nobody "
        "looked. The tail: the layers at the end with less than half of the mean saturation of those before. Strict: "
        "with less than half of the mean of all other layers, those of the tail too. Gains are of the best probe, on "
        "the test images of one training; behind the border it is the best of several, so that a little gain is luck. "
        "Probes of random weights are ridge classifiers, of trained ones logistic regressions.",
        labels=2,
    )


def truncation_table(report: FieldReport) -> Table | None:
    """Accuracy with and without the tail."""
    rows = tuple(
        (
            network.name,
            _trials(network.trainings),
            _trials(network.truncated_trainings),
            _difference(network.truncated_trainings.minus(network.trainings)),
            _change(network.truncated.geometry.params - a.geometry.params, a.geometry.params),
            _change(network.truncated.geometry.macs - a.geometry.macs, a.geometry.macs),
        )
        for network, a in _analyses(report)
        if network.truncated is not None and network.truncated_trainings and network.trainings
    )
    if not rows:
        return None
    return Table(
        "Before and after truncation",
        ("Network", "Accuracy, whole", "truncated", "Difference", "Parameters", "MACs"),
        rows,
        "Means over the trainings that did not fail (die or diverge), n of them; in brackets the lowest and the "
        "highest, and for the difference Welch's 95 % interval.",
    )


def stem_table(report: FieldReport) -> Table | None:
    """ResNets with and without their stem, published and here."""
    networks = {network.name: network for network in report.networks}
    rows = []
    for pair in report.stems:
        if not {pair.whole, pair.changed} <= networks.keys():
            continue
        printed = pair.published or (math.nan, math.nan)
        for name, published in zip((pair.whole, pair.changed), printed, strict=True):
            network = networks[name]
            rows.append(
                (
                    name,
                    percent(published, 2),
                    _trials(network.trainings) if network.trainings else DASH,
                    count(network.analysis.geometry.macs),
                    border(network.analysis.border_min),
                )
            )
    if not rows:
        return None
    return Table(
        "With and without the stem",
        ("Network", "CIFAR-10 accuracy, published", "Accuracy here", "MACs", "Border"),
        tuple(rows),
        "Published: full width, 60 epochs on all of CIFAR-10. Without the two downsamplings receptive fields grow "
        "a quarter as fast, and every later map has sixteen times the positions.",
    )


def stated_table(report: FieldReport) -> Table | None:
    """What the paper prints, beside what was found."""
    if not report.stated:
        return None
    return Table(
        "Printed in the paper",
        ("Network", "", "In the paper", "Here", "Where", ""),
        tuple((s.network, s.what, s.printed, s.found, s.where, s.remark) for s in report.stated),
        "At the paper's resolution; multiply-adds of networks as wide as its, with as many classes.",
        labels=2,
    )


def _trials(trainings: Trainings) -> str:
    sound, failed = trainings.sound, sum(trainings.failed)
    note = f" (n = {len(sound)}{f', {failed} failed' if failed else ''})"
    if not len(sound):
        return f"{DASH}{note}"
    spread = f" [{100 * sound.min():.2f}, {100 * sound.max():.2f}]" if len(sound) > 1 else ""
    return f"{percent(trainings.mean.value, 2)}{spread}{note}"


def _difference(estimate: Estimate) -> str:
    return f"{points(estimate.value)} {points_interval(estimate)}".strip()


def _number(value: int | None) -> str:
    return DASH if value is None else str(value)


def layers_table(network: NetworkReport) -> Table:
    """Every convolution of a network."""
    rows = tuple(
        (
            str(layer.position),
            layer.name,
            field(layer.reads_min),
            field(layer.reads_max),
            field(layer.attended),
            count(layer.params),
            count(layer.macs),
            "no" if layer.unproductive_min else "yes",
        )
        for layer in network.analysis.layers
    )
    return Table(
        f"Convolutions of {network.name}",
        (
            *(
                "Number",
                "Name",
                "Field of its input, smallest",
                "Largest",
                "Largest, attention counted",
            ),
            *("Parameters", "MACs", "Productive"),
        ),
        rows,
        "Receptive fields are sides in pixels, on an unbounded image.",
        labels=2,
    )


def suggestions_table(network: NetworkReport) -> Table | None:
    """What could be changed, with cost and gain."""
    rows = tuple(
        (
            one.text,
            _change(one.params, one.before.geometry.params),
            _change(one.macs, one.before.geometry.macs),
            f"{len(one.after.unproductive)} of {len(one.after.layers)}",
            border(one.after.border_min),
        )
        for one in network.suggestions
    )
    if not rows:
        return None
    return Table(
        "What could be changed",
        ("Change", "Parameters", "MACs", "Unproductive afterwards", "Border afterwards"),
        rows,
        f"As it is, {len(network.analysis.unproductive)} of {len(network.analysis.layers)} convolutions are "
        f"unproductive at {network.analysis.resolution} pixels.",
    )


def border(layer: LayerField | None) -> str:
    """`8 conv4_1`."""
    return DASH if layer is None else f"{layer.position} {layer.name}"


def field(value: int | float) -> str:
    """Pixels, or all of them."""
    return _INFINITE if math.isinf(value) else f"{value:,}"


def headline(analysis: FieldAnalysis, name: str) -> str:
    """What the analysis says of a network, in a sentence."""
    found = analysis.border_min
    side = analysis.resolution
    if found is None:
        return f"{name}: at {side} pixels no convolution reads windows larger than the image."
    return (
        f"{name}: at {side} pixels {len(analysis.unproductive)} of {len(analysis.layers)} convolutions read windows "
        f"larger than the image, number {found.position} ({found.name}) the first of them. They have "
        f"{percent(analysis.unproductive_params / analysis.geometry.params)} of the parameters and "
        f"{percent(analysis.unproductive_macs / analysis.geometry.macs)} of the multiply-adds."
    )


def overview(report: FieldReport) -> str:
    """What the analysis says of many networks, in a sentence."""
    analyses = [network.analysis for network in report.networks]
    wasted = [a for a in analyses if a.unproductive]
    text = (
        f"At {analyses[0].resolution} pixels {len(wasted)} of {len(analyses)} networks have convolutions that read "
        "windows larger than the image"
    )
    if not wasted:
        return f"{text}."
    shares = sorted(a.unproductive_macs / a.geometry.macs for a in wasted)
    return (
        f"{text}: {percent(shares[0])} to {percent(shares[-1])} of their multiply-adds. The table says which, and "
        "where they begin."
    )


def _change(change: int, before: int) -> str:
    if not change:
        return "unchanged"
    sign = "+" if change > 0 else ""
    text = f"{sign}{count(change)} ({sign}{percent(change / max(before, 1))})"
    return text.replace("-", "\N{MINUS SIGN}")
