"""The Pareto front against brute force, the choice of throughput, and the published fitness."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.analysis import choose_speed, fitness, pareto_mask

# Few values make many ties; nan and inf are no coordinates.
COORDINATE = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, float("nan"), float("inf")])


def brute_force(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    known = np.isfinite(x) & np.isfinite(y)

    def beaten(i: int) -> bool:
        as_good = known & (x >= x[i]) & (y >= y[i])
        return bool((as_good & ((x > x[i]) | (y > y[i]))).any())

    return np.array([known[i] and not beaten(i) for i in range(len(x))], dtype=bool)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), max_size=25))
def test_the_front_is_what_brute_force_finds(pairs: list[tuple[float, float]]) -> None:
    x, y = np.array(pairs, dtype=float).reshape(-1, 2).T
    np.testing.assert_array_equal(pareto_mask(x, y), brute_force(x, y))
    np.testing.assert_array_equal(pareto_mask(y, x), brute_force(x, y))


def test_the_front_of_many_points() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 2000))
    np.testing.assert_array_equal(pareto_mask(x, y), brute_force(x, y))


def test_equal_points_are_on_the_front_together() -> None:
    x, y = np.array([1.0, 1.0, 0.5, 1.0]), np.array([2.0, 2.0, 3.0, 1.0])
    assert pareto_mask(x, y).tolist() == [True, True, True, False]


def table(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"macs": [3, 2, 1], **columns})


@pytest.mark.parametrize(
    ("columns", "kind", "values"),
    [
        (
            {"throughput": [np.nan, 5, 7], "predicted_throughput": [1, 2, np.nan]},
            "measured",
            [np.nan, 5, 7],
        ),
        (
            {"throughput": [np.nan, 5, 7], "predicted_throughput": [1, 2, 3]},
            "predicted",
            [1, 2, 3],
        ),
        (
            {"throughput": [np.nan] * 3, "predicted_throughput": [1, np.nan, 3]},
            "predicted",
            [1, np.nan, 3],
        ),
        ({"predicted_throughput": [np.nan] * 3}, "macs", [np.nan] * 3),
        ({}, "macs", [np.nan] * 3),
    ],
)
def test_measured_goes_before_predicted_unless_few_are_and_nothing_is_mixed(
    columns: dict[str, list[float]], kind: str, values: list[float]
) -> None:
    found, speed = choose_speed(table(**columns))
    assert found == kind
    np.testing.assert_array_equal(speed, values)


def test_fitness_is_the_published_formula() -> None:
    accuracy, speed = np.array([0.1, 0.2, 0.3, 0.9]), np.array([30.0, 10.0, 20.0, np.nan])
    found = fitness(accuracy, speed)
    np.testing.assert_allclose(found[:3], [0 + 0.3 * 1, 0.5 + 0, 1 + 0.3 * 0.5])
    assert np.isnan(found[3])


def test_fitness_of_equal_values_is_defined() -> None:
    np.testing.assert_array_equal(
        fitness(np.full(3, 0.2), np.array([1.0, 2.0, 3.0])), [0, 0.15, 0.3]
    )
    assert np.isnan(fitness(np.full(2, 0.2), np.full(2, np.nan))).all()
