"""Cutting a graph into stages: runs of nodes that compile once and that architectures share.

A stage begins at every batch norm, whose statistics must be known before the stage can run (in a
graph without batch norm, at every convolution). Values that later stages still read are passed
along. A stage is described by operations and relative indices alone, so equal parts of different
architectures are equal stages, and compile once.
"""

from dataclasses import dataclass

from randarch.spec import ArchSpec, BatchNorm, Conv, Node


@dataclass(frozen=True)
class StageProgram:
    """What to compile. Indices count the inputs first, then the nodes.

    Attributes:
      nodes: operations, with inputs as indices.
      num_inputs: values passed in.
      outputs: indices of the values passed on.
      measured: indices of the values whose channel moments the next batch norms need.
    """

    nodes: tuple[Node, ...]
    num_inputs: int
    outputs: tuple[int, ...]
    measured: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """A program and the nodes that it computes: `first` to `first + len(program.nodes) - 1`.

    Attributes:
      program: what to run.
      first: graph index of its first node.
      inputs: graph indices of the values that it takes, in order.
      outputs: graph indices of the values that it passes on.
      measured: for each of the program's moments, the graph indices of the batch norms that use
        them.
    """

    program: StageProgram
    first: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    measured: tuple[tuple[int, ...], ...]


def cut(arch: ArchSpec) -> tuple[Stage, ...]:
    """The stages of a graph, in order; together they compute every node but the input once."""
    boundary: type = (
        BatchNorm if any(isinstance(node.op, BatchNorm) for node in arch.nodes) else Conv
    )
    starts = [
        i
        for i, node in enumerate(arch.nodes)
        if i == 1 or (i > 1 and isinstance(node.op, boundary))
    ]
    if not starts:
        return ()
    last_reader = {source: i for i, node in enumerate(arch.nodes) for source in node.inputs}
    last_reader[len(arch) - 1] = len(arch)
    stages = []
    inputs: tuple[int, ...] = (0,)
    for first, stop in zip(starts, [*starts[1:], len(arch)], strict=True):
        candidates = (*inputs, *range(first, stop))
        outputs = tuple(i for i in candidates if last_reader[i] >= stop)
        stages.append(_stage(arch, first, stop, inputs, outputs))
        inputs = outputs
    return tuple(stages)


def _stage(
    arch: ArchSpec, first: int, stop: int, inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> Stage:
    place = {index: position for position, index in enumerate((*inputs, *range(first, stop)))}
    nodes = tuple(
        Node(node.op, tuple(place[i] for i in node.inputs)) for node in arch.nodes[first:stop]
    )
    users: dict[int, tuple[int, ...]] = {}
    for index, node in enumerate(arch.nodes):
        if isinstance(node.op, BatchNorm) and first <= node.inputs[0] < stop:
            users[node.inputs[0]] = (*users.get(node.inputs[0], ()), index)
    program = StageProgram(
        nodes,
        len(inputs),
        tuple(place[i] for i in outputs),
        tuple(place[i] for i in users),
    )
    return Stage(program, first, inputs, outputs, tuple(users.values()))
