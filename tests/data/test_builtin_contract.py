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
    dataset = load(name, train_size=600, test_size=10)
    labels, share = dataset.y_train, 1 / dataset.num_classes
    equal = np.sum(labels[1:] == labels[:-1])
    # Cyclic labels would leave no equal neighbours, sorted ones nearly all; chance leaves 599 * share.
    assert abs(equal - 599 * share) < 3.5 * np.sqrt(599 * share * (1 - share))


def test_another_size_in_pixels(name: str) -> None:
    small = load(f"{name}:16", train_size=50, test_size=10)
    assert small.name == f"{name}:16"
    assert small.input_shape == (16, 16, 3)
    assert load(f"{name}:32", train_size=50, test_size=10).digest == (
        load(name, train_size=50, test_size=10).digest
    )


@pytest.mark.parametrize(("train_size", "test_size"), [(50, 7), (41, 40)])
def test_a_variant_has_the_sizes_asked_for_and_equal_classes(
    name: str, train_size: int, test_size: int
) -> None:
    dataset = load(f"{name}:16:classes=5", train_size=train_size, test_size=test_size)
    assert dataset.num_classes == 5
    for labels, size in ((dataset.y_train, train_size), (dataset.y_test, test_size)):
        counts = np.bincount(labels, minlength=5)
        assert counts.sum() == size
        assert counts.max() - counts.min() <= 1


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
