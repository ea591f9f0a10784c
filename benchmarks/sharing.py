"""What sharing weights does to the scores of a sweep: the same networks, shared and independent.

  python -m benchmarks.sharing --dataset=npz:data/stl10.npz --out=benchmarks/results/sharing.json

Random members of the random-conv study's 32,021 networks, several draws of weights, 500 + 500 images. A network's
luck in a draw is its accuracy there minus its mean over the draws. With shared weights, networks with the same first
layer have its weights in common in each draw: how far do their lucks go together, and how much surer is a comparison of
two of them for that?
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags
from jaxtyping import Float, Int
from scipy import stats

from benchmarks import measure
from benchmarks.sweep import first_layer, random_members, swept
from randarch.engine import ProgramCache

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    del argv
    genomes, cache = random_members(FLAGS.networks), ProgramCache(2500)
    draws = tuple(range(1, 1 + FLAGS.draws))
    accuracy = {
        kind: np.stack([one.test_accuracy for one in swept(genomes, draws, shared, cache)()])
        for kind, shared in (("shared", True), ("independent", False))
    }
    layers = sorted({first_layer(g) for g in genomes})
    cluster = np.array([layers.index(first_layer(g)) for g in genomes])
    means = [scores.mean(axis=1) for scores in accuracy.values()]
    result = {
        "machine": measure.machine(),
        "command": measure.command("benchmarks.sharing"),
        "networks": len(genomes),
        "first_layers": len(layers),
        "draws": FLAGS.draws,
        **{kind: describe(scores, cluster) for kind, scores in accuracy.items()},
        "spearman_of_means": float(stats.spearmanr(*means).statistic),
        "mean_difference": float(np.mean(means[0] - means[1])),
        "mean_difference_standard_error": _error_by_cluster(means[0] - means[1], cluster),
    }
    print(json.dumps(result, indent=2))
    if FLAGS.out:
        measure.write(result, Path(FLAGS.out))


def describe(
    scores: Float[np.ndarray, "n draws"], cluster: Int[np.ndarray, " n"]
) -> dict[str, Any]:
    """Level and spread, and how the lucks of networks go together."""
    luck = scores - scores.mean(axis=1, keepdims=True)
    together = luck @ luck.T / luck.shape[1]
    same = cluster[:, None] == cluster
    pairs = ~np.eye(len(luck), dtype=bool)
    variance = float(np.diag(together).mean())
    return {
        "mean": float(scores.mean()),
        "sd_of_networks": float(scores.mean(axis=1).std(ddof=1)),
        "sd_of_draws": float(scores.std(axis=1, ddof=1).mean()),
        "luck_correlation_same_first_layer": float(together[same & pairs].mean()) / variance,
        "luck_correlation_other_first_layer": float(together[~same].mean()) / variance,
    }


def _error_by_cluster(values: Float[np.ndarray, " n"], cluster: Int[np.ndarray, " n"]) -> float:
    """Standard error of the mean where networks of one first layer are no independent observations."""
    residual = values - values.mean()
    sums = np.array([residual[cluster == c].sum() for c in np.unique(cluster)])
    return float(np.sqrt(len(sums) / (len(sums) - 1) * np.sum(sums**2)) / len(values))


if __name__ == "__main__":
    flags.DEFINE_string("dataset", "shapes:96", "shapes:96, or npz:PATH of 96 x 96 images.")
    flags.DEFINE_integer("networks", 200, "Random networks.")
    flags.DEFINE_integer("draws", 4, "Of weights.")
    flags.DEFINE_integer("threads", 2, "Workers.")
    flags.DEFINE_string("out", "", "JSON file to write.")
    app.run(main)
