"""Do specialised networks make a good ensemble? What the paper leaves to future work.

Test images are split, every class alike: members are chosen, and their confusions counted, on the selection part;
accuracies are those of the report part, which nothing was chosen on.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Integer
from scipy import stats

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.structure.greedy import greedy_selection, sorted_start
from randarch.analysis.structure.patterns import wilson
from randarch.analysis.structure.voting import bayes, vote

METHODS = {
    "best": "the network that is best on the selection part",
    "vote": "majority of the k best on the selection part",
    "specialists": "majority of the best networks for each class",
    "greedy": "majority of some of the best, and of what helps them most (Caruana et al., 2004)",
    "bayes": "naive Bayes with the confusions of the k best",
    "bayes_specialists": "naive Bayes with the confusions of the best networks for each class",
}
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Ensemble:
    """One way to combine networks. Accuracies are fractions.

    Attributes:
      method: a name in `METHODS`.
      sizes: how many votes are combined, rising.
      selection: accuracy of each size on the selection part; flattering, but for naive Bayes, where each half is
        decided with the confusions of the other.
      report: accuracy of each size on the report part.
      low, high: Wilson's interval of it (95 %).
      size: the size with the highest `selection`, the smallest of equals.
      members: rows of the networks that vote at that size, in the order in which they join; a row may occur twice.
      accuracy: on the report part at that size, with Wilson's interval; its n is the number of images.
      gain: its difference to the best single network on the same images; bootstrap interval over images, p by
        McNemar's exact test. Undefined for `best` itself.
    """

    method: str
    sizes: tuple[int, ...]
    selection: Float[np.ndarray, " k"]
    report: Float[np.ndarray, " k"]
    low: Float[np.ndarray, " k"]
    high: Float[np.ndarray, " k"]
    size: int
    members: tuple[int, ...]
    accuracy: Estimate
    gain: Estimate

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        curves = ("selection", "report", "low", "high")
        return json_object(
            vars(self)
            | {name: getattr(self, name).tolist() for name in curves}
            | {"accuracy": self.accuracy.to_summary(), "gain": self.gain.to_summary()}
        )


@dataclass(frozen=True, eq=False)
class Specialists:
    """All ways to combine.

    Attributes:
      n: networks.
      classes: how many there are.
      selection_images, report_images: how many test images each part has.
      best: row of the best network on the selection part.
      any_right: share of the report images that at least one of all networks gets right: no choice among their
        decisions can do better.
      ensembles: one a method, in the order of `METHODS`.
    """

    n: int
    classes: int
    selection_images: int
    report_images: int
    best: int
    any_right: float
    ensembles: tuple[Ensemble, ...]

    def of(self, method: str) -> Ensemble:
        """The ensemble of a method.

        Raises:
          KeyError: there is no such method.
        """
        for ensemble in self.ensembles:
            if ensemble.method == method:
                return ensemble
        raise KeyError(f"no method {method}; expected one of {', '.join(METHODS)}")

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(
            vars(self) | {"ensembles": [ensemble.to_summary() for ensemble in self.ensembles]}
        )


def split_images(
    labels: Integer[np.ndarray, " images"], share: float, rng: np.random.Generator
) -> Bool[np.ndarray, " images"]:
    """A random part of the images of every class: True for the selection part.

    Args:
      labels: the true classes.
      share: of the images of each class that is for selection, rounded.
      rng: decides which.

    Raises:
      ValueError: a share outside (0, 1), or one part would be empty.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; expected a share between 0 and 1, such as 0.5")
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        images = rng.permutation(np.flatnonzero(labels == label))
        chosen[images[: round(share * len(images))]] = True
    if not chosen.any() or chosen.all():
        raise ValueError(f"{len(labels)} images are too few to split {share:g} of each class off")
    return chosen


