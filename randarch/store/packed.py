"""Arrays of integers as short texts, for values of a row that are too long for lists."""

import base64
import binascii
import zlib
from typing import Any

import numpy as np


def pack(array: np.ndarray) -> str:
    """An array of integers as text: its type, its shape, and its compressed content.

    Raises:
      ValueError: an array of something else.
    """
    if array.dtype.kind not in "iub":
        raise ValueError(f"an array of {array.dtype}; expected integers or truth values")
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    content = base64.b85encode(zlib.compress(little.tobytes(), 9)).decode()
    return f"{little.dtype.str} {'x'.join(map(str, array.shape))} {content}"


def unpack(text: str) -> np.ndarray:
    """The array that `pack` wrote.

    Raises:
      ValueError: a text that it did not write.
    """
    try:
        kind, shape, content = text.split(" ")
        sizes = tuple(int(n) for n in shape.split("x")) if shape else ()
        values: Any = np.frombuffer(zlib.decompress(base64.b85decode(content)), np.dtype(kind))
        return values.reshape(sizes)
    except (ValueError, TypeError, zlib.error, binascii.Error, AttributeError) as error:
        raise ValueError(f"no packed array: {str(text)[:40]!r} ({error})") from error
