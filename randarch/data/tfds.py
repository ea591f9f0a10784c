"""Image classification sets of TensorFlow Datasets (TFDS), read without TensorFlow."""

import difflib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, UInt8

from .dataset import DataError, Dataset
from .subset import stratified_indices

_INSTEAD = "use the built-in shapes or a file of your own (npz:PATH)"
_SPLIT_SEED = 0
_TEST_SHARE = 0.2


def load_tfds(
    name: str, data_dir: str | os.PathLike[str] | None, others: Sequence[str] = ()
) -> Dataset:
    """Reads a TFDS set, after downloading and preparing it where that has not been done.

    The test images are the split `test` if it has labels, else `validation`; a set with the split
    `train` alone is cut into 80 % and 20 %, stratified and always the same way.

    Args:
        name: TFDS name, with config and version if wanted: `cifar10`, `imagenet_resized/32x32`.
        data_dir: TFDS folder; None for TFDS's own default (TFDS_DATA_DIR, else
            ~/tensorflow_datasets).
        others: names that are no TFDS sets, to suggest when `name` is unknown.

    Raises:
        DataError: unknown name, no images with labels in it, not to be had without a network or
            TensorFlow.
    """
    tfds = _import_tfds()
    where = None if data_dir is None else os.fspath(Path(data_dir).expanduser())
    builder = _builder(tfds, name, where, others)
    image_key, label_key = _keys(tfds, name, builder)
    if not builder.is_prepared():
        _prepare(name, where, builder.data_dir)
        builder = _builder(tfds, name, where, others)
    classes = tuple(builder.info.features[label_key].names)

    splits = list(builder.info.splits)
    if "train" not in splits:
        raise DataError(
            f"{name}: has no split train, only {', '.join(splits) or 'none'}; {_INSTEAD}"
        )
    train = _read(name, builder, "train", image_key, label_key)
    for split in ("test", "validation"):
        if split in splits:
            test = _read(name, builder, split, image_key, label_key)
            # Labels of -1 stand for "not published".
            if len(test[1]) and int(test[1].min()) >= 0:
                return Dataset(name, *train, *test, classes)
    images, labels = train
    test_size = max(1, round(_TEST_SHARE * len(labels)))
    held = stratified_indices(np.random.default_rng(_SPLIT_SEED), labels, test_size)
    kept = np.setdiff1d(np.arange(len(labels)), held)
    return Dataset(name, images[kept], labels[kept], images[held], labels[held], classes)


def _import_tfds() -> Any:
    try:
        # Here, not above: it takes a second that the other data sets need not pay.
        import tensorflow_datasets
    except ImportError as error:
        raise DataError(
            f"tensorflow_datasets cannot be imported ({error}); pip install tensorflow-datasets "
            "importlib_resources, "
            f"or {_INSTEAD}"
        ) from error
    return tensorflow_datasets


def _builder(tfds: Any, name: str, data_dir: str | None, others: Sequence[str]) -> Any:
    base = re.split("[/:]", name)[0]
    known = tfds.list_builders(with_community_datasets=False)
    # A colon before anything but a version names a collection of others (huggingface:...).
    foreign = re.search(r":(?![\d*])", name) is not None
    try:
        if not foreign:
            return tfds.builder(name, data_dir=data_dir)
    except (ValueError, ImportError, AssertionError, RuntimeError, OSError) as error:
        if base in known:
            configs = sorted(getattr(tfds.builder_cls(base), "builder_configs", {}))
            offer = f"take {base}/CONFIG of {', '.join(configs[:8])}" if configs else f"take {base}"
            raise DataError(
                f"{name}: TFDS has {base}, but not this config or version of it; {offer}"
            ) from error
    near = difflib.get_close_matches(base, [*others, *known], n=3, cutoff=0.5)
    guess = f"did you mean {' or '.join(near)}?" if near else f"nothing is near among {len(known)}."
    raise DataError(
        f"unknown data set {name!r}; {guess} Expected {', '.join(others)} or the name of a TFDS "
        "image classification set"
    )


def _keys(tfds: Any, name: str, builder: Any) -> tuple[str, str]:
    features = builder.info.features
    supervised = builder.info.supervised_keys
    pairs = [supervised] if supervised else []
    if hasattr(features, "items"):
        images = [key for key, one in features.items() if isinstance(one, tfds.features.Image)]
        labels = [key for key, one in features.items() if isinstance(one, tfds.features.ClassLabel)]
        if len(images) == 1 and len(labels) == 1:
            pairs.append((images[0], labels[0]))
        for pair in pairs:
            if len(pair) == 2 and pair[0] in images and pair[1] in labels:
                return pair[0], pair[1]
    raise DataError(
        f"{name}: is no image classification set (one image and one label an example); {_INSTEAD}"
    )


def _prepare(name: str, data_dir: str | None, target: str) -> None:
    """Runs `tfds_prepare` in a child process, and says in one line what went wrong there."""
    root = os.fspath(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    child = subprocess.run(
        [sys.executable, "-m", f"{__package__}.tfds_prepare"],
        input=json.dumps({"name": name, "data_dir": data_dir}),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if child.returncode == 130:
        raise KeyboardInterrupt
    try:
        answer = json.loads(child.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        answer = {
            "error": "other",
            "detail": f"the preparing process ended with code {child.returncode}",
        }
    detail = answer["detail"]
    match answer["error"]:
        case None:
            return
        case "network":
            raise DataError(
                f"{name}: is not prepared in {target} and cannot be downloaded ({detail}); connect "
                f"to the network, copy that folder from a machine that has it, or {_INSTEAD}"
            )
        case "tensorflow":
            raise DataError(
                f"{name}: TFDS cannot prepare it without TensorFlow ({detail}); where that is "
                f"installed, run tfds build {name} --file_format=array_record and copy the folder "
                f"to {target}, or {_INSTEAD}"
            )
        case "space":
            raise DataError(
                f"{name}: no space left to prepare it in {target}; free some, name another folder, "
                f"or {_INSTEAD}"
            )
        case _:
            raise DataError(f"{name}: TFDS could not prepare it in {target} ({detail}); {_INSTEAD}")


def _read(
    name: str, builder: Any, split: str, image_key: str, label_key: str
) -> tuple[UInt8[np.ndarray, "n h w c"], Int32[np.ndarray, " n"]]:
    try:
        source = builder.as_data_source(split)
        count = len(source)
        first = source[0][image_key] if count else None
    except (NotImplementedError, ImportError) as error:
        raise DataError(
            f"{name}: what is prepared in {builder.data_dir} cannot be read without TensorFlow "
            "(not ArrayRecord, or "
            "array_record is not to be had on this platform); name another folder to prepare it "
            f"again, or {_INSTEAD}"
        ) from error
    if first is None:
        raise DataError(f"{name}: split {split} is empty; prepare the set again, or {_INSTEAD}")
    if first.dtype != np.uint8:
        raise DataError(
            f"{name}: images are {first.dtype}; expected uint8, so convert them and use npz:PATH"
        )
    images = np.empty((count, *first.shape), np.uint8)
    labels = np.empty(count, np.int32)
    for i in range(count):
        example = source[i]
        if example[image_key].shape != first.shape:
            raise DataError(
                f"{name}: images differ in size ({first.shape} and {example[image_key].shape}); "
                "resize them to one square size and use npz:PATH"
            )
        images[i], labels[i] = example[image_key], example[label_key]
    return images, labels
