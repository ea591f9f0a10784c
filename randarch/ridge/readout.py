"""The readout: features of several random networks in, scores out."""

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from randarch.ridge.dual_readout import solve_dual_problems
from randarch.ridge.features import Chunks, Features
from randarch.ridge.primal_readout import solve_primal_problems
from randarch.ridge.scores import Problem, ReadoutScores, Solved, gather
from randarch.ridge.settings import RidgeSettings
from randarch.ridge.targets import check_labels, encode

FeaturesOf = Float[Array, "s _rows d"] | Float[np.ndarray, "s _rows d"] | Chunks
"""Features of several seeds: an array, or a callable that gives them in chunks of rows."""


def readout(
    train: Float[Array, "s n d"] | Float[np.ndarray, "s n d"] | Chunks,
    y_train: Int[np.ndarray, " labels"] | Int[Array, " labels"],
    test: Float[Array, "seeds m width"] | Float[np.ndarray, "seeds m width"] | Chunks,
    y_test: Int[np.ndarray, " test_labels"] | Int[Array, " test_labels"],
    *,
    num_classes: int,
    settings: RidgeSettings,
) -> ReadoutScores:
    """Ridge classification on each seed's features, and on those of all seeds together.

    The ensemble is one ridge on the concatenated features: its kernel is the sum of the seeds'
    kernels, its Gram matrix has theirs as diagonal blocks. Each problem takes the dual form when
    there are at most as many samples as columns (plus one), else the primal.

    Args:
        train: Features ``[s, n, d]``, or a callable that gives them in chunks of rows
            ``[s, b, d]``, the same on every call. Chunks are read twice in the primal form (Gram
            matrices, leverages); the dual form gathers them in memory.
        y_train: Classes ``[n]``, 0 to num_classes - 1.
        test: Features of the test set ``[s, m, d]``, or a callable likewise (read once).
        y_test: Their classes.
        num_classes: How many classes there are; one may be missing from a split.
        settings: The targets, lambdas and precision.

    Raises:
        ValueError: for shapes that do not fit each other, labels out of range, fewer than two
            classes in training, or features that are not finite.
    """
    x64 = bool(jax.dtypes.canonicalize_dtype(np.float64) == np.float64)
    labels, test_labels = np.asarray(y_train), np.asarray(y_test)
    check_labels(test_labels, num_classes, "test")
    encoded = encode(labels, num_classes, settings.targets, settings.intercept)
    with jax.enable_x64(True):
        own = Features(train, labels.size, "training", x64=x64)
        other = Features(test, test_labels.size, "test", x64=x64)
        if (own.seeds, own.width) != (other.seeds, other.width):
            raise ValueError(
                f"training features have {own.seeds} seeds and {own.width} columns, test features "
                f"{other.seeds} and {other.width}: expected the same networks for both."
            )
        with jax.default_device(own.device):
            each: list[Problem] = [(seed,) for seed in range(own.seeds)]
            together: Problem = tuple(range(own.seeds))
            problems = each if own.seeds == 1 else [*each, together]
            dual = [p for p in problems if takes_dual(own, len(p), settings)]
            primal = [p for p in problems if p not in dual]
            small = [p for p in primal if len(p) * own.width <= settings.max_eigh]
            large = [p for p in primal if p not in small]
            found: dict[Problem, Solved] = {}
            for chosen, solve in (
                (small, solve_primal_problems),
                (large, solve_primal_problems),
                (dual, solve_dual_problems),
            ):
                if chosen:
                    results = solve(own, other, encoded, chosen, settings)
                    found.update(zip(chosen, results, strict=True))
    seeds = gather([found[p] for p in each], encoded, test_labels, settings, squeeze=False)
    ensemble = gather([found[together]], encoded, test_labels, settings, squeeze=True)
    return ReadoutScores(seeds, ensemble)


def takes_dual(features: Features, seeds: int, settings: RidgeSettings) -> bool:
    """Whether the kernel is the smaller matrix.

    With one column less than samples an intercept already interpolates and leverages tend to 1,
    which only the dual form resolves. A stream stays in the primal form while its Gram matrix can
    be decomposed, since the dual would gather it in memory.
    """
    width = seeds * features.width
    if features.samples > width + 1:
        return False
    return not (
        features.streamed
        and seeds > 1
        and not takes_dual(features, 1, settings)
        and width <= settings.max_eigh
    )
