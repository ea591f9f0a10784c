"""Changes of colour in image batches: pixels are whole numbers from 0 to 255, held as floats.

Each image has parameters of its own. Results are those of Pillow's `ImageEnhance` and `ImageOps`, which define the
operations of the usual augmentation policies, rounding included.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def luma(images: Float[Array, "n h w c"]) -> Float[Array, "n h w 1"]:
    """Grey by ITU-R 601-2, as Pillow's mode L; of one channel, that channel."""
    if images.shape[-1] == 1:
        return images
    red, green, blue = (images[..., c : c + 1] for c in range(3))
    # Whole numbers below 2^24, so float32 holds every step exactly.
    return jnp.floor((19595 * red + 38470 * green + 7471 * blue + 32768) / 65536)


def mean_luma(images: Float[Array, "n h w c"]) -> Float[Array, "n 1 1 1"]:
    """The rounded mean grey of each image."""
    grey = luma(images)
    # A matrix product, since XLA's own sum takes 14 times as long on a CPU; bytes are exact in it at any precision.
    total = grey.reshape(len(grey), -1) @ jnp.ones(grey[0].size, grey.dtype)
    return jnp.floor(total / grey[0].size + 0.5)[:, None, None, None]


def smooth(images: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
    """Mean of the 3 x 3 neighbours, the pixel itself five times; borders stay (Pillow's `SMOOTH`)."""
    height, width = images.shape[1:3]
    if height < 3 or width < 3:
        return images
    rows = images[:, :-2] + images[:, 1:-1] + images[:, 2:]
    square = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inner = jnp.floor((square + 4 * images[:, 1:-1, 1:-1]) / 13 + 0.5)
    return images.at[:, 1:-1, 1:-1].set(inner)


def blend(
    degenerate: Float[Array, " n #h #w #c"],
    images: Float[Array, "n h w c"],
    factor: Float[Array, " n"],
) -> Float[Array, "n h w c"]:
    """The line from a degenerate image (factor 0) through the image (1) and beyond."""
    factor = factor[:, None, None, None]
    return jnp.floor(jnp.clip(degenerate + factor * (images - degenerate), 0, 255))


def posterize(images: Float[Array, "n h w c"], bits: Int[Array, " n"]) -> Float[Array, "n h w c"]:
    """Keeps the highest bits of 8."""
    step = jnp.left_shift(1, 8 - bits)[:, None, None, None]
    return jnp.floor(images / step) * step


def solarize(
    images: Float[Array, "n h w c"], threshold: Float[Array, " n"]
) -> Float[Array, "n h w c"]:
    """Inverts pixels from the threshold on; above 255 it changes nothing."""
    return jnp.where(images >= threshold[:, None, None, None], 255 - images, images)


def autocontrast(images: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
    """Stretches each channel from its darkest and lightest pixel to 0 and 255."""
    low = images.min((1, 2), keepdims=True)
    span = images.max((1, 2), keepdims=True) - low
    # A quotient of whole numbers with a divisor up to 255 is a whole number, or at least 1/255 above
    # one: so the small addition only undoes rounding.
    stretched = jnp.floor((images - low) * 255 / jnp.maximum(span, 1) + 1e-3)
    return jnp.where(span > 0, stretched, images)


def equalize(images: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
    """Spreads the levels of each channel evenly, by its cumulative histogram."""
    count, height, width, channels = images.shape
    rows = count * channels
    # The place of each pixel's level in the tables of all channels of all images, one after the other.
    table_of = jnp.arange(rows).reshape(count, 1, 1, channels)
    place = 256 * table_of + images.astype(jnp.int32)
    histogram = jnp.zeros(rows * 256, jnp.int32).at[place].add(1, mode="promise_in_bounds")
    histogram = histogram.reshape(rows, 256)
    upto = histogram.cumsum(axis=1)
    of_lightest = jnp.where(upto == height * width, histogram, 0).max(axis=1, keepdims=True)
    step = (height * width - of_lightest) // 255
    table = jnp.minimum((step // 2 + upto - histogram) // jnp.maximum(step, 1), 255)
    # Too few pixels, or a single level, leave nothing to spread.
    table = jnp.where(step > 0, table, jnp.arange(256)).astype(images.dtype)
    return table.reshape(-1).at[place].get(mode="promise_in_bounds")
