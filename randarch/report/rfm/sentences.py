"""What the run says, in sentences that a newcomer can follow."""

import math
from dataclasses import dataclass

import numpy as np

from randarch.analysis import Estimate
from randarch.report.numbers import decimal, interval, percent, signed
from randarch.report.rfm.report import DepthReport, seed_columns


@dataclass(frozen=True)
class Finding:
    """The result of a depth: the headline, whether it may be believed, and what qualifies it."""

    headline: str
    verdict: str
    details: tuple[str, ...]


def finding(depth: DepthReport) -> Finding:
    a = depth.analysis
    spearman = a.rfm.all.spearman
    headline = (
        f"Over n = {spearman.n} architectures of {a.depth} layers, the accuracy with random "
        f"weights ranks the trained networks with Spearman {_value(spearman)}{_paper(depth)}."
    )
    return Finding(headline, verdict(spearman), _details(depth))


def verdict(estimate: Estimate) -> str:
    """What the interval allows to say about the sign of a correlation."""
    if not estimate.defined:
        return (
            "No correlation can be computed: fewer than three architectures have both accuracies, "
            "or one of the two accuracies is the same for all."
        )
    if math.isnan(estimate.low):
        return "The architectures are too few for an interval, so this value proves nothing."
    if estimate.contains_zero:
        return (
            "The interval includes 0: at this depth and scale the run does not show that random "
            "weights say anything about trained networks."
        )
    if estimate.value < 0:
        return "The interval lies below 0: here random weights rank the networks the wrong way."
    return "The interval excludes 0: random weights rank these networks better than chance would."


def _value(estimate: Estimate) -> str:
    return f"{decimal(estimate.value)} {interval(estimate)}".strip()


def _paper(depth: DepthReport) -> str:
    published, ours = depth.published.spearman, depth.analysis.rfm.all.spearman
    if published is None:
        return "; the paper has no value for this depth"
    text = f"; the published value is {decimal(published)}"
    if math.isnan(ours.low):
        return text
    inside = ours.low <= published <= ours.high
    return f"{text}, which lies {'inside' if inside else 'outside'} this interval"


def _details(depth: DepthReport) -> tuple[str, ...]:
    a = depth.analysis
    seeds = len(seed_columns(depth.table, "rfm_accuracy"))
    details = [_ranges(depth)]
    if a.ensemble.all.spearman.defined and seeds > 1:
        gain = a.ensemble_gain
        unsure = " (not more than chance)" if gain.contains_zero else ""
        details.append(
            f"One readout on the features of all {seeds} seeds together (the ensemble score): "
            f"Spearman {_value(a.ensemble.all.spearman)}; the difference is "
            f"{signed(gain.value)} {interval(gain)}{unsure}."
        )
    partial = a.rfm.partial_spearman.get("log_final_size")
    if partial is not None and partial.defined:
        details.append(
            "Counting the features of the last map, without any network, ranks them with Spearman "
            f"{_value(a.trained_final_size_spearman)}; with that size held constant, random "
            f"weights still have {_value(partial)}."
        )
    if a.dead or a.diverged:
        details.append(
            f"{a.dead} of {a.n} trained networks are dead and {a.diverged} diverged; without them "
            f"Spearman is {_value(a.rfm.alive.spearman)} over n = {a.rfm.alive.spearman.n}."
        )
    if a.rfm.missing:
        details.append(
            f"Left out because one of the two accuracies is missing: {a.rfm.missing} of {a.n}."
        )
    return tuple(d for d in details if d)


def _ranges(depth: DepthReport) -> str:
    texts = []
    for column, what in (("rfm_accuracy", "random weights"), ("trained_accuracy", "training")):
        values = depth.table[column].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if len(values):
            texts.append(f"from {percent(values.min())} to {percent(values.max())} with {what}")
    return f"Accuracies run {' and '.join(texts)}." if texts else ""
