"""Does the base stand for other data sets better when it is cut down to as many classes as they have? (Table 3,
Figure 4, and the control of Figure 6.)"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete, spearman, spearman_gain
from randarch.analysis.transfer.errors import Errors, Family
from randarch.analysis.transfer.mean_correlation import mean_spearman
from randarch.analysis.transfer.results import ClassMatched, MatchedGain


def class_matched(errors: Errors, family: Family, bootstrap: Bootstrap) -> ClassMatched | None:
    """Every target against the base and against its class-matched member.

    Args:
      errors: of one source. Members of the family without errors are as if they had not been made.
      family: who is who.
      bootstrap: how intervals are made.

    Returns:
      None without the base, without targets or without a smaller member of the family. The means are over targets where
      both correlations are defined; an architecture counts for a target if it has errors on it, on the base and on the
      matched member.
    """
    family = family.within(errors)
    if family.base not in errors.datasets or not family.targets or len(family.members) < 2:
        return None
    base = errors.mean(family.base)
    targets, used = [], []
    for name, classes in family.targets.items():
        matched = family.matched(name)
        own, to_base, to_matched = _common(errors.mean(name), base, errors.mean(matched))
        target = MatchedGain(
            target=name,
            classes=classes,
            matched=matched,
            with_base=spearman(own, to_base, bootstrap),
            with_matched=spearman(own, to_matched, bootstrap),
            gain=spearman_gain(to_matched, to_base, own, bootstrap),
            with_control=None,
            gain_over_control=None,
        )
        targets.append(target)
        if target.gain.defined:
            used.append((own, to_base, to_matched))
    with_base = [(own, to_base) for own, to_base, _ in used]
    with_matched = [(own, to_matched) for own, _, to_matched in used]
    found = ClassMatched(
        targets=tuple(targets),
        mean_with_base=mean_spearman(with_base, bootstrap),
        mean_with_matched=mean_spearman(with_matched, bootstrap),
        mean_gain=mean_spearman(with_matched, bootstrap, minus=with_base),
        subsampling={
            name: spearman(base, errors.mean(name), bootstrap)
            for name in family.members
            if name != family.base
        },
        mean_with_control=None,
        mean_gain_over_control=None,
    )
    return (
        found
        if family.control is None
        else _with_control(found, errors, family.base, family.control, bootstrap)
    )


def _with_control(
    found: ClassMatched, errors: Errors, base: str, control: str, bootstrap: Bootstrap
) -> ClassMatched:
    """Last of all, so that no other interval depends on whether there is a control."""
    few_images = errors.mean(control)
    targets, used = [], []
    for target in found.targets:
        if target.matched == base:
            # All images of the base against few of them: not a question of classes.
            targets.append(target)
            continue
        own, to_matched, to_control = _common(
            errors.mean(target.target), errors.mean(target.matched), few_images
        )
        gain = spearman_gain(to_matched, to_control, own, bootstrap)
        targets.append(
            replace(
                target,
                with_control=spearman(own, to_control, bootstrap),
                gain_over_control=gain,
            )
        )
        if gain.defined:
            used.append((own, to_matched, to_control))
    with_matched = [(own, to_matched) for own, to_matched, _ in used]
    with_control = [(own, to_control) for own, _, to_control in used]
    return replace(
        found,
        targets=tuple(targets),
        mean_with_control=mean_spearman(with_control, bootstrap),
        mean_gain_over_control=mean_spearman(with_matched, bootstrap, minus=with_control),
    )


def _common(*errors: Float[np.ndarray, " a"]) -> list[Float[np.ndarray, " a"]]:
    """nan in all of them where one is, so that every correlation is of the same architectures."""
    keep = complete(*errors)
    return [np.where(keep, e, np.nan) for e in errors]
