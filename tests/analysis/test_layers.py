"""The 50 % rule and the agreement with a border, on sequences that one can do by hand."""

import math

import pytest

from randarch.analysis import Agreement, Curves, strict_tail_start, tail_start


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


@pytest.mark.parametrize(
    ("saturations", "expected"),
    [
        ([0.8, 0.8, 0.8, 0.1, 0.1], 4),
        ([0.9, 0.44, 0.43, 0.42, 0.41], None),
        ([0.8, 0.1, 0.1, 0.1], 2),
        ([0.8, 0.3, 0.3, 0.3], None),
        ([0.8, 0.8, 0.8, 0.8], None),
        ([0.8, 0.8, math.nan], None),
        ([math.nan, 0.8, 0.8, 0.1], 4),
        ([0.8], None),
        ([], None),
    ],
)
def test_where_the_tail_begins_if_each_layer_is_compared_with_all_others(
    saturations: list[float], expected: int | None
) -> None:
    assert strict_tail_start(saturations) == expected


def test_agreement_of_a_border_with_curves() -> None:
    curves = Curves((0.8, 0.8, 0.1, 0.1), (0.2, 0.5, 0.45, 0.52))
    found = Agreement.of(3, curves)
    assert (found.border, found.tail, found.strict_tail) == (3, 3, 3)
    assert found.gain_before == pytest.approx(0.3) and found.gain_behind == pytest.approx(0.02)
    for border, given in ((None, curves), (1, curves), (3, Curves())):
        nothing = Agreement.of(border, given)
        assert math.isnan(nothing.gain_before) and math.isnan(nothing.gain_behind)
        assert nothing.to_summary()["gain_behind"] is None
