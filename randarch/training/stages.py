"""Cutting a network into stages that other networks have too, for training a layer at a time.

A stage ends behind a convolution, so that the gradient of a stage takes nothing from its output but the
output's gradient: what lies before the convolution (activation, batch norm, pooling of the stage's input) is
cheap to compute again, and the convolution is not computed again. The last stage holds the classifier. A stage
is described by operations and relative indices alone: equal parts of different networks, at equal shapes, are
one program.
"""

from dataclasses import dataclass

from randarch.spec import ArchSpec, Conv, Node


@dataclass(frozen=True)
class Stage:
    """A run of nodes with one value in and one value out.

    Attributes:
      nodes: operations; inputs count the stage's own input first, then its nodes.
      first: graph index of the first node.
    """

    nodes: tuple[Node, ...]
    first: int


def cut(arch: ArchSpec) -> tuple[Stage, ...]:
    """The stages of a network, in order; together they hold every node but the input once.

    Where paths run beside each other (skip connections, gates) a stage goes on until they have joined.
    """
    last_reader = {source: i for i, node in enumerate(arch.nodes) for source in node.inputs}
    stages = []
    first = 1
    for index, node in enumerate(arch.nodes):
        alone = all(last_reader[i] <= index for i in range(index) if i in last_reader)
        last = index == len(arch) - 1
        if index and (last or (isinstance(node.op, Conv) and alone)):
            stages.append(Stage(_relative(arch, first, index + 1), first))
            first = index + 1
    return tuple(stages)


def _relative(arch: ArchSpec, first: int, stop: int) -> tuple[Node, ...]:
    """Nodes `first` to `stop - 1`, which read `first - 1` and each other."""
    return tuple(
        Node(node.op, tuple(i - first + 1 for i in node.inputs)) for node in arch.nodes[first:stop]
    )
