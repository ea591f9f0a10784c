import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.store import canonical_json, config_digest, plain


def test_digest_is_the_sha256_of_sorted_compact_json() -> None:
    expected = hashlib.sha256(b'{"a":[1,2.5],"b":{"c":null,"d":NaN}}').hexdigest()
    config = {"b": {"d": float("nan"), "c": None}, "a": (1, np.float64(2.5))}
    assert expected.startswith(config_digest(config))
    assert len(config_digest(config)) == 16


@given(st.dictionaries(st.text(), st.integers() | st.floats() | st.text(), max_size=5))
def test_digest_ignores_order_only(config: dict[str, int | float | str]) -> None:
    digest = config_digest(config)
    assert config_digest(dict(reversed(config.items()))) == digest
    assert config_digest({**config, "one more": 1}) != digest or "one more" in config


def test_types_are_told_apart() -> None:
    assert len({canonical_json(value) for value in (1, 1.0, True, "1", [1], None)}) == 6


@given(st.floats(allow_nan=False))
def test_floats_are_exact(value: float) -> None:
    assert json.loads(canonical_json(value)) == value


def test_subclasses_become_plain() -> None:
    values = plain([np.float64(1.5), np.str_("s"), np.int8(3), np.asarray(2.0)])
    assert values == [1.5, "s", 3, 2.0]
    assert [type(value) for value in values] == [float, str, int, float]


def test_jax_arrays_are_taken() -> None:
    jnp = pytest.importorskip("jax.numpy")
    values = plain({"a": jnp.float32(0.1), "b": jnp.arange(3), "c": jnp.bfloat16(0.5)})
    assert values == {"a": float(np.float32(0.1)), "b": [0, 1, 2], "c": 0.5}
