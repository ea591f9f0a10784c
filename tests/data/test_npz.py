"""`npz:PATH`: what is read, and one clear line for what is not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from randarch.data import DataError, load

RNG = np.random.default_rng(0)
ARRAYS: dict[str, Any] = {
    "x_train": RNG.integers(0, 256, (40, 6, 6, 3), dtype=np.uint8),
    "y_train": np.arange(40) % 4,
    "x_test": RNG.integers(0, 256, (16, 6, 6, 3), dtype=np.uint8),
    "y_test": np.arange(16) % 4,
}


def write(folder: Path, **changes: Any) -> str:
    path = folder / "images.npz"
    arrays = {**ARRAYS, **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return f"npz:{path}"


def rows(images: np.ndarray, labels: np.ndarray) -> set[tuple[bytes, int]]:
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


def test_everything_is_read_with_its_label(tmp_path: Path) -> None:
    dataset = load(write(tmp_path))
    assert rows(dataset.x_train, dataset.y_train) == rows(ARRAYS["x_train"], ARRAYS["y_train"])
    assert rows(dataset.x_test, dataset.y_test) == rows(ARRAYS["x_test"], ARRAYS["y_test"])
    assert dataset.classes == ("0", "1", "2", "3")
    assert dataset.y_train.dtype == np.int32


def test_a_subset_is_stratified_seeded_and_from_the_file(tmp_path: Path) -> None:
    name = write(tmp_path)
    one, again = (load(name, train_size=12, test_size=8, seed=5) for _ in range(2))
    assert one.digest == again.digest != load(name, train_size=12, test_size=8, seed=6).digest
    assert np.bincount(one.y_train).tolist() == [3, 3, 3, 3]
    assert np.bincount(one.y_test).tolist() == [2, 2, 2, 2]
    assert rows(one.x_train, one.y_train) < rows(ARRAYS["x_train"], ARRAYS["y_train"])


def test_test_images_do_not_depend_on_the_training_size(tmp_path: Path) -> None:
    name = write(tmp_path)
    assert np.array_equal(load(name, train_size=8).x_test, load(name, train_size=30).x_test)


def test_greyscale_without_a_channel_axis(tmp_path: Path) -> None:
    name = write(tmp_path, x_train=ARRAYS["x_train"][..., 0], x_test=ARRAYS["x_test"][..., 0])
    assert load(name).input_shape == (6, 6, 1)


def test_labels_of_other_integer_types_and_as_a_column(tmp_path: Path) -> None:
    dataset = load(write(tmp_path, y_train=ARRAYS["y_train"].astype(np.uint8)[:, None]))
    assert np.bincount(dataset.y_train).tolist() == [10, 10, 10, 10]


@pytest.mark.parametrize("kind", ["U", "S"])
def test_class_names(tmp_path: Path, kind: str) -> None:
    names = ["cat", "dog", "eel", "fox", "gnu"]
    dataset = load(write(tmp_path, classes=np.array(names, dtype=kind)))
    assert dataset.classes == tuple(names)  # also a class without an image


X, Y = ARRAYS["x_train"], ARRAYS["y_train"]
XT, YT = ARRAYS["x_test"], ARRAYS["y_test"]
OBJECTS = np.array([X[0], "pickled"], dtype=object)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "y_test missing; expected x_train, y_train, x_test, y_test, found x_tr"),
        ({"x_train": None, "y_train": None}, "x_train, y_train missing"),
        ({"y_train": Y[:39]}, "40 train images and 39 labels; give one label for"),
        ({"x_test": XT[:3]}, "3 test images and 16 labels"),
        ({"x_train": X / 255}, r"x_train is float64; expected uint8.*astype\(numpy.uint8\)"),
        ({"x_test": XT.astype(np.int64)}, "x_test is int64; expected uint8"),
        ({"y_train": Y.astype(float)}, "y_train is float64; expected integers"),
        ({"y_train": Y.astype(str)}, "y_train is <U21; expected integers.*return_inverse"),
        ({"y_train": np.eye(4, dtype=int)[Y]}, r"y_train has shape \(40, 4\).*argmax"),
        ({"y_train": Y - 1}, "y_train runs from -1 to 2; expected class numbers from 0"),
        ({"y_test": YT + 1}, "test labels run from 1 to 4; expected 0 to 3 for 4 classes"),
        ({"classes": np.array(["a", "b"])}, "train labels run from 0 to 3; expected 0 to 1"),
        ({"classes": np.array(3.5)}, "classes is float64"),
        ({"y_train": Y + 10**6}, "renumber them from 0"),
        ({"x_train": X[:, :5]}, r"x_train has shape \(40, 5, 6, 3\).*5 x 6, not square"),
        ({"x_train": X.transpose(0, 3, 1, 2)}, r"move the channels last with x.transpose"),
        ({"x_train": X.reshape(40, -1)}, r"x_train has shape \(40, 108\); expected \[images, size"),
        ({"x_train": X[None]}, r"x_train has shape \(1, 40, 6, 6, 3\)"),
        ({"y_train": Y * 0}, "y_train holds the single class 0"),
        ({"x_test": XT[:, :5, :5]}, "training images are 6 x 6 x 3, test images 5 x 5 x 3"),
        ({"x_train": X[:0], "y_train": Y[:0]}, "x_train holds no images"),
        ({"x_test": XT[:0], "y_test": YT[:0]}, "x_test holds no images"),
        ({"y_train": Y[:0]}, "y_train holds no labels"),
        ({"x_train": OBJECTS}, "x_train is an array of pickled Python objects"),
    ],
)
def test_bad_arrays(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    name = write(tmp_path, **changes)
    with pytest.raises(DataError, match=message) as caught:
        load(name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file; check the path"),
        (b"", "the file is empty"),
        (b"x_train,y_train\n1,2\n", "not an .npz archive"),
        (b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]", "not an .npz archive"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "images.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load(f"npz:{path}")


def test_a_single_array_a_folder_and_a_cut_file(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(DataError, match=r"not an .npz archive"):
        load(f"npz:{tmp_path / 'one.npy'}")
    with pytest.raises(DataError, match="is a folder"):
        load(f"npz:{tmp_path}")
    whole = Path(write(tmp_path).removeprefix("npz:")).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cut short"):
        load(f"npz:{tmp_path / 'cut.npz'}")


def test_damaged_content(tmp_path: Path) -> None:
    path = Path(write(tmp_path).removeprefix("npz:"))
    whole = bytearray(path.read_bytes())
    whole[1_000] ^= 0xFF  # a pixel: the archive's checksum no longer fits
    path.write_bytes(whole)
    with pytest.raises(DataError, match=r"images\.npz: (cannot be read|x_train is damaged)"):
        load(f"npz:{path}")


def test_more_images_than_there_are(tmp_path: Path) -> None:
    name = write(tmp_path)
    with pytest.raises(DataError, match=r"train_size is 41; .* has 40 such images"):
        load(name, train_size=41)
    with pytest.raises(DataError, match=r"test_size is 17; .* has 16 such images"):
        load(name, test_size=17)


def test_fewer_images_than_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train_size is 3; .* has 4 classes"):
        load(write(tmp_path), train_size=3)
