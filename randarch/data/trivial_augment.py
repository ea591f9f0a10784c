"""TrivialAugment, wide (Mueller and Hutter, arXiv 2103.10158): one random operation for each image.

The wide space of the paper with the defaults of torchvision's `TrivialAugmentWide`: 14 operations, 31 strengths,
nearest-pixel sampling, black where nothing was. Each operation is Pillow's, up to one grey level.

It is our own because no JAX library that we found has it (November 2026): dm-pix has some of the operations, each for
one strength, without posterize, equalize and autocontrast; augmax has no policies, imax has RandAugment alone. A
`lax.switch` over operations would, under `vmap`, compute all fourteen for every image. Here all images pass together
through what is cheap, with parameters that leave an image alone when it drew something else, and only those that drew
it through what is dear.
"""

import enum
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from .tones import autocontrast, blend, equalize, luma, mean_luma, posterize, smooth, solarize
from .warp import warp

STRENGTHS = 31
BLOCK = 8


class Operation(enum.IntEnum):
    """What can happen to an image; a strength runs from 0 to 30, and the sign is either."""

    IDENTITY = 0
    SHEAR_X = 1  # by up to 0.99 pixels a row, the top left corner fixed
    SHEAR_Y = 2
    TRANSLATE_X = 3  # by up to 32 pixels
    TRANSLATE_Y = 4
    ROTATE = 5  # by up to 135 degrees around the middle, counter-clockwise
    BRIGHTNESS = 6  # these four: 1 +- up to 0.99 times the distance from black,
    COLOR = 7  # from grey,
    CONTRAST = 8  # from the mean grey,
    SHARPNESS = 9  # from the smoothed image
    POSTERIZE = 10  # to 8 down to 2 bits
    SOLARIZE = 11  # from 255 down to 0
    AUTO_CONTRAST = 12
    EQUALIZE = 13


class Draw(NamedTuple):
    """What each image drew.

    Attributes:
        operation: of `Operation`.
        strength: from 0 to 30.
        sign: -1 or 1; operations without one do not read it.
    """

    operation: Int[Array, " n"]
    strength: Int[Array, " n"]
    sign: Int[Array, " n"]


def trivial_augment_wide(
    key: Key[Array, ""], images: Float[Array, "n h w c"]
) -> Float[Array, "n h w c"]:
    """One operation for each image, at one strength, both drawn uniformly.

    Args:
        key: decides everything.
        images: whole numbers from 0 to 255, before they are normalised; so is the result.

    Raises:
        ValueError: images with neither 1 nor 3 channels.
    """
    return apply(draw_for(key, len(images)), images)


def draw_for(key: Key[Array, ""], count: int) -> Draw:
    """Draws for `count` images, each independently of the others."""
    # One draw for all three, because each random call costs 0.3 s of compilation and more. That
    # 2^32 is no multiple of 868 makes some draws one in five million likelier.
    number = jax.random.bits(key, (count,), jnp.uint32) % (len(Operation) * STRENGTHS * 2)
    number = number.astype(jnp.int32)
    return Draw(number // (STRENGTHS * 2), number // 2 % STRENGTHS, 2 * (number % 2) - 1)


def apply(draw: Draw, images: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
    """Does to each image what it drew.

    Raises:
        ValueError: images with neither 1 nor 3 channels.
    """
    if images.shape[-1] not in (1, 3):
        raise ValueError(
            f"images have {images.shape[-1]} channels; TrivialAugment needs 1 (grey) or 3 (red, "
            "green, blue)"
        )
    # Bytes take a quarter of the memory traffic.
    levels = warp(images.astype(jnp.uint8), _matrices(draw, *images.shape[1:3]))
    return _change_levels(draw, _change_regions(draw, levels).astype(images.dtype))


def _drew(draw: Draw, *operations: Operation) -> Bool[Array, " n"]:
    return jnp.isin(draw.operation, jnp.array(operations))


def _factor(draw: Draw) -> Float[Array, " n"]:
    """Of `blend`."""
    return 1 + draw.sign * _share(draw.strength, 0.99)


def _change_levels(draw: Draw, images: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
    """What the compiler fuses into one pass over all images, whatever they drew."""

    def if_drew(one: Operation, value: Array, other: Array | int | float) -> Array:
        drew = _drew(draw, one).reshape(-1, *[1] * (value.ndim - 1))
        return jnp.where(drew, value, other)

    towards = if_drew(Operation.COLOR, luma(images), 0.0)
    towards = if_drew(Operation.CONTRAST, mean_luma(images), towards)
    blends = _drew(draw, Operation.BRIGHTNESS, Operation.COLOR, Operation.CONTRAST)
    images = blend(towards, images, jnp.where(blends, _factor(draw), 1))
    bits = 8 - jnp.round(_share(draw.strength, 6)).astype(jnp.int32)
    images = posterize(images, if_drew(Operation.POSTERIZE, bits, 8))
    threshold = 255 - _share(draw.strength, 255)
    return solarize(images, if_drew(Operation.SOLARIZE, threshold, 256))


def _change_regions(draw: Draw, images: UInt8[Array, "n h w c"]) -> UInt8[Array, "n h w c"]:
    """What looks at other pixels and is too dear for all images: for those alone that drew it."""
    count = len(images)
    chosen = _drew(draw, Operation.SHARPNESS, Operation.AUTO_CONTRAST, Operation.EQUALIZE)
    block = min(BLOCK, count)
    # Past the last chosen image come places that do not exist: read anything, write nothing.
    places = jnp.nonzero(chosen, size=-(-count // block) * block, fill_value=count)[0]

    def body(number: Array, images: Array) -> Array:
        some = jax.lax.dynamic_slice_in_dim(places, number * block, block)
        before = images.at[some].get(mode="clip").astype(jnp.float32)
        drawn = Draw(*(x.at[some].get(mode="clip") for x in draw))

        def drew(one: Operation) -> Array:
            return _drew(drawn, one)[:, None, None, None]

        after = jnp.where(drew(Operation.AUTO_CONTRAST), autocontrast(before), equalize(before))
        sharp = blend(smooth(before), before, _factor(drawn))
        after = jnp.where(drew(Operation.SHARPNESS), sharp, after)
        return images.at[some].set(after.astype(images.dtype), mode="drop")

    return jax.lax.fori_loop(0, -(-chosen.sum() // block), body, images)


def _share(strength: Int[Array, " n"], most: int | float) -> Float[Array, " n"]:
    """From 0 to `most` in even steps."""
    return strength * (most / (STRENGTHS - 1))


def _matrices(draw: Draw, height: int, width: int) -> Float[Array, "n 2 3"]:
    """For `warp`: the geometry that each image drew, the identity for other operations."""
    operation, strength, sign = draw

    def signed(one: Operation, value: Array) -> Array:
        return jnp.where(operation == one, sign * value, 0.0)

    shear_x = signed(Operation.SHEAR_X, _share(strength, 0.99))
    shear_y = signed(Operation.SHEAR_Y, _share(strength, 0.99))
    # Whole pixels, as torchvision cuts them off.
    right = signed(Operation.TRANSLATE_X, 32 * strength // (STRENGTHS - 1))
    down = signed(Operation.TRANSLATE_Y, 32 * strength // (STRENGTHS - 1))
    angle = jnp.deg2rad(signed(Operation.ROTATE, _share(strength, 135)))
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    rows = [
        [cos, shear_x - sin, shear_x * (height / 2) - right],
        [shear_y + sin, cos, shear_y * (width / 2) - down],
    ]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=1)
