"""Synthetic runs for the tests of the report: plausible numbers, and every awkward case."""

import math
from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis import analyze_depth
from randarch.report.rfm import DepthReport, Published, PublishedBin, StudyReport

PUBLISHED_9 = Published(
    pearson=0.746594,
    spearman=0.73908,
    size_trained=0.872316,
    size_rfm=0.715059,
    converged_trained=(0.8523, 0.004),
    converged_rfm=(0.8475, 0.0087),
    bins=(
        PublishedBin(188.7, 355.2, 0.288102, 0.288102),
        PublishedBin(681.6, 844.7, 0.408181, 0.410049),
        PublishedBin(1660.8, 1824.0, 0.393931, 0.467433),
    ),
)


def make_table(
    n: int, depth: int = 9, seed: int = 0, rfm_seeds: int = 3, trained_seeds: int = 2
) -> pd.DataFrame:
    """Conv chains from 3 channels: size drives both accuracies, and both have noise."""
    rng = np.random.default_rng(seed)
    kernels = rng.choice([3, 5], size=(n, depth))
    multipliers = rng.choice([1.0, 1.25, 1.5], size=(n, depth))
    channels = np.full(n, 3)
    for layer in range(depth):
        channels = np.floor(channels * multipliers[:, layer]).astype(int)
    quality = 0.40 + 0.08 * np.log(channels) + 0.03 * rng.normal(size=n)

    def seeds(mean: np.ndarray, noise: float, repeats: int) -> np.ndarray:
        return np.clip(mean[:, None] + noise * rng.normal(size=(n, repeats)), 0, 1)

    rfm = seeds(0.5 * quality, 0.02, rfm_seeds)
    trained = seeds(quality, 0.015, trained_seeds)
    table = pd.DataFrame(
        {
            "draw": 0,
            "genome": [str(tuple(map(int, k))) for k in kernels],
            "digest": [f"{i:016x}" for i in rng.permutation(n) * 7919 + 12345678],
            "genome_text": [
                " ".join(f"{k}x{k}*{m:g}" for k, m in zip(ks, ms, strict=True))
                for ks, ms in zip(kernels, multipliers, strict=True)
            ],
            "final_size": 64 * channels,
            "params": 900 * channels + rng.integers(0, 9000, size=n),
            "macs": 10**6 * channels + rng.integers(0, 10**7, size=n),
            "rfm_accuracy": rfm.mean(axis=1),
            "rfm_loo_accuracy": seeds(rfm.mean(axis=1), 0.01, 1)[:, 0],
            "ensemble_accuracy": seeds(0.62 * quality, 0.01, 1)[:, 0],
            "ensemble_loo_accuracy": seeds(0.62 * quality, 0.012, 1)[:, 0],
            "trained_accuracy": trained.mean(axis=1),
            "dead": False,
            "diverged": False,
        }
    )
    for name, values in (("rfm", rfm), ("trained", trained)):
        for s in range(values.shape[1]):
            table[f"{name}_accuracy_seed{s}"] = values[:, s]
    return table


def fail(table: pd.DataFrame, dead: int, diverged: int) -> pd.DataFrame:
    """Marks the first rows dead (10 %, all seeds) and the next diverged (no accuracy)."""
    table = table.copy()
    trained = [c for c in table.columns if str(c).startswith("trained_accuracy")]
    table.loc[: dead - 1, trained] = 0.1
    table.loc[: dead - 1, "dead"] = True
    table.loc[dead : dead + diverged - 1, trained] = math.nan
    table.loc[dead : dead + diverged - 1, "diverged"] = True
    return table


def make_convergence() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "picked_by": np.repeat(["trained", "rfm", "ensemble"], 5),
            "rank": np.tile(np.arange(1, 6), 3),
            "genome_text": "3x3*1.5",
            "accuracy": np.linspace(0.82, 0.86, 15),
        }
    )


def make_depth(table: pd.DataFrame, depth: int = 9, **options: Any) -> DepthReport:
    analysis = analyze_depth(
        table, depth=depth, top_k=(3, 5), resamples=100, rng=np.random.default_rng(0)
    )
    return DepthReport(analysis=analysis, table=table, **options)


def make_report(*depths: DepthReport, **options: Any) -> StudyReport:
    circumstances: dict[str, Any] = {
        "title": "Random against trained convolutional networks",
        "command": "python -m experiments.rfm_correlation --depth=9 --seed=0",
        "device": "CPU, 2 cores",
        "config": {"dataset": "shapes", "depth": (9,), "seeds": 3, "ridge_lambda": None},
        "deviations": ("3,000 training images instead of 50,000.", "4 epochs instead of 10."),
        "seconds": {"total": 214.3, "compile": 40.1, "evaluate": 60.0, "train": 110.2},
        "versions": {"python": "3.12.0", "jax": "0.8.1"},
        "notes": (),
    }
    return StudyReport(depths=depths, **(circumstances | options))
