"""TrivialAugment against Pillow, operation by operation, and what is drawn."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from randarch.data.trivial_augment import (
    BLOCK,
    STRENGTHS,
    Draw,
    Operation,
    apply,
    draw_for,
    trivial_augment_wide,
)

RNG = np.random.default_rng(0)
ALL = [(strength, sign) for strength in range(31) for sign in (-1, 1)]
STRENGTH, SIGN = (np.array(one) for one in zip(*ALL, strict=True))
# The strengths of torchvision's TrivialAugmentWide.
SHIFT, TURN, CHANGE = (np.linspace(0, most, 31) for most in (32, 135, 0.99))
BITS, THRESHOLD = 8 - np.round(np.arange(31) / 5).astype(int), np.linspace(255, 0, 31)

GEOMETRIC = [
    Operation.SHEAR_X,
    Operation.SHEAR_Y,
    Operation.TRANSLATE_X,
    Operation.TRANSLATE_Y,
    Operation.ROTATE,
]
BLENDS = [Operation.BRIGHTNESS, Operation.COLOR, Operation.CONTRAST, Operation.SHARPNESS]


def pictures(count: int, height: int, width: int, channels: int) -> np.ndarray:
    """Noise on slopes of colour; the range of levels differs between images and channels."""
    each = (count, 1, 1, channels)
    across = np.linspace(-1, 1, width)[:, None] * RNG.uniform(-60, 60, each)
    down = np.linspace(-1, 1, height)[:, None, None] * RNG.uniform(-60, 60, each)
    noise = RNG.normal(size=(count, height, width, channels)) * RNG.uniform(1, 20, each)
    return np.clip(RNG.uniform(40, 215, each) + across + down + noise, 0, 255).astype(np.uint8)


def ours(operation: Operation, pixels: np.ndarray) -> np.ndarray:
    """Every strength and sign, one an image."""
    draw = Draw(*(jnp.asarray(x) for x in (np.full(62, operation), STRENGTH, SIGN)))
    return np.asarray(JITTED(draw, jnp.asarray(pixels, jnp.float32)))


JITTED = jax.jit(apply)


def pillow(operation: Operation, pixels: np.ndarray, strength: int, sign: int) -> np.ndarray:
    """What torchvision calls for a Pillow image."""
    image_class = pytest.importorskip("PIL.Image")
    from PIL import ImageEnhance, ImageOps

    image = image_class.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    change, pixels_moved = sign * CHANGE[strength], sign * int(SHIFT[strength])

    def affine(*matrix: float) -> object:
        return image.transform(image.size, image_class.Transform.AFFINE, matrix)

    made: dict[Operation, Callable[[], object]] = {
        Operation.IDENTITY: lambda: image,
        Operation.SHEAR_X: lambda: affine(1, change, 0, 0, 1, 0),
        Operation.SHEAR_Y: lambda: affine(1, 0, 0, change, 1, 0),
        Operation.TRANSLATE_X: lambda: affine(1, 0, -pixels_moved, 0, 1, 0),
        Operation.TRANSLATE_Y: lambda: affine(1, 0, 0, 0, 1, -pixels_moved),
        Operation.ROTATE: lambda: image.rotate(sign * TURN[strength]),
        Operation.BRIGHTNESS: lambda: ImageEnhance.Brightness(image).enhance(1 + change),
        Operation.COLOR: lambda: ImageEnhance.Color(image).enhance(1 + change),
        Operation.CONTRAST: lambda: ImageEnhance.Contrast(image).enhance(1 + change),
        Operation.SHARPNESS: lambda: ImageEnhance.Sharpness(image).enhance(1 + change),
        Operation.POSTERIZE: lambda: ImageOps.posterize(image, int(BITS[strength])),
        Operation.SOLARIZE: lambda: ImageOps.solarize(image, THRESHOLD[strength]),
        Operation.AUTO_CONTRAST: lambda: ImageOps.autocontrast(image),
        Operation.EQUALIZE: lambda: ImageOps.equalize(image),
    }
    return np.asarray(made[operation]()).reshape(pixels.shape)


def theirs(operation: Operation, pixels: np.ndarray) -> np.ndarray:
    return np.stack(
        [pillow(operation, x, *each) for x, each in zip(pixels, ALL, strict=True)]
    ).astype(np.float32)


def clear_of_edges(operation: Operation, height: int, width: int) -> np.ndarray:
    """Places that show one not within 1/100 of a pixel's edge, where rounding decides."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    clear = []
    for strength, sign in ALL:
        place = np.stack([x, y])
        change, angle = sign * CHANGE[strength], np.deg2rad(sign * TURN[strength])
        if operation == Operation.SHEAR_X:
            place = np.stack([x + change * y, y])
        elif operation == Operation.SHEAR_Y:
            place = np.stack([x, y + change * x])
        elif operation == Operation.ROTATE:
            u, v = x - width / 2, y - height / 2
            place = np.stack(
                [
                    np.cos(angle) * u - np.sin(angle) * v + width / 2,
                    np.sin(angle) * u + np.cos(angle) * v + height / 2,
                ]
            )
        clear.append((np.abs(place - np.round(place)) > 0.01).all(axis=0))
    return np.array(clear)


SIZES = [(40, 36, 3), (36, 36, 3), (40, 36, 1)]


@pytest.mark.parametrize("operation", GEOMETRIC, ids=lambda one: one.name)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_geometry_agrees_with_pillow(operation: Operation, size: tuple[int, int, int]) -> None:
    pixels = np.maximum(pictures(62, *size), 1)  # so that 0 comes from outside alone
    clear = clear_of_edges(operation, *size[:2])
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(ours(operation, pixels)[clear], theirs(operation, pixels)[clear])


