"""Architectures as data: operations, nodes, and the graph that every other part interprets.

An `ArchSpec` is an immutable graph in topological order. Shapes, networks, costs and drawings are
folds over it and live elsewhere; this module knows nothing of arrays and imports the standard
library alone.
"""

import dataclasses
import functools
import hashlib
import html
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NoReturn

Padding = Literal["same", "valid"] | int
"""`"same"` keeps ceil(size / stride) pixels, an odd extra one of padding at the bottom and right;
`"valid"` adds nothing; an integer pads every side by that many pixels."""

ACTIVATIONS = ("relu", "leaky_relu", "gelu", "silu", "elu", "tanh", "sigmoid", "prelu")
FORMAT_VERSION = 1

_SIZES = ("features", "kernel", "window", "stride", "dilation", "groups")


class InvalidSpecError(ValueError):
    """A graph or an operation that means nothing; says where, and what was expected."""


@dataclass(frozen=True)
class Operation:
    """What a node does. Subclasses are frozen dataclasses of plain values.

    `arity` bounds the number of inputs (None: no upper bound); `kinds` are the values of a field
    `kind` where there is one.

    Raises:
      InvalidSpecError: a field of the wrong type or out of range.
    """

    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    kinds: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        # Types are checked strictly because equal values must have equal digests: True == 1 == 1.0.
        for name, value in vars(self).items():
            is_int, is_str = type(value) is int, isinstance(value, str)
            if name in _SIZES and not (is_int and value >= 1):
                self._reject(name, "an integer >= 1")
            if name == "bias" and type(value) is not bool:
                self._reject(name, "True or False")
            if name == "kind" and not (is_str and value in self.kinds):
                self._reject(name, f"one of {', '.join(self.kinds)}")
            is_word = is_str and value in ("same", "valid")
            if name == "padding" and not (is_word or (is_int and value >= 0)):
                self._reject(name, "'same', 'valid' or an integer >= 0")

    def _reject(self, field: str, expected: str) -> NoReturn:
        raise InvalidSpecError(
            f"{type(self).__name__}.{field} is {getattr(self, field)!r}; expected {expected}"
        )


@dataclass(frozen=True)
class Input(Operation):
    """The images, `[batch, height, width, channels]`. Every graph has one, and it is node 0."""

    arity: ClassVar = (0, 0)


@dataclass(frozen=True)
class Conv(Operation):
    """A square two-dimensional convolution."""

    features: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    padding: Padding = "same"
    groups: int = 1
    bias: bool = True

    @property
    def extent(self) -> int:
        """Pixels that the dilated kernel spans: dilation * (kernel - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features % self.groups:
            self._reject("features", f"a multiple of groups, {self.groups}")


@dataclass(frozen=True)
class Pool(Operation):
    """Max or average pooling over a square window. Averages count only pixels inside the image."""

    kinds: ClassVar = ("max", "avg")

    kind: Literal["max", "avg"] = "max"
    window: int = 2
    stride: int = 2
    padding: Padding = "same"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.padding, int) and self.padding >= self.window:
            self._reject(
                "padding", f"less than the window, {self.window}, or a window may be empty"
            )


@dataclass(frozen=True)
class BatchNorm(Operation):
    """Normalisation of each channel, with a learned scale and offset."""


@dataclass(frozen=True)
class Activation(Operation):
    """An elementwise non-linearity by name; `prelu` has one learned slope a channel."""

    kinds: ClassVar = ACTIVATIONS

    kind: str = "relu"


@dataclass(frozen=True)
class Identity(Operation):
    """Passes its input on."""


@dataclass(frozen=True)
class Zero(Operation):
    """Zeros of its input's shape: the absent edge of a cell."""


@dataclass(frozen=True)
class Add(Operation):
    """The sum of inputs of equal shape."""

    arity: ClassVar = (1, None)


@dataclass(frozen=True)
class Concat(Operation):
    """Inputs of equal height and width, joined along channels."""

    arity: ClassVar = (1, None)


@dataclass(frozen=True)
class Gate(Operation):
    """The product of the first input and the second, a gate.

    A gate of size 1 x 1, or of one channel, is broadcast.
    """

    arity: ClassVar = (2, 2)


