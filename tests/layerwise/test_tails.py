"""The 50 % rule on sequences that one can do by hand."""

import math

import pytest

from randarch.layerwise import tail_start


@pytest.mark.parametrize(
    ("saturations", "expected"),
    [
        ([0.8, 0.8, 0.8, 0.1, 0.1], 4),
        ([0.8, 0.8, 0.8, 0.8], None),
        ([0.8, 0.1, 0.8, 0.1], 4),
        ([0.4, 0.8, 0.8, 0.1, 0.3], 4),
        ([0.8, 0.8, 0.1, 0.5], None),
        ([0.8], None),
        ([], None),
        ([0.8, 0.8, math.nan], None),
        ([0.8, 0.3, 0.3, 0.3], 2),
    ],
)
def test_where_the_tail_begins(saturations: list[float], expected: int | None) -> None:
    assert tail_start(saturations) == expected
