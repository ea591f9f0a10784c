"""Trials: which are common, how far they spread, and Student's interval against SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from randarch.analysis.sweep.trials import (
    Distribution,
    common_trials,
    t_interval,
    trial_columns,
    trial_sd,
)


def test_the_interval_is_scipys() -> None:
    values = np.random.default_rng(0).normal(size=5)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = t_interval(np.append(values, np.nan))
    assert found.n == 5
    assert (found.value, found.low, found.high) == pytest.approx(
        (values.mean(), expected.low, expected.high)
    )


def test_one_trial_has_no_interval_and_none_no_value() -> None:
    one = t_interval(np.array([0.3, np.nan]))
    assert one.value == 0.3 and np.isnan([one.low, one.high]).all() and one.n == 1
    assert not t_interval(np.array([np.nan])).defined


def test_columns_come_in_the_order_of_their_seeds() -> None:
    names = ["test_accuracy_seed10", "test_accuracy_seed2", "test_accuracy", "test_accuracy_seedx"]
    assert trial_columns(pd.DataFrame(columns=names)) == names[1::-1]


def test_only_trials_that_all_have_are_common() -> None:
    table = pd.DataFrame(
        {
            "test_accuracy": [0.2, 0.25],
            "test_accuracy_seed0": [0.2, 0.2],
            "test_accuracy_seed1": [np.nan, 0.3],
        }
    )
    np.testing.assert_array_equal(common_trials(table), [[0.2], [0.2]])
    without = table.drop(columns="test_accuracy_seed0")
    np.testing.assert_array_equal(common_trials(without), [[0.2], [0.25]])


def test_the_spread_over_trials_is_pooled() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(40, 1)) + 0.1 * rng.normal(size=(40, 3))
    scores[:30, 2] = np.nan
    scores[:5, 1] = np.nan
    table = pd.DataFrame(scores, columns=[f"test_accuracy_seed{i}" for i in range(3)])
    groups = [row[np.isfinite(row)] for row in scores]
    groups = [g for g in groups if len(g) > 1]
    squares = sum(((g - g.mean()) ** 2).sum() for g in groups)
    expected = np.sqrt(squares / sum(len(g) - 1 for g in groups))
    assert trial_sd(table) == pytest.approx(expected)
    assert np.isnan(trial_sd(table[["test_accuracy_seed0"]]))
    assert np.isnan(trial_sd(pd.DataFrame({"test_accuracy": [0.1]})))


def test_a_distribution_of_finite_values() -> None:
    values = np.array([0.1, 0.2, 0.4, np.nan])
    found = Distribution.of(values)
    assert (found.n, found.mean, found.sd) == pytest.approx(
        (3, 0.7 / 3, np.std([0.1, 0.2, 0.4], ddof=1))
    )
    assert (found.quantiles[0.0], found.quantiles[0.5], found.quantiles[1.0]) == (0.1, 0.2, 0.4)
    assert np.isnan(Distribution.of(values[:1]).sd)
    assert np.isnan([*Distribution.of(values[3:]).quantiles.values()]).all()