def combine_specialists(
    predictions: Integer[np.ndarray, "n images"],
    labels: Integer[np.ndarray, " images"],
    classes: int,
    *,
    rng: np.random.Generator,
    share: float = 0.5,
    largest: int = 50,
    per_class: int = 3,
    smoothing: float = 1.0,
    resamples: int = 2000,
) -> Specialists:
    """Chooses, combines and reports.

    Args:
      predictions: class numbers, a row a network; `uint8` or `int16` saves memory. Pass each architecture once, or
        it votes as often as it occurs, and no network that failed.
      labels: the true classes.
      classes: how many there are.
      rng: source of the split and of the resamples.
      share: of the images that members are chosen on.
      largest: how many votes an ensemble has at most; the best for each class are `per_class` x classes.
      per_class: how many networks are best for a class, at most n. By the class's share of right images as in the
        paper, so a network that says this class for everything is among them.
      smoothing: images on top for each class and decision, for naive Bayes.
      resamples: of the report images.

    Raises:
      ValueError: no network, class numbers out of range, sizes or smoothing that are not positive, or too few images.
    """
    n = len(predictions)
    if n == 0 or min(largest, per_class, smoothing) <= 0:
        raise ValueError(
            f"{n} networks, largest = {largest}, per_class = {per_class}, smoothing = {smoothing}; "
            "expected all of them above 0"
        )
    for name, numbers in (("predictions", predictions), ("labels", labels)):
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < classes):
            raise ValueError(
                f"{name} from {numbers.min()} to {numbers.max()}; expected 0 to {classes - 1}"
            )
    known = split_images(labels, share, rng)
    ranking = _Ranking.of(predictions, labels, known, classes)
    # The best come first, so that they win ties.
    ordered = predictions[ranking.order]
    best = ranking.order[: min(largest, n)]
    special = ranking.specialists(min(per_class, n))
    greedy = ranking.order[_grown(ordered[:, known], labels[known], classes, largest)]
    del ordered
    halves = _halves(labels, known, rng)
    kinds = {
        "best": (best[:1], [1]),
        "vote": (best, range(1, len(best) + 1)),
        "specialists": (special, range(classes, len(special) + 1, classes)),
        "greedy": (greedy, range(1, largest + 1)),
        "bayes": (best, range(1, len(best) + 1)),
        "bayes_specialists": (special, range(classes, len(special) + 1, classes)),
    }
    baseline = predictions[best[0]] == labels
    ensembles = []
    for method, (members, sizes) in kinds.items():
        of = predictions[members]
        if method.startswith("bayes"):
            decided = bayes(of, labels, known, classes, sizes, smoothing)
            for fit, use in (halves, halves[::-1]):
                decided[:, use] = bayes(of, labels, fit, classes, sizes, smoothing)[:, use]
        else:
            decided = vote(of, classes, sizes)
        right = decided == labels
        ensembles.append(
            _ensemble(method, tuple(sizes), members, right, known, baseline, resamples, rng)
        )
    return Specialists(
        n=n,
        classes=classes,
        selection_images=int(known.sum()),
        report_images=int((~known).sum()),
        best=int(best[0]),
        any_right=float(ranking.any_right[~known].mean()),
        ensembles=tuple(ensembles),
    )


def _grown(
    ordered: Integer[np.ndarray, "n images"],
    labels: Integer[np.ndarray, " images"],
    classes: int,
    size: int,
) -> Int[np.ndarray, " size"]:
    """Greedy selection from some of the best on; rows of `ordered`, which has the best first."""
    first = ordered[:size]
    right = (vote(first, classes, range(1, len(first) + 1)) == labels).mean(axis=1)
    return greedy_selection(ordered, labels, classes, size, sorted_start(right))[0]


