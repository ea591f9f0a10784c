"""Which structures suit which class: Table II and III of the structurally randomized networks, with tests."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import stats

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import spearman
from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.structure.columns import one_hot
from randarch.analysis.structure.distribution import cutoff_score, top_weights
from randarch.analysis.structure.exchange import Structures, distance, exchange_p
from randarch.analysis.structure.no_specialisation import noise_distances
from randarch.analysis.structure.sampled import Sampled

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class ClassResult:
    """One class. Accuracies are shares of its test images; networks are draws (rows) that neither failed nor are dead:
    a network that calls every image the same has one class entirely right, and says nothing about what suits it.

    Attributes:
      name: of the class.
      images: its test images.
      top: the highest accuracy.
      mean: over the networks.
      quantiles: of the accuracy over the networks: 0 is the lowest, 0.5 the median, 1 the highest.
      cutoff: accuracy of the last of the best.
      distance: sum over layer types and positions of |counts of the best for the class - counts of the best of all|,
        both per 100 networks; from 0 to 200 a position.
      p: of the distance, if it were chance who of the two sets is in which (`exchange`).
      q: the same by Benjamini and Hochberg over the classes: share of false findings among all with a q up to this.
      noise_distance: mean distance that test-set noise alone gives (`no_specialisation`); nan without simulations.
      noise_high: its 95 % quantile.
      noise_p: (1 + simulated distances at least as large) / (1 + simulations).
      rank_of_best: rank of the network that is best of all in this class: 1 + how many are strictly better.
      accuracy_of_best: its accuracy in this class.
      counts: layer types by position of the best for the class, per 100; equals share the last places.
      best: row of the best network for the class in the `Sampled` that was analysed; of equals the one with the
        highest overall accuracy, then the first.
      best_ties: networks with the highest accuracy.
      best_layers: layer types of `best`.
      best_accuracy_elsewhere: its overall accuracy.
    """

    name: str
    images: int
    top: float
    mean: float
    quantiles: dict[float, float]
    cutoff: float
    distance: float
    p: float
    q: float
    noise_distance: float
    noise_high: float
    noise_p: float
    rank_of_best: int
    accuracy_of_best: float
    counts: Float[np.ndarray, "types positions"]
    best: int
    best_ties: int
    best_layers: tuple[str, ...]
    best_accuracy_elsewhere: float

    @property
    def exceeds_noise(self) -> bool:
        """Whether the distance is more than 95 % of those that noise alone gives; False without simulations."""
        return self.distance > self.noise_high

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return json_object(
            values | {"counts": self.counts.tolist(), "exceeds_noise": self.exceeds_noise}
        )


@dataclass(frozen=True, eq=False)
class ClassAnalysis:
    """All classes.

    Attributes:
      classes: in the order of the data set.
      overall: layer types by position of the best of all, per 100.
      n: networks (draws) that neither failed nor are dead (did not fail, if all are dead).
      architectures: how many different ones.
      top: how many are best of all.
      class_top: how many are best for a class.
      permutations: of the test; p is never below 1 / (1 + permutations).
      simulations: of test-set noise.
      distance_and_rank: Spearman's rho over the classes of the distance with `rank_of_best` ("this distance directly
        connects relative performances"); its n is the number of classes.
    """

    classes: tuple[ClassResult, ...]
    overall: Float[np.ndarray, "types positions"]
    n: int
    architectures: int
    top: int
    class_top: int
    permutations: int
    simulations: int
    distance_and_rank: Estimate

    def most_deviating(self, k: int) -> tuple[ClassResult, ...]:
        """The k classes with the largest distances, the largest first (all if there are fewer)."""
        return tuple(sorted(self.classes, key=lambda c: -c.distance)[:k])

    @property
    def found(self) -> tuple[ClassResult, ...]:
        """Classes whose best are other structures: q up to 0.05, and a distance beyond test-set noise."""
        return tuple(c for c in self.classes if c.q <= SIGNIFICANT and c.exceeds_noise)

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(
            {
                "n": self.n,
                "architectures": self.architectures,
                "top": self.top,
                "class_top": self.class_top,
                "permutations": self.permutations,
                "simulations": self.simulations,
                "overall": self.overall.tolist(),
                "found": [c.name for c in self.found],
                "distance_and_rank": self.distance_and_rank.to_summary(),
                "classes": [c.to_summary() for c in self.classes],
            }
        )


def analyze_classes(
    sampled: Sampled,
    *,
    top: int = 100,
    class_top: int = 50,
    rng: np.random.Generator,
    permutations: int = 10_000,
    simulations: int = 200,
    resamples: int = 1000,
) -> ClassAnalysis:
    """The best structures for each class, and how far they are from the best of all.

    Args:
      sampled: networks; those that failed or are dead are left out.
      top: how many are best of all.
      class_top: how many are best for a class.
      rng: source of the permutations, simulations and resamples.
      permutations: of the test, of each class.
      simulations: of test-set noise, of all classes together; 0 leaves it out.
      resamples: of the classes, for `distance_and_rank`.

    Raises:
      ValueError: no network is left, or fewer than one is to be best.
    """
    rows = sampled.live
    live = sampled.rows(rows)
    accuracy, cluster = live.accuracy, live.cluster
    held = one_hot(live.layers, len(live.types))
    structures = Structures.of(held, cluster, live.layers.shape[1])
    # Rows of an architecture have equal accuracies, hence equal weights: one of them tells all.
    one_row = np.unique(cluster, return_index=True)[1]
    overall = top_weights(accuracy, top)[one_row]
    columns = np.ascontiguousarray(live.class_accuracy.T)
    weights = np.stack([top_weights(column, class_top)[one_row] for column in columns])
    common, counts = structures.composition(overall[None]), structures.composition(weights)
    distances = distance(counts, common)
    p = np.array([exchange_p(structures, overall, w, permutations, rng) for w in weights])
    q = stats.false_discovery_control(p)
    noise = noise_distances(
        structures,
        live.class_accuracy[one_row] * live.class_images,
        live.class_images,
        top=top,
        class_top=class_top,
        simulations=simulations,
        rng=rng,
    )
    best_of_all = int(np.argmax(accuracy))
    shape = len(live.types), live.layers.shape[1]
    results = []
    for c, column in enumerate(columns):
        best = _best(column, accuracy)
        results.append(
            ClassResult(
                name=live.classes[c],
                images=int(live.class_images[c]),
                top=float(column.max()),
                mean=float(column.mean()),
                quantiles=dict(
                    zip(QUANTILES, np.quantile(column, QUANTILES).tolist(), strict=True)
                ),
                cutoff=cutoff_score(column, class_top),
                distance=float(distances[c]),
                p=float(p[c]),
                q=float(q[c]),
                **_noise(noise[:, c], float(distances[c])),
                rank_of_best=1 + int((column > column[best_of_all]).sum()),
                accuracy_of_best=float(column[best_of_all]),
                counts=counts[c].reshape(shape),
                best=int(rows[best]),
                best_ties=int((column == column.max()).sum()),
                best_layers=tuple(live.types[t] for t in live.layers[best]),
                best_accuracy_elsewhere=float(accuracy[best]),
            )
        )
    ranks = np.array([r.rank_of_best for r in results], dtype=float)
    return ClassAnalysis(
        classes=tuple(results),
        overall=common.reshape(shape),
        n=len(live),
        architectures=len(one_row),
        top=top,
        class_top=class_top,
        permutations=permutations,
        simulations=simulations,
        distance_and_rank=spearman(distances, ranks, Bootstrap(resamples, rng)),
    )


def _best(of_class: Float[np.ndarray, " n"], accuracy: Float[np.ndarray, " n"]) -> int:
    equal = np.flatnonzero(of_class == of_class.max())
    return int(equal[np.argmax(accuracy[equal])])


def _noise(simulated: Float[np.ndarray, " s"], found: float) -> dict[str, float]:
    if not len(simulated):
        return dict.fromkeys(("noise_distance", "noise_high", "noise_p"), float("nan"))
    at_least = int((simulated >= found - 1e-9).sum())
    return {
        "noise_distance": float(simulated.mean()),
        "noise_high": float(np.quantile(simulated, 0.95)),
        "noise_p": (1 + at_least) / (1 + len(simulated)),
    }
