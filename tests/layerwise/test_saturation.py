"""Saturation against NumPy and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.layerwise import Covariance, saturation


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 5))
def test_a_stream_has_the_covariance_of_the_whole(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [1e3 + rng.standard_normal((n, 4)) for n in sizes]
    found = Covariance.empty(4)
    for part in parts:
        found = found.add(part.astype(np.float32))
    whole = np.concatenate(parts).astype(np.float32).astype(np.float64)
    assert found.count == len(whole)
    if len(whole) > 1:
        expected = np.cov(whole.T, bias=True) * len(whole)
        np.testing.assert_allclose(found.scatter, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("variances", "delta", "expected"),
    [
        ((1, 0, 0, 0), 0.99, 1 / 4),
        ((1, 1, 1, 1), 0.99, 1.0),
        ((98, 1, 1, 0), 0.99, 2 / 4),
        ((99, 1, 0, 0), 0.99, 1 / 4),
        ((99, 1, 0, 0), 1.0, 2 / 4),
        ((0, 0, 0, 0), 0.99, 0.0),
    ],
)
def test_shares_of_known_spectra(variances: tuple, delta: float, expected: float) -> None:
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    scatter = rotation @ np.diag(np.array(variances, float)) @ rotation.T
    assert saturation(Covariance(10, np.zeros(4), scatter), delta) == expected


def test_what_is_not_finite_has_none_and_a_share_is_a_share() -> None:
    assert np.isnan(saturation(Covariance(2, np.zeros(1), np.full((1, 1), np.inf))))
    with pytest.raises(ValueError, match=r"delta is 1\.5"):
        saturation(Covariance.empty(2), 1.5)
