"""Numbers as a reader sees them: rounded, with a dash for what is not known."""

import math
from collections.abc import Iterable, Mapping

from randarch.analysis import Estimate

DASH = "–"  # noqa: RUF001 (an en dash on purpose)
_MINUS = "\N{MINUS SIGN}"


def _known(value: float | int | None) -> bool:
    return value is not None and not math.isnan(value)


def decimal(value: float | int | None, digits: int = 3) -> str:
    """`-0.0001` gives `0.000`: no minus before a zero. Infinity is a sign."""
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", _MINUS)


def signed(value: float | int | None, digits: int = 3) -> str:
    """A difference: with a plus where it is positive."""
    text = decimal(value, digits)
    return f"+{text}" if _known(value) and round(float(value or 0), digits) > 0 else text


def percent(fraction: float | int | None, digits: int = 1) -> str:
    if fraction is None or math.isnan(fraction):
        return DASH
    return f"{decimal(100 * fraction, digits)}\N{NO-BREAK SPACE}%"


def points(fraction: float | int | None, digits: int = 1) -> str:
    """A difference of accuracies, in percentage points."""
    if fraction is None or math.isnan(fraction):
        return DASH
    return f"{decimal(100 * fraction, digits)}\N{NO-BREAK SPACE}points"


def count(value: float | int | None) -> str:
    """With separators; millions and more are shortened to four digits."""
    if value is None or math.isnan(value):
        return DASH
    for unit, name in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= unit:
            return f"{value / unit:,.2f}\N{NO-BREAK SPACE}{name}"
    return f"{value:,.0f}"


def size(value: float) -> str:
    """A final size or an edge of a bin: `1,660.8`, `192`."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def interval(estimate: Estimate, digits: int = 2) -> str:
    """`[0.27, 0.83]`, empty where there is none."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    ends = f"{decimal(estimate.low, digits)}, {decimal(estimate.high, digits)}"
    return f"[{ends}]".replace(" ", "\N{NO-BREAK SPACE}")


def with_interval(estimate: Estimate) -> str:
    return f"{decimal(estimate.value)} {interval(estimate)}".strip()


def p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else decimal(p)


def duration(seconds: float | int | None) -> str:
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
