"""Architectures that a filter lets through: the first of the space's order, and no others."""

import numpy as np
import pytest

from randarch.receptive_field import AtMostUnproductive, analyze_fields
from randarch.spaces import ConvChain
from randarch.studies.selection import sample_accepted

SPACE = ConvChain(5)


def test_without_a_filter_it_is_the_sample() -> None:
    accept = AtMostUnproductive(None, (32, 32, 3))
    assert sample_accepted(SPACE, 20, (3, 5), accept) == SPACE.sample(
        20, np.random.default_rng((3, 5))
    )


def test_none_are_found_at_once() -> None:
    assert sample_accepted(SPACE, 0, (3, 5), AtMostUnproductive(0, (32, 32, 3))) == []


@pytest.mark.parametrize("most", [0, 1, 2])
def test_with_one_it_is_the_first_of_the_sample_that_pass(most: int) -> None:
    accept = AtMostUnproductive(most, (24, 24, 3))
    found = sample_accepted(SPACE, 12, (3, 5), accept)
    order = SPACE.sample(1000, np.random.default_rng((3, 5)))
    passing = [g for g in order if len(analyze_fields(SPACE.decode(g), 24).unproductive) <= most]
    assert found == passing[:12]
    assert (found == order[:12]) is (most > 0)


def test_too_few_are_refused_with_their_number() -> None:
    space, accept = ConvChain(3), AtMostUnproductive(0, (12, 12, 3))
    passing = [
        g
        for g in space.enumerate_distinct()
        if not analyze_fields(space.decode(g), 12).unproductive
    ]
    assert 0 < len(passing) < space.num_architectures
    assert len(sample_accepted(space, len(passing), (0,), accept)) == len(passing)
    with pytest.raises(ValueError, match=f"of .*only {len(passing)} have no more .* at 12 x 12"):
        sample_accepted(space, len(passing) + 1, (0,), accept)
