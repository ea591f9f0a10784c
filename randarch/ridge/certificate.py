"""A full float64 re-solve of a sampled share of results."""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from jaxtyping import Array, Float, Int

from randarch.ridge.features import Chunks
from randarch.ridge.readout import readout
from randarch.ridge.scores import ReadoutScores
from randarch.ridge.settings import RidgeSettings


@dataclass(frozen=True)
class Certificate:
    """How far a result is from the float64 one, the worst over seeds and ensemble.

    Attributes:
        loo_error: Relative difference of the leave-one-out error, the worst along the path.
        loo_accuracy: Difference of the leave-one-out accuracy at the chosen lambda.
        test_accuracy: Difference of the test accuracy.
        same_lambda: Whether every choice of lambda was the same.
    """

    loo_error: float
    loo_accuracy: float
    test_accuracy: float
    same_lambda: bool


def sampled(key: str, share: float) -> bool:
    """Whether this result is among the share to re-solve: the same answer wherever it is asked.

    Args:
        key: Of the result, e.g. the architecture's digest.
        share: Between 0 (none) and 1 (all).
    """
    digest = np.frombuffer(sha256(key.encode()).digest()[:8], np.uint64)[0]
    return float(digest) < share * 2.0**64


def certify(
    scores: ReadoutScores,
    train: Float[Array, "s n d"] | Float[np.ndarray, "s n d"] | Chunks,
    y_train: Int[np.ndarray, " n"] | Int[Array, " n"],
    test: Float[Array, "s m d"] | Float[np.ndarray, "s m d"] | Chunks,
    y_test: Int[np.ndarray, " m"] | Int[Array, " m"],
    *,
    num_classes: int,
    settings: RidgeSettings,
) -> Certificate:
    """Solves again, every product in float64, and compares. Takes what `readout` took."""
    exact = readout(
        train,
        y_train,
        test,
        y_test,
        num_classes=num_classes,
        settings=replace(settings, precision="float64"),
    )
    pairs = ((scores.seeds, exact.seeds), (scores.ensemble, exact.ensemble))
    return Certificate(
        loo_error=max(
            float(np.max(np.abs(a.path_loo_error / b.path_loo_error - 1))) for a, b in pairs
        ),
        loo_accuracy=max(float(np.max(np.abs(a.loo_accuracy - b.loo_accuracy))) for a, b in pairs),
        test_accuracy=max(
            float(np.max(np.abs(a.test_accuracy - b.test_accuracy))) for a, b in pairs
        ),
        same_lambda=all(
            bool(np.all(np.isclose(a.chosen_lambda, b.chosen_lambda, rtol=1e-4))) for a, b in pairs
        ),
    )
