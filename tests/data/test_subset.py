"""Stratified subsets: exact shares, no repeats, seeded."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.data import class_quota, stratified_indices

COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=12)


@given(COUNTS, st.data())
def test_quota_is_a_share_of_what_is_there(available: list[int], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, sum(available)))
    quota = class_quota(available, size)
    assert sum(quota) == size
    assert all(0 <= q <= a for q, a in zip(quota, available, strict=True))
    if size >= sum(a > 0 for a in available):
        assert all(q > 0 for q, a in zip(quota, available, strict=True) if a)


@given(st.lists(st.integers(20, 60), min_size=1, max_size=8), st.data())
def test_quota_is_within_one_of_the_exact_share(available: list[int], data: st.DataObject) -> None:
    # With at least 20 in each of at most 8 classes and 40 or more drawn, no class rounds to none.
    size = data.draw(st.integers(min(40, sum(available)), sum(available)))
    for q, a in zip(class_quota(available, size), available, strict=True):
        assert abs(q - Fraction(size * a, sum(available))) < 1


def test_quota_goes_to_the_largest_remainders() -> None:
    # 7 of 50, 30, 20: exact shares 3.5, 2.1, 1.4, so the one left over goes to the first.
    assert class_quota([50, 30, 20], 7) == [4, 2, 1]
    # 6 of 50, 31, 19: exact shares 3, 1.86, 1.14.
    assert class_quota([50, 31, 19], 6) == [3, 2, 1]


def test_a_rare_class_keeps_an_image() -> None:
    assert class_quota([997, 2, 1], 10) == [8, 1, 1]
    assert class_quota([997, 2, 1], 2) == [2, 0, 0]


@pytest.mark.parametrize("size", [-1, 11])
def test_quota_of_an_impossible_size(size: int) -> None:
    with pytest.raises(ValueError, match=f"size is {size}; expected 0 to 10"):
        class_quota([4, 6], size)


@given(COUNTS.filter(any), st.integers(0, 2**32), st.data())
def test_indices_are_distinct_and_stratified(
    available: list[int], seed: int, data: st.DataObject
) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(available)), available))
    size = data.draw(st.integers(1, len(labels)))
    indices = stratified_indices(np.random.default_rng(seed), labels, size)
    assert len(np.unique(indices)) == len(indices) == size
    counts = np.bincount(labels[indices], minlength=len(available))
    assert counts.tolist() == class_quota(available, size)


def test_none_takes_all_in_random_order() -> None:
    labels = np.zeros(200, np.int32)
    indices = stratified_indices(np.random.default_rng(0), labels, None)
    assert sorted(indices) == list(range(200))
    assert not np.array_equal(indices, np.arange(200))


def test_every_image_of_a_class_is_as_likely() -> None:
    labels = np.repeat([0, 1], [8, 4])
    rng = np.random.default_rng(0)
    drawn = np.zeros(12)
    for _ in range(3_000):
        drawn[stratified_indices(rng, labels, 3)] += 1
    # Each is drawn with probability 1/4; 5 standard deviations of 3,000 draws are 119.
    assert np.abs(drawn - 750).max() < 119
