"""Networks whose equal blocks run in one loop, so that a program does not grow with their number.

A stage of equal blocks is compiled once and applied as often as there are blocks, with the weights of each; the
blocks are found in the graph, whatever space it is of.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from randarch.geometry import Shape
from randarch.networks import (
    BatchStatistics,
    GraphModule,
    Variables,
    gather_variables,
)
from randarch.spec import ArchSpec, Node

Compile = Callable[..., Callable[..., Any]]
"""`compile(function, static, *args)` compiles `function(static, *args)`, as `ProgramCache.get`."""


@dataclass(frozen=True)
class Run:
    """Nodes with one value in and one out, applied one or several times in a row.

    Attributes:
      nodes: operations; inputs count the run's own input first, then its nodes.
      first: graph index of the first node.
      count: how many times; the graph holds count * len(nodes) nodes for it.
    """

    nodes: tuple[Node, ...]
    first: int
    count: int


@dataclass(frozen=True)
class _Piece:
    """Nodes between two values which everything behind them has to pass, and the shape that they read."""

    nodes: tuple[Node, ...]
    reads: Shape
    gives: Shape


def find_runs(arch: ArchSpec, shapes: Sequence[Shape]) -> tuple[Run, ...]:
    """The graph as runs, in order; together they hold every node but the input once.

    Args:
      arch: the graph.
      shapes: (height, width, channels) of every node's output, as `geometry.analyze` gives them.
    """
    pieces, firsts = _pieces(arch, shapes)
    runs: list[Run] = []
    loose: list[int] = []
    place = 0
    while place < len(pieces):
        length, count = _longest_repeat(pieces, place)
        if count > 1:
            if loose:
                runs.append(_run(arch, pieces, firsts, loose[0], len(loose), 1))
                loose = []
            runs.append(_run(arch, pieces, firsts, place, length, count))
        else:
            loose.append(place)
        place += length * count
    if loose:
        runs.append(_run(arch, pieces, firsts, loose[0], len(loose), 1))
    return tuple(runs)


@dataclass(frozen=True)
class LoopedNetwork:
    """A network without its classifier as runs of nodes; it keys compiled programs.

    `variables` are a tuple with an entry a run: {"params": ..., "batch_stats": ...}, leaves of a run that is applied
    several times with a leading axis of repetitions.

    Attributes:
      runs: in order.
      precision: of products, as JAX names it.
    """

    runs: tuple[Run, ...]
    precision: str = "default"

    @classmethod
    def of(
        cls, arch: ArchSpec, shapes: Sequence[Shape], precision: str = "default"
    ) -> "LoopedNetwork":
        """That of a graph; node names are dropped, so that equal graphs are one program."""
        return cls(find_runs(arch, shapes), precision)

    def gather(self, weights: dict[int, Variables]) -> tuple[Variables, ...]:
        """What `networks.draw_weights` drew for the nodes (one seed, its axis dropped), as `variables`."""
        alone = jax.tree.map(lambda x: x[0], weights)
        found = []
        for run in self.runs:
            size = len(run.nodes)
            parts = [gather_variables(alone, run.first + i * size, size) for i in range(run.count)]
            found.append(
                parts[0] if run.count == 1 else jax.tree.map(lambda *x: np.stack(x), *parts)
            )
        return tuple(found)

    def apply(
        self,
        variables: Sequence[Variables],
        x: Float[Array, "n h w c"],
        *,
        batch_norm: BatchStatistics,
        momentum: float,
    ) -> tuple[Float[Array, "n h2 w2 c2"], tuple[Any, ...]]:
        """The last node's output, and every run's batch statistics (updated where `batch_norm` is `batch`)."""
        statistics = []
        for run, own in zip(self.runs, variables, strict=True):
            module = GraphModule(
                run.nodes,
                (len(run.nodes),),
                batch_norm,
                precision=self.precision,
                momentum=momentum,
            )
            step = functools.partial(_apply, module)
            if run.count == 1:
                x, updated = step(x, own)
            else:
                x, updated = jax.lax.scan(step, x, own, length=run.count)
            statistics.append(updated)
        return x, tuple(statistics)


def features(
    network: LoopedNetwork,
    variables: Sequence[Variables],
    images: UInt8[Array, "n h w c"],
    scale: Float[Array, " c"],
    shift: Float[Array, " c"],
) -> Float[Array, "n d"]:
    """The flattened last map of pixels times `scale` plus `shift`; batch norm by the statistics in `variables`."""
    x = images.astype(jnp.float32) * scale + shift
    y, _ = network.apply(variables, x, batch_norm="running", momentum=0.0)
    return y.reshape(y.shape[0], -1)


def filled_chunks(
    images: UInt8[np.ndarray, "n h w c"], size: int
) -> Iterator[UInt8[np.ndarray, "b h w c"]]:
    """So many images at a time, which one program serves; the last are filled up with zeros."""
    for start in range(0, len(images), size):
        chunk = images[start : start + size]
        yield np.pad(chunk, ((0, size - len(chunk)), (0, 0), (0, 0), (0, 0)))


def features_of(
    network: LoopedNetwork,
    variables: Sequence[Variables],
    chunks: Iterable[UInt8[Array, "b h w c"] | UInt8[np.ndarray, "b h w c"]],
    pixels: tuple[Float[Array, " c"], Float[Array, " c"]],
    compile: Compile,
) -> Float[np.ndarray, "n d"]:
    """`features` of all images, which come in chunks of one size; `pixels` are scale and shift."""
    parts = []
    for chunk in chunks:
        args = (tuple(variables), chunk, *pixels)
        parts.append(np.asarray(compile(features, network, *args)(*args)))
    return np.concatenate(parts)


def calibrated(
    network: LoopedNetwork,
    variables: Sequence[Variables],
    images: UInt8[Array, "n h w c"],
    scale: Float[Array, " c"],
    shift: Float[Array, " c"],
) -> tuple[Any, ...]:
    """Batch statistics of each run, measured on these images layer after layer; pixels as in `features`."""
    x = images.astype(jnp.float32) * scale + shift
    _, statistics = network.apply(variables, x, batch_norm="batch", momentum=0.0)
    return statistics


def _apply(module: GraphModule, x: Array, variables: Variables) -> tuple[Array, Any]:
    """The output, and batch statistics."""
    if module.batch_norm != "batch":
        outputs: Any = module.apply(variables, x)
        return outputs[0], variables["batch_stats"]
    (y,), updated = module.apply(variables, x, mutable=["batch_stats"])
    return y, updated.get("batch_stats", variables["batch_stats"])


def _pieces(arch: ArchSpec, shapes: Sequence[Shape]) -> tuple[list[_Piece], list[int]]:
    """Pieces in order, and the graph index of each one's first node."""
    last_reader = {source: i for i, node in enumerate(arch.nodes) for source in node.inputs}
    pieces, firsts = [], []
    first, latest = 1, last_reader.get(0, 0)
    for index in range(1, len(arch)):
        # Nothing before this node is read behind it.
        if latest <= index:
            nodes = tuple(
                Node(node.op, tuple(i - first + 1 for i in node.inputs))
                for node in arch.nodes[first : index + 1]
            )
            pieces.append(_Piece(nodes, shapes[first - 1], shapes[index]))
            firsts.append(first)
            first = index + 1
        latest = max(latest, last_reader.get(index, index))
    return pieces, firsts


def _longest_repeat(pieces: Sequence[_Piece], place: int) -> tuple[int, int]:
    """How many pieces from a place on repeat how many times, so that most pieces are covered; (1, 1) if none do."""
    best = (1, 1)
    for length in range(1, (len(pieces) - place) // 2 + 1):
        # What repeats has to give what it reads.
        if pieces[place].reads != pieces[place + length - 1].gives:
            continue
        block = pieces[place : place + length]
        count = 1
        while pieces[place + count * length : place + (count + 1) * length] == block:
            count += 1
        if count > 1 and count * length > best[0] * best[1]:
            best = (length, count)
    return best


def _run(
    arch: ArchSpec,
    pieces: Sequence[_Piece],
    firsts: Sequence[int],
    place: int,
    length: int,
    count: int,
) -> Run:
    first = firsts[place]
    stop = first + sum(len(piece.nodes) for piece in pieces[place : place + length])
    nodes = tuple(
        Node(node.op, tuple(i - first + 1 for i in node.inputs)) for node in arch.nodes[first:stop]
    )
    return Run(nodes, first, count)
