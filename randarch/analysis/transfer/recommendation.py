"""Which architecture for a new data set, without training on it? A mixture of three rankings, and what following it
would have cost on data sets where the answer is known."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.results import Estimate
from randarch.analysis.selection import top_k
from randarch.analysis.transfer.chance import chance_p
from randarch.analysis.transfer.errors import Errors, Family
from randarch.analysis.transfer.mean_correlation import spearman_of
from randarch.analysis.transfer.mixture import (
    RankedTarget,
    agreement_on_grid,
    best_weights,
    rank_shares,
    simplex,
)
from randarch.analysis.transfer.results import HeldOut, Recommendation

CHANCE = "chance"
MIXTURE = "mixture"


def recommend(
    trained: Errors,
    random: Errors | None,
    family: Family,
    target: str | None,
    bootstrap: Bootstrap,
) -> Recommendation | None:
    """Learns a mixture on all targets, and on all but each.

    Weights are multiples of a tenth that sum to 1; those with the highest mean Spearman's rho with trained errors are
    taken. The recommended architecture is the first of the ranking; ties count by their expectation.

    Args:
      trained: errors of the base, the family and the targets.
      random: of the same architectures, on the targets and on `target`; None leaves the component out.
      family: who is who. `family.untrained` says how many classes `target` has.
      target: a data set without trained errors, to recommend for; None for none.
      bootstrap: how intervals over targets are made.

    Returns:
      None with fewer than two targets that have three architectures with differing errors, or without any component. A
      component that one of the data sets lacks is left out of all. Architectures that miss a component are not ranked.
    """
    family = family.within(trained)
    names = [name for name in family.targets if trained.has(name)]
    components = _components(trained, random, family, [*names, *([target] if target else [])])
    if not components:
        return None

    def ranked(name: str) -> RankedTarget:
        errors = [_component(c, name, trained, random, family) for c in components]
        known = name in trained.datasets
        own = trained.mean(name) if known else np.full(trained.values.shape[1], np.nan)
        return RankedTarget(name, rank_shares(np.stack(errors)), own)

    targets = [one for one in map(ranked, names) if one.usable]
    if len(targets) < 2:
        return None
    grid = simplex(len(components))
    agreement = [agreement_on_grid(one, grid) for one in targets]
    held_out = tuple(
        _held_out(one, components, best_weights(agreement[:i] + agreement[i + 1 :], grid))
        for i, one in enumerate(targets)
    )
    weights = best_weights(agreement, grid)
    ranking, scores = np.array([], dtype=int), np.array([])
    if target is not None:
        scores = ranked(target).mixed(weights)
        ranking = np.argsort(scores, kind="stable")[: int(np.isfinite(scores).sum())]
        scores = scores[ranking]
    return Recommendation(
        components=components,
        held_out=held_out,
        mean_regret={
            way: _mean_regret(way, held_out, targets, bootstrap)
            for way in (MIXTURE, *components, CHANCE)
        },
        weights=_by_name(components, weights),
        target=target,
        ranking=tuple(int(a) for a in ranking),
        scores=scores,
    )


def _components(
    trained: Errors, random: Errors | None, family: Family, names: list[str]
) -> tuple[str, ...]:
    """Those that every data set has."""
    found = []
    if trained.has(family.base):
        found.append("base")
    classes = family.targets | family.untrained
    if len(family.members) > 1 and all(
        name in classes and trained.has(family.matched(name)) for name in names
    ):
        found.append("matched")
    if random is not None and all(random.has(name) for name in names):
        found.append("random")
    return tuple(found)


def _component(
    component: str, dataset: str, trained: Errors, random: Errors | None, family: Family
) -> Float[np.ndarray, " a"]:
    if component == "random" and random is not None:
        return random.mean(dataset)
    return trained.mean(family.base if component == "base" else family.matched(dataset))


def _by_name(components: tuple[str, ...], values: Float[np.ndarray, " c"]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(components, values, strict=True)}


def _held_out(
    target: RankedTarget, components: tuple[str, ...], weights: Float[np.ndarray, " c"]
) -> HeldOut:
    keep = target.judged
    trained = target.trained[keep]
    ways = {MIXTURE: target.mixed(weights)[keep]}
    ways |= {name: target.shares[c, keep] for c, name in enumerate(components)}
    everyone = np.ones((1, len(trained)))
    picked = {way: top_k(-score, -trained, 1) for way, score in ways.items()}
    return HeldOut(
        dataset=target.dataset,
        weights=_by_name(components, weights),
        regret={way: one.regret for way, one in picked.items()}
        | {CHANCE: picked[MIXTURE].expected_regret},
        spearman={
            way: float(spearman_of(score, trained)(everyone)[0]) for way, score in ways.items()
        },
    )


def _mean_regret(
    way: str, held_out: tuple[HeldOut, ...], targets: Sequence[RankedTarget], bootstrap: Bootstrap
) -> Estimate:
    regret = np.array([one.regret[way] for one in held_out])
    n = len(regret)
    p = math.nan
    if way != CHANCE:
        errors = [one.trained[one.judged] for one in targets]
        p = chance_p(errors, float(regret.mean()), bootstrap.rng)
    low = high = math.nan
    if n >= 3:
        found = bootstrap.estimate(lambda counts: counts @ regret / counts.sum(axis=1), n)
        low, high = found.low, found.high
    return Estimate(float(regret.mean()), low, high, p, n)
