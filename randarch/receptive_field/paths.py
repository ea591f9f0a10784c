"""The layers on the path of the smallest, and of the largest, receptive field."""

from typing import Literal

from randarch.geometry import Geometry, Reach
from randarch.spec import ArchSpec, Conv, Pool


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
