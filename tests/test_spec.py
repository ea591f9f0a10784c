"""The graph: what it holds, its identity, its text, and what it refuses."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.spec import (
    OPERATIONS,
    Activation,
    Add,
    ArchSpec,
    BatchNorm,
    ChannelPool,
    Concat,
    Conv,
    Gate,
    GlobalPool,
    GraphBuilder,
    Identity,
    Input,
    InvalidSpecError,
    Linear,
    Node,
    Operation,
    Pool,
    Zero,
    append,
    sequential,
)
from tests.graphs import GRAPHS, Step, grow, random_steps, resnet

ROOT = Path(__file__).resolve().parents[1]

# Every operation, and every value of a field that must matter to the identity.
VARIANTS: dict[str, list[Operation]] = {
    "Input": [Input()],
    "Conv": [
        Conv(4),
        Conv(8),
        Conv(4, kernel=5),
        Conv(4, stride=2),
        Conv(4, dilation=2),
        Conv(4, padding="valid"),
        Conv(4, padding=1),
        Conv(4, groups=2),
        Conv(4, bias=False),
    ],
    "Pool": [Pool(), Pool("avg"), Pool(window=3), Pool(stride=1), Pool(padding="valid")],
    "BatchNorm": [BatchNorm()],
    "Activation": [Activation(), Activation("prelu")],
    "Identity": [Identity()],
    "Zero": [Zero()],
    "Add": [Add()],
    "Concat": [Concat()],
    "Gate": [Gate()],
    "GlobalPool": [GlobalPool(), GlobalPool("max"), GlobalPool("avg_max")],
    "ChannelPool": [ChannelPool()],
    "Linear": [Linear(4), Linear(8), Linear(4, bias=False)],
}


def around(op: Operation) -> ArchSpec:
    """The smallest graph with the operation."""
    if isinstance(op, Input):
        return ArchSpec((Node(op),))
    return ArchSpec((Node(Input()), Node(op, (0,) * op.arity[0])))


def test_every_operation_has_variants() -> None:
    assert set(VARIANTS) == set(OPERATIONS)
    for name, ops in VARIANTS.items():
        changed = {f.name for f in dataclasses.fields(ops[0]) for op in ops[1:]
                   if getattr(op, f.name) != getattr(ops[0], f.name)}  # fmt: skip
        assert changed == {f.name for f in dataclasses.fields(OPERATIONS[name])}


def test_each_field_of_each_operation_is_part_of_the_identity() -> None:
    graphs = [around(op) for ops in VARIANTS.values() for op in ops]
    assert len({graph.digest for graph in graphs}) == len(graphs)
    assert len(set(graphs)) == len(graphs)


@pytest.mark.parametrize("op", [op for ops in VARIANTS.values() for op in ops], ids=str)
def test_every_operation_survives_json(op: Operation) -> None:
    spec = around(op)
    assert ArchSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("name", GRAPHS)
def test_known_architectures_survive_json(name: str) -> None:
    spec = GRAPHS[name]
    again = ArchSpec.from_json(spec.to_json())
    assert again == spec
    assert again.node_digests == spec.node_digests
    assert [node.name for node in again] == [node.name for node in spec]


@given(random_steps)
def test_random_graphs_survive_json(steps: list[Step]) -> None:
    spec = grow(steps)
    again = ArchSpec.from_json(spec.to_json())
    assert again == spec
    assert again.digest == spec.digest
    assert again.to_json() == spec.to_json()


@given(random_steps)
def test_nodes_of_one_graph_differ(steps: list[Step]) -> None:
    spec = grow(steps)
    assert len(set(spec.node_digests)) == len(spec)
    assert all(len(digest) == 32 for digest in spec.node_digests)


@given(random_steps, st.data())
def test_equal_beginnings_share_digests(steps: list[Step], data: st.DataObject) -> None:
    spec = grow(steps)
    kept = data.draw(st.integers(1, len(spec) - 1))
    nodes = (*spec.nodes[:kept], Node(Concat(), tuple(range(kept))))
    assert ArchSpec(nodes).node_digests[:kept] == spec.node_digests[:kept]
    assert append(spec, GlobalPool(), Linear(10)).node_digests[: len(spec)] == spec.node_digests


@given(random_steps)
def test_names_are_no_part_of_the_identity(steps: list[Step]) -> None:
    spec = grow(steps)
    renamed = ArchSpec(tuple(dataclasses.replace(n, name=f"x{i}") for i, n in enumerate(spec)))
    assert renamed == spec
    assert renamed.node_digests == spec.node_digests


def test_twins_differ_and_build_order_of_other_branches_does_not_matter() -> None:
    def two_paths(kernels: tuple[int, int]) -> ArchSpec:
        graph = GraphBuilder()
        paths = {kernel: graph.add(Conv(4, kernel), graph.input) for kernel in kernels}
        graph.add(Add(), *(paths[kernel] for kernel in sorted(paths)))
        return graph.build()

    twins = GraphBuilder()
    twins.add(Add(), twins.add(Conv(4), 0), twins.add(Conv(4), 0))
    _, first, second, _ = twins.build().node_digests
    assert first != second
    assert first == sequential([Conv(4)]).digest
    assert two_paths((3, 5)).digest == two_paths((5, 3)).digest
    assert two_paths((3, 5)) != two_paths((5, 3))


def test_what_comes_before_a_node_is_part_of_its_identity() -> None:
    assert sequential([Conv(4), Conv(4)]).digest != sequential([Conv(8), Conv(4)]).digest


def run_python(code: str, **environment: str) -> str:
    """Standard output of a fresh interpreter, which has no run-time type checks."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_digests_are_the_same_in_every_process(seed: str) -> None:
    spec = resnet((1, 1), classes=10)
    code = f"from randarch.spec import *; print(ArchSpec.from_json({spec.to_json()!r}).digest)"
    assert run_python(code, PYTHONHASHSEED=seed).strip() == spec.digest


