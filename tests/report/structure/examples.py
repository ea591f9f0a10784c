"""Synthetic reports of structurally randomized networks, with planted effects, for the tests of page and figures."""

from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from randarch.analysis import (
    Bootstrap,
    Repeats,
    Sampled,
    Specialists,
    StructureAnalysis,
    analyze_repeats,
    analyze_structure,
    combine_specialists,
    compare_class_table,
    compare_classes,
    compare_distribution,
)
from randarch.analysis.correlation import correlate
from randarch.receptive_field import UNPRODUCTIVE
from randarch.report.structure import (
    PublishedClass,
    PublishedStructure,
    RandomWeights,
    StructureReport,
)

TYPES = (
    *("identity", "conv1", "conv3", "conv5", "conv7", "conv3d2", "conv5d2"),
    *("max2", "max3", "avg3"),
)
KINDS = {word: word.rstrip("0123456789d") for word in TYPES}
CLASSES = (
    *("chair", "plain", "oak_tree", "shark", "snake", "telephone"),
    *("clock", "can", "pickup_truck", "motorcycle", "plate", "mouse"),
)
POSITIONS = 5
TOP, CLASS_TOP = 40, 20

# Rows as TYPES, columns as positions: convolutions help at first and last, max-pooling in the middle (logit).
EFFECTS = np.array(
    [
        [-0.3, -0.2, -0.2, -0.2, -0.3],
        [-0.2, -0.2, -0.1, -0.1, -0.1],
        [0.3, 0.1, -0.1, -0.1, 0.1],
        [0.3, 0.2, 0.1, 0.1, 0.2],
        [0.2, 0.2, 0.1, 0.2, 0.4],
        [0.1, 0.0, -0.1, 0.0, 0.1],
        [0.0, 0.0, 0.1, 0.2, 0.4],
        [-0.3, 0.2, 0.3, 0.1, -0.3],
        [-0.3, 0.3, 0.4, 0.2, -0.2],
        [-0.4, -0.1, 0.0, 0.0, -0.3],
    ]
)


def simulate(n: int, seed: int = 0, *, training: bool = True, failed: int = 0) -> Sampled:
    """`n` drawn networks; the class chair likes pooling, all others what `EFFECTS` say.

    Args:
      n: how many.
      seed: of the accuracies; the layers are the same for all.
      training: False for accuracies with random weights, which are lower and say half as much.
      failed: the first rows that failed.
    """
    layers = np.random.default_rng(1).integers(len(TYPES), size=(n, POSITIONS))
    rng = np.random.default_rng(seed)
    effect = EFFECTS[layers, np.arange(POSITIONS)].sum(axis=1)
    pooled = (layers >= TYPES.index("max2")).sum(axis=1)
    level = np.linspace(0.6, -1.4, len(CLASSES)) - (0.8 if training else 1.6)
    logit = level + (1.0 if training else 0.5) * effect[:, None]
    logit = logit + 0.15 * rng.normal(size=logit.shape)
    logit[:, 0] = level[0] + 0.45 * (pooled - 2) - 0.5 * effect
    accuracy = rng.binomial(100, 1 / (1 + np.exp(-logit))) / 100
    architecture = np.unique(layers, axis=0, return_inverse=True)[1].reshape(-1)
    first = np.unique(architecture, return_index=True)[1]
    accuracy = accuracy[first[architecture]]
    bad = np.arange(n) < failed
    accuracy[bad] = np.nan
    return Sampled(
        layers=layers,
        types=TYPES,
        architecture=architecture,
        class_accuracy=accuracy,
        class_images=np.full(len(CLASSES), 100),
        classes=CLASSES,
        params=parameters(layers),
        failed=bad,
    )


def parameters(layers: np.ndarray) -> np.ndarray:
    """Of convolutions with 32 channels, and a classifier."""
    kernels = np.array([0, 1, 3, 5, 7, 3, 5, 0, 0, 0])[layers]
    channels, total = np.full(len(layers), 3), np.zeros(len(layers), dtype=int)
    for kernel in kernels.T:
        total += np.where(kernel > 0, 32 * (kernel**2 * channels + 2), 0)
        channels = np.where(kernel > 0, 32, channels)
    return total + (channels + 1) * len(CLASSES)


def analyse(sampled: Sampled, **options: Any) -> StructureAnalysis:
    """With as few resamples as give every number; on one core: threads that wait for each other cost the most."""
    few = {"resamples": 40, "permutations": 400, "simulations": 20, "skip": "identity"}
    few |= {"top": TOP, "class_top": CLASS_TOP, "kinds": KINDS, "rng": np.random.default_rng(0)}
    with threadpool_limits(1):
        return analyze_structure(sampled, **(few | options))


def make_table(sampled: Sampled, **columns: Any) -> pd.DataFrame:
    """As the study writes it."""
    words = np.array(sampled.types)[sampled.layers]
    return pd.DataFrame(
        {
            "genome_text": [" - ".join(row) for row in words],
            "digest": [f"{number:064x}" for number in sampled.architecture],
            "params": sampled.params,
            "macs": 1000 * sampled.params,
            "accuracy": sampled.accuracy,
            "failed": sampled.failed,
            **columns,
        }
    )


def make_random(analysis: StructureAnalysis, few: Bootstrap) -> RandomWeights:
    trained = analysis.sampled
    random = analyse(simulate(len(trained), 7, training=False), simulations=0)
    known = ~trained.failed
    return RandomWeights(
        analysis=random,
        against_trained=correlate(random.sampled.accuracy[known], trained.accuracy[known], few),
        class_means=compare_classes(
            np.array([c.mean for c in random.classes.classes]),
            np.array([c.mean for c in analysis.classes.classes]),
            few,
        ),
        layers=compare_distribution(random.distribution.counts, analysis.distribution.counts, few),
    )


