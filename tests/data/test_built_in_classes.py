"""What tells the classes of `textures`, `colours` and `fabrics`, and what does not.

A linear classifier on features that fit the definition finds the classes; on features that hold the
nuisances alone it stays near chance. Training 1,500 images, test 1,000: the standard deviation of an
accuracy p is below sqrt(p (1 - p) / 1000), so 0.0095 at 10 %.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from randarch.data import COLOURS, FABRICS, TEXTURES, Dataset, load
from randarch.data.colours import coloured

Features = Callable[[np.ndarray], np.ndarray]


def power_spectrum(images: np.ndarray) -> np.ndarray:
    """Log power of each frequency, over the channels: blind to phase, place and choice of colours."""
    pixels = images / 255
    pixels -= pixels.mean(axis=(1, 2), keepdims=True)
    window = np.hanning(images.shape[1] + 2)[1:-1]
    pixels *= window[:, None, None] * window[:, None]
    power = np.sum(np.abs(np.fft.rfft2(pixels, axes=(1, 2))) ** 2, axis=3)
    return np.log(power + 1e-3).reshape(len(images), -1)


def hues(images: np.ndarray) -> np.ndarray:
    """How much of 24 hues there is, in pixels that have some colour."""
    pixels = images.reshape(len(images), -1, 3) / 255
    chroma = pixels.max(axis=2) - pixels.min(axis=2)
    around = pixels @ np.exp(2j * np.pi * np.arange(3) / 3)
    bins = np.floor(np.angle(around) / (2 * np.pi) * 24).astype(int) % 24
    weights = np.where(chroma > 0.3, chroma, 0)
    return np.sqrt([np.bincount(b, w, minlength=24) for b, w in zip(bins, weights, strict=True)])


def mean_colour(images: np.ndarray) -> np.ndarray:
    mean = images.mean(axis=(1, 2)) / 255
    return np.concatenate([mean, mean**2], axis=1)


def grey(images: np.ndarray) -> np.ndarray:
    return (images.mean(axis=3) / 255).reshape(len(images), -1)


def border(images: np.ndarray) -> np.ndarray:
    edges = np.concatenate([images[:, 0], images[:, -1]], axis=1)
    return edges.reshape(len(images), -1) / 255


def ridge_accuracy(dataset: Dataset, features: Features) -> float:
    x, xt = features(dataset.x_train), features(dataset.x_test)
    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-6
    x, xt = (x - mean) / std, (xt - mean) / std
    targets = np.eye(dataset.num_classes)[dataset.y_train]
    weights = np.linalg.solve(x.T @ x + 100 * np.eye(x.shape[1]), x.T @ targets)
    scores = xt @ weights + targets.mean(axis=0)
    return float(np.mean(scores.argmax(axis=1) == dataset.y_test))


def nearest_mean_accuracy(dataset: Dataset, features: Features) -> float:
    x, xt = features(dataset.x_train), features(dataset.x_test)
    centres = np.stack([x[dataset.y_train == i].mean(axis=0) for i in range(dataset.num_classes)])
    nearest = np.sum((xt[:, None] - centres) ** 2, axis=2).argmin(axis=1)
    return float(np.mean(nearest == dataset.y_test))


@pytest.fixture(scope="module")
def sets() -> dict[str, Dataset]:
    names = ("textures", "colours", "fabrics")
    return {name: load(f"{name}:16", train_size=1_500, test_size=1_000) for name in names}


def test_textures_are_told_by_their_spectrum(sets: dict[str, Dataset]) -> None:
    assert sets["textures"].classes == tuple(TEXTURES)
    assert ridge_accuracy(sets["textures"], power_spectrum) > 0.8


@pytest.mark.parametrize("features", [mean_colour, hues])
def test_textures_are_not_told_by_colours(sets: dict[str, Dataset], features: Features) -> None:
    assert ridge_accuracy(sets["textures"], features) < 0.15


@pytest.mark.parametrize("features", [grey, border])
def test_textures_are_hardly_told_by_single_pixels(
    sets: dict[str, Dataset], features: Features
) -> None:
    # Class means differ by chance alone, but most along what varies in a class, which tells it from others a little.
    assert ridge_accuracy(sets["textures"], features) < 0.35


def test_colours_are_told_by_their_hues(sets: dict[str, Dataset]) -> None:
    assert sets["colours"].classes == COLOURS
    assert nearest_mean_accuracy(sets["colours"], hues) > 0.6


def test_colours_are_not_told_by_lightness_or_background(sets: dict[str, Dataset]) -> None:
    for features in (grey, border, power_spectrum):
        assert ridge_accuracy(sets["colours"], features) < 1 / 6 + 0.05


def test_the_mean_pixel_does_not_solve_colours(sets: dict[str, Dataset]) -> None:
    assert ridge_accuracy(sets["colours"], mean_colour) < 0.45


def test_fabrics_are_pairs(sets: dict[str, Dataset]) -> None:
    fabrics = sets["fabrics"]
    assert fabrics.classes == FABRICS
    assert fabrics.num_classes == len(set(FABRICS)) == 36

    def both(images: np.ndarray) -> np.ndarray:
        return np.concatenate([power_spectrum(images), hues(images)], axis=1)

    # The hue alone, or the weave alone, is one of six.
    assert ridge_accuracy(fabrics, hues) < 0.3
    assert ridge_accuracy(fabrics, power_spectrum) < 0.3
    assert ridge_accuracy(fabrics, both) > 0.6
    assert ridge_accuracy(fabrics, grey) < 0.2


def halves(dataset: Dataset, names: list[str]) -> Dataset:
    """The same images, labelled by that half of their class's name."""

    def renamed(labels: np.ndarray) -> np.ndarray:
        classes = [dataset.classes[i] for i in labels]
        return np.array([next(k for k, n in enumerate(names) if n in c) for c in classes], np.int32)

    return dataclasses.replace(
        dataset,
        y_train=renamed(dataset.y_train),
        y_test=renamed(dataset.y_test),
        classes=tuple(names),
    )


def test_each_half_of_a_fabrics_name_is_what_it_says(sets: dict[str, Dataset]) -> None:
    fabrics = sets["fabrics"]
    assert nearest_mean_accuracy(halves(fabrics, list(COLOURS)), hues) > 0.8
    weaves = ["plain", "rows", "columns", "rising", "falling", "checks"]
    assert ridge_accuracy(halves(fabrics, weaves), power_spectrum) > 0.8


def test_the_textures_are_half_full_and_repeat() -> None:
    axis = np.linspace(0, 6, 600, endpoint=False, dtype=np.float32)
    x, y = (plane[None] for plane in np.meshgrid(axis, axis))
    for name, distance in TEXTURES.items():
        share = np.mean(distance(x, y) < 0)
        expected = {"plain": 1.0, "dots": np.pi * 0.36**2}.get(name, 0.5)
        assert share == pytest.approx(expected, abs=0.02), name


def test_hue_chroma_and_lightness_of_a_colour() -> None:
    full = np.ones(6, np.float32)
    corners = coloured(np.arange(6, dtype=np.float32), full * 0.6, full * 0.5)
    assert corners.argmax(axis=1).tolist()[::2] == [0, 1, 2]  # red, green, blue
    assert corners.argmin(axis=1).tolist()[1::2] == [2, 0, 1]  # yellow, cyan, magenta
    assert np.allclose(corners.mean(axis=1), 0.5)
    assert np.allclose(np.ptp(corners, axis=1), 0.6)
    around = coloured(np.array([-0.25, 5.75], np.float32), full[:2] * 0.5, full[:2] * 0.5)
    assert np.allclose(around[0], around[1])
