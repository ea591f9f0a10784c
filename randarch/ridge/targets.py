"""Labels to targets, and decision values to error and accuracy."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from randarch.ridge.settings import Targets


class Encoded(NamedTuple):
    """Training targets of a classification.

    Attributes:
        values: One column a class, float64.
        offset: Column means that were subtracted (zeros without an intercept).
        present: Classes that occur in training; the others have no column to speak of, are
            never predicted and count in no mean squared error (scikit-learn never sees them).
        labels: Class of each sample.
    """

    values: Float[np.ndarray, "n c"]
    offset: Float[np.ndarray, " c"]
    present: Bool[np.ndarray, " c"]
    labels: Int[np.ndarray, " n"]


class Tally(NamedTuple):
    """Sums over samples, one entry a lambda: squared errors over present classes, and hits."""

    squared_error: Float[Array, " l"]
    correct: Float[Array, " l"]


def raw_targets(
    labels: Int[np.ndarray, " n"], num_classes: int, targets: Targets
) -> Float[np.ndarray, "n c"]:
    """One column a class: 1 for the sample's own, -1 (sign) or 0 (one_hot) for the others."""
    one_hot = (labels[:, None] == np.arange(num_classes)).astype(np.float64)
    return 2.0 * one_hot - 1.0 if targets == "sign" else one_hot


def check_labels(labels: Int[np.ndarray, " n"], num_classes: int, what: str) -> None:
    """Raises ValueError when there is no label or one lies outside 0 to num_classes - 1."""
    if labels.size == 0:
        raise ValueError(f"{what} labels are empty: expected at least one sample.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_classes:
        raise ValueError(
            f"{what} labels run from {low} to {high}: expected 0 to {num_classes - 1}; "
            "renumber them or raise num_classes."
        )


def encode(
    labels: Int[np.ndarray, " n"], num_classes: int, targets: Targets, intercept: bool
) -> Encoded:
    """Targets of the training labels.

    Raises:
        ValueError: for labels out of range, or fewer than two classes among them.
    """
    check_labels(labels, num_classes, "training")
    present = np.bincount(labels, minlength=num_classes) > 0
    if present.sum() < 2:
        raise ValueError(
            f"the training labels hold {int(present.sum())} class: expected at least 2; "
            "draw a stratified training set."
        )
    values = raw_targets(labels, num_classes, targets)
    offset = values.mean(axis=0) if intercept else np.zeros(num_classes)
    return Encoded(values - offset, offset, present, labels)


def classify(
    decision: Float[Array, "*batch n c"], present: Bool[Array, " c"]
) -> Int[Array, "*batch n"]:
    """The present class with the largest decision value; of equal ones the first."""
    return jnp.argmax(jnp.where(present, decision, -jnp.inf), axis=-1)


@jax.jit
def tally(
    residuals: Float[Array, "l b c"],
    targets: Float[Array, "b c"],
    offset: Float[Array, " c"],
    present: Bool[Array, " c"],
    labels: Int[Array, " b"],
    valid: Bool[Array, " b"],
) -> Tally:
    """Squared errors and hits, summed over the valid samples (the others are padding).

    `targets` less `residuals` plus `offset` are the decision values.
    """
    squared = jnp.where(valid[:, None] & present, residuals**2, 0)
    hits = (classify(targets - residuals + offset, present) == labels) & valid
    return Tally(squared.sum(axis=(1, 2)), hits.sum(axis=1).astype(targets.dtype))


class NotFiniteError(ValueError):
    """Features that no readout can use: they hold NaN or infinity, or overflow."""


def smallest_error(loo_error: Float[np.ndarray, " l"], lambdas: Float[np.ndarray, " l"]) -> int:
    """Index of the least error; of those equal up to rounding the largest lambda; NaN never wins.

    Raises:
        NotFiniteError: when every error is NaN or infinite, as for non-finite features.
    """
    finite = np.isfinite(loo_error)
    if not finite.any():
        raise NotFiniteError(
            "no lambda gives a finite leave-one-out error: the features hold NaN or infinity, or "
            "overflow; mark the network as diverged instead of scoring it."
        )
    best = np.min(loo_error[finite])
    candidates = np.flatnonzero(finite & (loo_error <= best * (1 + 1e-12)))
    return int(candidates[np.argmax(lambdas[candidates])])
