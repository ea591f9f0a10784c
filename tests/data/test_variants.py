"""Variants by name: what stays, what is drawn, and which names are refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.data import DataError, Dataset, Variant, apply_variants, load, split_variants
from randarch.data.generated import DEFAULT_TRAIN_SIZE
from randarch.data.variants import sizes_to_generate

TRAIN_COUNTS = [7, 12, 5, 30, 9, 3]  # of each class
TEST_COUNTS = [4, 3, 5, 2, 6, 2]


def pixels(labels: np.ndarray) -> np.ndarray:
    """Images that hold their place in the file and their class."""
    images = np.zeros((len(labels), 8, 8, 3), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 0, 1] = np.arange(len(labels)), labels
    return images


def places(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].tolist()


@pytest.fixture
def whole() -> Dataset:
    rng = np.random.default_rng(0)
    train, test = (
        rng.permutation(np.repeat(np.arange(6, dtype=np.int32), counts))
        for counts in (TRAIN_COUNTS, TEST_COUNTS)
    )
    return Dataset("animals", pixels(train), train, pixels(test), test, tuple("abcdef"))


@pytest.fixture
def stored(whole: Dataset, tmp_path: Path) -> Path:
    return write(tmp_path / "animals.npz", whole)


def write(path: Path, dataset: Dataset) -> Path:
    arrays = {key: getattr(dataset, key) for key in ("x_train", "y_train", "x_test", "y_test")}
    with path.open("wb") as file:
        np.savez(file, **arrays, classes=np.array(dataset.classes))
    return path


def variant(dataset: Dataset, text: str, seed: int = 0) -> Dataset:
    return apply_variants(dataset, split_variants(f"x:{text}")[1], seed)


def test_options_are_split_off() -> None:
    five, ten, balanced = Variant("classes", 5), Variant("per_class", 10), Variant("balanced")
    assert split_variants("shapes") == ("shapes", ())
    assert split_variants("shapes:16") == ("shapes:16", ())
    assert split_variants("shapes:16:classes=5") == ("shapes:16", (five,))
    assert split_variants("cifar100:per_class=10:classes=5") == ("cifar100", (ten, five))
    assert split_variants("mnist:3.0.1:balanced") == ("mnist:3.0.1", (balanced,))
    assert split_variants("npz:no/such.npz:balanced") == ("npz:no/such.npz", (balanced,))


@pytest.mark.parametrize("name", ["a:b.npz", "k=v.npz", "classes=3", "x:classes=3", "x:balanced"])
def test_a_path_that_looks_like_options(name: str, whole: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path / name, whole)
    assert load(f"npz:{path}").num_classes == 6
    assert load(f"npz:{path}:classes=2").num_classes == 2


def test_a_folder_that_looks_like_options(whole: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run:seed=3"
    folder.mkdir()
    path = write(folder / "x.npz", whole)
    assert load(f"npz:{path}").num_classes == 6
    with pytest.raises(DataError, match="no such file"):
        load(f"npz:{folder}/y.npz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("clases=5", "unknown option 'clases=5'; expected classes=K, per_class=K or balanced"),
        ("classes=5:16", "unknown option '16'"),
        ("balanced=1", "unknown option 'balanced=1'"),
        ("classes=five", "classes is 'five'; expected an integer from 2"),
        ("classes=", "classes is ''"),
        ("classes=1", "classes is '1'; expected an integer from 2"),
        ("classes=2.5", "classes is '2.5'"),
        ("classes=³", "classes is '³'"),
        ("per_class=0", "per_class is '0'; expected an integer from 1"),
        ("per_class=-3", "per_class is '-3'"),
        (f"per_class={'9' * 5000}", "expected an integer"),
        ("classes=5:per_class=3:classes=5", "classes is there twice"),
        ("balanced:balanced", "balanced is there twice"),
        ("classes=7", "classes is 7; expected 2 to 6"),
    ],
)
def test_options_that_are_refused(stored: Path, options: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        load(f"npz:{stored}:{options}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["", ":classes=5"])
def test_no_name(name: str) -> None:
    with pytest.raises(DataError, match="no data set named"):
        load(name)


@given(seed=st.integers(0, 2**40))
def test_classes_are_nested_and_renumbered(seed: int) -> None:
    labels = np.repeat(np.arange(6, dtype=np.int32), TRAIN_COUNTS)
    whole = Dataset("a", pixels(labels), labels, pixels(labels), labels, tuple("abcdef"))
    smaller: set[str] = set()
    for count in range(2, 7):
        part = variant(whole, f"classes={count}", seed)
        assert part.num_classes == count
        assert list(part.classes) == sorted(part.classes)  # the old order
        assert smaller < set(part.classes)
        smaller = set(part.classes)
        for x, y in ((part.x_train, part.y_train), (part.x_test, part.y_test)):
            names = ["abcdef"[i] for i in x[:, 0, 0, 1]]
            assert [part.classes[i] for i in y] == names
            assert len(y) == sum(TRAIN_COUNTS["abcdef".index(name)] for name in part.classes)


def test_every_class_is_drawn_by_some_seed(whole: Dataset) -> None:
    pairs = {variant(whole, "classes=2", seed).classes for seed in range(150)}
    assert len(pairs) == 15


def test_a_class_without_training_images_is_not_drawn(whole: Dataset) -> None:
    with_one_more = Dataset(
        "a", whole.x_train, whole.y_train, whole.x_test, whole.y_test, tuple("abcdefg")
    )
    drawn = {variant(with_one_more, "classes=3", seed).classes for seed in range(60)}
    assert not any("g" in classes for classes in drawn)
    with pytest.raises(DataError, match="classes is 7; expected 2 to 6"):
        variant(with_one_more, "classes=7")


def test_images_of_each_class(whole: Dataset) -> None:
    part = variant(whole, "per_class=8")
    assert np.bincount(part.y_train).tolist() == [7, 8, 5, 8, 8, 3]
    assert places(part.x_train) == sorted(places(part.x_train))
    assert np.array_equal(part.x_test, whole.x_test)
    smaller, other = variant(whole, "per_class=4"), variant(whole, "per_class=8", seed=1)
    assert set(places(smaller.x_train)) < set(places(part.x_train))
    assert places(other.x_train) != places(part.x_train)
    assert variant(whole, "per_class=30").digest == whole.digest


def test_the_largest_class_is_cut(whole: Dataset) -> None:
    part = variant(whole, "balanced")
    assert np.bincount(part.y_train).tolist() == [7, 12, 5, 12, 9, 3]
    kept = set(places(part.x_train))
    largest = {place for place, label in enumerate(whole.y_train) if label == 3}
    assert set(range(len(whole.y_train))) - kept < largest
    assert np.array_equal(part.x_test, whole.x_test)
    assert variant(part, "balanced").digest == part.digest
    assert variant(whole, "balanced", seed=1).digest != part.digest


def test_options_are_applied_in_order(whole: Dataset) -> None:
    by_hand = variant(variant(whole, "classes=4", 5), "per_class=6", 5)
    assert variant(whole, "classes=4:per_class=6", 5).digest == by_hand.digest
    # Six of each first: nothing is left for `balanced` to cut but the ties.
    assert np.bincount(variant(whole, "per_class=6:balanced").y_train).max() == 6
    assert np.bincount(variant(whole, "balanced:per_class=11").y_train).max() == 11


def test_labels_fit_to_names_after_a_load(stored: Path) -> None:
    name = f"npz:{stored}:classes=3:balanced"
    part = load(name, seed=2)
    assert part.name == name
    assert [part.classes[i] for i in part.y_train] == [
        "abcdef"[i] for i in part.x_train[:, 0, 0, 1]
    ]
    assert part.digest == load(name, seed=2).digest


def test_sizes_choose_among_what_is_left(stored: Path) -> None:
    name = f"npz:{stored}:per_class=4"
    assert len(load(name).x_train) == 23
    assert len(load(name, train_size=12).x_train) == 12
    with pytest.raises(DataError, match=r"train_size is 24; .*:per_class=4 has 23 such images"):
        load(name, train_size=24)


def test_at_most(stored: Path) -> None:
    large = load(f"npz:{stored}:per_class=4", train_size=1000, test_size=1000, at_most=True)
    assert (len(large.x_train), len(large.x_test)) == (23, sum(TEST_COUNTS))
    small = load(f"npz:{stored}", train_size=12, test_size=5, at_most=True)
    assert small.digest == load(f"npz:{stored}", train_size=12, test_size=5).digest
    few = load("shapes:8:per_class=2", train_size=1000, test_size=20, at_most=True)
    assert (len(few.x_train), len(few.x_test)) == (20, 20)


def test_the_first_images_of_a_variant(stored: Path) -> None:
    part = load(f"npz:{stored}:classes=3", train_size=5, test_size=3, choice="first")
    all_of_it = load(f"npz:{stored}:classes=3", choice="first")
    assert np.array_equal(part.x_train, all_of_it.x_train[:5])


def test_a_built_in_variant_without_sizes() -> None:
    part = load("shapes:8:classes=5")
    assert (len(part.x_train), len(part.x_test)) == (1_500, 500)
    assert len(load("shapes:8:per_class=3:classes=4", test_size=9).x_train) == 12


def test_built_in_variants_draw_from_the_same_images() -> None:
    three, six = (load(f"shapes:8:per_class={k}", test_size=10) for k in (3, 6))
    assert {i.tobytes() for i in three.x_train} < {i.tobytes() for i in six.x_train}
    with pytest.raises(DataError, match="has 30 such images"):
        load("shapes:8:per_class=3", train_size=31)


def test_a_built_in_variant_keeps_its_test_images() -> None:
    small, large = (load("shapes:8:classes=4", train_size=n, test_size=12) for n in (10, 90))
    assert np.array_equal(small.x_test, large.x_test)
    assert small.classes == large.classes


@given(st.integers(2, 50), st.integers(2, 60), st.integers(1, 900))
def test_enough_is_generated_and_hardly_more(num_classes: int, kept: int, size: int) -> None:
    variants = (Variant("classes", kept),)
    train, test = sizes_to_generate(variants, num_classes, size, size, DEFAULT_TRAIN_SIZE)
    assert train is not None and train == test
    left = train // num_classes * min(kept, num_classes)
    assert train % num_classes == 0
    assert size <= left < size + kept


def test_more_of_each_class_than_by_default() -> None:
    sizes = sizes_to_generate((Variant("per_class", 400),), 10, 50, None, 3_000)
    assert sizes == (4_000, None)