def make_published(analysis: StructureAnalysis) -> PublishedStructure:
    """Numbers near ours, and no row for the last class."""
    rng = np.random.default_rng(3)
    counts = analysis.distribution.counts + rng.integers(0, 9, size=EFFECTS.shape)
    known = analysis.classes.classes[:-1]
    return PublishedStructure(
        dataset="CIFAR-100",
        networks=10_000,
        best=0.3684,
        mean=0.2405,
        top=100,
        cutoff=0.3383,
        best_layers=("conv3", "conv7", "max3", "max3", "conv5d2"),
        types=TYPES,
        counts=100 * counts / counts.sum(axis=0),
        classes={
            c.name: PublishedClass(
                c.top + 0.03, c.mean - 0.02, round(c.distance + rng.normal(0, 60))
            )
            for c in known
        },
        class_counts={name: counts for name in CLASSES[:5]},
        ranks_of_best={"can": 1, "clock": 22, "caterpillar": 5172},
        most_params=192_000,
        mean_params=56_000,
        best_params=90_000,
        remarks=("The mean accuracies of the classes average 23.95 %, not 24.05 %.",),
    )


def make_specialists(seed: int = 0, n: int = 60, images: int = 240) -> Specialists:
    """Each network knows one class well; images differ in difficulty, alike for all networks."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(len(CLASSES)), images // len(CLASSES))
    knows = np.where(np.arange(n)[:, None] % len(CLASSES) == labels, 0.8, 0.3)
    right = rng.random((n, len(labels))) * 0.6 + 0.4 * rng.random(len(labels)) < knows
    guess = rng.integers(len(CLASSES), size=right.shape)
    predictions = np.where(right, labels, guess).astype(np.uint8)
    return combine_specialists(
        predictions, labels, len(CLASSES), rng=rng, largest=20, per_class=3, resamples=200
    )


def make_repeats(seed: int = 0) -> Repeats:
    rng = np.random.default_rng(seed)
    level = 0.25 + 0.05 * rng.normal(size=12)
    return analyze_repeats(
        level[:, None] + 0.008 * rng.normal(size=(12, 3)),
        class_accuracy=level[:, None, None] + 0.04 * rng.normal(size=(12, 3, len(CLASSES))),
        distance=0.6 + 0.1 * rng.random(12),
        start_distance=1.2 + 0.1 * rng.random(12),
        agreement=0.7 + 0.1 * rng.random(12),
    )


def make_examples(analysis: StructureAnalysis, k: int = 5) -> dict[str, np.ndarray]:
    """Images of the classes at both ends."""
    rng = np.random.default_rng(5)
    order = sorted(analysis.classes.classes, key=lambda c: -c.distance)
    shape = (k, 32, 32, 3)
    return {c.name: rng.integers(0, 256, shape, dtype=np.uint8) for c in order[:3] + order[-3:]}


def make_report(analysis: StructureAnalysis, **options: Any) -> StructureReport:
    """With every optional part, unless `options` says otherwise."""
    few = Bootstrap(40, np.random.default_rng(0))
    published = make_published(analysis)
    table = make_table(analysis.sampled, **{UNPRODUCTIVE: analysis.sampled.layers[:, 0] % 3})
    rows = [published.classes.get(c.name) for c in analysis.classes.classes]
    columns = [
        np.array([np.nan if r is None else getattr(r, name) for r in rows], dtype=float)
        for name in ("top", "mean", "distance")
    ]
    everything: dict[str, Any] = {
        "title": "Which layers do images ask for?",
        "table": table,
        "command": "python -m experiments.structural_sampling --preset=quick --seed=0",
        "device": "CPU, 2 cores",
        "dataset": "CIFAR-100",
        "published": published,
        "against_layers": compare_distribution(analysis.distribution.counts, published.counts, few),
        "against_classes": compare_class_table(analysis.classes, *columns, few),
        "config": {"dataset": "cifar100", "networks": len(table), "limit": None},
        "engine": {
            "programs": {"compiled": 123, "hits": 4567},
            "compile_seconds": 310.4567,
            "networks_per_hour": 812.5,
        },
        "deviations": ("10,000 training images instead of 50,000.",),
        "seconds": {"total": 2215.0, "training": 1900.0},
        "versions": {"python": "3.12.0", "jax": "0.8.1"},
    }
    if "random" not in options:
        everything["random"] = make_random(analysis, few)
    if "specialists" not in options:
        everything["specialists"] = make_specialists()
    if "repeats" not in options:
        everything["repeats"] = make_repeats()
    if "examples" not in options:
        everything["examples"] = make_examples(analysis)
    return StructureReport(analysis=analysis, **(everything | options))


NOTHING: dict[str, Any] = {
    "dataset": "",
    "random": None,
    "specialists": None,
    "repeats": None,
    "published": None,
    "against_layers": None,
    "against_classes": None,
    "examples": {},
    "config": {},
    "engine": {},
    "deviations": (),
    "seconds": {},
    "versions": {},
}
"""All that may be left out, left out."""


def make_bare_report(analysis: StructureAnalysis, **options: Any) -> StructureReport:
    """With nothing that may be left out."""
    bare = NOTHING | {"table": make_table(analysis.sampled)}
    return make_report(analysis, **(bare | options))
