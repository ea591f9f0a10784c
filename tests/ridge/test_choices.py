"""The small decisions: which lambda, which width, which results to solve again."""

import numpy as np

from randarch.ridge import sampled
from randarch.ridge.features import padded_width
from randarch.ridge.targets import smallest_error


def test_of_equal_errors_the_largest_lambda_wins():
    lambdas = np.array([1.0, 100.0, 10.0, 1000.0])
    assert smallest_error(np.array([2.0, 1.0, 1.0, 3.0]), lambdas) == 1
    assert smallest_error(np.array([np.nan, 2.0, 1.0, np.inf]), lambdas) == 2


def test_padded_widths_are_few_and_close():
    widths = [padded_width(d) for d in range(1, 8001)]
    assert all(w >= d for d, w in enumerate(widths, start=1))
    assert all(w <= 1.25 * d + 64 for d, w in enumerate(widths, start=1))
    assert len(set(widths)) <= 32


def test_a_share_is_sampled_by_key():
    keys = [f"architecture {k}" for k in range(2000)]
    chosen = [sampled(key, 0.1) for key in keys]
    assert chosen == [sampled(key, 0.1) for key in keys]
    assert 130 < sum(chosen) < 270  # five standard deviations about 200
    assert not any(sampled(key, 0.0) for key in keys) and all(sampled(key, 1.0) for key in keys)
