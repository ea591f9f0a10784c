"""What of the spread is the architectures', and the distribution of errors."""

import numpy as np
import pytest

from randarch.analysis.transfer.error_distribution import error_distribution
from randarch.analysis.transfer.spread import spread
from tests.analysis.transfer.examples import bootstrap, errors_of

pytestmark = pytest.mark.filterwarnings("error")


def test_known_variances_are_recovered() -> None:
    rng = np.random.default_rng(0)
    true, within = 0.03, 0.02
    values = 0.4 + true * rng.normal(size=(2000, 1)) + within * rng.normal(size=(2000, 3))
    found = spread(errors_of({"x": values}, test_images=600), "x")
    assert found.between == pytest.approx(true, rel=0.08)
    assert found.within == pytest.approx(within, rel=0.05)
    assert found.icc.value == pytest.approx(true**2 / (true**2 + within**2), abs=0.04)
    mean = values.mean()
    assert found.counting == pytest.approx(np.sqrt(mean * (1 - mean) / 600))
    assert found.quantiles == pytest.approx(
        np.quantile(values.mean(axis=1), [0, 0.25, 0.5, 0.75, 1])
    )


def test_one_repeat_has_no_within() -> None:
    found = spread(errors_of({"x": [0.1, 0.2, np.nan, 0.6]}), "x")
    assert found.between == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1))
    assert np.isnan(found.within) and not found.icc.defined
    assert found.quantiles == pytest.approx((0.1, 0.15, 0.2, 0.4, 0.6))


@pytest.mark.parametrize("repeats", [1, 3])
def test_degenerate_spreads(repeats: int) -> None:
    constant = spread(errors_of({"x": np.full((5, repeats), 0.25)}), "x")
    assert constant.between == 0 and constant.quantiles == (0.25,) * 5
    assert not constant.icc.defined
    missing = spread(errors_of({"x": np.full((5, repeats), np.nan)}), "x").to_summary()
    assert missing["between"] is missing["counting"] is missing["quantiles"][0] is None
    single = spread(errors_of({"x": np.array([[0.3] * repeats])}), "x")
    assert np.isnan(single.between) and single.quantiles == (0.3,) * 5
    two = spread(errors_of({"x": np.array([[0.3] * repeats, [0.5] * repeats])}), "x")
    assert two.between == pytest.approx(np.sqrt(0.02))


def test_no_test_images_count_nothing() -> None:
    assert np.isnan(spread(errors_of({"x": [0.1, 0.2]}, test_images=0), "x").counting)


def test_shares_of_architectures_with_at_most_an_error() -> None:
    errors = np.array([0.3, 0.1, np.nan, 0.1, 0.7, 0.2, 0.4, 0.9, 0.8])
    found = error_distribution("x", errors, bootstrap(2000))
    assert found.errors.tolist() == [0.1, 0.1, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9]
    np.testing.assert_allclose(found.shares, np.array([2, 2, 3, 4, 5, 6, 7, 8]) / 8)
    assert found.shares[-1] == found.low[-1] == found.high[-1] == 1
    assert (found.low <= found.shares).all() and (found.shares <= found.high).all()
    assert (np.diff(found.low) >= 0).all() and (np.diff(found.high) >= 0).all()


def test_the_band_is_that_of_a_binomial_share() -> None:
    n = 100
    found = error_distribution("x", np.arange(n) / n, bootstrap(4000))
    half = 1.96 * np.sqrt(0.25 / n)
    assert found.low[n // 2 - 1] == pytest.approx(0.5 - half, abs=0.015)
    assert found.high[n // 2 - 1] == pytest.approx(0.5 + half, abs=0.015)


def test_few_architectures_have_no_band() -> None:
    found = error_distribution("x", np.array([0.2, 0.1]), bootstrap())
    assert found.shares.tolist() == [0.5, 1] and np.isnan(found.low).all()
    assert error_distribution("x", np.full(3, np.nan), bootstrap()).to_summary()["errors"] == []
