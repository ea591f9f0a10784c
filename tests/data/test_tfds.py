"""TFDS sets without TensorFlow: prepared, read, refused, and no network, all offline."""

import io
import json
import socket
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download import resource

from randarch.data import DataError, load
from randarch.data.tensorflow_standin import encode_png

RNG = np.random.default_rng(0)
BATCHES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


@pytest.fixture(scope="module")
def cifar10(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A TFDS folder with CIFAR-10 downloaded, not prepared: the real layout, 24 images a file."""
    folder = tmp_path_factory.mktemp("tfds")
    ((url, info),) = tfds.builder("cifar10", data_dir=folder).url_infos.items()
    archive = folder / "downloads" / "cifar10" / resource.get_dl_fname(url, info.checksum)
    archive.parent.mkdir(parents=True)
    written: dict[str, Any] = {"train": set(), "test": set()}
    with tarfile.open(archive, "w:gz") as tar:

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        add("batches.meta.txt", "\n".join(f"class {i}" for i in range(10)).encode())
        for name in BATCHES:
            labels = np.arange(24, dtype=np.uint8) % 10
            images = RNG.integers(0, 256, (24, 3, 32, 32), dtype=np.uint8)
            pixels = zip(labels, images, strict=True)
            add(name, b"".join(bytes([label]) + image.tobytes() for label, image in pixels))
            written["test" if name.startswith("test") else "train"] |= {
                (image.transpose(1, 2, 0).tobytes(), int(label))
                for label, image in zip(labels, images, strict=True)
            }
    resource.get_info_path(archive).write_text(json.dumps({"urls": [url]}))
    return folder, written


def rows(images: np.ndarray, labels: np.ndarray) -> set[tuple[bytes, int]]:
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


def test_a_downloaded_set_is_prepared_and_read_without_tensorflow(cifar10) -> None:
    folder, written = cifar10
    dataset = load("cifar10", data_dir=folder)
    assert rows(dataset.x_train, dataset.y_train) == written["train"]
    assert rows(dataset.x_test, dataset.y_test) == written["test"]
    assert dataset.classes == tuple(f"class {i}" for i in range(10))
    assert "tensorflow" not in sys.modules
    # Prepared now: a subset of the same images, seeded.
    one, two = (load("cifar10", data_dir=folder, train_size=20, seed=s) for s in (0, 1))
    assert np.bincount(one.y_train).tolist() == [2] * 10
    assert rows(one.x_train, one.y_train) < written["train"]
    assert one.digest != two.digest


class Source(list):
    """What TFDS hands out: a sequence of examples."""


class PreparedBuilder:
    """A prepared TFDS builder as far as the loader looks at one."""

    def __init__(self, splits: dict[str, list[dict[str, Any]]], features: Any = None) -> None:
        if features is None:
            features = {
                "image": tfds.features.Image(),
                "label": tfds.features.ClassLabel(names=["cat", "dog"]),
            }
        self.info = type("Info", (), {})()
        self.info.features = tfds.features.FeaturesDict(features)
        self.info.supervised_keys = None
        self.info.splits = splits
        self.data_dir = "somewhere"

    def is_prepared(self) -> bool:
        return True

    def as_data_source(self, split: str) -> Source:
        return Source(self.info.splits[split])


def examples(count: int, shape: tuple[int, ...] = (4, 4, 3), label: int | None = None) -> list:
    return [
        {
            "image": RNG.integers(0, 256, shape, dtype=np.uint8),
            "label": i % 2 if label is None else label,
        }
        for i in range(count)
    ]


def serve(monkeypatch: pytest.MonkeyPatch, builder: PreparedBuilder) -> None:
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: builder)


def test_validation_stands_in_for_a_test_split_without_labels(monkeypatch) -> None:
    validation = examples(6)
    splits = {"train": examples(8), "test": examples(5, label=-1), "validation": validation}
    serve(monkeypatch, PreparedBuilder(splits))
    dataset = load("imagenet_resized/4x4")
    assert {i.tobytes() for i in dataset.x_test} == {e["image"].tobytes() for e in validation}
    assert dataset.classes == ("cat", "dog")


def test_a_single_split_is_cut_stratified_and_always_alike(monkeypatch) -> None:
    train = examples(50)
    serve(monkeypatch, PreparedBuilder({"train": train}))
    one, two = load("eurosat", seed=0), load("eurosat", seed=9)
    assert np.bincount(one.y_train).tolist() == [20, 20]
    assert np.bincount(one.y_test).tolist() == [5, 5]
    assert rows(one.x_test, one.y_test) == rows(two.x_test, two.y_test)
    assert rows(one.x_test, one.y_test).isdisjoint(rows(one.x_train, one.y_train))


SIXTEEN_BITS = [{"image": np.zeros((4, 4, 1), np.uint16), "label": 0}]


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (PreparedBuilder({"all": examples(4)}), "no split train, only all"),
        (PreparedBuilder({"train": []}), "split train is empty"),
        (
            PreparedBuilder({"train": examples(2) + examples(1, (4, 5, 3))}),
            "images differ in size",
        ),
        (PreparedBuilder({"train": SIXTEEN_BITS}), "images are uint16; expected uint8"),
        (PreparedBuilder({"train": examples(9, (4, 5, 3))}), "images are 4 x 5"),
        (PreparedBuilder({}, {"text": tfds.features.Text()}), "is no image classification set"),
    ],
)
def test_sets_that_do_not_fit(monkeypatch, builder: PreparedBuilder, message: str) -> None:
    serve(monkeypatch, builder)
    with pytest.raises(DataError, match=message):
        load("mnist")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifar11", "unknown data set 'cifar11'; did you mean .*cifar10"),
        ("shape", "unknown data set 'shape'; did you mean shapes"),
        ("npz", "unknown data set 'npz'; did you mean npz:PATH"),
        ("zzzzqqqq", "unknown data set 'zzzzqqqq'; nothing is near .* Expected shapes, .*npz:PATH"),
        ("huggingface:mnist", "unknown data set 'huggingface:mnist'"),
        ("cifar10/blue", "TFDS has cifar10, but not this config or version of it; take cifar10"),
        ("eurosat/blue", "take eurosat/CONFIG of all, rgb"),
        ("", "no data set named"),
    ],
)
def test_unknown_names(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(name, data_dir=tmp_path)
    assert "\n" not in str(caught.value)


def fails_without_network(folder: Path, monkeypatch: pytest.MonkeyPatch, proxy: str) -> float:
    """Seconds until `load` gives up when everything has to go through `proxy`."""
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, proxy)
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"cannot be downloaded .* network, copy .*npz:PATH") as e:
        load("mnist", data_dir=folder)
    assert "\n" not in str(e.value)
    return time.monotonic() - start


def test_a_refused_connection_fails_in_time_and_says_what_to_do(tmp_path, monkeypatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening
        proxy = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert fails_without_network(tmp_path, monkeypatch, proxy) < 30


@pytest.mark.slow
def test_silence_fails_in_time(tmp_path, monkeypatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # takes connections and never answers, as a broken network can
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert fails_without_network(tmp_path, monkeypatch, proxy) < 30


# Pillow reads 16 bits of one channel alone.
@pytest.mark.parametrize(
    ("channels", "dtype"),
    [(1, np.uint8), (2, np.uint8), (3, np.uint8), (4, np.uint8), (1, np.uint16)],
)
def test_png_is_read_back_by_pillow(channels: int, dtype: type) -> None:
    image_module = pytest.importorskip("PIL.Image")
    image = RNG.integers(0, np.iinfo(dtype).max, (5, 7, channels)).astype(dtype)
    back = np.asarray(image_module.open(io.BytesIO(encode_png(image))))
    assert np.array_equal(back.reshape(image.shape), image)


def test_png_of_something_else() -> None:
    with pytest.raises(ValueError, match="image is float64 of shape"):
        encode_png(np.zeros((3, 3, 3)))
