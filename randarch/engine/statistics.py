"""Statistics of batch norms in networks that are not trained: measured on images, stage by stage."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from randarch.engine.stages import Stage
from randarch.networks import Variables, node_key


def channel_moments(
    x: Float[Array, "n h w c"], count: Any
) -> tuple[Float[Array, " c"], Float[Array, " c"]]:
    """Mean and variance of each channel over the first `count` images."""
    weight = (jnp.arange(x.shape[0]) < count)[:, None, None, None] / (
        count * x.shape[1] * x.shape[2]
    )
    mean = jnp.sum(x * weight, axis=(0, 1, 2))
    return mean, jnp.sum(jnp.square(x - mean) * weight, axis=(0, 1, 2))


def measured_statistics(
    stage: Stage, moments: Sequence[tuple[tuple[Array, Array], ...]], counts: Sequence[int]
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """For each batch norm that reads what a stage computes: its node, and mean and variance over all batches.

    Args:
      stage: what ran.
      moments: what `Forward.run` gave for each batch.
      counts: images of each batch.
    """
    weights = np.array(counts, np.float64)
    for position, users in enumerate(stage.measured):
        parts = [
            (np.asarray(batch[position][0], np.float64), np.asarray(batch[position][1], np.float64))
            for batch in moments
        ]
        mean, var = combine_moments(parts, weights)
        for user in users:
            yield user, mean, var


def combine_moments(
    moments: Sequence[tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]],
    counts: Float[np.ndarray, " b"],
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Mean and variance of a whole from those of its parts and how many images each part has."""
    share = counts / counts.sum()
    mean = sum(w * m for w, (m, _) in zip(share, moments, strict=True))
    var = sum(w * (v + (m - mean) ** 2) for w, (m, v) in zip(share, moments, strict=True))
    return np.asarray(mean, np.float32), np.asarray(var, np.float32)


def with_statistics(
    variables: Variables, stage: Stage, node: int, mean: np.ndarray, var: np.ndarray
) -> Variables:
    """A stage's variables, with what was measured for one of its nodes, if that has statistics."""
    name = node_key(node - stage.first)
    if name not in variables["batch_stats"]:
        return variables
    statistics = {**variables["batch_stats"], name: {"mean": mean, "var": var}}
    return {**variables, "batch_stats": statistics}