def test_fields_of_a_wrong_type_are_refused() -> None:
    calls = [
        "Conv(1.0)", "Conv(True)", "Conv('3')", "Conv(None)", "Conv(4, bias=1)", "Linear(2.0)",
        "Conv(4, padding=True)", "Conv(4, padding=1.0)", "Conv(4, padding=[1])", "Pool(kind=1)",
        "Activation([])", "Linear(4, bias='no')", "ArchSpec((Node(Input()), Node(Add(), (0.0,))))",
    ]  # fmt: skip
    code = f"""
from randarch.spec import *
for call in {calls!r}:
    try:
        eval(call)
    except InvalidSpecError as error:
        print(call)
"""
    assert run_python(code).splitlines() == calls


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Conv(0), r"Conv.features is 0; expected an integer >= 1"),
        (lambda: Conv(4, kernel=-1), r"Conv.kernel is -1"),
        (lambda: Conv(4, stride=0), r"Conv.stride is 0"),
        (lambda: Conv(4, padding=-1), r"Conv.padding is -1; expected 'same', 'valid' or"),
        (lambda: Conv(6, groups=4), r"Conv.features is 6; expected a multiple of groups, 4"),
        (lambda: Pool(window=2, padding=2), r"Pool.padding is 2; expected less than the window"),
        (lambda: Activation("swish"), r"Activation.kind is 'swish'; expected one of relu"),
        (lambda: Linear(0), r"Linear.features is 0"),
        (lambda: ArchSpec(()), r"begins with its Input node"),
        (lambda: ArchSpec((Node(Conv(4)),)), r"begins with its Input node"),
        (lambda: ArchSpec((Node(Input()), Node(Input()))), r"node 1 is a second Input"),
        (lambda: ArchSpec((Node(Input()), Node(Conv(4), (1,)))), r"node 1 \(Conv\) reads \(1,\)"),
        (lambda: ArchSpec((Node(Input()), Node(Conv(4), (-1,)))), r"expected indices from 0 to 0"),
        (lambda: ArchSpec((Node(Input()), Node(Conv(4), (0, 0)))), r"reads 2 nodes; expected 1"),
        (lambda: ArchSpec((Node(Input()), Node(Gate(), (0,)))), r"reads 1 nodes; expected 2"),
        (lambda: ArchSpec((Node(Input()), Node(Add()))), r"reads 0 nodes; expected at least 1"),
        (
            lambda: ArchSpec((Node(Input()), Node(Conv(4), (0,)), Node(Conv(4), (0,)))),
            r"nodes \[1\] do not reach the output",
        ),
    ],
)
def test_what_means_nothing_is_refused(build, message: str) -> None:
    with pytest.raises(InvalidSpecError, match=message):
        build()


INPUT = {"op": "Input", "inputs": []}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not an ArchSpec in JSON"),
        ("[]", "not an ArchSpec in JSON"),
        ("null", "not an ArchSpec in JSON"),
        ('{"version": 1}', "not an ArchSpec in JSON"),
        (json.dumps({"version": 2, "nodes": []}), "format version is 2; this release reads 1"),
        (json.dumps({"version": 1, "nodes": 5}), "'nodes' is 5; expected a list"),
        (json.dumps({"version": 1, "nodes": [3]}), "a node is 3"),
        (json.dumps({"version": 1, "nodes": [{"op": "Conv3d"}]}), "'Conv3d' is unknown"),
        (json.dumps({"version": 1, "nodes": [{"op": ["Conv"]}]}), r"\['Conv'\] is unknown"),
        (json.dumps({"version": 1, "nodes": [{"op": "Add", "width": 3}]}), "unexpected keyword"),
        (json.dumps({"version": 1, "nodes": [{"op": "Conv"}]}), "missing"),
        (json.dumps({"version": 1, "nodes": [{**INPUT, "inputs": [0.5]}]}), "no list of integers"),
        (json.dumps({"version": 1, "nodes": [{**INPUT, "inputs": 0}]}), "no list of integers"),
        (json.dumps({"version": 1, "nodes": [{**INPUT, "name": 1}]}), "'name' is no text"),
        (json.dumps({"version": 1, "nodes": [INPUT, INPUT]}), "second Input"),
    ],
)
def test_bad_json_is_refused(content: str, message: str) -> None:
    with pytest.raises(InvalidSpecError, match=message):
        ArchSpec.from_json(content)


def test_labels_are_names_or_numbered_kinds() -> None:
    graph = GraphBuilder()
    x = graph.chain([Conv(4), Activation(), Conv(4)], graph.input)
    graph.add(Conv(4), x, name="last")
    spec = graph.build()
    labels = [spec.label(i) for i in range(len(spec))]
    assert labels == ["input", "conv1", "activation1", "conv2", "last"]
    assert (spec.label(-1), spec.label(-2)) == ("last", "conv2")


def test_append_puts_operations_on_top() -> None:
    spec = sequential([Conv(4)])
    assert append(spec, GlobalPool(), Linear(2)) == sequential([Conv(4), GlobalPool(), Linear(2)])
    assert append(spec) == spec


def test_the_html_shows_every_node_and_escapes_names() -> None:
    graph = GraphBuilder()
    graph.add(Conv(4), graph.add(Conv(4), graph.input, name="<b>"))
    page = graph.build()._repr_html_()
    assert page.count("<tr>") == 1 + 3
    assert "&lt;b&gt;" in page and "<b>" not in page
