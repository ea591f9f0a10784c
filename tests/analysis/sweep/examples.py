"""Synthetic sweeps with known effects, and draws of first layers that whole clusters share."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

KERNELS, STRIDES, DILATIONS = (3, 5, 7, 9), (1, 2, 3), (1, 2, 3)
GENES = tuple(f"{kind}_{i}" for kind in ("kernel", "stride", "dilation") for i in (1, 2, 3))
FIRST = ("kernel_1", "stride_1", "dilation_1")
# Accuracy gained a unit of the gene; what is not named has no effect.
SLOPES = {"kernel_1": 0.004, "stride_2": -0.006}


def text_of(genome: tuple[int, ...]) -> str:
    return " - ".join(",".join(map(str, genome[i : i + 3])) for i in (0, 3, 6))


def make_sweep(
    n: int,
    seed: int = 0,
    *,
    trials: int = 5,
    all_trials: bool = False,
    cluster_sd: float = 0.01,
    noise: float = 0.008,
    slopes: Mapping[str, float] = SLOPES,
    threshold: float = 0.26,
) -> pd.DataFrame:
    """`n` random networks of the grid; those at or above `threshold` in the first trial are kept.

    Every first layer has one draw a trial, which moves all networks that begin with it.
    """
    rng = np.random.default_rng(seed)
    grid = [len(KERNELS)] * 3 + [len(STRIDES)] * 3 + [len(DILATIONS)] * 3
    chosen = rng.choice(math.prod(grid), size=n, replace=False)
    indices = np.stack(np.unravel_index(chosen, grid), axis=1)
    choices = [KERNELS] * 3 + [STRIDES] * 3 + [DILATIONS] * 3
    values = np.stack([np.array(c)[indices[:, i]] for i, c in enumerate(choices)], axis=1)
    table = pd.DataFrame(values, columns=list(GENES))
    first = table[list(FIRST)].to_numpy()
    cluster = np.unique(first, axis=0, return_inverse=True)[1].ravel()
    mean = np.full(n, 0.25)
    for gene, slope in slopes.items():
        mean += slope * (table[gene] - table[gene].mean()).to_numpy()
    luck = cluster_sd * rng.normal(size=(cluster.max() + 1, trials))
    scores = mean[:, None] + luck[cluster] + noise * rng.normal(size=(n, trials))
    scores = np.clip(scores, 0, 1)
    kept = scores[:, 0] >= threshold
    if not all_trials:
        scores[~kept, 1:] = np.nan
    genomes = [tuple(map(int, row)) for row in values]
    strides = values[:, 3:6].prod(axis=1)
    speed = 900.0 * values[:, 3] ** 1.2 / np.sqrt(values[:, 1] / 3) * rng.uniform(0.8, 1.2, size=n)
    table.insert(0, "genome", genomes)
    table.insert(1, "genome_text", [text_of(g) for g in genomes])
    table.insert(2, "digest", [f"{i:016x}" for i in rng.permutation(n) * 7919 + 1234567])
    finite = np.isfinite(scores)
    return table.assign(
        ratio=np.clip(3.0 / strides**1.5, 0.01, 1.0),
        params=9000 + 1000 * values[:, 1],
        macs=(4e8 / strides).astype(np.int64) + rng.integers(0, 10**6, size=n),
        trials=finite.sum(axis=1),
        train_accuracy=np.clip(np.nanmean(scores, axis=1) + 0.6, 0, 1),
        test_accuracy=np.nanmean(scores, axis=1),
        test_accuracy_min=np.nanmin(scores, axis=1),
        test_accuracy_max=np.nanmax(scores, axis=1),
        **{f"test_accuracy_seed{s}": scores[:, s] for s in range(trials)},
        fit_seconds=rng.uniform(0.01, 0.05, size=n),
        throughput=np.where(kept, speed, np.nan),
        predicted_throughput=speed * rng.uniform(0.9, 1.1, size=n),
        kept=kept,
    )
