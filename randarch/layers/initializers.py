"""Weight distributions by name, for convolutions and dense layers.

Each is defined once, over a source of random numbers: JAX's, which Flax modules use, or NumPy's,
which thousands of small networks are drawn from, since XLA takes a second to compile its generator
for every new shape.
"""

from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

Shape = tuple[int, ...]
INITIALIZERS = ("pytorch", "he", "he_prelu", "lecun", "orthogonal")
PRELU_SLOPE = 0.25  # of negative inputs, where the slopes of a PReLU begin (He et al. 2015)
TRUNCATION = 2.0  # standard deviations
TRUNCATED_STD = 0.87962566103423978  # of a standard normal cut off at two standard deviations


@runtime_checkable
class Source(Protocol):
    """Where random numbers come from; each call gives fresh ones."""

    @property
    def numpy(self) -> Any:
        """The array library that the numbers belong to."""

    def uniform(self, shape: Shape) -> Any:
        """In [-1, 1)."""

    def normal(self, shape: Shape) -> Any:
        """Mean 0, variance 1."""

    def truncated_normal(self, shape: Shape) -> Any:
        """A standard normal between -2 and 2."""


class NumPySource:
    """Draws from a generator."""

    numpy = np

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def uniform(self, shape: Shape) -> Float[np.ndarray, "..."]:
        return self._rng.random(shape, np.float32) * np.float32(2) - np.float32(1)

    def normal(self, shape: Shape) -> Float[np.ndarray, "..."]:
        return self._rng.standard_normal(shape, np.float32)

    def truncated_normal(self, shape: Shape) -> Float[np.ndarray, "..."]:
        values = self.normal(shape)
        while (outside := np.abs(values) > TRUNCATION).any():
            values[outside] = self.normal((int(outside.sum()),))
        return values


class JaxSource:
    """Draws from a key, splitting it at each call."""

    numpy = jnp

    def __init__(self, key: Key[Array, ""]) -> None:
        self._key = key

    def _next(self) -> Key[Array, ""]:
        self._key, key = jax.random.split(self._key)
        return key

    def uniform(self, shape: Shape) -> Float[Array, "..."]:
        return jax.random.uniform(self._next(), shape, jnp.float32, -1, 1)

    def normal(self, shape: Shape) -> Float[Array, "..."]:
        return jax.random.normal(self._next(), shape, jnp.float32)

    def truncated_normal(self, shape: Shape) -> Float[Array, "..."]:
        return jax.random.truncated_normal(
            self._next(), -TRUNCATION, TRUNCATION, shape, jnp.float32
        )


def check_initializer(name: str) -> None:
    """Raises ValueError unless the name is one of `INITIALIZERS`."""
    if name not in INITIALIZERS:
        raise ValueError(
            f"initialiser {name!r} is unknown; expected one of {', '.join(INITIALIZERS)}"
        )


def draw_kernel(name: str, source: Source, shape: Shape) -> Any:
    """A kernel whose last axis is the outputs; the product of the others is its fan-in.

    Args:
      name: `pytorch`, uniform in +-1/sqrt(fan_in) (the default of `torch.nn.Conv2d` and
        `torch.nn.Linear`); `he`, normal with variance 2/fan_in (He et al. 2015, equation 10);
        `he_prelu`, the same before a PReLU, whose slope is 0.25 at first: variance
        2/((1 + 0.25^2) fan_in) (equation 15); `lecun`, normal with variance 1/fan_in, cut off at
        two standard deviations; `orthogonal`, rows or columns orthonormal, whichever are fewer
        (Saxe et al. 2014).
      source: of the random numbers.
      shape: of the kernel.

    Raises:
      ValueError: for another name.
    """
    check_initializer(name)
    fan_in = int(np.prod(shape[:-1]))
    scale = np.float32(fan_in**-0.5)
    match name:
        case "pytorch":
            return source.uniform(shape) * scale
        case "he":
            return source.normal(shape) * (scale * np.float32(2**0.5))
        case "he_prelu":
            return source.normal(shape) * (scale * np.float32((2 / (1 + PRELU_SLOPE**2)) ** 0.5))
        case "lecun":
            return source.truncated_normal(shape) * (scale / np.float32(TRUNCATED_STD))
    return _orthogonal(source, fan_in, shape[-1]).reshape(shape)


def draw_bias(name: str, source: Source, features: int, fan_in: int) -> Any:
    """Biases: uniform in +-1/sqrt(fan_in) for `pytorch`, else zero."""
    check_initializer(name)
    if name == "pytorch":
        return source.uniform((features,)) * np.float32(fan_in**-0.5)
    return source.numpy.zeros((features,), np.float32)


def _orthogonal(source: Source, rows: int, columns: int) -> Any:
    tall = source.normal((max(rows, columns), min(rows, columns)))
    q, r = source.numpy.linalg.qr(tall)
    # Signs from R's diagonal make it uniform over orthogonal matrices (Mezzadri 2007).
    q = q * source.numpy.sign(source.numpy.diagonal(r))
    return q if rows >= columns else q.T
