"""Programs counted by JAX itself."""

import jax
import jax.numpy as jnp

from randarch.engine import compilations


def test_programs_are_counted_once_each() -> None:
    found = compilations()
    assert compilations() is found
    double = jax.jit(lambda x: 2 * x + 1)
    x, longer = jnp.ones(17), jnp.ones(19)
    before, seconds = found.count, found.seconds
    double(x).block_until_ready()
    assert found.count == before + 1
    assert found.seconds > seconds
    double(x).block_until_ready()
    assert found.count == before + 1
    double(longer).block_until_ready()
    assert found.count == before + 2
