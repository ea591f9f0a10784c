"""The permutation test: all arrangements by hand, and its p values where there is nothing to find."""

import itertools

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.structure import top_weights
from randarch.analysis.structure.columns import one_hot
from randarch.analysis.structure.exchange import Structures, distance, exchange_p

POSITIONS, NUMBER = 2, 3


def structures_of(layers: np.ndarray, cluster: np.ndarray) -> Structures:
    return Structures.of(one_hot(layers, NUMBER), cluster, layers.shape[1])


def test_distance_is_the_published_one() -> None:
    """Sum of |2 x counts of 50 - counts of 100|, with ten times fewer networks."""
    rng = np.random.default_rng(0)
    layers = rng.integers(NUMBER, size=(60, POSITIONS))
    overall, of_class = rng.permutation(60)[:10], rng.permutation(60)[:5]
    ten, five = (
        np.array(
            [[(layers[chosen, p] == t).sum() for p in range(POSITIONS)] for t in range(NUMBER)]
        )
        for chosen in (overall, of_class)
    )
    weights = np.zeros((2, 60))
    weights[0, overall], weights[1, of_class] = 1, 1
    both = structures_of(layers, np.arange(60)).composition(weights)
    assert distance(both[:1], both[1:]) == pytest.approx(10 * np.abs(2 * five - ten).sum())


def test_p_is_that_of_all_arrangements() -> None:
    rng = np.random.default_rng(5)
    # Seven architectures, some in several rows; one is in both sets, one in none, equals share places.
    cluster = np.array([0, 1, 1, 2, 3, 3, 3, 4, 5, 6])
    layers = rng.integers(NUMBER, size=(10, POSITIONS))
    overall = np.array([1, 1, 1, 0.25, 0, 0, 0])
    of_class = np.array([1, 0, 0, 0.5, 0.5, 1, 0])
    structures = structures_of(layers, cluster)

    def found(u: np.ndarray, v: np.ndarray) -> float:
        both = []
        for weights in (u, v):
            table = sum(
                weights[c] * np.array([row == t for t in range(NUMBER)])
                for c, row in zip(cluster, layers, strict=True)
            )
            both.append(100 * table / weights[cluster].sum())
        return float(np.abs(both[0] - both[1]).sum())

    observed, moving = found(overall, of_class), [1, 2, 3, 4, 5]
    at_least = []
    for order in itertools.permutations(moving):
        u, v = overall.copy(), of_class.copy()
        u[moving], v[moving] = overall[list(order)], of_class[list(order)]
        at_least.append(found(u, v) >= observed - 1e-9)
    exact, permutations = np.mean(at_least), 20_000
    p = exchange_p(structures, overall, of_class, permutations, rng)
    assert 0.02 < exact < 0.98
    assert abs(p - exact) < 5 * np.sqrt(exact * (1 - exact) / permutations)


def test_nothing_that_moves_is_no_evidence() -> None:
    layers = np.random.default_rng(0).integers(NUMBER, size=(6, POSITIONS))
    structures = structures_of(layers, np.arange(6))
    same = np.array([1.0, 1, 0.5, 0.5, 0, 0])
    assert exchange_p(structures, same, same, 50, np.random.default_rng(0)) == 1


@pytest.fixture(scope="module")
def null() -> dict[str, np.ndarray]:
    """p values where layers have nothing to do with accuracies: architectures in up to 6 rows, coarse classes."""
    rng = np.random.default_rng(0)
    p: dict[str, list[float]] = {"architectures": [], "rows": []}
    for _ in range(250):
        copies = rng.integers(1, 7, size=60)
        cluster = np.repeat(np.arange(60), copies)
        layers = rng.integers(NUMBER, size=(60, POSITIONS))[cluster]
        level = rng.normal(-1, 0.4, size=60)
        overall = top_weights((level + rng.normal(0, 0.05, size=60))[cluster], 30)
        right = rng.binomial(12, 1 / (1 + np.exp(-level)))
        of_class = top_weights(right[cluster].astype(float), 15)
        first = np.unique(cluster, return_index=True)[1]
        for name, rows, clusters in (
            ("architectures", first, cluster),
            ("rows", np.arange(len(cluster)), np.arange(len(cluster))),
        ):
            structures = structures_of(layers, clusters)
            p[name].append(exchange_p(structures, overall[rows], of_class[rows], 199, rng))
    return {name: np.array(values) for name, values in p.items()}


def test_p_is_uniform_where_there_is_nothing(null: dict[str, np.ndarray]) -> None:
    p = null["architectures"]
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    for level in (0.05, 0.2):
        assert (p <= level).sum() <= stats.binom.ppf(0.9999, len(p), level)


def test_rows_of_an_architecture_must_move_together(null: dict[str, np.ndarray]) -> None:
    assert (null["rows"] <= 0.05).mean() > 0.2


def test_other_structures_are_found() -> None:
    rng = np.random.default_rng(0)
    layers = np.concatenate([rng.integers(2, size=(40, 2)), rng.integers(1, 3, size=(40, 2))])
    overall, of_class = np.repeat([1.0, 0.0], 40), np.repeat([0.0, 1.0], 40)
    structures = structures_of(layers, np.arange(80))
    assert exchange_p(structures, overall, of_class, 999, rng) == pytest.approx(1e-3)


def test_chunks_cover_all_permutations(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    structures = structures_of(rng.integers(NUMBER, size=(20, 2)), np.arange(20))
    overall, of_class = np.repeat([1.0, 0.0], 10), np.repeat([0.0, 1.0], 10)
    whole = exchange_p(structures, overall, of_class, 100, np.random.default_rng(5))
    monkeypatch.setattr("randarch.analysis.structure.exchange._ELEMENTS_AT_ONCE", 7 * 20)
    assert exchange_p(structures, overall, of_class, 100, np.random.default_rng(5)) == whole
