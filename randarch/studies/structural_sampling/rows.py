"""What the store keeps of each network, by name."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int, Integer

from randarch.engine import Evaluation
from randarch.networks import Variables
from randarch.store import pack
from randarch.studies.trained import trained_metrics
from randarch.training import Training

CONFUSION, PREDICTED = "confusion", "predicted"
RIGHT = "right"
"""Of repeated trainings: test images of each class (column) that each training (row) has right."""


def confusion_matrix(
    labels: Int[np.ndarray, " m"], predicted: Int[np.ndarray, " m"], classes: int
) -> Int[np.ndarray, "c c"]:
    """How many test images of each class (row) were taken for each class (column)."""
    counts = np.bincount(
        np.asarray(labels, np.int64) * classes + predicted, minlength=classes * classes
    )
    return counts.reshape(classes, classes)


def training_metrics(
    found: Training, labels: Int[np.ndarray, " m"], classes: int, *, keep_predictions: bool
) -> dict[str, Any]:
    """Of one training."""
    predicted = found.predicted[0]
    metrics = {
        **trained_metrics(found),
        CONFUSION: pack(_small(confusion_matrix(labels, predicted, classes))),
    }
    return {**metrics, PREDICTED: pack(_small(predicted))} if keep_predictions else metrics


def random_metrics(
    found: Evaluation, labels: Int[np.ndarray, " m"], classes: int
) -> dict[str, Any]:
    """Of random weights; NaN and no confusion where the features were not finite.

    Accuracies are the mean over seeds, each seed's, and the ensemble's; `confusion` is added up over the seeds.
    """
    if found.scores is None:
        return {"random_accuracy": np.nan, "ensemble_accuracy": np.nan, CONFUSION: None}
    seeds, ensemble = found.scores.seeds, found.scores.ensemble
    if seeds.predicted is None or ensemble.predicted is None:
        raise ValueError("the readout kept no predictions; set RidgeSettings.keep_predictions")
    summed = sum(confusion_matrix(labels, one, classes) for one in seeds.predicted)
    return {
        "random_accuracy": float(seeds.test_accuracy.mean()),
        **{f"random_accuracy_seed{i}": float(a) for i, a in enumerate(seeds.test_accuracy)},
        "ensemble_accuracy": float(ensemble.test_accuracy),
        "random_loo_accuracy": float(seeds.loo_accuracy.mean()),
        "ensemble_loo_accuracy": float(ensemble.loo_accuracy),
        CONFUSION: pack(_small(np.asarray(summed))),
        "ensemble_confusion": pack(_small(confusion_matrix(labels, ensemble.predicted, classes))),
    }


def repeat_metrics(
    found: Training, starts: Variables, labels: Int[np.ndarray, " m"], classes: int
) -> dict[str, Any]:
    """Of several trainings of a network: how far apart they end, and began, and how often they agree.

    Args:
      found: of all of them.
      starts: the parameters that they began with, leaves with a leading axis of trainings.
      labels: of the test images.
      classes: how many there are.
    """
    predicted = found.predicted
    pairs = np.triu_indices(len(predicted), 1)
    agreement = (predicted[pairs[0]] == predicted[pairs[1]]).mean()
    right = [np.bincount(labels[one == labels], minlength=classes) for one in predicted]
    return {
        "accuracies": [float(a) for a in found.test_accuracy],
        RIGHT: pack(_small(np.stack(right))),
        "failed": [bool(f) for f in found.diverged],
        "distance": relative_distance(found.variables["params"]),
        "start_distance": relative_distance(starts),
        "agreement": float(agreement),
    }


def relative_distance(params: Any) -> float:
    """Mean distance between two trainings' parameters, as a share of the root mean square of their norms."""
    flat: Float[np.ndarray, "s p"] = np.concatenate(
        [np.asarray(leaf, np.float64).reshape(len(leaf), -1) for leaf in jax.tree.leaves(params)],
        axis=1,
    )
    first, second = np.triu_indices(len(flat), 1)
    distances = np.linalg.norm(flat[first] - flat[second], axis=1)
    return float(distances.mean() / np.sqrt((flat**2).sum(axis=1).mean()))


def _small(counts: Int[np.ndarray, "..."]) -> Integer[np.ndarray, "..."]:
    """In the smallest type that holds them."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
