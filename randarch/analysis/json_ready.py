"""JSON-ready copies: what the data do not define is null."""

import math
from collections.abc import Mapping
from typing import Any


def json_object(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping, with everything in it as `json_ready` gives it."""
    return {name: json_ready(value) for name, value in values.items()}


def json_ready(value: Any) -> Any:
    """NaN and infinities become None, mappings dicts with text keys, sequences lists."""
    if isinstance(value, Mapping):
        return {str(k): json_ready(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(v) for v in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
