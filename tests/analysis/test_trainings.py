"""Means and differences of trainings, against SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from randarch.analysis import Trainings, difference_of_means


def test_failed_trainings_are_left_out() -> None:
    found = Trainings((0.1, 0.7, 0.75, 0.8), (True, False, False, False))
    assert list(found.sound) == [0.7, 0.75, 0.8]
    interval = stats.t.interval(0.95, 2, loc=0.75, scale=stats.sem([0.7, 0.75, 0.8]))
    assert (found.mean.low, found.mean.high) == pytest.approx(interval)
    nothing = Trainings((0.1,), (True,))
    assert not nothing.mean.defined and not nothing.minus(found).defined


def test_the_difference_has_welchs_interval() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(1, 1, 7), rng.normal(0, 3, 5)
    found = difference_of_means(first, second)
    oracle = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high))
    one, other = (Trainings(tuple(v), (False,) * len(v)) for v in (first, second))
    assert one.minus(other) == found
    assert math.isnan(difference_of_means(first[:1], second).low)


def test_one_flag_a_training() -> None:
    with pytest.raises(ValueError, match="2 accuracies and 1 flags"):
        Trainings((0.1, 0.2), (False,))
