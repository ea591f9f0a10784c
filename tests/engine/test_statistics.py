"""Statistics of batch norms against NumPy."""

import jax.numpy as jnp
import numpy as np

from randarch.engine.statistics import channel_moments, combine_moments


def test_moments_of_parts_combine_to_those_of_the_whole() -> None:
    x = np.random.default_rng(0).normal(3, 2, (23, 4, 5, 6)) * np.arange(1, 7)
    parts = np.split(x, [3, 11])
    moments = [(p.mean(axis=(0, 1, 2)), p.var(axis=(0, 1, 2))) for p in parts]
    mean, var = combine_moments(moments, np.array([len(p) for p in parts], np.float64))
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(var, x.var(axis=(0, 1, 2)), rtol=1e-6)


def test_moments_leave_out_what_fills_a_batch() -> None:
    x = np.random.default_rng(0).normal(100, 1, (9, 3, 3, 2)).astype(np.float32)
    mean, var = channel_moments(jnp.asarray(x), 4)
    np.testing.assert_allclose(mean, x[:4].mean(axis=(0, 1, 2), dtype=np.float64), rtol=1e-6)
    # A mean a hundred times the spread: the square of the mean must not swallow the variance.
    np.testing.assert_allclose(var, x[:4].var(axis=(0, 1, 2), dtype=np.float64), rtol=1e-3)
