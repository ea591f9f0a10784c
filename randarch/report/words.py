"""Words around numbers, as sentences, tables and titles of the pages use them."""

from randarch.analysis import Estimate
from randarch.report.numbers import decimal, interval


def plural(number: int, one: str, many: str = "") -> str:
    """`1 class`, `2 classes`, `1,000 networks`."""
    return (
        f"{number:,} {one if number == 1 else many or one + ('es' if one.endswith('s') else 's')}"
    )


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def told(estimate: Estimate, digits: int = 2) -> str:
    """A coefficient with its interval, without blanks at the end."""
    return f"{decimal(estimate.value, digits)} {interval(estimate)}".strip()
