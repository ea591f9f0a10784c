"""The programs of a training: one pass over the training images, and predictions."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, UInt8

from randarch.data.augmentation import normalize, pad_crop_flip
from randarch.data.trivial_augment import trivial_augment_wide
from randarch.networks import GraphModule, seeds_over

from .optimizer import optimizer_of
from .settings import Augmentation, TrainingSettings
from .state import State


@dataclass(frozen=True)
class Program:
    """Everything static about a training: it keys the compiled program."""

    module: GraphModule
    settings: TrainingSettings
    steps: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def epoch(
    program: Program,
    state: State,
    number: Int[Array, ""],
    images: UInt8[Array, "n h w c"],
    labels: Int[Array, "n"],
) -> tuple[State, Float[Array, "s"], Float[Array, "s"]]:
    """One pass over the training images for every seed: new state, mean loss, accuracy."""
    return _over_seeds(functools.partial(_epoch_of_one, program, number, images, labels), state)


def _epoch_of_one(
    program: Program, number: Array, images: Array, labels: Array, state: State
) -> tuple[State, Array, Array]:
    settings, steps = program.settings, program.steps
    optimizer = optimizer_of(settings, steps * settings.epochs)
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key, impl="threefry2x32"), number)
    order_key, augment_key = jax.random.split(key)
    order = jax.random.permutation(order_key, images.shape[0])[: steps * settings.batch_size]

    def step(
        carry: tuple[Any, Any, Any], inputs: tuple[Array, Array]
    ) -> tuple[Any, tuple[Array, Array]]:
        params, batch_stats, opt_state = carry
        indices, key = inputs
        x = _augmented(settings.augment, key, images[indices].astype(jnp.float32))
        x = normalize(x, program.mean, program.std)
        y = labels[indices]

        def loss(params: Any) -> tuple[Array, tuple[Array, Any]]:
            variables = {"params": params, "batch_stats": batch_stats}
            (out,), updated = program.module.apply(variables, x, mutable=["batch_stats"])
            logits = out[:, 0, 0]
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, y)
            return losses.mean(), (
                (logits.argmax(-1) == y).mean(),
                updated.get("batch_stats", batch_stats),
            )

        (value, (accuracy, new_stats)), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        updates, opt_state = optimizer.update(gradient, opt_state, params)
        return (optax.apply_updates(params, updates), new_stats, opt_state), (value, accuracy)

    keys = jax.random.split(augment_key, steps)
    carry = (state.params, state.batch_stats, state.optimizer)
    carry, (losses, accuracies) = jax.lax.scan(step, carry, (order.reshape(steps, -1), keys))
    return State(*carry, state.key), losses.mean(), accuracies.mean()


def _augmented(
    name: Augmentation, key: Array, images: Float[Array, "n h w c"]
) -> Float[Array, "n h w c"]:
    match name:
        case "pad_crop_flip":
            return pad_crop_flip(key, images)
        case "trivial_augment_wide":
            return trivial_augment_wide(key, images)
        case "none":
            return images


def predict(program: Program, state: State, images: UInt8[Array, "b h w c"]) -> Int[Array, "s b"]:
    """The classes that every seed gives to some images."""
    module = program.module.clone(batch_norm="running")
    x = normalize(images, program.mean, program.std)

    def one(state: State) -> Int[Array, "b"]:
        variables = {"params": state.params, "batch_stats": state.batch_stats}
        outputs: Any = module.apply(variables, x)
        return outputs[0][:, 0, 0].argmax(-1)

    return _over_seeds(one, state)


def _over_seeds(function: Callable[[State], Any], state: State) -> Any:
    """The function of every seed, in one program."""
    return jax.vmap(function)(state) if seeds_over() == "vmap" else jax.lax.map(function, state)
