"""Values as JSON: plain types, one canonical text, and its digest."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any, *, nonfinite_as_null: bool = False) -> Any:
    """Turns a value into what JSON can say, exactly.

    Mappings keep their order; tuples become lists; NumPy and JAX scalars and arrays go through
    their `tolist`, so a float32 becomes the float64 of the same value.

    Args:
      value: None, bool, int, float, str, or mappings, sequences, scalars and arrays of these.
      nonfinite_as_null: NaN and infinities become None.

    Raises:
      ValueError: a type that JSON does not have, or a key that is neither str nor int.
    """
    if value is None or isinstance(value, bool):
        return value
    # Subclasses (np.float64, enum members) become the base type, so that their text is standard.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return None if nonfinite_as_null and not math.isfinite(value) else float(value)
    if isinstance(value, Mapping):
        items = {_key(k): plain(v, nonfinite_as_null=nonfinite_as_null) for k, v in value.items()}
        if len(items) != len(value):
            raise ValueError(f"two keys of {list(value)!r} have the same text; rename one")
        return items
    if isinstance(value, list | tuple):
        return [plain(item, nonfinite_as_null=nonfinite_as_null) for item in value]
    if hasattr(value, "tolist"):
        converted = value.tolist()
        # NumPy's extended precision converts to itself: JSON has no such number.
        if type(converted) is not type(value):
            return plain(converted, nonfinite_as_null=nonfinite_as_null)
    raise ValueError(
        f"{value!r} of type {type(value).__name__} has no exact JSON form; "
        "pass None, bool, int, float, str, or lists, mappings and arrays of these"
    )


def canonical_json(value: Any) -> str:
    """One text per value: keys sorted, no spaces, ASCII; floats round-trip, NaN stays NaN."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


def config_digest(config: Mapping[str, Any]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(config).encode()).hexdigest()[:16]


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    raise ValueError(f"the key {key!r} is of type {type(key).__name__}; expected a str or an int")
