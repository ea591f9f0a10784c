"""What the run found, in sentences with numbers; the start of the page."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from randarch.analysis.results import Estimate
from randarch.report.numbers import decimal, interval, p_text, points, points_interval, signed
from randarch.report.transfer.report import TransferReport
from randarch.report.words import listed, plural, told

WAYS = {
    "mixture": "the mixture",
    "base": "errors on the base",
    "matched": "errors on the class-matched version",
    "random": "random weights",
    "chance": "chance",
}
"""Ways to recommend architectures, as a reader sees them."""


def headline(report: TransferReport) -> str:
    """How well the base's ranking carries over, on average or pair by pair."""
    analysis, source = report.sources[report.main], _kind(report)
    matched = analysis.class_matched
    base = report.name(report.family.base)
    if matched is not None:
        e = matched.mean_with_base
        return (
            f"{base} ranks {plural(e.n, source + ' architecture')} as "
            f"{plural(len(matched.targets), 'other data set')} {'do' if len(matched.targets) > 1 else 'does'} with a "
            f"{'mean ' * (len(matched.targets) > 1)}Spearman correlation of {told(e)}{_meaning(e)}."
        )
    known = [pair for pair in analysis.apr.pairs if pair.spearman.defined]
    if not known:
        return "No two data sets have errors that could be compared, so nothing can be said."
    values = [pair.spearman.value for pair in known]
    n = max(pair.spearman.n for pair in known)
    if len(known) == 1:
        (pair,) = known
        return (
            f"{report.name(pair.first)} and {report.name(pair.second)} rank {plural(n, source + ' architecture')} with "
            f"a Spearman correlation of {told(pair.spearman)}{_meaning(pair.spearman)}."
        )
    return (
        f"Rankings of {plural(n, source + ' architecture')} on {plural(len(analysis.apr.datasets), 'data set')} agree "
        f"with Spearman correlations from {decimal(min(values), 2)} to {decimal(max(values), 2)}, the median being "
        f"{decimal(float(np.median(values)), 2)}."
    )


def reading() -> str:
    """How to read the numbers."""
    return (
        "A correlation of 1 is the same order of architectures, 0 no relation, −1 the reverse. Brackets hold "  # noqa: RUF001
        "95\N{NO-BREAK SPACE}% intervals: what architectures of the same space, drawn anew, might have given. Where "
        "one contains 0, a relation is not shown, which does not prove that it is absent."
    )


def details(report: TransferReport) -> tuple[str, ...]:
    """A sentence or two for each question of the study."""
    found = (
        carried_over(report),
        class_matching(report),
        fewer_classes(report),
        depth_and_width(report),
        noise(report),
        without_training(report),
        recommending(report),
    )
    return tuple(text for text in found if text)


def _kind(report: TransferReport) -> str:
    return "trained" if report.main == "trained" else "random-weight"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def _meaning(e: Estimate) -> str:
    if not e.defined or math.isnan(e.low):
        return ", without an interval"
    if e.contains_zero:
        return ": a common order is not shown"
    return "" if e.value > 0 else ": what is good there is rather bad here"


def carried_over(report: TransferReport) -> str:
    """Target by target: shown, not shown, reversed."""
    apr, base = report.sources[report.main].apr, report.family.base
    if base not in apr.datasets:
        return ""
    pairs = {
        target: apr.pair(base, target).spearman
        for target in report.family.targets
        if target in apr.datasets
    }
    groups = _grouped(report, pairs.items())
    if not groups:
        return ""
    n = max(e.n for e in pairs.values())
    return (
        f"Does the order on {report.name(base)} hold on other data? {groups} "
        f"(n = {n:,} architectures)."
    )


def _grouped(
    report: TransferReport,
    estimates: Iterable[tuple[str, Estimate]],
    words: tuple[str, str, str] = ("Shown for", "Not shown for", "Reversed on"),
) -> str:
    """Data sets by the sign that their intervals allow."""
    known = sorted(((name, e) for name, e in estimates if e.defined), key=lambda one: -one[1].value)
    tests: tuple[Callable[[Estimate], bool], ...] = (
        lambda e: not e.contains_zero and e.value > 0,
        lambda e: e.contains_zero,
        lambda e: not e.contains_zero and e.value < 0,
    )
    parts = []
    for word, test in zip(words, tests, strict=True):
        shown = [f"{report.name(name)} ({told(e)})" for name, e in known if test(e)]
        if shown:
            parts.append(f"{word} {listed(shown)}")
    return "; ".join(p if i == 0 else p[:1].lower() + p[1:] for i, p in enumerate(parts))


def class_matching(report: TransferReport) -> str:
    """What cutting the base down to as many classes gains."""
    matched = report.sources[report.main].class_matched
    if matched is None:
        return ""
    gain = matched.mean_gain
    verdict = (
        "; that the number of classes helps is not shown"
        if gain.contains_zero
        else ", so matching the number of classes helps"
        if gain.value > 0
        else ", so matching the number of classes does harm"
    )
    text = (
        f"With {report.name(report.family.base)} cut down to about as many classes as each data set has, the mean "
        f"correlation is {told(matched.mean_with_matched)} instead of {decimal(matched.mean_with_base.value, 2)}: a "
        f"difference of {told(gain)}{verdict}"
    )
    control = matched.mean_gain_over_control
    if control is not None and control.defined:
        verdict = (
            "which does not show that, of few images, those of fewer classes rank more alike"
            if control.contains_zero
            else "so, of few images, those of fewer classes rank more alike"
            if control.value > 0
            else "so, of few images, those of all classes rank more alike"
        )
        text += (
            f". Against the control, all classes and few images, the difference is {signed(control.value, 2)} "
            f"{interval(control)}".rstrip()
            + f", {verdict}"
        )
    if report.published_rows:
        before, after = np.mean([row[1:] for row in report.published_rows], axis=0).tolist()
        text += (
            f". Published, trained, over {plural(len(report.published_rows), 'data set')}: {decimal(after)} instead of "
            f"{decimal(before)}"
        )
    return f"{text}."


