"""The best architectures, stage by stage."""

import numpy as np
import pytest

from randarch.analysis.transfer.top_configurations import top_configurations
from tests.analysis.transfer.examples import errors_of, population_of

pytestmark = pytest.mark.filterwarnings("error")


def test_the_best_and_the_mean_of_the_best() -> None:
    population = population_of(6)
    errors = errors_of({"x": [0.5, 0.1, np.nan, 0.3, 0.2, 0.9]})
    found = top_configurations(errors, "x", population, 3)
    assert (found.best, found.top) == (1, 3)
    assert found.best_values["width"].tolist() == population.widths[1].tolist()
    best = population.depths[[1, 4, 3]]
    np.testing.assert_allclose(found.mean["depth"], best.mean(axis=0))
    np.testing.assert_allclose(found.std["depth"], best.std(axis=0))
    np.testing.assert_allclose(found.all_mean["bottleneck"], population.bottlenecks.mean(axis=0))
    np.testing.assert_allclose(found.all_std["group_width"], population.group_widths.std(axis=0))
    assert found.to_summary()["best_values"]["depth"] == population.depths[1].tolist()


def test_equals_are_taken_in_their_order() -> None:
    found = top_configurations(errors_of({"x": [0.2, 0.1, 0.1, 0.1]}), "x", population_of(4), 2)
    assert found.best == 1
    np.testing.assert_allclose(found.mean["depth"], population_of(4).depths[[1, 2]].mean(axis=0))


def test_fewer_than_asked_for() -> None:
    found = top_configurations(errors_of({"x": [0.2, np.nan]}), "x", population_of(2), 15)
    assert (found.best, found.top) == (0, 1)
    assert found.std["width"].tolist() == [0, 0, 0, 0]


def test_no_errors_have_no_best() -> None:
    found = top_configurations(errors_of({"x": np.full(3, np.nan)}), "x", population_of(3), 2)
    assert (found.best, found.top) == (-1, 0)
    assert np.isnan(found.mean["depth"]).all() and np.isnan(found.best_values["width"]).all()
    assert np.isfinite(found.all_mean["depth"]).all()


def test_a_top_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="top is 0"):
        top_configurations(errors_of({"x": [0.1]}), "x", population_of(1), 0)