def _ensemble(
    method: str,
    sizes: tuple[int, ...],
    members: Int[np.ndarray, " m"],
    right: Bool[np.ndarray, "k images"],
    known: Bool[np.ndarray, " images"],
    baseline: Bool[np.ndarray, " images"],
    resamples: int,
    rng: np.random.Generator,
) -> Ensemble:
    selection, report = right[:, known].mean(axis=1), right[:, ~known].mean(axis=1)
    images = int((~known).sum())
    intervals = np.array([wilson(float(value), float(images)) for value in report])
    k = int(np.argmax(selection))
    gain = Estimate.undefined(images)
    if method != "best":
        gain = paired_gain(right[k, ~known], baseline[~known], resamples, rng)
    return Ensemble(
        method=method,
        sizes=sizes,
        selection=selection,
        report=report,
        low=intervals[:, 0],
        high=intervals[:, 1],
        size=sizes[k],
        members=tuple(int(m) for m in members[: sizes[k]]),
        accuracy=Estimate(
            float(report[k]), float(intervals[k, 0]), float(intervals[k, 1]), math.nan, images
        ),
        gain=gain,
    )


def paired_gain(
    right: Bool[np.ndarray, " images"],
    baseline: Bool[np.ndarray, " images"],
    resamples: int,
    rng: np.random.Generator,
) -> Estimate:
    """Difference of two accuracies on the same images, with a percentile interval and McNemar's exact p.

    A resample of the images is a draw of how many of them only the one, only the other, or both or none get right.
    """
    images = len(right)
    gained, lost = int((right & ~baseline).sum()), int((baseline & ~right).sum())
    shares = np.array([gained, lost, images - gained - lost]) / images
    drawn = rng.multinomial(images, shares, size=resamples)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / images, (0.025, 0.975))
    p = float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return Estimate((gained - lost) / images, float(low), float(high), p, images)


def _halves(
    labels: Integer[np.ndarray, " images"],
    known: Bool[np.ndarray, " images"],
    rng: np.random.Generator,
) -> tuple[Bool[np.ndarray, " images"], Bool[np.ndarray, " images"]]:
    """The selection part in two, every class alike as far as it can be."""
    order = np.flatnonzero(known)
    order = order[np.lexsort((rng.random(len(order)), labels[order]))]
    first, second = np.zeros_like(known), np.zeros_like(known)
    first[order[::2]], second[order[1::2]] = True, True
    return first, second


@dataclass(frozen=True, eq=False)
class _Ranking:
    """How good networks are on the selection part.

    Attributes:
      order: all networks, the best first; of equals the first row.
      by_class: share of each class's selection images right; nan for a class without any.
      any_right: images that some network gets right, of both parts.
    """

    order: Int[np.ndarray, " n"]
    by_class: Float[np.ndarray, "n classes"]
    any_right: Bool[np.ndarray, " images"]

    @classmethod
    def of(
        cls,
        predictions: Integer[np.ndarray, "n images"],
        labels: Integer[np.ndarray, " images"],
        known: Bool[np.ndarray, " images"],
        classes: int,
    ) -> "_Ranking":
        chosen = np.flatnonzero(known)
        chosen = chosen[np.argsort(labels[chosen], kind="stable")]
        present, starts = np.unique(labels[chosen], return_index=True)
        counts = np.zeros((len(predictions), classes))
        any_right = np.zeros(len(labels), dtype=bool)
        for start in range(0, len(predictions), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            right = predictions[rows] == labels
            any_right |= right.any(axis=0)
            sums = np.add.reduceat(right[:, chosen], starts, axis=1, dtype=np.int64)
            counts[rows, present] = sums
        images = np.bincount(labels[chosen], minlength=classes)
        by_class = counts / np.where(images > 0, images, np.nan)
        return cls(np.argsort(-counts.sum(axis=1), kind="stable"), by_class, any_right)

    def specialists(self, per_class: int) -> Int[np.ndarray, " m"]:
        """The best for each class, then the second best for each, and so on; within a round the best of all first.

        Of equals for a class the better network of all. A class without selection images gets the best of all.
        """
        place = np.empty(len(self.order), dtype=np.int64)
        place[self.order] = np.arange(len(self.order))
        rounds = []
        for of in np.nan_to_num(self.by_class[self.order], nan=0.0).T:
            rounds.append(self.order[np.argsort(-of, kind="stable")[:per_class]])
        table = np.stack(rounds, axis=1)
        return np.concatenate([row[np.argsort(place[row], kind="stable")] for row in table])
