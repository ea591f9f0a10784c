"""Features of several seeds, in blocks whose shapes repeat from one width to the next.

Every distinct shape compiles programs. Widths differ with the architecture, so columns are cut
into blocks of one fixed width, or padded to a coarser width, with zeros: a zero column changes no
kernel, and in a Gram matrix it is an eigenvector with eigenvalue and coefficient zero.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

Chunks = Callable[[], Iterable[Float[Array, "s b d"]]]

COLUMNS = 1024  # of a column block: wide enough for full matmul speed
ROWS = 2048  # at most, of a row block


def padded_width(width: int) -> int:
    """The next width that programs are compiled for: a quarter of it is padding at most beyond 256.

    Coarser steps mean fewer compilations, finer ones a smaller eigendecomposition.
    """
    step = 64 if width <= 512 else 128 if width <= 1024 else 256 if width <= 2048 else 512
    return -(-width // step) * step


# These two know the width, so they are all that a new one compiles. Cutting with one slice a block
# would take twenty times longer to compile.


@partial(jax.jit, static_argnames="width")
def column_blocks(x: Float[Array, "s n d"], *, width: int) -> Float[Array, "k s n width"]:
    """Columns in blocks of this width, the last one padded with zeros."""
    s, n, d = x.shape
    count = -(-d // width)
    padded = jnp.pad(x, ((0, 0), (0, 0), (0, count * width - d)))
    return padded.reshape(s, n, count, width).transpose(2, 0, 1, 3)


@partial(jax.jit, static_argnames=("rows", "width"))
def row_blocks(
    x: Float[Array, "s n d"], *, rows: int, width: int
) -> Float[Array, "k s rows width"]:
    """Blocks of rows, padded with zero rows and columns."""
    s, n, d = x.shape
    count = -(-n // rows)
    padded = jnp.pad(x, ((0, 0), (0, count * rows - n), (0, width - d)))
    return padded.reshape(s, count, rows, width).transpose(1, 0, 2, 3)


@jax.jit
def pick(
    blocks: Float[Array, "k s rows width"], block: Int[Array, ""] | int, seed: Int[Array, ""] | int
) -> Float[Array, "rows width"]:
    """One block of one seed; the indices are data, so one program serves them all."""
    return blocks[block, seed]


class Features:
    """Features of S seeds of the same samples, held as an array or made again for every pass.

    Args:
        source: The array, or a callable that returns the same chunks of rows on every call.
        samples: How many rows there have to be.
        what: "training" or "test", for messages.
        x64: Whether the callable runs with 64-bit types enabled.

    Raises:
        ValueError: for a wrong number of rows or dimensions.
    """

    def __init__(
        self,
        source: Float[Array, "s n d"] | Float[np.ndarray, "s n d"] | Chunks,
        samples: int,
        what: str,
        *,
        x64: bool,
    ) -> None:
        self.samples = samples
        self._x64 = x64
        self._what = what
        self._chunks: Chunks | None = None
        self._array: Array | None = None
        self._first: Array | None = None
        if callable(source):
            self._chunks = source
            self._pending = self._open()
            self._first = next(self._pending, None)
            if self._first is None:
                raise ValueError(f"the {what} features have no chunk: expected at least one.")
            self.seeds, self._rows, self.width = self._first.shape
        else:
            self.seeds, rows, self.width = source.shape
            self._array = _placed(source)
            self._rows = -(-rows // max(-(-rows // ROWS), 1))
            self._check_rows(rows)
        first = self._first if self._array is None else self._array
        assert first is not None
        # float64 for features that came so, else float32 (half precision is widened)
        self.dtype = "float64" if first.dtype == jnp.float64 else "float32"
        self.device = next(iter(first.devices()))
        if self.seeds < 1 or self.width < 1:
            raise ValueError(
                f"the {what} features have {self.seeds} seeds and {self.width} columns: "
                "expected at least one of each."
            )

    @property
    def streamed(self) -> bool:
        return self._chunks is not None

    def _check_rows(self, rows: int) -> None:
        if rows != self.samples:
            raise ValueError(
                f"the {self._what} features have {rows} rows but there are {self.samples} labels: "
                "expected one label a row."
            )

    def _open(self) -> Iterator[Array]:
        """The chunks, made in the caller's number mode: networks are float32, the solve is not."""
        assert self._chunks is not None
        with jax.enable_x64(self._x64):
            chunks = iter(self._chunks())
        while True:
            with jax.enable_x64(self._x64):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield _placed(chunk)

    def _pass(self) -> Iterator[Array]:
        """The chunks, the first pass taking up the one that was opened to read the shape."""
        if self._array is not None:
            yield self._array
            return
        chunks: Iterator[Array]
        if self._first is not None:
            chunks = chain([self._first], self._pending)
            self._first = None
        else:
            chunks = self._open()
        seen = 0
        for chunk in chunks:
            if chunk.shape[0] != self.seeds or chunk.shape[2] != self.width:
                raise ValueError(
                    f"a chunk of {self._what} features has shape {chunk.shape}: expected "
                    f"{self.seeds} seeds and {self.width} columns, as in the first chunk."
                )
            seen += chunk.shape[1]
            yield chunk
        self._check_rows(seen)

    def by_rows(self) -> Iterator[tuple[slice, tuple[Array, ...]]]:
        """Blocks of rows in order, one array a seed, each with the samples that its first rows are.

        All blocks have one shape unless chunks grow; what follows those first rows is padding.
        """
        start = 0
        for chunk in self._pass():
            rows = self._rows if self._array is not None else max(self._rows, chunk.shape[1])
            blocks = row_blocks(chunk, rows=rows, width=padded_width(self.width))
            for k in range(blocks.shape[0]):
                stop = min(start + (k + 1) * rows, start + chunk.shape[1])
                block = tuple(pick(blocks, k, seed) for seed in range(self.seeds))
                yield slice(start + k * rows, stop), block
            start += chunk.shape[1]

    def by_columns(self) -> Iterator[Iterator[Array]]:
        """For each seed its columns in blocks of all rows. Chunks are gathered first."""
        if self._array is None:
            self._array = jnp.concatenate(list(self._pass()), axis=1)
        blocks = column_blocks(self._array, width=min(COLUMNS, padded_width(self.width)))
        for seed in range(self.seeds):
            yield (pick(blocks, k, seed) for k in range(blocks.shape[0]))


def _placed(x: Float[Array, "s n d"] | Float[np.ndarray, "s n d"]) -> Float[Array, "s n d"]:
    """On a device that has float64: where it is, or the host for an array on a TPU."""
    array = jnp.asarray(x)
    if any(device.platform == "tpu" for device in array.devices()):
        return jax.device_put(array, jax.devices("cpu")[0])
    return array
