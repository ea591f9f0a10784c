"""Drawings name every node and edge, with the numbers that geometry gives."""

import re

import pytest

from randarch.drawing import describe, to_dot, to_table
from randarch.geometry import GeometryError, analyze
from randarch.spec import Activation, Conv, GraphBuilder, Linear, Pool, sequential
from tests.graphs import GRAPHS

SHAPE = (32, 32, 8)


@pytest.mark.parametrize("name", GRAPHS)
def test_dot_has_every_node_and_edge_once(name: str) -> None:
    spec = GRAPHS[name]
    geometry = analyze(spec, SHAPE)
    dot = to_dot(spec, SHAPE)
    assert re.findall(r"^  n(\d+) \[", dot, re.M) == [str(i) for i in range(len(spec))]
    edges = [(s, i) for i, node in enumerate(spec.nodes) for s in node.inputs]
    found = re.findall(r'^  n(\d+) -> n(\d+) \[label="(\d+)x(\d+)x(\d+)"\];$', dot, re.M)
    assert [(int(s), int(i)) for s, i, *_ in found] == edges
    assert [tuple(map(int, row[2:])) for row in found] == [geometry[s].shape for s, _ in edges]
    assert re.findall(r"^  n(\d+) -> n(\d+);$", to_dot(spec), re.M) == [
        (str(s), str(i)) for s, i in edges
    ]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_table_has_a_line_a_node_and_totals(name: str) -> None:
    spec = GRAPHS[name]
    geometry = analyze(spec, SHAPE)
    head, *lines, total = to_table(spec, SHAPE).splitlines()
    assert head.split() == ["label", "operation", "reads", "shape", "params", "macs", "field"]
    assert [line.split()[:2] for line in lines] == [
        [str(i), node.label] for i, node in enumerate(geometry.nodes)
    ]
    for line, node in zip(lines, geometry.nodes, strict=True):
        *_, shape, params, macs, _ = line.split()
        assert shape == "x".join(map(str, node.shape))
        assert (params, macs) == (f"{node.params:,}", f"{node.macs:,}")
    assert total.split() == ["total", f"{geometry.params:,}", f"{geometry.macs:,}"]


def test_operations_are_told_briefly() -> None:
    assert describe(Conv(8)) == "Conv(features=8, kernel=3)"
    assert describe(Conv(8, 5, stride=2, bias=False)) == (
        "Conv(features=8, kernel=5, stride=2, bias=False)"
    )
    assert describe(Activation()) == "Activation(kind=relu)"
    assert describe(Pool("avg", 3)) == "Pool(kind=avg, window=3)"
    assert describe(Linear(3)) == "Linear(features=3)"


def test_names_are_quoted_in_dot() -> None:
    graph = GraphBuilder()
    graph.add(Conv(8), graph.input, name='a "b" \\')
    assert r'n1 [label="a \"b\" \\\nConv(features=8, kernel=3)"];' in to_dot(graph.build())


def test_what_does_not_fit_is_not_drawn() -> None:
    with pytest.raises(GeometryError):
        to_table(sequential([Conv(8, 9, padding="valid")]), (4, 4, 3))
