"""Files that are either the old one or the new one, never half of one."""

import contextlib
import csv
import io
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from randarch.store.canonical import plain
from randarch.store.errors import os_failure
from randarch.store.table import KEY


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Writes a file by a temporary one beside it, flushed to the disk, and a rename.

    Raises:
      RunFolderError: the file cannot be written.
      StoreFullError: no room; an older file of that name is untouched.
    """
    path = Path(path)
    # A fixed name: what a killed run left behind is overwritten by the next one, not collected.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise os_failure(path, error, "write") from error


def write_json(obj: Any, path: str | os.PathLike[str]) -> None:
    """Writes JSON that any parser reads: NaN and infinities become null; keys keep their order.

    Raises:
      ValueError: a value that JSON cannot say (see `plain`).
      RunFolderError: the file cannot be written.
    """
    text = json.dumps(plain(obj, nonfinite_as_null=True), indent=2, allow_nan=False)
    write_text(text + "\n", path)


def write_csv(
    frame: pd.DataFrame, path: str | os.PathLike[str], *, key: Sequence[str] = KEY
) -> None:
    """Writes a frame without its index: the same values give the same bytes.

    Rows are sorted by the columns of `key` that the frame has. Floats are written by `repr`, so
    they read back exactly; a missing value is `nan` among floats and empty elsewhere; tuples, lists
    and arrays are JSON.

    Raises:
      ValueError: a value that has no exact text (see `plain`).
      RunFolderError: the file cannot be written.
    """
    ordered = sort_by_key(frame, key)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(ordered.columns)
    columns = [_cells(ordered.iloc[:, i]) for i in range(ordered.shape[1])]
    writer.writerows(zip(*columns, strict=True))
    write_text(text.getvalue(), path)


def sort_by_key(frame: pd.DataFrame, key: Sequence[str] = KEY) -> pd.DataFrame:
    """The frame sorted (stably) by the columns of `key` that it has, with a fresh index."""
    present = [name for name in key if name in frame.columns]
    if not present or frame.empty:
        return frame.reset_index(drop=True)
    # Python's sort compares genomes, which are tuples, by their numbers.
    values = list(zip(*(frame[name] for name in present), strict=True))
    order = sorted(range(len(values)), key=values.__getitem__)
    return frame.iloc[order].reset_index(drop=True)


def _cells(column: pd.Series) -> list[str]:
    # Versions of pandas differ in whether a gap among strings is None or NaN.
    missing = "nan" if pd.api.types.is_float_dtype(column.dtype) else ""
    return [_cell(value, missing) for value in column]


def _cell(value: Any, missing: str) -> str:
    if value is None or value is pd.NA:
        return missing
    value = plain(value)
    if isinstance(value, float):
        return missing if math.isnan(value) else repr(value)
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _sync_folder(folder: Path) -> None:
    # The rename itself must survive a power cut; not every system lets a folder be opened.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
