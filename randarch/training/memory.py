"""How many networks train at once: what one takes, and what there is."""

import jax

from randarch.geometry import Geometry

from .population import networks_at_once

COPIES = 3
"""Of each value of a network that a step holds: itself, its gradient, and what programs work in. An estimate: where
memory turns out not to suffice, `train_on_tasks` and the study of populations train fewer at once."""
DEVICE_SHARE = 0.7
"""Of an accelerator's memory that trainings may take."""


def network_bytes(found: Geometry, batch_size: int) -> int:
    """What a network of a geometry takes in a step of its training, about."""
    values = batch_size * sum(node.size for node in found.nodes)
    return 4 * (COPIES * values + 4 * found.params)


def memory_of_trainings(budget: int, workers: int) -> int:
    """Bytes for each worker: of a share of the accelerator's memory, or of the budget where it has none."""
    stats = jax.devices()[0].memory_stats() if networks_at_once() > 1 else None
    limit = (stats or {}).get("bytes_limit")
    return (int(DEVICE_SHARE * limit) if limit else budget) // workers


def too_large(error: jax.errors.JaxRuntimeError) -> bool:
    """Whether it is that the device has less memory than was thought."""
    return "RESOURCE_EXHAUSTED" in str(error)
