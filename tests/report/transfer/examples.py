"""Synthetic reports of errors on several data sets, with planted relations, for the tests of page and figures."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from randarch.analysis.results import Estimate, Reliability
from randarch.analysis.transfer.errors import Errors, Family, Population
from randarch.analysis.transfer.results import (
    AprMatrix,
    ClassMatched,
    Driver,
    HeldOut,
    LongerTraining,
    MatchedGain,
    MatrixAgreement,
    PairAgreement,
    Pretraining,
    Recommendation,
    SourceAgreement,
    SourceAnalysis,
    Spread,
    TopConfigurations,
    TopFive,
    TransferAnalysis,
)
from randarch.report.transfer import DatasetCard, TransferReport

BASE = "npz:data/cifar100.npz"
MEMBERS = {BASE: 100, f"{BASE}:classes=10": 10, f"{BASE}:classes=5": 5, f"{BASE}:classes=2": 2}
CONTROL = f"{BASE}:per_class=10"
TARGETS = {"mnist": 10, "npz:data/cifar10.npz": 10, "npz:data/stl10.npz": 10, "shapes": 8}
TARGETS |= {"textures": 6}
MORE = {f"npz:data/own/measured_under_the_microscope_{i}.npz": 3 + i for i in range(5)}
PARAMETERS = ("depth", "width", "bottleneck", "group_width")


def about(value: float, n: int, p: float = float("nan")) -> Estimate:
    """A correlation with the interval that so many architectures give."""
    if n < 4 or np.isnan(value):
        return Estimate(value, np.nan, np.nan, np.nan, n)
    z, half = np.arctanh(np.clip(value, -0.999, 0.999)), 1.96 / np.sqrt(n - 3)
    return Estimate(float(value), float(np.tanh(z - half)), float(np.tanh(z + half)), p, n)


def rank_correlation(x: np.ndarray, y: np.ndarray) -> Estimate:
    known = ~np.isnan(x) & ~np.isnan(y)
    if known.sum() < 3:
        return Estimate.undefined(int(known.sum()))
    return about(float(spearmanr(x[known], y[known])[0]), int(known.sum()))


def make_population(n: int) -> Population:
    rng = np.random.default_rng(0)
    depths = np.floor(2 ** rng.uniform(0, 4, (n, 4)))
    widths = 8 * np.floor(2 ** rng.uniform(0, 7, (n, 4)))
    bottlenecks = 2.0 ** rng.integers(0, 3, (n, 4))
    groups = 2.0 ** rng.integers(0, 6, (n, 4))
    texts = tuple(
        " ".join(
            letter + ",".join(f"{v:.0f}" for v in row)
            for letter, row in zip("dwbg", rows, strict=True)
        )
        for rows in zip(depths, widths, bottlenecks, groups, strict=True)
    )
    params = 9 * (depths * widths**2 / bottlenecks**2).sum(axis=1)
    return Population(texts, depths, widths, bottlenecks, groups, params, params * 100.0)


def make_errors(
    source: str, population: Population, datasets: tuple[str, ...], repeats: int = 2
) -> Errors:
    """Depth hurts more, and width helps less, from data set to data set."""
    rng = np.random.default_rng(3 if source == "trained" else 4)
    signal = 1.0 if source == "trained" else 0.6
    deep, wide = (
        (v - v.mean()) / max(float(v.std()), 1e-9) for v in (population.depth, population.width)
    )
    values = np.empty((len(datasets), len(deep), repeats))
    for i in range(len(datasets)):
        slope = 1.6 * i / max(len(datasets) - 1, 1) - 0.6
        own = 0.5 * np.random.default_rng(50 + i).normal(size=len(deep))
        logit = (0.2 - 0.25 * i) + 0.5 * signal * (slope * deep - 0.6 * wide + own)
        logit = logit + (0.0 if source == "trained" else 0.8)
        noisy = logit[:, None] + 0.12 * rng.normal(size=(len(deep), repeats))
        values[i] = rng.binomial(1000, 1 / (1 + np.exp(-noisy))) / 1000
    return Errors(source, datasets, values, (1000,) * len(datasets))


def make_source(errors: Errors, population: Population, family: Family) -> SourceAnalysis:
    means = {name: errors.mean(name) for name in errors.datasets}
    n, size = len(population.texts), len(errors.datasets)
    reliability, spreads, drivers, tops = {}, [], [], []
    for name in errors.datasets:
        repeats = errors.repeats(name)
        single = Estimate.undefined(n)
        if repeats.shape[1] > 1:
            single = rank_correlation(repeats[:, 0], repeats[:, 1])
        mean = about(2 * single.value / (1 + single.value), n)
        reliability[name] = Reliability(repeats.shape[1], single, mean, single, mean)
        level = float(np.nanmean(means[name]))
        within = np.sqrt(repeats.var(axis=1, ddof=1).mean()) if repeats.shape[1] > 1 else np.nan
        quantiles = np.nanquantile(means[name], [0, 0.25, 0.5, 0.75, 1]).tolist()
        spreads.append(
            Spread(
                name,
                float(np.nanstd(means[name])),
                float(within),
                float(np.sqrt(level * (1 - level) / 1000)),
                about(single.value, n),
                (quantiles[0], quantiles[1], quantiles[2], quantiles[3], quantiles[4]),
            )
        )
        drivers.append(_driver(name, means[name], population, errors.source))
        tops.append(_tops(name, means[name], population))
    matrix, pairs = np.eye(size), []
    for i, first in enumerate(errors.datasets):
        for j in range(i + 1, size):
            second = errors.datasets[j]
            e = rank_correlation(means[first], means[second])
            matrix[i, j] = matrix[j, i] = e.value
            free = np.sqrt(reliability[first].of_mean.value * reliability[second].of_mean.value)
            pairs.append(PairAgreement(first, second, e, about(float(e.value / free), n)))
    apr = AprMatrix(errors.source, errors.datasets, matrix, matrix, tuple(pairs), reliability)
    return SourceAnalysis(apr, _matched(apr, family), tuple(drivers), tuple(tops), tuple(spreads))


def _driver(name: str, errors: np.ndarray, population: Population, source: str) -> Driver:
    depth = rank_correlation(errors, population.depth)
    width = rank_correlation(errors, population.width)
    columns = (
        population.depths,
        population.widths,
        population.bottlenecks,
        population.group_widths,
    )
    genes = {
        f"{kind}_{stage + 1}": rank_correlation(errors, values[:, stage])
        for kind, values in zip(PARAMETERS, columns, strict=True)
        for stage in range(4)
    }
    train = depth if source == "trained" else None
    params = rank_correlation(errors, population.params)
    return Driver(name, depth, width, depth, width, params, train, genes)


def _tops(name: str, errors: np.ndarray, population: Population) -> TopConfigurations:
    top = min(15, len(errors))
    order = np.argsort(errors)
    values = dict(
        zip(
            PARAMETERS,
            (population.depths, population.widths, population.bottlenecks, population.group_widths),
            strict=True,
        )
    )
    best = {k: v[order[:top]] for k, v in values.items()}
    return TopConfigurations(
        name,
        top,
        int(order[0]),
        {k: v[order[0]] for k, v in values.items()},
        {k: v.mean(axis=0) for k, v in best.items()},
        {k: v.std(axis=0) for k, v in best.items()},
        {k: v.mean(axis=0) for k, v in values.items()},
        {k: v.std(axis=0) for k, v in values.items()},
    )


def _matched(apr: AprMatrix, family: Family) -> ClassMatched | None:
    smaller = [name for name in family.members if name != family.base]
    if not smaller or not family.targets:
        return None
    gains = []
    for target, classes in family.targets.items():
        matched = family.matched(target)
        before = apr.pair(family.base, target).spearman
        after = apr.pair(matched, target).spearman
        control = apr.pair(family.control, target).spearman if family.control else None
        gain = about((after.value - before.value) / 2, after.n)
        over_control = None
        if control is not None:
            over_control = about((after.value - control.value) / 2, after.n)
        gains.append(
            MatchedGain(target, classes, matched, before, after, gain, control, over_control)
        )
    n = gains[0].with_base.n

    def mean(name: str) -> Estimate:
        return about(float(np.mean([getattr(g, name).value for g in gains])), n)

    return ClassMatched(
        tuple(gains),
        mean("with_base"),
        mean("with_matched"),
        mean("gain"),
        {name: apr.pair(family.base, name).spearman for name in smaller},
        mean("with_control") if family.control else None,
        mean("gain_over_control") if family.control else None,
    )


def _agreement(
    trained: Errors, random: Errors, analysis: TransferAnalysis, family: Family
) -> SourceAgreement:
    per = {
        name: rank_correlation(trained.mean(name), random.mean(name)) for name in trained.datasets
    }
    n = trained.values.shape[1]
    size = len(trained.datasets)
    assert analysis.trained is not None and analysis.random is not None
    rows = np.tril_indices(size, -1)
    entries = [a.apr.spearman[rows] for a in (analysis.trained, analysis.random)]
    rho = float(spearmanr(*entries)[0]) if size > 2 else np.nan
    mantel = Estimate(rho, np.nan, np.nan, 0.004 if size > 2 else np.nan, size)
    mean = about(float(np.mean([e.value for e in per.values()])), n)
    difference = float(np.abs(entries[0] - entries[1]).mean()) if size > 1 else np.nan
    matrices = MatrixAgreement(trained.datasets, mantel, mantel, 9999, False, difference)
    alone = tuple(
        name for name in trained.datasets if name == family.base or name in family.targets
    )
    few = (
        Estimate(0.31, np.nan, np.nan, 0.25, len(alone))
        if len(alone) > 2
        else Estimate.undefined(0)
    )
    unrelated = replace(matrices, datasets=alone, spearman=few, pearson=few, permutations=6)
    return SourceAgreement(per, mean, about(0.21, n), matrices, unrelated)


def _recommendation(errors: Errors, family: Family) -> Recommendation:
    rng = np.random.default_rng(9)
    held = []
    for name in family.targets:
        own = errors.mean(name)
        regret = {
            "mixture": float(rng.exponential(0.006)),
            "base": float(rng.exponential(0.02)),
            "matched": float(rng.exponential(0.012)),
            "random": float(rng.exponential(0.015)),
            "chance": float(np.nanmean(own) - np.nanmin(own)),
        }
        weights = {"base": 0.2, "matched": 0.5, "random": 0.3}
        held.append(HeldOut(name, weights, regret, {k: 0.5 for k in regret if k != "chance"}))
    mean = {}
    for way in held[0].regret:
        values = np.array([one.regret[way] for one in held])
        half = 1.5 * float(values.std()) / np.sqrt(len(values))
        p = np.nan if way == "chance" else 0.03125
        mean[way] = Estimate(
            float(values.mean()),
            float(values.mean() - half),
            float(values.mean() + half),
            p,
            len(held),
        )
    order = tuple(int(i) for i in np.argsort(errors.mean(errors.datasets[-1])))
    return Recommendation(
        ("base", "matched", "random"),
        tuple(held),
        mean,
        {"base": 0.2, "matched": 0.5, "random": 0.3},
        errors.datasets[-1],
        order,
        np.linspace(0.05, 0.95, len(order)),
    )


def make_examples(seed: int, size: int) -> np.ndarray:
    """Soft blobs, six of them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    shape = (6, 1, 1, 3)
    wave = np.sin(rng.uniform(2, 12, shape) * x[None, :, :, None] + rng.uniform(0, 6, shape))
    wave = wave + np.sin(rng.uniform(2, 12, shape) * y[None, :, :, None] + rng.uniform(0, 6, shape))
    return np.asarray(127 + 60 * wave).astype(np.uint8)


