"""A graph without its attention: what is left when gates let everything through."""

from randarch.spec import ArchSpec, Gate, Node


def without_gates(spec: ArchSpec) -> tuple[ArchSpec, dict[int, int]]:
    """The same graph with every gate replaced by what it gates.

    Nodes that only served gates are gone with them.

    Returns:
      The graph, and for each of its nodes the node of `spec` that it was.
    """
    through: dict[int, int] = {}
    for index, node in enumerate(spec.nodes):
        source = node.inputs[0] if isinstance(node.op, Gate) else index
        through[index] = through.get(source, source)
    needed, waiting = set(), [through[len(spec) - 1]]
    while waiting:
        index = waiting.pop()
        if index not in needed:
            needed.add(index)
            waiting += [through[i] for i in spec.nodes[index].inputs]
    order = sorted(needed)
    place = {old: new for new, old in enumerate(order)}
    nodes = tuple(
        Node(
            spec.nodes[old].op,
            tuple(place[through[i]] for i in spec.nodes[old].inputs),
            spec.label(old),
        )
        for old in order
    )
    return ArchSpec(nodes), dict(enumerate(order))
