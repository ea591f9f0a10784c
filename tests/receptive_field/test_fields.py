"""Borders of known networks, exactly; and what holds for any graph."""

import itertools
import json
import math
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.geometry import GeometryError, analyze
from randarch.receptive_field import analyze_fields, extreme_path, waists, without_gates
from randarch.reference import ATTENTIONS, make_network
from randarch.spaces import SPACES, ConvGrid, make_space
from randarch.spec import (
    Activation,
    ArchSpec,
    Conv,
    Gate,
    GlobalPool,
    GraphBuilder,
    Linear,
    sequential,
)
from randarch.studies.receptive_field.published import FIGURES
from tests.graphs import Step, grow, random_steps, sliding_chains


def borders(name: str, resolution: int = 32, **options) -> tuple:
    found = analyze_fields(make_network(name, 10, **options), resolution)
    return tuple(
        None if layer is None else (layer.position, layer.name)
        for layer in (found.border_min, found.border_max)
    )


@pytest.mark.parametrize(
    ("name", "options", "least", "largest"),
    [
        ("vgg11", {}, (6, "conv4_2"), (6, "conv4_2")),
        ("vgg13", {}, (7, "conv4_1"), (7, "conv4_1")),
        ("vgg16", {}, (8, "conv4_1"), (8, "conv4_1")),
        ("vgg19", {}, (8, "conv3_4"), (8, "conv3_4")),
        ("vgg19_dilated", {}, (5, "conv3_1"), (5, "conv3_1")),
        ("resnet18", {}, (15, "stage3_block2_conv2"), (5, "stage1_block2_conv2")),
        ("resnet34", {}, (21, "stage3_block2_conv2"), (5, "stage1_block2_conv2")),
        ("resnet18", {"skips": False}, (5, "stage1_block2_conv2"), (5, "stage1_block2_conv2")),
        ("resnet18_no_stem", {}, None, (14, "stage3_block2_conv1")),
    ],
)
def test_borders_at_32_pixels(name: str, options: dict, least: tuple, largest: tuple) -> None:
    assert borders(name, **options) == (least, largest)


def test_the_layer_before_vgg16s_border_reads_exactly_the_image() -> None:
    layers = {layer.name: layer for layer in analyze_fields(make_network("vgg16", 10), 32).layers}
    assert layers["conv3_3"].reads_min == 32 and not layers["conv3_3"].unproductive_min
    assert layers["conv4_1"].reads_min == 44 and layers["conv4_1"].unproductive_min


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_attention_moves_no_border_but_the_one_that_counts_it(attention: str) -> None:
    plain = analyze_fields(make_network("resnet18", 10), 32)
    found = analyze_fields(make_network("resnet18", 10, attention=attention), 32)
    for mine, other in zip(found.layers, plain.layers, strict=True):
        assert (mine.name, mine.reads_min, mine.reads_max) == (
            other.name,
            other.reads_min,
            other.reads_max,
        )
    assert found.border_attended is not None and plain.border_attended is not None
    if attention in ("se", "cbam"):
        # Behind the first gate every position has seen the whole image.
        assert found.border_attended.name == "stage1_block2_conv1"
        assert math.isinf(found.border_attended.attended)
    if attention == "none":
        assert found.border_attended == found.border_max


def some_genomes() -> Iterator[ArchSpec]:
    for space in (ConvGrid(), ConvGrid(padding="same"), make_space("conv_chain", depth=9)):
        for genome in space.sample(12, np.random.default_rng(1)):
            spec = space.decode(genome)
            if space.name.startswith("conv_chain") or fits(spec, 32):
                yield spec


def fits(spec: ArchSpec, side: int) -> bool:
    try:
        analyze_fields(spec, side)
    except GeometryError:
        return False
    return True


def test_resolutions_at_which_the_border_is_where() -> None:
    for spec in (*(make_network(name, 10) for name in FIGURES), *some_genomes()):
        here = analyze_fields(spec, 32)
        smallest = here.smallest_resolution
        assert fits(spec, smallest) and not (smallest > 1 and fits(spec, smallest - 1))
        whole = here.productive_from
        assert analyze_fields(spec, whole).border_min is None
        if whole > smallest:
            assert analyze_fields(spec, whole - 1).border_min is not None
        if here.border_at_end is not None:
            low, high = here.border_at_end
            assert high == whole - 1
            for resolution in (low, high):
                border = analyze_fields(spec, resolution).border_min
                assert border is not None and border.position == len(here.layers)


def test_a_convolution_that_reads_a_gate_sees_what_the_gate_carries() -> None:
    graph = GraphBuilder()
    x = graph.add(Conv(4, 3), graph.input, name="first")
    gate = graph.chain([GlobalPool("avg"), Linear(4), Activation("sigmoid")], x)
    graph.add(Conv(4, 3), graph.add(Gate(), x, gate), name="second")
    found = analyze_fields(graph.build(), 8)
    first, second = found.layers
    assert (first.attended, second.reads_max) == (1, 3)
    assert math.isinf(second.attended)
    assert found.border_attended == second and found.border_max is None


