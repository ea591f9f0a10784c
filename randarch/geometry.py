"""What follows from a graph and its input size: shapes, parameters, costs, receptive fields.

The receptive field of a path is r_l = r_(l-1) + (extent_l - 1) * (product of the strides before l),
r_0 = 1, with extent = dilation * (kernel - 1) + 1 (Richter et al., "Should You Go Deeper?"). It is
a size on an unbounded image: it may exceed the input's.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from randarch.spec import (
    Activation,
    Add,
    ArchSpec,
    BatchNorm,
    ChannelPool,
    Concat,
    Conv,
    Gate,
    GlobalPool,
    Identity,
    Input,
    Linear,
    Operation,
    Padding,
    Pool,
    Zero,
)

Shape = tuple[int, int, int]
"""Height, width, channels."""


class GeometryError(ValueError):
    """A graph that does not fit its input; says at which node, with what sizes, and the remedy."""


@dataclass(frozen=True)
class Reach:
    """The paths from the input to a node that share one jump.

    Attributes:
      jump: input pixels between two neighbouring positions, the product of the path's strides.
      low: smallest receptive field over these paths, in input pixels; infinite where each path
        sees the whole image.
      high: largest receptive field over these paths.
    """

    jump: int
    low: int | float
    high: int | float


@dataclass(frozen=True)
class NodeGeometry:
    """One node: its output's shape, its own costs, and what of the input it sees.

    Attributes:
      label: the node's name, as `ArchSpec.label` gives it.
      shape: (height, width, channels) of its output.
      params: learned numbers (weights, biases, scales, offsets, slopes).
      macs: multiply-adds for one image, in convolutions and linear layers alone.
      paths: one `Reach` for each jump. None for a node that no pixel reaches (behind a `Zero`).
      window_macs: multiply-adds where rows of pixels are multiplied whole, the gaps of a dilated
        kernel along one direction included: macs * extent / kernel, and macs without dilation.
    """

    label: str
    shape: Shape
    params: int
    macs: int
    paths: tuple[Reach, ...]
    window_macs: int = 0

    @property
    def size(self) -> int:
        """Numbers in the output, for one image."""
        return math.prod(self.shape)

    @property
    def receptive_field_min(self) -> int | float:
        """Side of the smallest receptive field over all paths, in pixels (0 if there is no path).

        What gates add is left out, as in the paper: they carry context, they do not make features.
        """
        return min((reach.low for reach in self.paths), default=0)

    @property
    def receptive_field_max(self) -> int | float:
        """Side of the largest receptive field over all paths, gates included, in pixels."""
        return max((reach.high for reach in self.paths), default=0)

    @property
    def jump(self) -> int:
        """Input pixels between neighbouring positions; the largest where paths disagree."""
        return max((reach.jump for reach in self.paths), default=1)


@dataclass(frozen=True)
class Geometry:
    """The geometry of every node, in the graph's order, and totals."""

    nodes: tuple[NodeGeometry, ...]

    @property
    def params(self) -> int:
        """Learned numbers of the whole graph."""
        return sum(node.params for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-adds of one image through the whole graph (convolutions and linear layers)."""
        return sum(node.macs for node in self.nodes)

    @property
    def output_shape(self) -> Shape:
        """(height, width, channels) of the last node."""
        return self.nodes[-1].shape

    @property
    def output_size(self) -> int:
        """Numbers in the last node's output, the features of one image."""
        return self.nodes[-1].size

    def __getitem__(self, index: int) -> NodeGeometry:
        return self.nodes[index]

    def __len__(self) -> int:
        return len(self.nodes)


def analyze(spec: ArchSpec, input_shape: Shape) -> Geometry:
    """The geometry of a graph on images of `input_shape` (height, width, channels).

    Raises:
      GeometryError: a map that shrinks to nothing, a kernel that does not fit, joined maps that do
        not match, groups that do not divide the channels, or an input shape that is no shape.
    """
    if len(input_shape) != 3 or any(type(n) is not int or n < 1 for n in input_shape):
        raise GeometryError(
            f"input_shape is {input_shape!r}; expected (height, width, channels), integers >= 1"
        )
    images = NodeGeometry("images", input_shape, 0, 0, (Reach(1, 1, 1),))
    done: list[NodeGeometry] = []
    for index, node in enumerate(spec.nodes):
        label, sources = spec.label(index), [done[i] for i in node.inputs] or [images]
        try:
            effect = infer(node.op, sources)
        except GeometryError as error:
            read = ", ".join(f"{source.label} {_text(source.shape)}" for source in sources)
            raise GeometryError(f"{label} (reads {read}): {error}") from None
        done.append(NodeGeometry(label, **vars(effect)))
    return Geometry(tuple(done))


@dataclass(frozen=True)
class Effect:
    """What one operation makes of its inputs: the fields of `NodeGeometry` without the label."""

    shape: Shape
    paths: tuple[Reach, ...]
    params: int = 0
    macs: int = 0
    window_macs: int = 0


@functools.singledispatch
def infer(op: Operation, inputs: Sequence[NodeGeometry]) -> Effect:
    """The rule of each operation: its effect on the nodes that it reads (`Input` reads the images).

    Raises:
      GeometryError: if the operation does not fit its inputs.
      TypeError: for an operation without a rule.
    """
    raise TypeError(f"{type(op).__name__} has no rule in geometry; register one with infer")


@infer.register(Input | Identity)
def _(op: Operation, inputs: Sequence[NodeGeometry]) -> Effect:
    return Effect(inputs[0].shape, inputs[0].paths)


@infer.register
def _(op: Zero, inputs: Sequence[NodeGeometry]) -> Effect:
    return Effect(inputs[0].shape, ())


@infer.register
def _(op: Conv, inputs: Sequence[NodeGeometry]) -> Effect:
    channels = inputs[0].shape[2]
    if channels % op.groups:
        raise GeometryError(
            f"{op.groups} groups do not divide {channels} channels; choose a divisor of {channels}"
        )
    shape, paths = _slide(inputs[0], op.extent, op.stride, op.padding, op.features)
    weights = op.kernel**2 * (channels // op.groups) * op.features
    macs = weights * shape[0] * shape[1]
    params = weights + op.bias * op.features
    return Effect(shape, paths, params, macs, window_macs=macs * op.extent // op.kernel)


@infer.register
def _(op: Pool, inputs: Sequence[NodeGeometry]) -> Effect:
    return Effect(*_slide(inputs[0], op.window, op.stride, op.padding, inputs[0].shape[2]))


@infer.register
def _(op: BatchNorm, inputs: Sequence[NodeGeometry]) -> Effect:
    return Effect(inputs[0].shape, inputs[0].paths, params=2 * inputs[0].shape[2])


@infer.register
def _(op: Activation, inputs: Sequence[NodeGeometry]) -> Effect:
    slopes = inputs[0].shape[2] if op.kind == "prelu" else 0
    return Effect(inputs[0].shape, inputs[0].paths, params=slopes)


@infer.register
def _(op: Add, inputs: Sequence[NodeGeometry]) -> Effect:
    if len({node.shape for node in inputs}) > 1:
        raise GeometryError(
            "cannot add maps of unequal shapes; give the paths equal strides and features"
        )
    return Effect(inputs[0].shape, _merge(node.paths for node in inputs))


@infer.register
def _(op: Concat, inputs: Sequence[NodeGeometry]) -> Effect:
    if len({node.shape[:2] for node in inputs}) > 1:
        raise GeometryError("cannot join maps of unequal sizes; give the paths equal strides")
    height, width, _ = inputs[0].shape
    channels = sum(node.shape[2] for node in inputs)
    return Effect((height, width, channels), _merge(node.paths for node in inputs))


@infer.register
def _(op: Gate, inputs: Sequence[NodeGeometry]) -> Effect:
    features, gate = (node.shape for node in inputs)
    if gate[:2] not in (features[:2], (1, 1)) or gate[2] not in (features[2], 1):
        raise GeometryError(
            f"a gate of {_text(gate)} does not fit {_text(features)}; expected its size or 1 x 1,"
            " and its channels or 1"
        )
    context = tuple(Reach(reach.jump, math.inf, reach.high) for reach in inputs[1].paths)
    return Effect(features, _merge([inputs[0].paths, context]))


@infer.register
def _(op: GlobalPool, inputs: Sequence[NodeGeometry]) -> Effect:
    positions = 2 if op.kind == "avg_max" else 1
    return Effect((1, positions, inputs[0].shape[2]), _see_all(inputs[0].paths))


@infer.register
def _(op: ChannelPool, inputs: Sequence[NodeGeometry]) -> Effect:
    height, width, _ = inputs[0].shape
    return Effect((height, width, 2), inputs[0].paths)


@infer.register
def _(op: Linear, inputs: Sequence[NodeGeometry]) -> Effect:
    weights = inputs[0].size * op.features
    params = weights + op.bias * op.features
    return Effect((1, 1, op.features), _see_all(inputs[0].paths), params, weights, weights)


def window_count(size: int, extent: int, stride: int, padding: Padding) -> int:
    """How many windows of `extent` pixels fit along a side of `size` pixels, `stride` apart.

    Raises:
      GeometryError: if none fits.
    """
    if padding == "same":
        return -(-size // stride)
    padded = size + (0 if padding == "valid" else 2 * int(padding))
    if padded < extent:
        around = f", padded to {padded}" if padded > size else ""
        raise GeometryError(
            f"a window of {extent} pixels does not fit {size}{around}; use padding 'same', a"
            " smaller kernel, or fewer strides before"
        )
    return (padded - extent) // stride + 1


def _slide(
    source: NodeGeometry, extent: int, stride: int, padding: Padding, channels: int
) -> tuple[Shape, tuple[Reach, ...]]:
    height, width, _ = source.shape
    sides = [window_count(n, extent, stride, padding) for n in (height, width)]
    paths = tuple(
        Reach(
            reach.jump * stride,
            reach.low + (extent - 1) * reach.jump,
            reach.high + (extent - 1) * reach.jump,
        )
        for reach in source.paths
    )
    return (sides[0], sides[1], channels), paths


def _see_all(paths: tuple[Reach, ...]) -> tuple[Reach, ...]:
    return tuple(Reach(reach.jump, math.inf, math.inf) for reach in paths)


def _merge(groups: Iterable[tuple[Reach, ...]]) -> tuple[Reach, ...]:
    by_jump: dict[int, Reach] = {}
    for reach in (reach for paths in groups for reach in paths):
        known = by_jump.get(reach.jump, reach)
        low, high = min(known.low, reach.low), max(known.high, reach.high)
        by_jump[reach.jump] = Reach(reach.jump, low, high)
    return tuple(by_jump[jump] for jump in sorted(by_jump))


def _text(shape: Shape) -> str:
    return " x ".join(map(str, shape))
