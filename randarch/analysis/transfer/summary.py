"""Results whose summary is their fields."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from randarch.analysis.json_ready import json_object


class Summarized:
    """A dataclass of numbers, arrays, estimates and other such results."""

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it: every field by its name, what the data do not define as null."""
        assert dataclasses.is_dataclass(self)
        return json_object(
            {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}
        )


def _plain(value: Any) -> Any:
    if hasattr(value, "to_summary"):
        return value.to_summary()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
