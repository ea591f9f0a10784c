"""Augmentation against direct NumPy windows, its distribution, and its use inside jit and scan."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from randarch.data import normalize, pad_crop_flip, random_crop, random_flip

RNG = np.random.default_rng(0)
# Distinct and not zero, so that a window shows where it comes from.
PIXELS = (1 + RNG.permutation(64 * 7 * 7 * 2)).reshape(64, 7, 7, 2).astype(np.float32)
IMAGES = jnp.asarray(PIXELS)


def windows(image: np.ndarray, padding: int) -> dict[bytes, tuple[int, int]]:
    """Every window of the padded image, by its bytes."""
    size = len(image)
    padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    return {
        padded[y : y + size, x : x + size].tobytes(): (y, x)
        for y in range(2 * padding + 1)
        for x in range(2 * padding + 1)
    }


@pytest.mark.parametrize("padding", [0, 1, 4])
def test_a_crop_is_a_window_of_the_padded_image(padding: int) -> None:
    crops = np.asarray(random_crop(jax.random.key(0), IMAGES, padding))
    found = [windows(a, padding)[b.tobytes()] for a, b in zip(PIXELS, crops, strict=True)]
    assert len(set(found)) > 1 or padding == 0


def test_every_position_is_as_likely() -> None:
    image = jnp.broadcast_to(IMAGES[:1], (9_000, 7, 7, 2))
    crops = np.asarray(random_crop(jax.random.key(1), image, 1))
    places = windows(PIXELS[0], 1)
    counts = np.zeros((3, 3))
    for crop in crops:
        counts[places[crop.tobytes()]] += 1
    # 1,000 expected at each of the nine; 5 standard deviations are 149.
    assert np.abs(counts - 1_000).max() < 149


def test_a_flip_mirrors_half_of_the_images() -> None:
    images = np.tile(PIXELS, (32, 1, 1, 1))
    out = np.asarray(random_flip(jax.random.key(2), jnp.asarray(images)))
    kept = (out == images).all((1, 2, 3))
    mirrored = (out == images[:, :, ::-1]).all((1, 2, 3))
    assert np.array_equal(kept, ~mirrored)
    assert abs(kept.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(images))


def test_crop_and_flip_together_are_the_one_after_the_other() -> None:
    key = jax.random.key(3)
    crop_key, flip_key = jax.random.split(key)
    expected = random_flip(flip_key, random_crop(crop_key, IMAGES, 3))
    assert np.array_equal(pad_crop_flip(key, IMAGES, 3), expected)


def test_borders_are_black_after_normalisation() -> None:
    mean, std = (0.5, 0.25), (0.2, 0.4)
    white = jnp.full((50, 7, 7, 2), 255, jnp.uint8)
    out = np.asarray(normalize(pad_crop_flip(jax.random.key(0), white, 3), mean, std))
    levels = [np.unique(out[..., c]) for c in range(2)]
    np.testing.assert_allclose(levels[0], [-0.5 / 0.2, 0.5 / 0.2], rtol=1e-5)
    np.testing.assert_allclose(levels[1], [-0.25 / 0.4, 0.75 / 0.4], rtol=1e-5)


def test_normalize_agrees_with_numpy() -> None:
    pixels = RNG.integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)
    mean, std = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
    expected = (pixels / 255 - np.array(mean)) / np.array(std)
    out = normalize(jnp.asarray(pixels), mean, std)
    assert out.dtype == jnp.float32
    np.testing.assert_allclose(out, expected, atol=2e-6)
    np.testing.assert_allclose(
        normalize(jnp.asarray(pixels, jnp.float32), mean, std), out, atol=1e-6
    )


def test_inside_jit_and_scan() -> None:
    keys = jax.random.split(jax.random.key(4), 3)

    @jax.jit
    def run(keys, images):
        return jax.lax.scan(lambda x, key: (pad_crop_flip(key, x, 2),) * 2, images, keys)[1]

    expected = [IMAGES]
    for key in keys:
        expected.append(pad_crop_flip(key, expected[-1], 2))
    np.testing.assert_array_equal(run(keys, IMAGES), np.stack(expected[1:]))


def test_the_key_decides() -> None:
    one, two = jax.random.key(0), jax.random.key(1)
    assert np.array_equal(pad_crop_flip(one, IMAGES), pad_crop_flip(one, IMAGES))
    assert not np.array_equal(pad_crop_flip(one, IMAGES), pad_crop_flip(two, IMAGES))


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="padding is -1"):
        random_crop(jax.random.key(0), IMAGES, -1)
    with pytest.raises(ValueError, match="1 means and 2 standard deviations for 2 channels"):
        normalize(IMAGES, (0.5,), (0.2, 0.2))
    with pytest.raises(ValueError, match="above 0"):
        normalize(IMAGES, (0.5, 0.5), (0.2, 0.0))
