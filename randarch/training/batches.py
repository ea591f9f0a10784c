"""What every step of a training begins and ends with: its images in their order, and the loss."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key, UInt8, UInt32

from randarch.data.augmentation import pad_crop_flip
from randarch.data.trivial_augment import trivial_augment_wide

from .images import Pixels
from .settings import Augmentation


def epoch_order(
    key: UInt32[Array, "2"], number: Int[Array, ""], images: int, steps: int, batch_size: int
) -> tuple[Int[Array, "steps b"], Key[Array, " steps"]]:
    """Which images each step of an epoch takes, and the key of their augmentation.

    Args:
      key: key data of the training's own.
      number: of the epoch, from 0.
      images: how many there are.
      steps: of an epoch; what is left over after them is left out.
      batch_size: images a step.
    """
    key = jax.random.fold_in(jax.random.wrap_key_data(key, impl="threefry2x32"), number)
    order_key, augment_key = jax.random.split(key)
    order = jax.random.permutation(order_key, images)[: steps * batch_size]
    return order.reshape(steps, batch_size), jax.random.split(augment_key, steps)


def augmented(
    name: Augmentation, key: Key[Array, ""], images: UInt8[Array, "b h w c"], pixels: Pixels
) -> Float[Array, "b h w c"]:
    """Images as a step takes them: augmented and normalised, in the order that `TrainingImages` says."""
    x = images.astype(jnp.float32)
    if pixels.scale.ndim > 1:
        return _changed(name, key, normalized(x, pixels))
    return normalized(_changed(name, key, x), pixels)


def normalized(
    images: UInt8[Array, "b h w c"] | Float[Array, "b h w c"], pixels: Pixels
) -> Float[Array, "b h w c"]:
    """Images without augmentation."""
    return images.astype(jnp.float32) * pixels.scale + pixels.shift


def _changed(
    name: Augmentation, key: Key[Array, ""], x: Float[Array, "b h w c"]
) -> Float[Array, "b h w c"]:
    match name:
        case "pad_crop_flip":
            return pad_crop_flip(key, x)
        case "trivial_augment_wide":
            return trivial_augment_wide(key, x)
        case "none":
            return x


def loss_and_accuracy(
    logits: Float[Array, "b c"], labels: Int[Array, " b"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Mean cross-entropy, and the share of images right."""
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.mean(), (logits.argmax(-1) == labels).mean()
