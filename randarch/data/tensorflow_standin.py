"""The few TensorFlow functions that TFDS calls while it prepares image data sets.

TFDS reads its prepared files without TensorFlow, but most builders of image sets open what they
downloaded through `tf.io.gfile`, and arrays are written by `tf.image.encode_png`. PNG is
lossless, so what is read back does not depend on who wrote it. Anything else is not here: asking
for it raises `ImportError`, and the caller says what to do.

Only the child process that prepares a data set installs this module (see `tfds_prepare`).
"""

import glob
import os
import shutil
import struct
import sys
import zlib
from types import ModuleType, SimpleNamespace

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels: grey, grey and alpha, RGB, RGBA


def encode_png(image: np.ndarray) -> bytes:
    """The PNG file (ISO/IEC 15948) of an image [h, w, c], uint8 or uint16, c = 1 to 4.

    Raises:
        ValueError: another shape or type.
    """
    if (
        image.ndim != 3
        or image.shape[2] not in _COLOUR_TYPE
        or image.dtype not in (np.uint8, np.uint16)
    ):
        raise ValueError(
            f"image is {image.dtype} of shape {image.shape}; PNG needs uint8 or uint16 [height, "
            "width, 1 to 4]"
        )
    height, width, channels = image.shape
    bits = 8 * image.dtype.itemsize
    rows = np.ascontiguousarray(image.astype(image.dtype.newbyteorder(">"))).view(np.uint8)
    # Each row begins with its filter, 0 for none.
    filtered = np.pad(rows.reshape(height, -1), ((0, 0), (1, 0)))
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOUR_TYPE[channels], 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b"")
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def install() -> None:
    """Makes TFDS, in this process, call the stand-in where it would call TensorFlow.

    TFDS resolves its one lazy `tensorflow` when that is first used, so that is done here. After
    it, the name leaves `sys.modules` again: TFDS and others look there to see whether TensorFlow
    is in use, and it is not.

    Raises:
        RuntimeError: TensorFlow was imported before.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError("tensorflow is imported already; the stand-in cannot take its place")
    from tensorflow_datasets.core.utils import lazy_imports_utils

    sys.modules["tensorflow"] = _StandIn("tensorflow")
    try:
        resolved = lazy_imports_utils.tensorflow.io
    finally:
        del sys.modules["tensorflow"]
    if not isinstance(resolved, SimpleNamespace):
        raise RuntimeError("TFDS has resolved tensorflow already; install the stand-in before")


class _StandIn(ModuleType):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__version__ = "2.99.0"  # TFDS asks for 2.1.0 or more
        self.io = SimpleNamespace(
            gfile=SimpleNamespace(
                GFile=open,
                listdir=os.listdir,
                glob=lambda pattern: sorted(glob.glob(os.fspath(pattern))),
                exists=os.path.exists,
                isdir=os.path.isdir,
                walk=os.walk,
                makedirs=lambda path: os.makedirs(path, exist_ok=True),
                copy=lambda source, target, overwrite=False: shutil.copyfile(source, target),
            )
        )
        self.compat = SimpleNamespace(
            as_text=lambda text: text.decode() if isinstance(text, bytes) else text,
            as_bytes=lambda text: text.encode() if isinstance(text, str) else text,
        )
        self.errors = SimpleNamespace(UnimplementedError=NotImplementedError)
        # TFDS runs fn(array).numpy() when TensorFlow executes eagerly.
        self.executing_eagerly = lambda: True
        self.image = SimpleNamespace(
            encode_png=lambda x: SimpleNamespace(numpy=lambda: encode_png(x))
        )

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(f"tensorflow.{name} is needed")
