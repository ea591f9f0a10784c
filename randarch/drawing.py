"""A graph for people: a plain-text table with shapes and costs, and Graphviz DOT text."""

import dataclasses
from collections.abc import Mapping

from randarch.geometry import Shape, analyze
from randarch.spec import ArchSpec, Operation

_NUMERIC = (0, 5, 6, 7)  # columns of the table that are aligned to the right
_ALWAYS_TOLD = ("kernel", "window", "kind")


def to_table(spec: ArchSpec, input_shape: Shape) -> str:
    """One line a node (number, label, operation, what it reads, shape, parameters, multiply-adds,
    receptive field as min or min-max over paths), and a line of totals.

    Raises:
      GeometryError: a graph that does not fit images of `input_shape` (height, width, channels).
    """
    geometry = analyze(spec, input_shape)
    rows = [("", "label", "operation", "reads", "shape", "params", "macs", "field")]
    for index, (node, at) in enumerate(zip(spec.nodes, geometry.nodes, strict=True)):
        low, high = at.receptive_field_min, at.receptive_field_max
        field = f"{low}" if low == high else f"{low}-{high}"
        reads = ",".join(map(str, node.inputs))
        counts = (f"{at.params:,}", f"{at.macs:,}")
        operation = describe(node.op)
        rows.append((str(index), at.label, operation, reads, _text(at.shape), *counts, field))
    rows.append(("", "total", "", "", "", f"{geometry.params:,}", f"{geometry.macs:,}", ""))
    columns = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if i in _NUMERIC else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, columns, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def to_dot(
    spec: ArchSpec, input_shape: Shape | None = None, *, colours: Mapping[int, str] | None = None
) -> str:
    """Graphviz DOT text, top to bottom.

    Args:
      spec: the graph.
      input_shape: (height, width, channels) of the images; with it, edges carry the maps' shapes.
      colours: of nodes, by index, as Graphviz writes them (`#rrggbb`).

    Raises:
      GeometryError: a graph that does not fit images of `input_shape` (height, width, channels).
    """
    geometry = None if input_shape is None else analyze(spec, input_shape)
    lines = ["digraph architecture {", "  node [shape=box];"]
    for index, node in enumerate(spec.nodes):
        filled = ""
        if colours and index in colours:
            filled = f" style=filled fillcolor={_quote(colours[index])}"
        text = _quote(spec.label(index), describe(node.op))
        lines.append(f"  n{index} [label={text}{filled}];")
    for index, node in enumerate(spec.nodes):
        for source in node.inputs:
            shape = "" if geometry is None else f" [label={_quote(_text(geometry[source].shape))}]"
            lines.append(f"  n{source} -> n{index}{shape};")
    return "\n".join([*lines, "}"])


def describe(op: Operation) -> str:
    """The operation with its main fields, and others that are not at their defaults."""
    told = [
        f"{field.name}={getattr(op, field.name)}"
        for field in dataclasses.fields(op)
        if field.name in _ALWAYS_TOLD or getattr(op, field.name) != field.default
    ]
    return f"{type(op).__name__}({', '.join(told)})" if told else type(op).__name__


def _quote(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))