@pytest.mark.parametrize(
    ("name", "resolution", "layer"),
    [
        ("resnet18", 6, "conv1"),
        ("vgg16", 2, "pool2"),
        ("vgg16", 31, "pool5"),
        ("vgg16", 8, "pool4"),
        ("mpnet18", 2, "conv1"),
    ],
)
def test_resolutions_below_the_stem_are_refused(name: str, resolution: int, layer: str) -> None:
    with pytest.raises(GeometryError, match=layer):
        analyze_fields(make_network(name, 10), resolution)


def test_what_is_spent_behind_the_border() -> None:
    found = analyze_fields(make_network("vgg16", 10), 32)
    tail = [layer for layer in found.layers if layer.position >= 8]
    assert found.unproductive == tuple(tail)
    weights = 9 * (256 * 512 + 5 * 512 * 512)
    assert found.unproductive_params == weights + 6 * 512
    assert found.unproductive_macs == 9 * (256 * 512 + 2 * 512 * 512) * 16 + 9 * 3 * 512 * 512 * 4


@given(random_steps)
def test_a_graph_without_gates_is_unchanged_but_for_names(steps: list[Step]) -> None:
    spec = grow(steps)
    plain, was = without_gates(spec)
    assert plain == spec and was == {i: i for i in range(len(spec))}


def test_a_gated_graph_without_its_gates_is_the_plain_one() -> None:
    plain = make_network("resnet18", 10)
    for attention in ATTENTIONS[1:]:
        spec = make_network("resnet18", 10, attention=attention)
        found, was = without_gates(spec)
        assert found == plain
        assert not any(isinstance(node.op, Gate) for node in found.nodes)
        assert all(spec.nodes[was[i]].op == node.op for i, node in enumerate(found.nodes))


@given(random_steps)
def test_extreme_paths_have_the_extreme_fields(steps: list[Step]) -> None:
    spec = grow(steps)
    geometry = analyze(spec, (300, 300, 3))
    end = len(spec) - 1
    if not geometry[end].paths:
        return
    fields = {
        "min": geometry[end].receptive_field_min,
        "max": geometry[end].receptive_field_max,
    }
    for extreme, size in fields.items():
        path = extreme_path(spec, geometry, extreme, end)
        assert path[0] == 0 and path[-1] == end
        assert all(a in spec.nodes[b].inputs for a, b in itertools.pairwise(path))
        ops = [spec.nodes[i].op for i in path]
        # The random graphs have no strides.
        assert size == 1 + sum(op.extent - 1 for op in ops if isinstance(op, Conv))


@given(random_steps)
def test_waists_are_where_all_paths_pass(steps: list[Step]) -> None:
    spec = grow(steps)

    def reaches_output_without(node: int) -> bool:
        alive = {len(spec) - 1} - {node}
        for index in reversed(range(len(spec))):
            if index in alive:
                alive |= set(spec.nodes[index].inputs) - {node}
        return 0 in alive

    ends = {0, len(spec) - 1}
    expected = [i for i in range(len(spec)) if i in ends or not reaches_output_without(i)]
    assert waists(spec) == expected


@given(sliding_chains, st.integers(40, 80))
def test_in_a_chain_everything_from_the_border_on_is_unproductive(
    ops: list, resolution: int
) -> None:
    try:
        found = analyze_fields(sequential(ops), resolution)
    except GeometryError:
        return
    flags = [layer.unproductive_min for layer in found.layers]
    assert flags == sorted(flags)
    assert (found.border_min is None) == (not any(flags))
    assert found.border_min == found.border_max == found.border_attended


def test_a_summary_is_json_and_has_no_infinity() -> None:
    found = analyze_fields(make_network("resnet18", 10, attention="cbam"), 32).to_summary()
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert found["border_min"] == 15 and found["border_min_name"] == "stage3_block2_conv2"


@pytest.mark.parametrize("resolution", [1, 8])
def test_every_genome_of_every_space_has_an_analysis_or_a_named_layer(resolution: int) -> None:
    for family in SPACES:
        parameters = {"depth": 5} if family == "conv_chain" else {}
        space = make_space(family, **parameters)
        for genome in space.sample(20, np.random.default_rng(0)):
            spec = space.decode(genome)
            try:
                found = analyze_fields(spec, resolution)
            except GeometryError as error:
                assert any(spec.label(i) in str(error) for i in range(len(spec)))
            else:
                assert len(found.layers) >= 1


def test_a_thousand_genomes_take_seconds() -> None:
    space = ConvGrid(padding="same")
    genomes = space.sample(1000, np.random.default_rng(0))
    start = time.process_time()
    for genome in genomes:
        analyze_fields(space.decode(genome), 96)
    assert time.process_time() - start < 5


def test_a_stem_that_does_not_fit_is_named() -> None:
    spec = ArchSpec(sequential([Conv(4, 7, padding="valid")]).nodes)
    with pytest.raises(GeometryError, match="conv1"):
        analyze_fields(spec, 5)
