"""Receptive fields against the truth: which pixels move the unit in the middle, by the gradient."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from randarch import layers, networks
from randarch.geometry import GeometryError, analyze
from randarch.receptive_field import analyze_fields, extreme_path
from randarch.reference import make_network
from randarch.spec import (
    Activation,
    Add,
    ArchSpec,
    BatchNorm,
    Conv,
    GraphBuilder,
    Identity,
    Operation,
    Pool,
    sequential,
)
from tests.graphs import sliding_chains

SIDE = 120
# A program runs once, so what makes it fast would take longer than it saves.
UNOPTIMIZED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
kernels, dilations = st.integers(1, 5), st.integers(1, 3)


@functools.cache  # the shortest and the longest path are often the same
def footprint(spec: ArchSpec, side: int = SIDE, plain: bool = False) -> tuple[int, int]:
    """First and last row that have an effect on the middle unit of the output.

    With weights above 0, and averages for maxima, no effect cancels another and none is hidden. A plain one is of JAX's
    own convolutions, which compile in a tenth of the time.
    """
    nodes = tuple(
        dataclasses.replace(node, op=dataclasses.replace(node.op, kind="avg"))
        if isinstance(node.op, Pool)
        else node
        for node in spec.nodes
    )
    net = networks.network(ArchSpec(nodes), batch_norm="identity", in_loop=False)
    images = np.ones((1, side, side, 1), np.float32)
    # Shapes alone, and one program for the gradient: what takes time here is compiling.
    shapes = jax.eval_shape(net.init, jax.random.key(0), images).get("params", {})
    rng = np.random.default_rng(0)
    positive = jax.tree.map(
        lambda w: (rng.random(w.shape) / w.size + 1e-3).astype(np.float32), shapes
    )

    def middle(x: jax.Array) -> jax.Array:
        (y,) = net.apply({"params": positive}, x)
        return y[0, y.shape[1] // 2, y.shape[2] // 2].sum()

    with pytest.MonkeyPatch.context() as patch:
        if plain:
            patch.setattr(layers, "conv_outside_loops", jax.lax.conv_general_dilated)
        gradient = jax.jit(jax.grad(middle), compiler_options=UNOPTIMIZED)(images)
    rows = np.flatnonzero(np.asarray(gradient)[0].sum(axis=(1, 2)))
    return int(rows[0]), int(rows[-1])


def along(spec: ArchSpec, path: tuple[int, ...]) -> ArchSpec:
    """The chain of a path's operations; additions pass on."""
    ops = [spec.nodes[i].op for i in path[1:]]
    return sequential([Identity() if isinstance(op, Add) else op for op in ops])


def inside(rows: tuple[int, int]) -> bool:
    return rows[0] > 0 and rows[1] < SIDE - 1


@given(sliding_chains)
@settings(max_examples=20)
def test_chains(ops: list[Operation]) -> None:
    spec = sequential(ops)
    try:
        geometry = analyze(spec, (SIDE, SIDE, 1))
    except GeometryError:
        return
    assume(geometry[-1].receptive_field_max < SIDE // 2)
    first, last = footprint(spec)
    assume(inside((first, last)))
    assert last - first + 1 == geometry[-1].receptive_field_min


@st.composite
def blocks(draw: st.DrawFn) -> list[tuple[int, list[list[tuple[int, int]]]]]:
    """Strides of blocks, and for each path of a block kernels and dilations; an empty path is a skip."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        stride = draw(st.integers(1, 2))
        path = st.lists(st.tuples(kernels, dilations), min_size=stride - 1, max_size=2)
        found.append((stride, draw(st.lists(path, min_size=1, max_size=3))))
    return found


def multi_path(parts: list[tuple[int, list[list[tuple[int, int]]]]]) -> ArchSpec:
    graph = GraphBuilder()
    x = graph.add(Conv(2, 3), graph.input)
    for stride, paths in parts:
        ends = []
        for path in paths:
            ops = [
                Conv(2, kernel, stride if i == 0 else 1, dilation)
                for i, (kernel, dilation) in enumerate(path)
            ]
            ends.append(graph.chain([*ops, BatchNorm(), Activation("relu")], x))
        x = graph.add(Add(), *ends)
    return graph.build()


@given(blocks())
@settings(max_examples=20)
def test_skips_and_several_paths(parts: list) -> None:
    spec = multi_path(parts)
    geometry = analyze(spec, (SIDE, SIDE, 1))
    end = len(spec) - 1
    fields = {
        "min": geometry[end].receptive_field_min,
        "max": geometry[end].receptive_field_max,
    }
    assume(fields["max"] < SIDE // 2)
    # Three programs an example; that ours see the same windows is what `test_chains` asks.
    whole = footprint(spec, plain=True)
    assume(inside(whole))
    for extreme, field in fields.items():
        path = along(spec, extreme_path(spec, geometry, extreme, end))
        first, last = footprint(path, plain=True)
        assert last - first + 1 == field
        assert whole[0] <= first and last <= whole[1]
    # Even kernels and strides move a path's window sideways, so that all together may see more than the largest.
    centred = all(stride == 1 and k % 2 for stride, paths in parts for p in paths for k, _ in p)
    if centred:
        assert whole[1] - whole[0] + 1 == fields["max"]


def test_attention_is_reported_as_the_paper_counts_it_and_as_it_is() -> None:
    spec = make_network("resnet18_no_stem", 10, attention="se", width_divisor=32)
    layers = {layer.name: layer for layer in analyze_fields(spec, 32, channels=1).layers}
    second = layers["stage1_block2_conv1"]
    assert (second.reads_max, second.attended) == (7, float("inf"))
    before = ArchSpec(spec.nodes[: spec.nodes[second.node].inputs[0] + 1])
    # The gate's own path is whole: a unit depends on every pixel, though it extracts from 7 x 7.
    assert footprint(before, 32) == (0, 31)
    plain = make_network("resnet18_no_stem", 10, width_divisor=32)
    plain_layers = {layer.name: layer for layer in analyze_fields(plain, 32, channels=1).layers}
    source = plain.nodes[plain_layers["stage1_block2_conv1"].node].inputs[0]
    first, last = footprint(ArchSpec(plain.nodes[: source + 1]), 32)
    assert last - first + 1 == 7
