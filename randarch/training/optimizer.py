"""The optimizers of the recipes, as optax has them."""

import optax

from .settings import TrainingSettings


def optimizer_of(
    settings: TrainingSettings, total_steps: int, clip: bool = True
) -> optax.GradientTransformation:
    """Clipping, weight decay, the optimizer and its schedule.

    Args:
      settings: the recipe.
      total_steps: of the whole training, which cosine and steps divide.
      clip: False leaves clipping to the caller.
    """
    clipping = (
        optax.clip_by_global_norm(settings.gradient_clip)
        if settings.gradient_clip and clip
        else optax.identity()
    )
    rate = _schedule(settings, total_steps)
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
