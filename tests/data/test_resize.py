"""Resolutions and channels, against sums written out in NumPy."""

import dataclasses

import numpy as np
import pytest

from randarch.data import RESIZES, DataError, Dataset, common_channels, conform, load
from randarch.data import resize as module


def dataset(size: int = 6, channels: int = 3, count: int = 5) -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, size, size, channels), dtype=np.uint8)
    y = (np.arange(count) % 2).astype(np.int32)
    return Dataset(f"s{size}c{channels}", x, y, x[:3], y[:3], ("a", "b"))


def triangle_weights(size: int, resolution: int) -> np.ndarray:
    """Row i weighs the old pixels for the new pixel i: a triangle as wide as the coarser pixel."""
    scale = size / resolution
    centres = (np.arange(resolution) + 0.5) * scale - 0.5
    far = np.abs(centres[:, None] - np.arange(size)) / max(scale, 1)
    weights = np.maximum(0, 1 - far)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("resolution", [3, 4, 6, 9, 12])
def test_antialias_is_a_weighted_mean(resolution: int) -> None:
    given = dataset()
    weights = triangle_weights(6, resolution)
    expected = np.einsum("ih,jw,nhwc->nijc", weights, weights, given.x_train.astype(float))
    result = conform(given, resolution, 3, "antialias")
    assert result.input_shape == (resolution, resolution, 3)
    assert np.abs(result.x_train - expected).max() <= 0.5 + 1e-3
    assert np.array_equal(result.x_test, result.x_train[:3])


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dataset(count=11)
    at_once = conform(given, 4, 3, "antialias")
    monkeypatch.setattr(module, "_CHUNK_BYTES", 4 * 4 * 36 * 3)  # four images: 4, 4 and 3 new ones
    assert conform(given, 4, 3, "antialias").digest == at_once.digest


def test_constant_images_stay_constant() -> None:
    given = dataset()
    white = dataclasses.replace(
        given, x_train=np.full_like(given.x_train, 255), x_test=np.full_like(given.x_test, 255)
    )
    for resolution in (4, 9):
        assert conform(white, resolution, 3, "antialias").x_train.min() == 255


def test_crop() -> None:
    given = dataset()
    assert np.array_equal(conform(given, 4, 3, "crop_or_pad").x_train, given.x_train[:, 1:5, 1:5])
    # One pixel more goes at the bottom and on the right.
    assert np.array_equal(conform(given, 3, 3, "crop_or_pad").x_train, given.x_train[:, 1:4, 1:4])


@pytest.mark.parametrize("resolution", [8, 9])
def test_pad(resolution: int) -> None:
    given = dataset()
    padded = conform(given, resolution, 3, "crop_or_pad").x_train
    assert padded.shape[1:3] == (resolution, resolution)
    assert np.array_equal(padded[:, 1:7, 1:7], given.x_train)
    assert padded.sum(dtype=int) == given.x_train.sum(dtype=int)


def test_pad_and_crop_back_is_the_same() -> None:
    given = dataset()
    for resolution in (7, 8, 11):
        back = conform(conform(given, resolution, 3, "crop_or_pad"), 6, 3, "crop_or_pad")
        assert back.digest == given.digest


def test_refuse() -> None:
    with pytest.raises(DataError, match=r"s6c3: images are 6 x 6; expected 8 x 8.*crop_or_pad"):
        conform(dataset(), 8, 3, "refuse")
    assert conform(dataset(channels=1), 6, 3, "refuse").input_shape == (6, 6, 3)


@pytest.mark.parametrize("policy", RESIZES)
def test_the_same_object_where_nothing_changes(policy: module.Resize) -> None:
    given = dataset()
    assert conform(given, 6, 3, policy) is given


@pytest.mark.parametrize("policy", ["antialias", "crop_or_pad"])
def test_grey_becomes_three_equal_channels(policy: module.Resize) -> None:
    given = dataset(channels=1)
    result = conform(given, 4, 3, policy).x_train
    alone = conform(given, 4, 1, policy).x_train
    assert all(np.array_equal(result[..., c], alone[..., 0]) for c in range(3))
    assert result.dtype == np.uint8


@pytest.mark.parametrize(("given", "wanted"), [(3, 1), (2, 3), (1, 4), (4, 3)])
def test_other_channels_are_refused(given: int, wanted: int) -> None:
    message = rf"s6c{given}: images have {given} channels; expected {wanted}"
    with pytest.raises(DataError, match=message) as error:
        conform(dataset(channels=given), 6, wanted, "antialias")
    assert "\n" not in str(error.value)


def test_impossible_arguments() -> None:
    with pytest.raises(DataError, match="resolution is 0"):
        conform(dataset(), 0, 3, "antialias")
    with pytest.raises(DataError, match="channels is 0"):
        conform(dataset(), 6, 0, "antialias")
    # The run-time check of the annotation may come first.
    with pytest.raises(Exception, match="resize"):
        conform(dataset(), 6, 3, "nearest")  # type: ignore[arg-type]


def test_labels_classes_and_name_stay() -> None:
    given = load("shapes:16", train_size=20, test_size=10)
    result = conform(given, 24, 3, "antialias")
    assert (result.name, result.classes) == (given.name, given.classes)
    assert np.array_equal(result.y_train, given.y_train)


def test_common_channels() -> None:
    grey, colour, four = (dataset(channels=c) for c in (1, 3, 4))
    assert common_channels([grey, colour, grey]) == 3
    assert common_channels([grey, grey]) == 1
    assert common_channels([four]) == 4
    with pytest.raises(DataError, match="s6c1 1, s6c4 4; expected one number"):
        common_channels([grey, four])
    with pytest.raises(DataError, match="no data sets"):
        common_channels([])
