"""The optimizers of the recipes, as optax has them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float

from .settings import TrainingSettings

RATES_AT_ONCE = 256
"""Steps whose rates are computed together, so that trainings of any length share the programs."""


def optimizer_of(
    settings: TrainingSettings, total_steps: int, clip: bool = True
) -> optax.GradientTransformation:
    """Clipping, weight decay, the optimizer and its schedule.

    Args:
      settings: the recipe.
      total_steps: of the whole training, which cosine and steps divide.
      clip: False leaves clipping to the caller.
    """
    return _optimizer(settings, _schedule(settings, total_steps), clip)


def optimizer_at_rate_one(settings: TrainingSettings) -> optax.GradientTransformation:
    """The same but for the schedule: its updates are to be multiplied by the rate of the step.

    A program with it serves trainings of any length, given `rates` of them. All weights are one vector in it: the same
    numbers, and a quarter of the time that a program of a step takes to compile.
    """
    return optax.flatten(_optimizer(settings, 1.0))


def state_at_zero(optimizer: optax.GradientTransformation, params: Any) -> optax.OptState:
    """`optimizer.init(params)` of a recipe's optimizer, all of which is zero, on the host, which compiles nothing.

    A program for the zeros of every shape would be most of what many small trainings compile.
    """
    return jax.tree.map(
        lambda x: np.zeros(x.shape, x.dtype), jax.eval_shape(optimizer.init, params)
    )


def rates(settings: TrainingSettings, total_steps: int) -> Float[np.ndarray, " steps"]:
    """The learning rate of every step of a training."""
    schedule = _schedule(settings, total_steps)
    parts = [
        np.broadcast_to(schedule(jnp.arange(start, start + RATES_AT_ONCE)), RATES_AT_ONCE)
        for start in range(0, total_steps, RATES_AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, np.float32), *parts])[:total_steps]


def _optimizer(
    settings: TrainingSettings, rate: float | optax.Schedule, clip: bool = True
) -> optax.GradientTransformation:
    clipping = (
        optax.clip_by_global_norm(settings.gradient_clip)
        if settings.gradient_clip and clip
        else optax.identity()
    )
    if settings.optimizer == "adamw":
        return optax.chain(clipping, optax.adamw(rate, weight_decay=settings.weight_decay))
    return optax.chain(
        clipping,
        optax.add_decayed_weights(settings.weight_decay),
        optax.sgd(rate, momentum=settings.momentum),
    )


def _schedule(settings: TrainingSettings, total_steps: int) -> optax.Schedule:
    if settings.schedule == "constant":
        return optax.constant_schedule(settings.learning_rate)
    if settings.schedule == "steps":
        drops = {max(1, round(total_steps * share)): 0.1 for share in settings.drop_after}
        return optax.piecewise_constant_schedule(settings.learning_rate, drops)
    final = settings.final_learning_rate / settings.learning_rate if settings.learning_rate else 1.0
    return optax.cosine_decay_schedule(settings.learning_rate, max(1, total_steps), alpha=final)
