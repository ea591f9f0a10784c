"""The layers on the path of the smallest, and of the largest, receptive field."""

import math
from typing import Literal

from randarch.geometry import Geometry, Reach, analyze
from randarch.receptive_field.fields import FieldAnalysis, LayerField
from randarch.receptive_field.gates import without_gates
from randarch.spec import ArchSpec, Conv, Operation, Pool


def extreme_path(
    spec: ArchSpec, geometry: Geometry, extreme: Literal["min", "max"], end: int
) -> tuple[int, ...]:
    """Nodes from the input to `end` along which the receptive field is the smallest or the largest.

    Args:
      spec: a graph without gates.
      geometry: of it.
      extreme: which path; where several are alike, the one through the first of a node's inputs.
      end: the node where the path ends; what it reads must not have seen the whole image.

    Returns:
      Indices of nodes, in order.
    """

    def field(reach: Reach) -> int | float:
        return reach.low if extreme == "min" else reach.high

    sign = 1 if extreme == "min" else -1
    goal = min(geometry[end].paths, key=lambda reach: sign * field(reach))
    jump, size, path = goal.jump, field(goal), [end]
    while spec.nodes[path[-1]].inputs:
        op = spec.nodes[path[-1]].op
        if isinstance(op, Conv | Pool):
            jump //= op.stride
            size -= ((op.extent if isinstance(op, Conv) else op.window) - 1) * jump
        path.append(
            next(
                source
                for source in spec.nodes[path[-1]].inputs
                if any(r.jump == jump and field(r) == size for r in geometry[source].paths)
            )
        )
    return tuple(reversed(path))


def two_paths(
    analysis: FieldAnalysis,
) -> tuple[tuple[LayerField, ...], tuple[LayerField, ...]] | None:
    """The convolutions on the paths of the smallest and of the largest field, of a network that is two such paths.

    None where the two do not hold all convolutions, or one of them does, as in a chain; and where the smaller is one of
    skip connections, which have pointwise convolutions or none: a residual network is better seen as one sequence.
    """
    if not analysis.layers:
        return None
    plain, was = without_gates(analysis.spec)
    geometry = analyze(plain, analysis.geometry[0].shape)
    reached = (
        i for i, n in enumerate(geometry.nodes) if n.paths and not math.isinf(n.receptive_field_min)
    )
    end = max(reached, default=0)
    smallest, largest = (
        {was[node] for node in extreme_path(plain, geometry, extreme, end)}
        for extreme in ("min", "max")
    )
    every = {layer.node for layer in analysis.layers}
    if not every <= smallest | largest or every <= smallest or every <= largest:
        return None
    if any(_pointwise(analysis.spec.nodes[node].op) for node in smallest):
        return None
    return (
        tuple(layer for layer in analysis.layers if layer.node in smallest),
        tuple(layer for layer in analysis.layers if layer.node in largest),
    )


def sequences(analysis: FieldAnalysis) -> dict[str, tuple[LayerField, ...]]:
    """The convolutions as sequences that are judged each by itself, by name: all, or those of two paths."""
    paths = two_paths(analysis)
    if paths is None:
        return {"": analysis.layers}
    return {"smallest path": paths[0], "largest path": paths[1]}


def _pointwise(op: Operation) -> bool:
    return isinstance(op, Conv) and op.extent == 1