def fewer_classes(report: TransferReport) -> str:
    """The subsampling curve in a sentence, and its control."""
    matched = report.sources[report.main].class_matched
    if matched is None or not matched.subsampling:
        return ""
    members, base = report.family.members, report.name(report.family.base)
    ends = list(dict.fromkeys([*list(matched.subsampling)[:1], *list(matched.subsampling)[-1:]]))
    said = [
        f"{told(matched.subsampling[name])} if cut down to {plural(members[name], 'class', 'classes')}"
        for name in ends
    ]
    text = f"With fewer classes of the same images, the ranking of {base} agrees with itself by {' and '.join(said)}"
    control = control_estimate(report, report.main)
    if control is not None:
        text += f"; with all classes but few images by {told(control)}"
    return f"{text}."


def control_estimate(report: TransferReport, source: str) -> Estimate | None:
    """Correlation of the base with its control; None without one."""
    apr, control = report.sources[source].apr, report.family.control
    if control is None or not {control, report.family.base} <= set(apr.datasets):
        return None
    return apr.pair(report.family.base, control).spearman


def depth_and_width(report: TransferReport) -> str:
    """On which data sets deeper or wider architectures err more or less."""
    drivers = report.sources[report.main].drivers
    if not drivers:
        return ""
    said = []
    for what, name in (("deeper", "depth"), ("wider", "width")):
        estimates = [getattr(driver, name) for driver in drivers]
        more = sum(not e.contains_zero and e.value > 0 for e in estimates)
        less = sum(not e.contains_zero and e.value < 0 for e in estimates)
        known = [e.value for e in estimates if e.defined]
        if not known:
            continue
        some = f"correlations from {decimal(min(known), 2)} to {decimal(max(known), 2)}"
        of = plural(len(drivers), "data set")
        said.append(
            f"{what} architectures err more on {more} and less on {less} of {of} (the rest: not shown; {some})"
            if more + less
            else f"that {what} architectures err more, or less, is not shown on any of {of} ({some})"
        )
    return _sentence("; ".join(said)) if said else ""


def noise(report: TransferReport) -> str:
    """How well errors repeat."""
    analysis = report.sources[report.main]
    found = {
        name: r.spearman_of_mean
        for name, r in analysis.apr.reliability.items()
        if r.spearman_of_mean.defined
    }
    if not found:
        return (
            "Every architecture was scored once on each data set, so how much of the disagreement is the noise of one "
            "repeat is not known."
        )
    low, high = (f(found, key=lambda name: found[name].value) for f in (min, max))
    text = (
        f"Repeats say how much disagreement is noise: the reliability of the errors is "
        f"{told(found[low])} on {report.name(low)}"
    )
    if low != high:
        text += f", the lowest, and {told(found[high])} on {report.name(high)}, the highest"
    return f"{text}."


def without_training(report: TransferReport) -> str:
    """What random weights know of the trained ranking, and of the matrix."""
    a = report.analysis.agreement
    if a is None:
        return ""
    text = (
        f"Without any training: errors with random weights on a data set itself agree with trained ones there by "
        f"{told(a.carried)} on average, trained errors on {report.name(report.family.base)} by "
        f"{told(a.carried_by_base)}"
    )
    everything, unrelated = a.matrices.spearman, a.unrelated.spearman
    if everything.defined:
        text += f". Which data sets go together with random weights agrees with training by {_mantel(everything)}"
        if a.versions_count and unrelated.defined:
            text += f"; without the versions of {report.name(report.family.base)} by {_mantel(unrelated)}"
    return f"{text}."


def _mantel(e: Estimate) -> str:
    return (
        f"{decimal(e.value, 2)} (Mantel test, one-sided p {_p(e.p)}, n = {plural(e.n, 'data set')}"
        f"{', not shown' if not e.p < 0.05 else ''})"
    )


def _p(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def recommending(report: TransferReport) -> str:
    """What a recommendation would have cost."""
    r = report.analysis.recommendation
    if r is None or "mixture" not in r.mean_regret:
        return ""
    mixture, chance = r.mean_regret["mixture"], r.mean_regret.get("chance")
    text = (
        f"Recommending an architecture for a data set without training there costs {regret(mixture)} of error against "
        f"the best one, on average over {plural(mixture.n, 'data set')}"
    )
    if chance is not None:
        shown = "" if mixture.p < 0.05 else "; that it is less is not shown"
        text += f"; one drawn by chance {regret(chance)} (one-sided p {_p(mixture.p)}{shown})"
    return f"{text}."


def regret(e: Estimate) -> str:
    """In percentage points, with its interval."""
    return f"{points(e.value)} {points_interval(e)}".strip()


def with_sign(e: Estimate, digits: int = 2) -> str:
    """A coefficient alone; in parentheses where 0 is not excluded."""
    text = decimal(e.value, digits)
    return f"({text})" if e.defined and e.contains_zero else text
