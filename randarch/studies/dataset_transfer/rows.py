"""What the store keeps of an architecture on a data set, by name."""

from typing import Any

import numpy as np
from jaxtyping import Int

from randarch.engine import RandomScores
from randarch.training import TaskTraining, errors_of

TRAINED, RANDOM, LONGER, PRETRAINED = "trained", "random", "longer", "pretrained"
"""Kinds of rows. Their `draw` is the number of the data set, of `longer` the factor; their `seed` the repeat."""
TOP1, TOP5, TRAIN = "top1_error", "top5_error", "train_error"


def training_metrics(found: TaskTraining) -> dict[str, Any]:
    """Errors (NaN where the training diverged) and how they came about."""
    return {
        TOP1: found.top1_error,
        TOP5: found.top5_error,
        TRAIN: float(found.train_error[-1]) if not found.diverged else float("nan"),
        "dead": found.dead,
        "diverged": found.diverged,
        "train_loss_by_epoch": found.train_loss.tolist(),
        "train_error_by_epoch": found.train_error.tolist(),
    }


def random_metrics(found: RandomScores | None, labels: Int[np.ndarray, " m"]) -> dict[str, Any]:
    """Errors of the readout on all seeds together, and of each seed by itself; NaN where features were not finite."""
    if found is None:
        return {TOP1: float("nan"), TOP5: float("nan")}
    top1, top5 = errors_of(found.decision, labels)
    alone = 1 - found.seed_accuracy
    return {
        TOP1: top1,
        TOP5: top5,
        "seed_error": float(alone.mean()),
        "seed_errors": alone.tolist(),
        "loo_error": 1 - found.loo_accuracy,
    }
