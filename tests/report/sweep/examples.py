"""Synthetic reports of sweeps for the tests of their page and figures."""

from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis import analyze_sweep, compare_published, compare_trained
from randarch.report.sweep import PublishedSweep, SweepReport
from tests.analysis.sweep.examples import GENES

PUBLISHED = PublishedSweep(
    genomes=46_656,
    valid=32_629,
    kept=1_760,
    best_accuracy=0.3128,
    best_genome_text="7,3,9 - 2,1,2 - 3,1,1",
    correlations={
        "stride_1": {"throughput": 0.9, "test_accuracy": 0.12},
        "kernel_3": {"test_accuracy": 0.15, "throughput": -0.32},
    },
)


def hand_picked(table: pd.DataFrame, n: int = 9) -> pd.DataFrame:
    """The table's best as if published, and one that it lacks."""
    texts = table.sort_values("test_accuracy")["genome_text"].tail(n - 1).tolist()
    genes = [text.split(" - ") for text in [*texts, "11,9,9 - 1,1,1 - 1,1,1"]]
    return pd.DataFrame(genes, columns=["kernel_size", "stride", "dilation"]).assign(
        throughput=np.linspace(1850, 6450, len(genes)),
        accuracy=np.linspace(31.3, 30.0, len(genes)),
        ratio=0.375,
    )


def confirmed(table: pd.DataFrame, n: int = 10) -> pd.DataFrame:
    best = table.sort_values("test_accuracy").tail(n)
    rng = np.random.default_rng(0)
    random = np.tile(best["test_accuracy"].to_numpy(), 2)
    wide = np.repeat([0.0, 0.05], len(best))
    return pd.DataFrame(
        {
            "genome_text": np.tile(best["genome_text"].to_numpy(), 2),
            "channels": np.repeat([32, 128], len(best)),
            "random_accuracy": random,
            "trained_accuracy": 0.5
            + wide
            + 0.5 * (random - 0.3)
            + 0.01 * rng.normal(size=len(wide)),
            "published_trained_accuracy": 0.55 + wide + 0.01 * rng.normal(size=len(wide)),
        }
    )


def make_sweep_report(table: pd.DataFrame, **options: Any) -> SweepReport:
    """With every optional part, unless `options` says otherwise; `cluster` goes to the analysis."""
    rng = np.random.default_rng(0)
    analysis = analyze_sweep(
        table, GENES, rng=rng, resamples=50, cluster=options.pop("cluster", None)
    )
    everything: dict[str, Any] = {
        "title": "Every random convolutional network of a grid",
        "command": "python -m experiments.random_conv_sweep --preset=quick --seed=0",
        "device": "CPU, 2 cores",
        "genomes": 46_656,
        "valid": 32_021,
        "kept_rule": "25 % accuracy and 200 images/s in the first pass",
        "published": PUBLISHED,
        "config": {"dataset": "shapes", "kernels": (3, 5, 7, 9), "limit": None},
        "engine": {
            "programs": {"compiled": 1869, "hits": 30152},
            "compile_seconds": 310.4567,
            "tflop": 590.12,
            "seed_axis": "vmap",
        },
        "deviations": ("Shapes instead of STL-10.",),
        "seconds": {"total": 2215.0, "readout": 310.0},
        "versions": {"python": "3.12.0", "jax": "0.8.1"},
    }
    if "hand_picked" not in options:
        everything["hand_picked"] = compare_published(table, hand_picked(table))
    if "trained" not in options:
        everything["trained"] = compare_trained(confirmed(table), rng=rng)
    return SweepReport(table=table, analysis=analysis, **(everything | options))


def make_bare_report(table: pd.DataFrame, **options: Any) -> SweepReport:
    """With nothing that may be left out."""
    nothing: dict[str, Any] = {
        "kept_rule": "",
        "published": PublishedSweep(),
        "hand_picked": None,
        "trained": None,
        "config": {},
        "engine": {},
        "deviations": (),
        "seconds": {},
        "versions": {},
    }
    return make_sweep_report(table, **(nothing | options))
