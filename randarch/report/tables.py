"""Tables as text, and those that every page has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from randarch.analysis import Estimate
from randarch.report.numbers import DASH, decimal, duration, interval, setting

Key = float | int | str | None
"""What a cell counts as when a reader sorts."""


@dataclass(frozen=True)
class Table:
    """Text cells; the first `labels` columns are words, the others numbers.

    Attributes:
      caption: what the table shows.
      head: one name a column.
      rows: cells; unescaped, the template escapes them.
      note: how to read it, may be empty.
      labels: how many leading columns hold words.
      keys: what counts when a reader sorts by a column, a row a row: numbers or text, None for what is unknown. Empty
        for a table that is read as it stands.
      sorted_by: the column that it is sorted by already, the largest first; -1 for none.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    labels: int = 1
    keys: tuple[tuple[Key, ...], ...] = ()
    sorted_by: int = -1


def value_and_interval(estimate: Estimate) -> tuple[str, str]:
    return decimal(estimate.value), interval(estimate) or DASH


def settings_table(config: Mapping[str, object]) -> Table:
    rows = tuple((str(k), setting(v)) for k, v in config.items())
    return Table("Every setting of the run", ("Setting", "Value"), rows, labels=2)


def seconds_table(seconds: Mapping[str, float | int]) -> Table:
    rows = tuple((str(k), duration(v)) for k, v in seconds.items())
    return Table("Where the time went", ("Step", "Duration"), rows)


def versions_table(device: str, versions: Mapping[str, str]) -> Table:
    circumstances = {"device": device, **versions}
    rows = tuple((str(k), setting(v)) for k, v in circumstances.items())
    return Table("Device and versions", ("What", "Which"), rows, labels=2)


def engine_table(engine: Mapping[str, object]) -> Table | None:
    """Counters of the engine; groups are unfolded."""
    rows = tuple(_counters(engine))
    return Table("The engine's counters", ("Counter", "Value"), rows) if rows else None


def _counters(engine: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in engine.items():
        full = f"{prefix}{str(name).replace('_', ' ')}"
        if isinstance(value, Mapping):
            rows += _counters(value, f"{full}, ")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            rows.append((full, setting(value)))
        elif isinstance(value, int):
            rows.append((full, f"{value:,}"))
        else:
            rows.append((full, DASH if math.isnan(value) else f"{value:,.4g}"))
    return rows
