"""Numbers as a reader sees them: rounded, with a dash for what is not known."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from randarch.analysis import Estimate

Number = float | int | np.floating | np.integer

DASH = "–"  # noqa: RUF001 (an en dash on purpose)
_MINUS = "\N{MINUS SIGN}"
# An end of an interval that is less is 0 but for rounding.
_ZERO = 1e-9


def decimal(value: Number | None, digits: int = 3) -> str:
    """`-0.0001` gives `0.000`: no minus before a zero. Infinity is a sign."""
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", _MINUS)


def signed(value: Number | None, digits: int = 3) -> str:
    """A difference: with a plus where it is positive."""
    text = decimal(value, digits)
    return f"+{text}" if value is not None and round(float(value), digits) > 0 else text


def percent(fraction: Number | None, digits: int = 1) -> str:
    if fraction is None or math.isnan(fraction):
        return DASH
    return f"{decimal(100 * fraction, digits)}\N{NO-BREAK SPACE}%"


def points(fraction: Number | None, digits: int = 1) -> str:
    """A difference of accuracies, in percentage points."""
    if fraction is None or math.isnan(fraction):
        return DASH
    return f"{decimal(100 * fraction, digits)}\N{NO-BREAK SPACE}points"


def count(value: Number | None) -> str:
    """With separators; millions and more are shortened to four digits."""
    if value is None or math.isnan(value):
        return DASH
    for unit, name in ((1e9, "G"), (1e6, "M")):
        if abs(float(value)) >= unit:
            return f"{value / unit:,.2f}\N{NO-BREAK SPACE}{name}"
    return f"{value:,.0f}"


def size(value: Number) -> str:
    """A final size or an edge of a bin: `1,660.8`, `192`."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def size_range(low: Number, high: Number) -> str:
    return f"{size(low)} to {size(high)}" if high > low else size(low)


def interval(estimate: Estimate, digits: int = 2) -> str:
    """`[0.27, 0.83]`, empty where there is none."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    # An end that is not 0 should not read 0.00: whether the interval includes 0 is the question.
    if any(_ZERO < abs(end) < 0.5 * 10**-digits for end in (estimate.low, estimate.high)):
        digits += 1
    ends = f"{decimal(estimate.low, digits)}, {decimal(estimate.high, digits)}"
    return f"[{ends}]".replace(" ", "\N{NO-BREAK SPACE}")


def with_interval(estimate: Estimate) -> str:
    return f"{decimal(estimate.value)} {interval(estimate)}".strip()


def points_interval(estimate: Estimate, digits: int = 1) -> str:
    """`[0.4, 1.2]` in percentage points, empty where there is none."""
    return interval(_times_100(estimate), digits)


def percent_interval(estimate: Estimate) -> str:
    """`31.3 % [30.8, 31.7]`."""
    return f"{percent(estimate.value)} {interval(_times_100(estimate), digits=1)}".strip()


def _times_100(e: Estimate) -> Estimate:
    return Estimate(100 * e.value, 100 * e.low, 100 * e.high, e.p, e.n)


def p_value(estimate: Estimate) -> str:
    """A dash where there is no interval either: the test assumes more data than that."""
    if math.isnan(estimate.low):
        return DASH
    return p_text(estimate.p)


def p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else decimal(p)


def duration(seconds: Number | None) -> str:
    if seconds is None or math.isnan(seconds):
        return DASH
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def setting(value: object) -> str:
    """Any value of a config."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {setting(v)}" for k, v in value.items()) or DASH
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(setting(v) for v in value) or DASH
    return str(value)