@dataclass(frozen=True)
class GlobalPool(Operation):
    """The average, or the maximum, over all positions: `[batch, 1, 1, channels]`.

    `avg_max` is both as two positions, `[batch, 1, 2, channels]`, for layers that treat them alike.
    """

    kinds: ClassVar = ("avg", "max", "avg_max")

    kind: Literal["avg", "max", "avg_max"] = "avg"


@dataclass(frozen=True)
class ChannelPool(Operation):
    """Mean and maximum over channels, `[batch, height, width, 2]`: what spatial attention reads."""


@dataclass(frozen=True)
class Linear(Operation):
    """A dense layer on the flattened map: `[batch, 1, 1, features]`."""

    features: int
    bias: bool = True


_JOINING = (Add, Concat, Gate)
_MAPPING = (Conv, Pool, BatchNorm, Activation, Identity, Zero, GlobalPool, ChannelPool, Linear)
OPERATIONS: dict[str, type[Operation]] = {
    cls.__name__: cls for cls in (Input, *_MAPPING, *_JOINING)
}
"""Every operation by its name, as it stands in JSON and digests."""


@dataclass(frozen=True)
class Node:
    """An operation and the indices of the nodes that it reads.

    The name is for people: it takes no part in equality or in digests.
    """

    op: Operation
    inputs: tuple[int, ...] = ()
    name: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True)
class ArchSpec:
    """An immutable graph of operations in topological order; the last node is the output.

    Raises:
      InvalidSpecError: if node 0 is not the only `Input`, a node reads one that does not come
        before it, the number of inputs does not fit the operation, or a node other than the last is
        read by none.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not self.nodes or not isinstance(self.nodes[0].op, Input):
            raise InvalidSpecError("a graph begins with its Input node; add Input() as node 0")
        for index, node in enumerate(self.nodes):
            self._check_node(index, node)
        read = {source for node in self.nodes for source in node.inputs}
        unread = [i for i in range(len(self.nodes) - 1) if i not in read]
        if unread:
            raise InvalidSpecError(
                f"nodes {unread} do not reach the output (the last node); leave them out"
            )

    def _check_node(self, index: int, node: Node) -> None:
        kind = type(node.op).__name__
        if index and isinstance(node.op, Input):
            raise InvalidSpecError(
                f"node {index} is a second Input; expected exactly one, as node 0"
            )
        low, high = node.op.arity
        if len(node.inputs) < low or (high is not None and len(node.inputs) > high):
            expected = str(low) if low == high else f"at least {low}"
            raise InvalidSpecError(
                f"node {index} ({kind}) reads {len(node.inputs)} nodes; expected {expected}"
            )
        if any(type(source) is not int or not 0 <= source < index for source in node.inputs):
            raise InvalidSpecError(
                f"node {index} ({kind}) reads {node.inputs}; expected indices from 0 to {index - 1}"
            )

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    @functools.cached_property
    def node_digests(self) -> tuple[str, ...]:
        """One stable identity a node (32 hexadecimal digits), a Merkle tree.

        It covers the operation, the digests of the inputs, and how many equal nodes came before, so
        that twins in one graph differ while equal beginnings of different graphs agree. The indices
        of nodes have no part in it, the order of a node's inputs has.
        """
        digests: list[str] = []
        seen: dict[str, int] = {}
        for node in self.nodes:
            content = json.dumps(
                [_op_to_dict(node.op), [digests[i] for i in node.inputs]], sort_keys=True
            )
            occurrence = seen.get(content, 0)
            seen[content] = occurrence + 1
            digests.append(hashlib.sha256(f"{content}#{occurrence}".encode()).hexdigest()[:32])
        return tuple(digests)

    @property
    def digest(self) -> str:
        """The architecture's identity: its output node's digest."""
        return self.node_digests[-1]

    def label(self, index: int) -> str:
        """The node's name or, where it has none, its kind and its number of that kind: `conv2`."""
        index = range(len(self.nodes))[index]
        if self.nodes[index].name:
            return self.nodes[index].name
        kind = type(self.nodes[index].op)
        number = sum(isinstance(node.op, kind) for node in self.nodes[: index + 1])
        return f"{kind.__name__.lower()}{number}"

    def to_json(self) -> str:
        """A readable, versioned text; `from_json` restores an equal graph."""
        return json.dumps(
            {"version": FORMAT_VERSION, "nodes": [_node_to_dict(node) for node in self.nodes]}
        )

    @classmethod
    def from_json(cls, text: str) -> "ArchSpec":
        """Restores a graph.

        Raises:
          InvalidSpecError: on text that is not JSON, another version, an unknown operation or
            field, or a bad graph.
        """
        try:
            content = json.loads(text)
            version, nodes = content["version"], content["nodes"]
        except (json.JSONDecodeError, TypeError, KeyError) as error:
            raise InvalidSpecError(
                f"not an ArchSpec in JSON ({error!r}); expected what to_json writes"
            ) from error
        if version != FORMAT_VERSION:
            raise InvalidSpecError(
                f"ArchSpec format version is {version!r}; this release reads {FORMAT_VERSION}"
            )
        if not isinstance(nodes, list):
            raise InvalidSpecError(f"'nodes' is {nodes!r}; expected a list of nodes")
        return cls(tuple(_node_from_dict(node) for node in nodes))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{i}</td><td>{html.escape(self.label(i))}</td>"
            f"<td>{html.escape(str(node.op))}</td><td>{list(node.inputs)}</td></tr>"
            for i, node in enumerate(self.nodes)
        )
        head = "<tr><th>node</th><th>name</th><th>operation</th><th>reads</th></tr>"
        caption = f"<caption>architecture {self.digest[:12]}</caption>"
        return f"<table>{caption}{head}{rows}</table>"