def make_report(
    n: int = 40, *, targets: int = 5, members: int = 4, repeats: int = 2, **options: Any
) -> TransferReport:
    """With every optional part, unless `options` says otherwise.

    Args:
      n: architectures.
      targets, members, repeats: how many of each.
      **options: fields of the report; `without` names sources to leave out, `end` is put after every name.
    """
    without, end = options.pop("without", ()), options.pop("end", "")
    chosen = {f"{name}{end}": k for name, k in list((TARGETS | MORE).items())[:targets]}
    kept = {f"{name}{end}": k for name, k in list(MEMBERS.items())[:members]}
    control = (f"{CONTROL}{end}",) if members > 1 else ()
    family = Family(f"{BASE}{end}", kept, control[0] if control else None, chosen)
    datasets = (*family.members, *control, *chosen)
    population = make_population(n)
    errors = {s: make_errors(s, population, datasets, repeats) for s in ("trained", "random")}
    sources = {s: make_source(e, population, family) for s, e in errors.items()}
    analysis = TransferAnalysis(
        sources["trained"],
        sources["random"],
        None,
        (LongerTraining(datasets[0], 5, about(0.93, 10), 0.44, 0.31),),
        (TopFive(datasets[0], about(0.88, n), 0.061),),
        (Pretraining(datasets[-1], about(-0.2, n), about(0.4, n), about(0.6, n), 0.2, 0.12),),
        _recommendation(errors["trained"], family) if targets > 1 else None,
        ("one architecture was left out: it did not train",),
    )
    agreement = _agreement(errors["trained"], errors["random"], analysis, family)
    analysis = replace(analysis, agreement=agreement)
    for source in without:
        errors[source] = None  # type: ignore[assignment]
        analysis = replace(analysis, agreement=None, **{source: None})
        if source == "trained":
            analysis = replace(
                analysis, longer=(), top_five=(), pretraining=(), recommendation=None
            )
    counts = family.members | dict.fromkeys(control, 100) | chosen
    everything: dict[str, Any] = {
        "title": "Does a ranking of architectures carry over to other data?",
        "analysis": analysis,
        "trained": errors["trained"],
        "random": errors["random"],
        "population": population,
        "family": family,
        "command": "python -m experiments.dataset_transfer --preset=quick --seed=0",
        "device": "CPU, 2 cores",
        "datasets": tuple(
            DatasetCard(
                name,
                5_000,
                1_000,
                counts[name],
                "top-5 error" if counts[name] > 50 else "top-1 error",
                10,
                make_examples(i, 96 if i % 3 == 2 else 32),
            )
            for i, name in enumerate(datasets)
        ),
        "published_rows": (("Concrete", 0.001, 0.106), ("Powerline", -0.436, 0.294)),
        "published_drivers": (("ImageNet", -0.205, -0.511), ("ImageNet-2", 0.425, -0.179)),
        "config": {"dataset": BASE, "architectures": n, "limit": None},
        "engine": {"programs": {"compiled": 31}, "hit share": 0.75},
        "deviations": (f"{n} architectures instead of 500.",),
        "seconds": {"training": 2215.2, "random weights": 61.0},
        "versions": {"python": "3.13.1", "jax": "0.8.1"},
        "notes": ("Errors are means over 2 repeats.",),
    }
    return TransferReport(**(everything | options))
