"""What every built-in data set promises: inherited by whatever is registered."""

import numpy as np
import pytest

from randarch.data import BUILT_IN, DataError, load

pytestmark = pytest.mark.parametrize("name", sorted(BUILT_IN))


def test_sizes_shapes_and_types(name: str) -> None:
    dataset = load(name, train_size=101, test_size=23)
    assert dataset.name == name
    assert dataset.x_train.shape == (101, *dataset.input_shape)
    assert dataset.x_test.shape == (23, *dataset.input_shape)
    assert dataset.x_train.dtype == dataset.x_test.dtype == np.uint8
    assert dataset.y_train.dtype == dataset.y_test.dtype == np.int32
    assert len(set(dataset.classes)) == dataset.num_classes


def test_classes_are_balanced(name: str) -> None:
    dataset = load(name, train_size=97, test_size=40)
    for labels in (dataset.y_train, dataset.y_test):
        counts = np.bincount(labels, minlength=dataset.num_classes)
        assert counts.max() - counts.min() <= 1


def test_a_seed_fixes_everything(name: str) -> None:
    first = load(name, train_size=60, test_size=20, seed=3)
    again = load(name, train_size=60, test_size=20, seed=3)
    other = load(name, train_size=60, test_size=20, seed=4)
    assert first.digest == again.digest
    assert np.array_equal(first.x_train, again.x_train)
    assert first.digest != other.digest


def test_the_test_images_are_others_and_independent_of_the_training_size(name: str) -> None:
    small = load(name, train_size=40, test_size=40)
    large = load(name, train_size=90, test_size=40)
    assert np.array_equal(small.x_test, large.x_test)
    train = {image.tobytes() for image in large.x_train}
    assert len(train) == 90
    assert train.isdisjoint(image.tobytes() for image in large.x_test)


def test_the_order_is_shuffled(name: str) -> None:
    labels = load(name, train_size=300, test_size=10).y_train
    # Sorted or cyclic labels would leave 9 or 0 equal neighbours; chance leaves about 30.
    assert 10 < np.sum(labels[1:] == labels[:-1]) < 60


def test_too_few_images_for_the_classes(name: str) -> None:
    count = load(name, train_size=50, test_size=10).num_classes
    with pytest.raises(DataError, match=rf"train_size is {count - 1}.*{count} classes"):
        load(name, train_size=count - 1)


@pytest.mark.parametrize("size", [0, -5])
def test_sizes_below_one(name: str, size: int) -> None:
    with pytest.raises(DataError, match=f"train_size is {size}"):
        load(name, train_size=size)
    with pytest.raises(DataError, match=f"test_size is {size}"):
        load(name, test_size=size)


def test_negative_seed(name: str) -> None:
    with pytest.raises(DataError, match="seed is -1"):
        load(name, seed=-1)
