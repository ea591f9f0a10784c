"""What the readout returns."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from randarch.ridge.settings import RELATIVE_LAMBDAS, RidgeSettings
from randarch.ridge.targets import (
    Encoded,
    NotFiniteError,
    Tally,
    raw_targets,
    smallest_error,
)

Method = Literal["primal", "dual", "cholesky"]

Problem = tuple[int, ...]
"""The seeds whose features stand side by side in one ridge problem."""


@dataclass(frozen=True)
class Solved:
    """One ridge problem solved: a seed's features, or those of several seeds side by side."""

    method: Method
    precision: str
    lambdas: Float[np.ndarray, " l"]
    loo_error: Float[np.ndarray, " l"]
    loo_accuracy: Float[np.ndarray, " l"]
    index: int
    certificate: float
    decision: Float[np.ndarray, "m c"]  # test set, offset included


@dataclass(frozen=True)
class Scores:
    """Scores of the seeds (leading axis s) or of the ensemble (no leading axis).

    Attributes:
        chosen_lambda: The one with the smallest leave-one-out error; of equal ones the largest.
        loo_error: Mean over samples and classes of the squared left-out residual.
        loo_accuracy: Share of training samples that the model fitted without them gets right.
        test_error: Mean over samples and classes of the squared error on the test set.
        test_accuracy: Share of test samples right.
        at_edge: Whether the choice is the first or last of several lambdas; a better one may lie
            beyond.
        lambdas: The whole path, absolute.
        path_loo_error: `loo_error` for each of them.
        path_loo_accuracy: `loo_accuracy` for each of them.
        certificate: Relative residual of the normal equations at the chosen lambda, in float64. In
            the dual form it is taken through the features and sees errors in the kernel too.
        method: ``"dual"``, ``"primal"``, or ``"cholesky"``: then everything called leave-one-out
            is of a held-back tenth, at a few of the lambdas.
        precision: Of the factorisation; one entry a seed.
        decision: Test decision values, when the settings ask to keep them.
        predicted: Predicted classes of the test set, likewise.
    """

    chosen_lambda: Float[np.ndarray, "*s"]
    loo_error: Float[np.ndarray, "*s"]
    loo_accuracy: Float[np.ndarray, "*s"]
    test_error: Float[np.ndarray, "*s"]
    test_accuracy: Float[np.ndarray, "*s"]
    at_edge: Bool[np.ndarray, "*s"]
    lambdas: Float[np.ndarray, "*s l"]
    path_loo_error: Float[np.ndarray, "*s l"]
    path_loo_accuracy: Float[np.ndarray, "*s l"]
    certificate: Float[np.ndarray, "*s"]
    method: Method
    precision: tuple[str, ...]
    decision: Float[np.ndarray, "*s m c"] | None = None
    predicted: Int[np.ndarray, "*s m"] | None = None


@dataclass(frozen=True)
class ReadoutScores:
    """One readout a seed, and one on the features of all seeds together."""

    seeds: Scores
    ensemble: Scores


def lambda_path(settings: RidgeSettings, mean_diagonal: float) -> Float[np.ndarray, " l"]:
    """Absolute lambdas. Features that never vary leave the relative ones as they are."""
    if settings.lambdas is not None:
        return np.array(settings.lambdas, dtype=np.float64)
    return np.array(RELATIVE_LAMBDAS) * (mean_diagonal if mean_diagonal > 0 else 1.0)


def a_few(path: Float[np.ndarray, " l"]) -> Float[np.ndarray, " k"]:
    """At most five lambdas, evenly picked, without the path's ends when it is long."""
    return path if path.size <= 5 else path[path.size // 10 :: max(path.size // 5, 1)][:5]


def solved(
    method: Method,
    precision: str,
    lambdas: Float[np.ndarray, " l"],
    sums: Tally,
    judged: int,
    encoded: Encoded,
) -> Solved:
    """From sums over the judged samples to the choice; decision and certificate are still empty."""
    error = np.asarray(sums.squared_error, np.float64) / (judged * int(encoded.present.sum()))
    accuracy = np.asarray(sums.correct, np.float64) / judged
    index = smallest_error(error, lambdas)
    nothing = np.zeros((0, encoded.offset.size))
    return Solved(method, precision, lambdas, error, accuracy, index, float("nan"), nothing)


def gather(
    results: list[Solved],
    encoded: Encoded,
    test_labels: Int[np.ndarray, " m"],
    settings: RidgeSettings,
    *,
    squeeze: bool,
) -> Scores:
    """Stacks solved problems, or with `squeeze` unwraps the only one, and scores the test set."""
    c = encoded.offset.size
    decision = np.stack([r.decision for r in results])
    if not np.isfinite(decision).all():
        raise NotFiniteError("test features hold NaN or infinity; mark the network as diverged")
    predicted = np.where(encoded.present, decision, -np.inf).argmax(axis=-1)
    wanted = raw_targets(test_labels, c, settings.targets)
    squared = ((wanted - decision) ** 2)[..., encoded.present]

    def arranged(values: list | np.ndarray) -> np.ndarray:
        stacked = np.asarray(values)
        return stacked[0, ...] if squeeze else stacked

    return Scores(
        chosen_lambda=arranged([r.lambdas[r.index] for r in results]),
        loo_error=arranged([r.loo_error[r.index] for r in results]),
        loo_accuracy=arranged([r.loo_accuracy[r.index] for r in results]),
        test_error=arranged(squared.mean(axis=(1, 2))),
        test_accuracy=arranged((predicted == test_labels).mean(axis=1)),
        at_edge=arranged(
            [
                r.lambdas.size > 1
                and bool(r.lambdas[r.index] in (r.lambdas.min(), r.lambdas.max()))
                for r in results
            ]
        ),
        lambdas=arranged([r.lambdas for r in results]),
        path_loo_error=arranged([r.loo_error for r in results]),
        path_loo_accuracy=arranged([r.loo_accuracy for r in results]),
        certificate=arranged([r.certificate for r in results]),
        method=results[0].method,
        precision=tuple(r.precision for r in results),
        decision=arranged(decision) if settings.keep_predictions else None,
        predicted=arranged(predicted) if settings.keep_predictions else None,
    )
