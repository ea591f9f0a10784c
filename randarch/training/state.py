"""What a training carries from step to step, and where it begins."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from randarch import geometry
from randarch.networks import (
    GraphModule,
    Variables,
    draw_weights,
    gather_variables,
    generator,
    network,
)
from randarch.spec import ArchSpec, Linear, append

from .images import TrainingImages
from .optimizer import optimizer_of
from .settings import TrainingSettings


class State(NamedTuple):
    """What a training carries from step to step."""

    params: Any
    batch_stats: Any
    optimizer: optax.OptState
    key: Array


def initial_state(
    arch: ArchSpec, images: TrainingImages, settings: TrainingSettings
) -> tuple[GraphModule, State]:
    """The network with its classifier, and the state of each seed on a leading axis."""
    whole = append(arch, Linear(images.num_classes))
    shapes = [node.shape for node in geometry.analyze(whole, tuple(images.x_train.shape[1:])).nodes]
    weights = draw_weights(
        whole, shapes, settings.seeds, init_name=settings.init_name, shared=False
    )
    variables: Variables = jax.tree.map(jnp.asarray, gather_variables(weights, 1, len(whole) - 1))
    optimizer = optimizer_of(settings, 1)
    keys = np.stack([order_key(seed, arch.digest) for seed in settings.seeds])
    state = State(
        variables["params"],
        variables["batch_stats"],
        _stack_state(optimizer.init(variables["params"]), len(settings.seeds)),
        jnp.asarray(keys),
    )
    return network(whole, batch_norm="batch"), state


def order_key(seed: int, digest: str) -> np.ndarray:
    """Key data for the order of images and their augmentation."""
    return generator(seed, digest, "order").integers(0, 2**32, 2, dtype=np.uint32)


def _stack_state(state: optax.OptState, seeds: int) -> optax.OptState:
    """The optimiser's counters, which are scalars, for each seed; momenta have that axis."""
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (seeds,)) if jnp.ndim(x) == 0 else x, state)
