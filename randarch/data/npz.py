"""Data sets from a NumPy archive: `npz:PATH` with x_train, y_train, x_test, y_test."""

import os
import zipfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8

from .dataset import DataError, Dataset

_KEYS = ("x_train", "y_train", "x_test", "y_test")


def load_npz(path: str | os.PathLike[str]) -> Dataset:
    """Reads a whole data set from an .npz file.

    Expected: images uint8 [n, size, size, channels] (or [n, size, size], taken as one channel),
        integer labels
    [n] or [n, 1] from 0, and optionally `classes`, the names. Without names there are
    max(y_train) + 1 classes.

    Raises:
        DataError: the file is missing, empty, not an archive, pickled, incomplete, or holds
            arrays that are no data set.
    """
    path = Path(path).expanduser()
    arrays = _read(path)
    name = f"npz:{path}"
    x_train, y_train = _images(name, "x_train", arrays), _labels(name, "y_train", arrays)
    x_test, y_test = _images(name, "x_test", arrays), _labels(name, "y_test", arrays)
    classes = _classes(name, arrays, y_train)
    present = np.unique(y_train)
    if len(present) == 1:
        raise DataError(
            f"{name}: y_train holds the single class {present[0]}; a classifier needs 2 or more, "
            "so add images of others"
        )
    return Dataset(name, x_train, y_train, x_test, y_test, classes)


def _read(path: Path) -> dict[str, np.ndarray]:
    remedy = f"write one with numpy.savez(path, {', '.join(f'{key}={key}' for key in _KEYS)})"
    if not path.exists():
        raise DataError(f"npz:{path}: no such file; check the path, or {remedy}")
    if path.is_dir():
        raise DataError(f"npz:{path}: is a folder; name the .npz file in it")
    try:
        if path.stat().st_size == 0:
            raise DataError(f"npz:{path}: the file is empty; {remedy}")
        # numpy.load would take a single .npy and, allowed to, a pickle; an archive is all that is
        # meant.
        if not zipfile.is_zipfile(path):
            raise DataError(f"npz:{path}: not an .npz archive (or cut short); {remedy}")
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in _KEYS if key not in archive.files]
            if missing:
                raise DataError(
                    f"npz:{path}: {', '.join(missing)} missing; expected {', '.join(_KEYS)}, "
                    f"found {', '.join(archive.files) or 'nothing'}"
                )
            wanted = [*_KEYS, *(["classes"] if "classes" in archive.files else [])]
            return {key: _member(path, archive, key) for key in wanted}
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"npz:{path}: cannot be read ({error}); check the file, or {remedy}"
        ) from error


def _member(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> np.ndarray:
    try:
        array = archive[key]
    except (ValueError, EOFError, zlib.error) as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"npz:{path}: {key} is an array of pickled Python objects, which are not read "
                "because they can run "
                "code; save plain arrays, e.g. numpy.stack(list(images)).astype(numpy.uint8)"
            ) from error
        raise DataError(f"npz:{path}: {key} is damaged ({error}); write the file again") from error
    # A member that is no .npy comes back as bytes.
    if not isinstance(array, np.ndarray):
        raise DataError(f"npz:{path}: {key} is not a NumPy array; write the file with numpy.savez")
    return array


def _images(name: str, key: str, arrays: dict[str, np.ndarray]) -> UInt8[np.ndarray, "n h w c"]:
    x = arrays[key]
    if x.dtype != np.uint8:
        raise DataError(
            f"{name}: {key} is {x.dtype}; expected uint8 from 0 to 255. Images in 0 to 1 become it "
            "by "
            "(255 * x).round().astype(numpy.uint8)"
        )
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4:
        raise DataError(
            f"{name}: {key} has shape {x.shape}; expected [images, size, size, channels], "
            "or [images, size, size] for one channel"
        )
    if len(x) == 0:
        raise DataError(f"{name}: {key} holds no images; at least 1 is needed")
    if x.shape[1] != x.shape[2]:
        hint = (
            "move the channels last with x.transpose(0, 2, 3, 1)"
            if x.shape[2] == x.shape[3]
            else "crop or resize the images to squares"
        )
        raise DataError(
            f"{name}: {key} has shape {x.shape}, so its images are {x.shape[1]} x {x.shape[2]}, "
            f"not square; {hint}"
        )
    return np.ascontiguousarray(x)


def _labels(name: str, key: str, arrays: dict[str, np.ndarray]) -> Int32[np.ndarray, " n"]:
    y = arrays[key]
    if y.dtype.kind not in "iu":
        raise DataError(
            f"{name}: {key} is {y.dtype}; expected integers from 0, one an image "
            "(one-hot rows become it by y.argmax(axis=1), names by numpy.unique(y, "
            "return_inverse=True)[1])"
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise DataError(
            f"{name}: {key} has shape {y.shape}; expected one label an image, [images]"
            " (one-hot rows become it by y.argmax(axis=1))"
        )
    if len(y) == 0:
        raise DataError(f"{name}: {key} holds no labels; give one for each image")
    if int(y.min()) < 0 or int(y.max()) > np.iinfo(np.int32).max:
        raise DataError(
            f"{name}: {key} runs from {y.min()} to {y.max()}; expected class numbers from 0, so "
            "renumber them"
        )
    return y.astype(np.int32)


def _classes(
    name: str, arrays: dict[str, np.ndarray], y_train: Int32[np.ndarray, " n"]
) -> tuple[str, ...]:
    if "classes" in arrays:
        classes = arrays["classes"]
        if classes.ndim != 1 or classes.dtype.kind not in "USiu":
            raise DataError(
                f"{name}: classes is {classes.dtype} of shape {classes.shape}; expected a list of "
                "names"
            )
        return tuple(
            one.decode() if isinstance(one, bytes) else str(one) for one in classes.tolist()
        )
    count = int(y_train.max()) + 1
    if count > len(np.unique(y_train)) * 100:
        raise DataError(
            f"{name}: y_train runs to {count - 1} with {len(np.unique(y_train))} different labels; "
            "renumber them from 0: numpy.unique(y, return_inverse=True)[1]"
        )
    return tuple(str(label) for label in range(count))
