"""How far apart test-set noise alone puts the best for a class and the best of all.

The model of no specialisation: logit(p_nc) = a_n + b_c. A network is better or worse, a class easier or harder, and
no network is better at one class than its own and the class's level say (Rasch's model, 1960, with counts). The
number of right test images is binomial around that. Accuracies drawn from the fitted model go through the same
choice of the best as the measured ones did; what distance comes out is noise.

What it leaves out. Networks share their test images, so the counts of one class vary less between networks than
binomial ones: that makes the reference too large (cautious). A network trained again differs in its classes too,
which is neither structure nor test noise: that makes it too small. The levels a_n come from noisy accuracies
themselves, so they spread a little too far; with thousands of test images that is nothing.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from randarch.analysis.structure.exchange import Structures, distance

_STEPS = 50
_CONVERGED = 1e-8
_HALVINGS = 20
# Half a right and half a wrong image are spread over all counts of a network, so that none is infinitely bad.
_PSEUDO = 0.5


@dataclass(frozen=True, eq=False)
class AdditiveLogit:
    """The fitted model.

    Attributes:
      network: a_n, logit.
      of_class: b_c, logit; they sum to 0.
      converged: whether Newton's steps came to rest.
    """

    network: Float[np.ndarray, " g"]
    of_class: Float[np.ndarray, " c"]
    converged: bool

    @property
    def probability(self) -> Float[np.ndarray, "g c"]:
        """Of a right answer."""
        return _logistic(self.network, self.of_class)


def fit_additive_logit(
    right: Float[np.ndarray, "g c"], images: Int[np.ndarray, " c"]
) -> AdditiveLogit:
    """Maximum likelihood by Newton's method (which is iteratively reweighted least squares here).

    The Hessian is diagonal in the networks; they are eliminated, and a c x c system remains. Every count gets
    0.5 / c right and as many wrong images on top, so that networks and classes with none or all right are finite.

    Args:
      right: how many test images of a class a network has right; means over trainings need be no whole numbers.
      images: test images of each class.
    """
    classes = right.shape[1]
    right, total = right + _PSEUDO / classes, images + 2 * _PSEUDO / classes
    row, column = right.sum(axis=1), right.sum(axis=0)
    a, b = _logit(row / total.sum()), _logit(column / (total * len(right)))
    b -= b.mean()
    reached = _log_likelihood(right, total, a, b)
    for _ in range(_STEPS):
        p = _logistic(a, b)
        expected, weight = p * total, p * (1 - p) * total
        slope_a, slope_b = row - expected.sum(axis=1), column - expected.sum(axis=0)
        diagonal = weight.sum(axis=1)
        schur = np.diag(weight.sum(axis=0)) - weight.T @ (weight / diagonal[:, None])
        # Nothing fixes the level of b (a takes it up); the added matrix sets its sum to 0.
        schur += np.trace(schur) / classes**2 + 1e-12
        step_b = np.linalg.solve(schur, slope_b - weight.T @ (slope_a / diagonal))
        step_b -= step_b.mean()
        step_a = (slope_a - weight @ step_b) / diagonal
        for half in range(_HALVINGS):
            shorter = 0.5**half
            next_a, next_b = a + shorter * step_a, b + shorter * step_b
            likelihood = _log_likelihood(right, total, next_a, next_b)
            if likelihood >= reached - 1e-9 * abs(reached):
                break
        a, b, reached = next_a, next_b, likelihood
        if max(np.abs(step_a).max(), np.abs(step_b).max()) < _CONVERGED:
            return AdditiveLogit(a, b, True)
    return AdditiveLogit(a, b, False)


def _logistic(a: Float[np.ndarray, " g"], b: Float[np.ndarray, " c"]) -> Float[np.ndarray, "g c"]:
    return 1 / (1 + np.exp(-(a[:, None] + b)))


def _logit(p: np.ndarray) -> np.ndarray:
    return np.log(p) - np.log1p(-p)


def _log_likelihood(
    right: Float[np.ndarray, "g c"],
    total: Float[np.ndarray, " c"],
    a: Float[np.ndarray, " g"],
    b: Float[np.ndarray, " c"],
) -> float:
    eta = a[:, None] + b
    return float(
        right.sum(axis=1) @ a + right.sum(axis=0) @ b - (np.logaddexp(0, eta) @ total).sum()
    )


def best_by_count(
    right: Int[np.ndarray, " g"], copies: Float[np.ndarray, " g"], count: int
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """`top_weights` for whole numbers of right images: which architectures belong to the best, and how much.

    Args:
      right: of each architecture.
      copies: rows of each; each of them takes a place.
      count: how many rows are best.
    """
    held = np.bincount(right, weights=copies)
    from_top = np.cumsum(held[::-1])[::-1]
    if from_top[0] <= count:
        return np.arange(len(right)), np.ones(len(right))
    cutoff = int(np.flatnonzero(from_top >= count)[-1])
    chosen = np.flatnonzero(right >= cutoff)
    part = (count - (from_top[cutoff] - held[cutoff])) / held[cutoff]
    return chosen, np.where(right[chosen] > cutoff, 1.0, part)


def noise_distances(
    structures: Structures,
    right: Float[np.ndarray, "g c"],
    images: Int[np.ndarray, " c"],
    *,
    top: int,
    class_top: int,
    simulations: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "s c"]:
    """The distance of each class under no specialisation, a row a simulated sample.

    Args:
      structures: g architectures.
      right: right test images of each architecture and class, to which the model is fitted.
      images: test images of each class.
      top, class_top: how many rows are best of all, and best for a class.
      simulations: parametric bootstrap samples; about 0.1 s each for 10,000 architectures and 100 classes.
      rng: their source.
    """
    probability = fit_additive_logit(right, images).probability
    result = np.empty((simulations, len(images)))
    for s in range(simulations):
        drawn = rng.binomial(images, probability)
        overall = _composition(structures, drawn.sum(axis=1), top)
        # A class after another in memory.
        of_classes = np.ascontiguousarray(drawn.T)
        every = np.stack([_composition(structures, of, class_top) for of in of_classes])
        result[s] = distance(every, overall[None])
    return result


def _composition(
    structures: Structures, right: Int[np.ndarray, " g"], count: int
) -> Float[np.ndarray, " cells"]:
    chosen, weights = best_by_count(right, structures.copies, count)
    return structures.normalised((weights @ structures.held[chosen])[None])[0]
