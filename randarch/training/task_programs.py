"""The program of a training on any data set of one image size.

Nothing in it depends on how many images, classes or steps there are: images come some steps at a time, the classifier
has as many outputs as the data set with the most classes needs (those past a data set's own are left out of the
softmax and stay zero), and every step is told its learning rate.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, UInt8, UInt32

from randarch.looped import LoopedNetwork
from randarch.networks import MOMENTUM, OverSeeds

from .batches import augmented, loss_and_accuracy
from .images import Pixels
from .optimizer import optimizer_at_rate_one
from .settings import TrainingSettings

AnyArray = Array | np.ndarray


@dataclass(frozen=True)
class TaskProgram:
    """Everything static: it keys the compiled program.

    Attributes:
      network: without its classifier.
      settings: the recipe; epochs and seeds in it are of no account.
      over: several trainings in turn or vectorised.
    """

    network: LoopedNetwork
    settings: TrainingSettings
    over: OverSeeds


class TaskState(NamedTuple):
    """What a training carries from step to step.

    Attributes:
      params: of the `runs` of the network, and the `head`.
      batch_stats: of the runs.
      optimizer: its state.
      key: key data of augmentation.
    """

    params: Any
    batch_stats: Any
    optimizer: optax.OptState
    key: UInt32[AnyArray, "*t 2"]


class Steps(NamedTuple):
    """Some steps of a training.

    Attributes:
      images, labels: of each step, filled up with any.
      rates: learning rate of each step.
      first: number of the first step in the training.
      makes: steps to make; the rest is left alone.
    """

    images: UInt8[AnyArray, "*t steps b h w c"]
    labels: Int[AnyArray, "*t steps b"]
    rates: Float[AnyArray, "*t steps"]
    first: Int[AnyArray, "*t"]
    makes: Int[AnyArray, "*t"]


class Sums(NamedTuple):
    """Over the steps: losses, and shares of images right."""

    loss: Float[Array, "*t"]
    accuracy: Float[Array, "*t"]


def make_steps(
    program: TaskProgram,
    state: TaskState,
    steps: Steps,
    pixels: Pixels,
    classes: Int[AnyArray, " t"],
) -> tuple[TaskState, Sums]:
    """Steps of several trainings of one network; every argument has a leading axis of trainings."""

    def one(given: tuple[TaskState, Steps, Pixels, Any]) -> tuple[TaskState, Sums]:
        return _steps_of_one(program, *given)

    everything = (state, steps, pixels, classes)
    return jax.vmap(one)(everything) if program.over == "vmap" else jax.lax.map(one, everything)


def _steps_of_one(
    program: TaskProgram, state: TaskState, steps: Steps, pixels: Pixels, classes: Array
) -> tuple[TaskState, Sums]:
    settings, network = program.settings, program.network
    optimizer = optimizer_at_rate_one(settings)

    def step(i: Array, carry: tuple[TaskState, Sums]) -> tuple[TaskState, Sums]:
        state, sums = carry
        key = jax.random.fold_in(
            jax.random.wrap_key_data(jnp.asarray(state.key), impl="threefry2x32"), steps.first + i
        )
        x = augmented(settings.augment, key, steps.images[i], pixels)

        def loss(params: Any) -> tuple[Array, tuple[Array, Any]]:
            own = [
                {"params": p, "batch_stats": s}
                for p, s in zip(params["runs"], state.batch_stats, strict=True)
            ]
            y, updated = network.apply(own, x, batch_norm="batch", momentum=MOMENTUM)
            logits = y.reshape(y.shape[0], -1) @ params["head"]["kernel"] + params["head"]["bias"]
            known = jnp.arange(logits.shape[1]) < classes
            value, accuracy = loss_and_accuracy(jnp.where(known, logits, -jnp.inf), steps.labels[i])
            return value, (accuracy, updated)

        (value, (accuracy, stats)), gradient = jax.value_and_grad(loss, has_aux=True)(state.params)
        updates, opt_state = optimizer.update(gradient, state.optimizer, state.params)
        updates = jax.tree.map(lambda u: u * steps.rates[i], updates)
        params = optax.apply_updates(state.params, updates)
        return (
            TaskState(params, stats, opt_state, state.key),
            Sums(sums.loss + value, sums.accuracy + accuracy),
        )

    nothing = Sums(jnp.zeros(()), jnp.zeros(()))
    return jax.lax.fori_loop(0, steps.makes, step, (state, nothing))
