"""Numbers as readers see them."""

import math

import pytest

from randarch.analysis import Estimate
from randarch.report.numbers import (
    DASH,
    count,
    decimal,
    duration,
    interval,
    p_value,
    percent,
    points,
    setting,
    signed,
    size,
    size_range,
    with_interval,
)

NAN = math.nan
MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


def test_what_is_not_known_is_a_dash() -> None:
    for show in (decimal, signed, percent, points, count, duration, setting):
        assert show(NAN) == DASH
        assert show(None) == DASH
    assert with_interval(Estimate.undefined(2)) == DASH
    assert p_value(Estimate(1.0, NAN, NAN, 0.0, 3)) == DASH
    assert setting("") == setting(()) == setting({}) == DASH


def test_decimals_have_real_minus_signs_and_no_minus_zero() -> None:
    assert decimal(-0.25) == f"{MINUS}0.250"
    assert decimal(-0.0001) == "0.000"
    assert decimal(math.inf) == "∞" and decimal(-math.inf) == f"{MINUS}∞"
    assert signed(0.05) == "+0.050" and signed(-0.05) == f"{MINUS}0.050"
    assert signed(0.0001) == "0.000"


def test_intervals() -> None:
    assert interval(Estimate(0.5, 0.2, 0.8, 0.01, 24)) == f"[0.20,{SPACE}0.80]"
    assert interval(Estimate(0.5, NAN, NAN, 0.01, 4)) == ""
    assert interval(Estimate(0.5, 0.2, math.inf, NAN, 24)) == f"[0.20,{SPACE}∞]"
    # Whether 0 is inside must be readable.
    assert interval(Estimate(0.5, 0.003, 0.8, 0.01, 24)) == f"[0.003,{SPACE}0.800]"
    assert interval(Estimate(0.5, 0.0, 0.8, 0.01, 24)) == f"[0.00,{SPACE}0.80]"
    assert p_value(Estimate(0.5, 0.2, 0.8, 0.0123, 24)) == "0.012"
    assert p_value(Estimate(0.5, 0.2, 0.8, 1e-9, 24)) == "< 0.001"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (99.94, "99.9 s"),
        (99.96, "1 min 40 s"),
        (119.7, "2 min 0 s"),
        (3600, "1 h 0 min"),
        (90061, "25 h 1 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts_sizes_and_shares() -> None:
    assert count(999_999) == "999,999"
    assert count(37_016_576) == f"37.02{SPACE}M"
    assert count(1_159_402_496) == f"1.16{SPACE}G"
    assert size(1660.8) == "1,660.8" and size(192.0) == "192"
    assert size_range(192, 192) == "192" and size_range(192, 576) == "192 to 576"
    assert percent(0.8523, 2) == f"85.23{SPACE}%"
    assert points(0.0123, 2) == f"1.23{SPACE}points"


def test_settings() -> None:
    assert setting(True) == "yes" and setting(False) == "no"
    assert setting((3, 5, 9)) == "3, 5, 9"
    assert setting({"a": None, "b": 1}) == f"a: {DASH}, b: 1"
    assert setting("cifar10") == "cifar10" and setting(0.1) == "0.1"