@pytest.mark.parametrize(
    "operation",
    [Operation.IDENTITY, Operation.POSTERIZE, Operation.SOLARIZE, Operation.EQUALIZE],
    ids=lambda one: one.name,
)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tables_agree_with_pillow(operation: Operation, size: tuple[int, int, int]) -> None:
    pixels = pictures(62, *size)
    pixels[0] = 7  # a single level
    np.testing.assert_array_equal(ours(operation, pixels), theirs(operation, pixels))


@pytest.mark.parametrize("operation", [*BLENDS, Operation.AUTO_CONTRAST], ids=lambda one: one.name)
@pytest.mark.parametrize("size", [*SIZES, (2, 5, 3)], ids=str)
def test_blends_agree_with_pillow_to_one_level(
    operation: Operation, size: tuple[int, int, int]
) -> None:
    # Pillow cuts off what follows the point of a product that it rounded to float32.
    pixels = pictures(62, *size)
    pixels[0] = 7
    np.testing.assert_allclose(ours(operation, pixels), theirs(operation, pixels), atol=1)


def test_auto_contrast_is_the_exact_quotient_cut_off() -> None:
    pixels = pictures(62, *SIZES[0]).astype(int)
    low, high = pixels.min((1, 2), keepdims=True), pixels.max((1, 2), keepdims=True)
    expected = (pixels - low) * 255 // (high - low)
    np.testing.assert_array_equal(ours(Operation.AUTO_CONTRAST, pixels), expected)


def test_equalize_leaves_small_images_alone() -> None:
    pixels = pictures(62, 12, 20, 3)  # fewer than 255 pixels a channel
    np.testing.assert_array_equal(ours(Operation.EQUALIZE, pixels), pixels)
    np.testing.assert_array_equal(theirs(Operation.EQUALIZE, pixels), pixels)


# --- batches ---


def test_images_do_not_depend_on_the_batch() -> None:
    pixels = jnp.asarray(pictures(62, *SIZES[0]), jnp.float32)
    draw = draw_for(jax.random.key(0), 62)
    together = np.asarray(JITTED(draw, pixels))
    assert len(set(np.asarray(draw.operation))) == len(Operation)
    for i in range(62):
        one = Draw(*(x[i : i + 1] for x in draw))
        np.testing.assert_array_equal(JITTED(one, pixels[i : i + 1])[0], together[i])


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 2])
def test_any_number_of_images_may_draw_the_dear_operations(count: int) -> None:
    pixels = pictures(30, 20, 20, 1)
    chosen = np.zeros(30, bool)
    chosen[RNG.choice(30, count, replace=False)] = True
    operation = np.where(chosen, Operation.EQUALIZE, Operation.IDENTITY)
    ones = jnp.ones(30, int)
    out = JITTED(Draw(jnp.asarray(operation), ones, ones), jnp.asarray(pixels, jnp.float32))
    for image, done, result in zip(pixels, chosen, np.asarray(out), strict=True):
        expected = pillow(Operation.EQUALIZE, image, 1, 1) if done else image
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_grey_levels_come_out(size: tuple[int, int, int]) -> None:
    pixels = jnp.asarray(pictures(62, *size), jnp.float32)
    out = np.asarray(JITTED(draw_for(jax.random.key(2), 62), pixels))
    assert out.shape == pixels.shape
    assert out.dtype == np.float32
    assert out.min() >= 0
    assert out.max() <= 255
    np.testing.assert_array_equal(out, np.round(out))


def test_inside_scan_and_vmap() -> None:
    keys = jax.random.split(jax.random.key(4), 3)
    pixels = jnp.asarray(pictures(62, *SIZES[0]), jnp.float32)
    expected = np.stack([JITTED(draw_for(key, 62), pixels) for key in keys])
    scanned = jax.jit(
        lambda keys: jax.lax.scan(lambda _, key: (_, trivial_augment_wide(key, pixels)), 0, keys)
    )(keys)[1]
    np.testing.assert_array_equal(scanned, expected)
    mapped = jax.jit(jax.vmap(trivial_augment_wide, (0, None)))(keys, pixels)
    np.testing.assert_array_equal(mapped, expected)


# --- what is drawn ---


def test_operations_strengths_and_signs_are_uniform_and_independent() -> None:
    each = 40
    count = each * len(Operation) * STRENGTHS * 2
    drawn = np.stack([np.asarray(x) for x in draw_for(jax.random.key(1), count)])
    assert drawn[0].min() == 0
    assert drawn[0].max() == 13
    assert drawn[1].min() == 0
    assert drawn[1].max() == 30
    assert set(drawn[2]) == {-1, 1}
    cell = (drawn[0] * STRENGTHS + drawn[1]) * 2 + (drawn[2] + 1) // 2
    counts = np.bincount(cell, minlength=14 * 31 * 2)
    # Chi-squared with 867 degrees of freedom: 5 standard deviations are 208.
    assert abs(((counts - each) ** 2 / each).sum() - 867) < 208


def test_the_key_decides() -> None:
    pixels = jnp.asarray(pictures(62, *SIZES[0]), jnp.float32)
    one, two, again = (JITTED(draw_for(jax.random.key(i), 62), pixels) for i in (0, 1, 0))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, two)


def test_other_numbers_of_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="images have 2 channels"):
        trivial_augment_wide(jax.random.key(0), jnp.zeros((4, 8, 8, 2)))
