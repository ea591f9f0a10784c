"""The Dataset type: statistics against NumPy, the digest, and what it refuses."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from randarch.data import DataError, Dataset


def make(seed: int = 0, **changes: Any) -> Dataset:
    rng = np.random.default_rng(seed)
    fields: dict[str, Any] = {
        "name": "toy",
        "x_train": rng.integers(0, 256, (30, 5, 5, 3), dtype=np.uint8),
        "y_train": np.arange(30, dtype=np.int32) % 3,
        "x_test": rng.integers(0, 256, (12, 5, 5, 3), dtype=np.uint8),
        "y_test": np.arange(12, dtype=np.int32) % 3,
        "classes": ("a", "b", "c"),
    }
    return Dataset(**{**fields, **changes})


def test_channel_statistics_agree_with_numpy() -> None:
    dataset = make()
    pixels = dataset.x_train.astype(np.float64) / 255
    np.testing.assert_allclose(dataset.channel_mean, pixels.mean((0, 1, 2)), rtol=1e-14)
    np.testing.assert_allclose(dataset.channel_std, pixels.std((0, 1, 2)), rtol=1e-14)
    assert all(isinstance(v, float) for v in dataset.channel_mean + dataset.channel_std)


def test_channel_statistics_of_more_than_one_chunk() -> None:
    # 24 MB: more than is summed at a time.
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (2_000, 64, 64, 3), dtype=np.uint8)
    dataset = make(x_train=x, y_train=np.arange(2_000, dtype=np.int32) % 3, x_test=x[:12])
    mean = [x[..., c].mean(dtype=np.float64) / 255 for c in range(3)]
    std = [x[..., c].std(dtype=np.float64) / 255 for c in range(3)]
    np.testing.assert_allclose(dataset.channel_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(dataset.channel_std, std, rtol=1e-12)


def test_a_constant_channel_has_deviation_one() -> None:
    x = make().x_train.copy()
    x[..., 1] = 200
    dataset = make(x_train=x)
    assert dataset.channel_std[1] == 1.0
    assert dataset.channel_mean[1] == pytest.approx(200 / 255)
    assert dataset.channel_std[0] < 1.0


def test_shape_and_classes() -> None:
    dataset = make()
    assert dataset.input_shape == (5, 5, 3)
    assert dataset.num_classes == 3
    assert repr(dataset) == "Dataset('toy': 30 + 12 images of 5 x 5 x 3, 3 classes)"


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().name = "other"  # type: ignore[misc]


def test_equal_content_has_an_equal_digest_and_any_change_another() -> None:
    dataset = make()
    assert dataset.digest == make().digest
    assert len(dataset.digest) == 64
    x, y = dataset.x_train.copy(), dataset.y_test.copy()
    x[7, 3, 2, 1] ^= 1
    y[4] = (y[4] + 1) % 3
    changed = [
        make(x_train=x),
        make(y_test=y),
        make(x_train=dataset.x_train[::-1], y_train=dataset.y_train[::-1]),
        make(classes=("a", "b", "d")),
    ]
    assert len({one.digest for one in [dataset, *changed]}) == 5


def test_the_digest_of_a_view_is_that_of_its_copy() -> None:
    dataset = make()
    view = make(x_train=dataset.x_train[::-1][::-1])
    assert view.digest == dataset.digest


ZEROS = np.zeros((12, 5, 5, 3), np.uint8)
LABELS = np.arange(12, dtype=np.int32) % 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ("a",)}, "1 class; a classifier needs 2"),
        ({"x_test": ZEROS[:0], "y_test": LABELS[:0]}, "no test images"),
        ({"x_test": ZEROS[:11]}, "11 test images and 12 labels"),
        ({"x_test": ZEROS[:, :4]}, "test images are 4 x 5; crop or resize"),
        ({"x_test": ZEROS[:, :4, :4]}, "training images are 5 x 5 x 3, test images 4 x 4 x 3"),
        ({"x_test": ZEROS[..., :1]}, "training images are 5 x 5 x 3, test images 5 x 5 x 1"),
        ({"y_test": LABELS + 1}, "test labels run from 1 to 3; expected 0 to 2"),
        ({"y_test": LABELS - 1}, "test labels run from -1 to 1; expected 0 to 2"),
    ],
)
def test_what_is_no_data_set(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)