class GraphBuilder:
    """Grows a graph node by node; `add` returns the new node's index, for later nodes to read.

    >>> graph = GraphBuilder()
    >>> x = graph.add(Conv(16), graph.input)
    >>> y = graph.chain([Activation(), BatchNorm()], x)
    >>> spec = graph.build()
    """

    input = 0

    def __init__(self) -> None:
        self._nodes: list[Node] = [Node(Input(), name="input")]

    def add(self, op: Operation, *inputs: int, name: str = "") -> int:
        """Appends a node that reads `inputs`."""
        self._nodes.append(Node(op, inputs, name))
        return len(self._nodes) - 1

    def chain(self, ops: Iterable[Operation], source: int) -> int:
        """Appends operations one after the other and returns the last one's index.

        That is `source` if there are none.
        """
        for op in ops:
            source = self.add(op, source)
        return source

    def build(self) -> ArchSpec:
        """The graph so far."""
        return ArchSpec(tuple(self._nodes))


def sequential(ops: Sequence[Operation]) -> ArchSpec:
    """A graph without branches."""
    graph = GraphBuilder()
    graph.chain(ops, graph.input)
    return graph.build()


def append(spec: ArchSpec, *ops: Operation) -> ArchSpec:
    """The same graph with operations appended to its output, as when a classifier goes on top."""
    nodes = list(spec.nodes)
    for op in ops:
        nodes.append(Node(op, (len(nodes) - 1,)))
    return ArchSpec(tuple(nodes))


def _op_to_dict(op: Operation) -> dict[str, Any]:
    return {"op": type(op).__name__, **vars(op)}


def _node_to_dict(node: Node) -> dict[str, Any]:
    content = {**_op_to_dict(node.op), "inputs": list(node.inputs)}
    return {**content, "name": node.name} if node.name else content


def _node_from_dict(content: Any) -> Node:
    if not isinstance(content, dict):
        raise InvalidSpecError(f"a node is {content!r}; expected an object with 'op' and 'inputs'")
    fields = dict(content)
    kind, inputs, name = fields.pop("op", None), fields.pop("inputs", []), fields.pop("name", "")
    if not isinstance(kind, str) or kind not in OPERATIONS:
        raise InvalidSpecError(
            f"operation {kind!r} is unknown; expected one of {', '.join(OPERATIONS)}"
        )
    if not isinstance(inputs, list) or any(type(source) is not int for source in inputs):
        raise InvalidSpecError(f"node {content!r}: 'inputs' is no list of integers")
    if not isinstance(name, str):
        raise InvalidSpecError(f"node {content!r}: 'name' is no text")
    try:
        return Node(OPERATIONS[kind](**fields), tuple(inputs), name)
    except (TypeError, ValueError) as error:
        raise InvalidSpecError(f"node {content!r}: {error}") from error
