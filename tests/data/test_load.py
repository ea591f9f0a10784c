"""Which images a name and a choice stand for."""

from pathlib import Path

import numpy as np
import pytest

from randarch.data import DataError, load


@pytest.fixture
def stored(tmp_path: Path) -> str:
    """Forty labelled images whose first pixel is their place in the file."""
    rng = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 30), ("test", 10)):
        x = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
        x[:, 0, 0, 0] = np.arange(count)
        arrays |= {f"x_{split}": x, f"y_{split}": np.arange(count) % 3}
    np.savez(tmp_path / "images.npz", **arrays)
    return f"npz:{tmp_path / 'images.npz'}"


def places(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].tolist()


def test_the_first_images_in_the_order_of_the_file(stored: str) -> None:
    dataset = load(stored, train_size=12, test_size=5, choice="first", seed=7)
    assert places(dataset.x_train) == list(range(12))
    assert places(dataset.x_test) == list(range(5))
    assert dataset.y_train.tolist() == [i % 3 for i in range(12)]
    whole = load(stored, choice="first")
    assert (places(whole.x_train), places(whole.x_test)) == (list(range(30)), list(range(10)))


def test_a_stratified_choice_is_another(stored: str) -> None:
    dataset = load(stored, train_size=12, test_size=6)
    assert places(dataset.x_train) != list(range(12))
    assert np.bincount(dataset.y_train).tolist() == [4, 4, 4]


@pytest.mark.parametrize("choice", ["last", "", None])
def test_other_choices_are_refused(stored: str, choice: str) -> None:
    with pytest.raises((DataError, TypeError), match="choice"):
        load(stored, choice=choice)


def test_built_in_images_of_another_size() -> None:
    dataset = load("shapes:48", train_size=20, test_size=10)
    assert dataset.input_shape == (48, 48, 3)
    assert dataset.name == "shapes:48"
    assert load("shapes:32", train_size=20, test_size=10).digest == (
        load("shapes", train_size=20, test_size=10).digest
    )


@pytest.mark.parametrize("name", ["shapes:7", "shapes:x", "shapes:-8", "shapes:9999", "shapes:4²"])
def test_sizes_that_the_shapes_cannot_have_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="8 to 1024 pixels"):
        load(name)
