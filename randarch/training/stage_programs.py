"""The programs of a training that goes a stage at a time: forward, backward, classifier, update, images.

Each takes what belongs to one network. `together` applies one of them to several networks whose arguments have
equal shapes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key, UInt8, UInt32

from randarch.networks import GraphModule

from .batches import augmented, epoch_order, loss_and_accuracy, normalized
from .images import Pixels
from .optimizer import optimizer_of
from .settings import TrainingSettings


@dataclass(frozen=True)
class StageModule:
    """A stage as a program sees it.

    Attributes:
      module: of its nodes.
      reads_images: nothing before it is trained, so that the gradient of its input is not asked for.
    """

    module: GraphModule
    reads_images: bool = False


@dataclass(frozen=True)
class Recipe:
    """What of a training is static: the settings, and the steps of an epoch and of all epochs."""

    settings: TrainingSettings
    steps: int
    total_steps: int


def together(
    work: tuple[Callable[..., Any], Any],
    members: tuple[tuple[Any, ...], ...],
    shared: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """A function of several networks, vectorised.

    Args:
      work: the function, and its static first argument.
      members: each network's own arguments, of equal shapes.
      shared: further arguments, the same for all.
    """
    function, static = work
    if len(members) == 1:
        return (function(static, *members[0], *shared),)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
    results = jax.vmap(lambda own: function(static, *own, *shared))(stacked)
    return tuple(jax.tree.map(lambda x, i=i: x[i], results) for i in range(len(members)))


def order(
    recipe: Recipe, key: UInt32[Array, "2"], number: Int[Array, ""], labels: Int[Array, " n"]
) -> tuple[Int[Array, "steps b"], Key[Array, " steps"]]:
    """Of an epoch: the images of each step, and the key of their augmentation."""
    return epoch_order(key, number, len(labels), recipe.steps, recipe.settings.batch_size)


def batch(
    recipe: Recipe,
    indices: Int[Array, "steps b"],
    keys: Key[Array, " steps"],
    step: Int[Array, ""],
    images: UInt8[Array, "n h w c"],
    labels: Int[Array, " n"],
    pixels: Pixels,
) -> tuple[Float[Array, "b h w c"], Int[Array, " b"]]:
    """The images of a step, augmented, and their labels."""
    chosen = indices[step]
    return augmented(recipe.settings.augment, keys[step], images[chosen], pixels), labels[chosen]


def forward(
    stage: StageModule, params: Any, batch_stats: Any, x: Float[Array, "b h w c"]
) -> tuple[Float[Array, "b h2 w2 c2"], Any]:
    """The stage's output, and the batch statistics after it."""
    (y,), updated = stage.module.apply(
        {"params": params, "batch_stats": batch_stats}, x, mutable=["batch_stats"]
    )
    return y, updated.get("batch_stats", batch_stats)


def backward(
    stage: StageModule,
    params: Any,
    batch_stats: Any,
    x: Float[Array, "b h w c"],
    gradient: Float[Array, "b h2 w2 c2"],
) -> tuple[Array | None, Any, Float[Array, ""]]:
    """Gradients of input (None for images) and parameters, and the squared norm of the latter."""

    def outputs(params: Any, x: Array) -> Array:
        return forward(stage, params, batch_stats, x)[0]

    if stage.reads_images:
        _, transposed = jax.vjp(lambda params: outputs(params, x), params)
        (of_params,) = transposed(gradient)
        return None, of_params, _squared_norm(of_params)
    _, transposed = jax.vjp(outputs, params, x)
    of_params, of_x = transposed(gradient)
    return of_x, of_params, _squared_norm(of_params)


def classify(
    stage: StageModule,
    params: Any,
    batch_stats: Any,
    x: Float[Array, "b h w c"],
    labels: Int[Array, " b"],
) -> tuple[Array | None, Any, Float[Array, ""], Any, Float[Array, ""], Float[Array, ""]]:
    """The last stage there and back: as `backward`, then batch statistics, mean loss and accuracy."""

    def loss(params: Any, x: Array) -> tuple[Array, tuple[Array, Any]]:
        out, stats = forward(stage, params, batch_stats, x)
        value, accuracy = loss_and_accuracy(out[:, 0, 0], labels)
        return value, (accuracy, stats)

    wanted = 0 if stage.reads_images else (0, 1)
    (value, (accuracy, stats)), found = jax.value_and_grad(loss, wanted, has_aux=True)(params, x)
    of_params, of_x = (found, None) if stage.reads_images else found
    return of_x, of_params, _squared_norm(of_params), stats, value, accuracy


def update(
    recipe: Recipe,
    params: Any,
    optimizer: optax.OptState,
    gradient: Any,
    squared_norm: Float[Array, ""],
) -> tuple[Any, optax.OptState]:
    """Parameters and optimiser of a stage after a step.

    Args:
      squared_norm: of the whole network's gradient, for clipping.
    """
    clip = recipe.settings.gradient_clip
    if clip:
        norm = jnp.sqrt(squared_norm)
        gradient = jax.tree.map(
            lambda g: jnp.where(norm < clip, g, g / norm * clip), gradient
        )  # as optax.clip_by_global_norm
    updates, optimizer = stage_optimizer(recipe).update(gradient, optimizer, params)
    return optax.apply_updates(params, updates), optimizer


def stage_optimizer(recipe: Recipe) -> optax.GradientTransformation:
    """The recipe's, but for the clipping, which needs the whole network."""
    return optimizer_of(recipe.settings, recipe.total_steps, clip=False)


def sum_of(static: None, norms: tuple[Float[Array, ""], ...]) -> Float[Array, ""]:
    """Of the stages' squared norms."""
    del static
    return jnp.stack(norms).sum()


def normalized_images(
    static: None, images: UInt8[Array, "b h w c"], pixels: Pixels
) -> Float[Array, "b h w c"]:
    """Images as a trained network takes them."""
    del static
    return normalized(images, pixels)


def classes(
    stage: StageModule, params: Any, batch_stats: Any, x: Float[Array, "b h w c"]
) -> Int[Array, " b"]:
    """What the last stage says of images, with stored batch statistics."""
    outputs: Any = stage.module.apply({"params": params, "batch_stats": batch_stats}, x)
    return outputs[0][:, 0, 0].argmax(-1)


def _squared_norm(tree: Any) -> Float[Array, ""]:
    return optax.tree.norm(tree, squared=True) if jax.tree.leaves(tree) else jnp.zeros(())
