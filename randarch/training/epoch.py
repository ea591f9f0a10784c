"""The programs of a training: one pass over the training images, and predictions."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import optax
from jaxtyping import Array, Float, Int, UInt8

from randarch.networks import GraphModule, seeds_over

from .batches import augmented, epoch_order, loss_and_accuracy, normalized
from .images import Pixels
from .optimizer import optimizer_of
from .settings import TrainingSettings
from .state import State


@dataclass(frozen=True)
class Program:
    """Everything static about a training: it keys the compiled program."""

    module: GraphModule
    settings: TrainingSettings
    steps: int


def epoch(
    program: Program,
    state: State,
    number: Int[Array, ""],
    images: UInt8[Array, "n h w c"],
    labels: Int[Array, " n"],
    pixels: Pixels,
) -> tuple[State, Float[Array, " s"], Float[Array, " s"]]:
    """One pass over the training images for every seed: new state, mean loss, accuracy."""
    return _over_seeds(
        functools.partial(_epoch_of_one, program, number, images, labels, pixels), state
    )


def _epoch_of_one(
    program: Program,
    number: Array,
    images: Array,
    labels: Array,
    pixels: Pixels,
    state: State,
) -> tuple[State, Array, Array]:
    settings, steps = program.settings, program.steps
    optimizer = optimizer_of(settings, steps * settings.epochs)
    order, keys = epoch_order(state.key, number, images.shape[0], steps, settings.batch_size)

    def step(
        carry: tuple[Any, Any, Any], inputs: tuple[Array, Array]
    ) -> tuple[Any, tuple[Array, Array]]:
        params, batch_stats, opt_state = carry
        indices, key = inputs
        x = augmented(settings.augment, key, images[indices], pixels)
        y = labels[indices]

        def loss(params: Any) -> tuple[Array, tuple[Array, Any]]:
            variables = {"params": params, "batch_stats": batch_stats}
            (out,), updated = program.module.apply(variables, x, mutable=["batch_stats"])
            value, accuracy = loss_and_accuracy(out[:, 0, 0], y)
            return value, (accuracy, updated.get("batch_stats", batch_stats))

        (value, (accuracy, new_stats)), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        updates, opt_state = optimizer.update(gradient, opt_state, params)
        return (optax.apply_updates(params, updates), new_stats, opt_state), (value, accuracy)

    carry = (state.params, state.batch_stats, state.optimizer)
    carry, (losses, accuracies) = jax.lax.scan(step, carry, (order, keys))
    return State(*carry, state.key), losses.mean(), accuracies.mean()


def predict(
    program: Program, state: State, images: UInt8[Array, "b h w c"], pixels: Pixels
) -> Int[Array, "s b"]:
    """The classes that every seed gives to some images."""
    module = program.module.clone(batch_norm="running")
    x = normalized(images, pixels)

    def one(state: State) -> Int[Array, " b"]:
        variables = {"params": state.params, "batch_stats": state.batch_stats}
        outputs: Any = module.apply(variables, x)
        return outputs[0][:, 0, 0].argmax(-1)

    return _over_seeds(one, state)


def _over_seeds(function: Callable[[State], Any], state: State) -> Any:
    """The function of every seed, in one program."""
    return jax.vmap(function)(state) if seeds_over() == "vmap" else jax.lax.map(function, state)
