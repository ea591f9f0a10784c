"""Shapes against JAX, counts against published numbers, receptive fields against direct search."""

import dataclasses
import math
from collections.abc import Callable, Iterator

import jax
import pytest
from hypothesis import given
from jax import lax

from randarch.geometry import GeometryError, NodeGeometry, Reach, analyze, infer, window_count
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
    Linear,
    Operation,
    Pool,
    Zero,
    append,
    sequential,
)
from tests.graphs import (
    GRAPHS,
    Step,
    anynet_block,
    grow,
    inception_block,
    mpnet_block,
    nb201_cell,
    random_steps,
    resnet,
    sliding_chains,
    spatial_attention,
    squeeze_and_excitation,
    vgg16_features,
    vgg_head,
)

RESNET18, RESNET34 = (2, 2, 2, 2), (3, 4, 6, 3)


# --- published counts ---


def test_vgg16_has_138_million_parameters() -> None:
    assert analyze(append(vgg16_features(), *vgg_head()), (224, 224, 3)).params == 138_357_544


def test_resnet18_has_12_million_parameters() -> None:
    assert analyze(resnet(RESNET18, classes=1000), (224, 224, 3)).params == 11_689_512


@pytest.mark.parametrize(
    ("blocks", "stem", "macs"),
    [
        (RESNET18, True, 37_016_576),
        (RESNET34, True, 74_765_312),
        (RESNET18, False, 555_422_720),
        (RESNET34, False, 1_159_402_496),
    ],
)
def test_multiply_adds_of_resnets_at_32_pixels(
    blocks: tuple[int, ...], stem: bool, macs: int
) -> None:
    assert analyze(resnet(blocks, classes=10, stem=stem), (32, 32, 3)).macs == macs


@pytest.mark.parametrize(
    ("spec", "channels", "shape", "params"),
    [
        (anynet_block(32, 2, 8), 32, (16, 16, 32), (32 + 72 + 32) * 16 + 32 * 32 + 2 * 96),
        (mpnet_block(16), 3, (16, 16, 16), (27 + 9 * 16 + 49 * 16) * 16 + 3 * 32),
        (nb201_cell(16), 3, (32, 32, 16), (27 + 9 * 16 + 16 + 9 * 16) * 16 + 4 * 32),
        (squeeze_and_excitation(16, 4), 3, (32, 32, 16), 28 * 16 + 17 * 4 + 5 * 16),
        (spatial_attention(16), 3, (32, 32, 16), 28 * 16 + 49 * 2 + 1),
        (inception_block(), 3, (32, 32, 4 + 12 + 5), 4 * 4 + 28 * 12 + 4 * 5),
    ],
)
def test_shapes_and_parameters_by_hand(
    spec: ArchSpec, channels: int, shape: tuple[int, int, int], params: int
) -> None:
    geometry = analyze(spec, (32, 32, channels))
    assert geometry.output_shape == shape
    assert geometry.params == params


# --- every operation has a rule ---

SOURCE = NodeGeometry("x", (6, 4, 8), 0, 0, (Reach(2, 3, 5),))
ONE = NodeGeometry("gate", (1, 1, 8), 0, 0, (Reach(2, math.inf, math.inf),))
KEPT, ALL = (Reach(2, 3, 5),), (Reach(2, math.inf, math.inf),)

# An example of each operation: inputs, shape, paths, parameters, multiply-adds.
RULES: list[tuple[Operation, list[NodeGeometry], tuple, tuple, int, int]] = [
    (Input(), [SOURCE], (6, 4, 8), KEPT, 0, 0),
    (Identity(), [SOURCE], (6, 4, 8), KEPT, 0, 0),
    (Zero(), [SOURCE], (6, 4, 8), (), 0, 0),
    (Conv(4, 3), [SOURCE], (6, 4, 4), (Reach(2, 7, 9),), 9 * 8 * 4 + 4, 9 * 8 * 4 * 24),
    (
        Conv(4, 3, stride=2, dilation=2, padding=1, groups=4, bias=False),
        [SOURCE],
        (2, 1, 4),
        (Reach(4, 11, 13),),
        9 * 2 * 4,
        9 * 2 * 4 * 2,
    ),
    (Pool("max", 3, 2, padding="valid"), [SOURCE], (2, 1, 8), (Reach(4, 7, 9),), 0, 0),
    (BatchNorm(), [SOURCE], (6, 4, 8), KEPT, 16, 0),
    (Activation("relu"), [SOURCE], (6, 4, 8), KEPT, 0, 0),
    (Activation("prelu"), [SOURCE], (6, 4, 8), KEPT, 8, 0),
    (Add(), [SOURCE, SOURCE, SOURCE], (6, 4, 8), KEPT, 0, 0),
    (Concat(), [SOURCE, SOURCE], (6, 4, 16), KEPT, 0, 0),
    (Gate(), [SOURCE, ONE], (6, 4, 8), (Reach(2, 3, math.inf),), 0, 0),
    (GlobalPool(), [SOURCE], (1, 1, 8), ALL, 0, 0),
    (GlobalPool("avg_max"), [SOURCE], (1, 2, 8), ALL, 0, 0),
    (ChannelPool(), [SOURCE], (6, 4, 2), KEPT, 0, 0),
    (Linear(10), [SOURCE], (1, 1, 10), ALL, 6 * 4 * 8 * 10 + 10, 6 * 4 * 8 * 10),
    (Linear(10, bias=False), [SOURCE], (1, 1, 10), ALL, 6 * 4 * 8 * 10, 6 * 4 * 8 * 10),
]


def test_every_operation_has_a_rule_and_an_example() -> None:
    assert {type(op) for op, *_ in RULES} == set(OPERATIONS.values())
    assert set(infer.registry) - {object} == set(OPERATIONS.values())


@pytest.mark.parametrize(
    ("op", "inputs", "shape", "paths", "params", "macs"),
    RULES,
    ids=[str(rule[0]) for rule in RULES],
)
def test_the_rule_of_each_operation(op, inputs, shape, paths, params, macs) -> None:
    effect = infer(op, inputs)
    assert (effect.shape, effect.paths) == (shape, paths)
    assert (effect.params, effect.macs) == (params, macs)


def test_an_operation_without_a_rule_is_named() -> None:
    @dataclasses.dataclass(frozen=True)
    class Shuffle(Operation):
        pass

    with pytest.raises(TypeError, match="Shuffle has no rule"):
        infer(Shuffle(), [SOURCE])


# --- shapes against JAX ---


def jax_padding(op: Conv | Pool) -> str | list[tuple[int, int]]:
    if isinstance(op.padding, int):
        return [(op.padding, op.padding)] * 2
    return op.padding.upper()


def jax_layer(op: Conv | Pool, channels: int) -> tuple[Callable, tuple[int, ...]]:
    """The operation in JAX, and the shape of its weights."""
    stride = (op.stride, op.stride)
    if isinstance(op, Conv):
        weights = (op.kernel, op.kernel, channels // op.groups, op.features)
        return lambda x, w: lax.conv_general_dilated(
            x, w, stride, jax_padding(op), rhs_dilation=(op.dilation,) * 2,
            feature_group_count=op.groups, dimension_numbers=("NHWC", "HWIO", "NHWC"),
        ), weights  # fmt: skip
    padding = jax_padding(op)
    if not isinstance(padding, str):
        padding = [(0, 0), *padding, (0, 0)]
    window, strides = (1, op.window, op.window, 1), (1, *stride, 1)
    return lambda x, w: lax.reduce_window(x, 0.0, lax.add, window, strides, padding), ()


@given(sliding_chains)
def test_chains_have_the_shapes_and_costs_of_jax(ops: list[Operation]) -> None:
    x = jax.ShapeDtypeStruct((1, 23, 17, 3), "float32")
    params = macs = 0
    for index, op in enumerate(ops):
        assert isinstance(op, Conv | Pool)
        layer, weight_shape = jax_layer(op, x.shape[3])
        out = jax.eval_shape(layer, x, jax.ShapeDtypeStruct(weight_shape, "float32"))
        if 0 in out.shape:
            with pytest.raises(GeometryError, match=rf"{type(op).__name__.lower()}\d+ \(reads"):
                analyze(sequential(ops[: index + 1]), (23, 17, 3))
            return
        if isinstance(op, Conv):
            params += math.prod(weight_shape) + op.bias * op.features
            macs += math.prod(out.shape) * math.prod(weight_shape[:3])
        x = out
    geometry = analyze(sequential(ops), (23, 17, 3))
    assert geometry.output_shape == x.shape[1:]
    assert geometry.output_size == math.prod(x.shape)
    assert (geometry.params, geometry.macs) == (params, macs)


# --- receptive fields against direct search ---

Slide = tuple[int, Conv | Pool]  # the size of the side that it slides over, and the operation


def seen_by(outputs: set[int], size: int, op: Conv | Pool) -> set[int]:
    """The pixels, along one side, that reach one of the outputs through one layer."""
    taps, dilation = (op.kernel, op.dilation) if isinstance(op, Conv) else (op.window, 1)
    if op.padding == "same":
        count = math.ceil(size / op.stride)
        before = max((count - 1) * op.stride + dilation * (taps - 1) + 1 - size, 0) // 2
    else:
        before = 0 if op.padding == "valid" else int(op.padding)
    reached = {o * op.stride - before + dilation * tap for o in outputs for tap in range(taps)}
    return {pixel for pixel in reached if 0 <= pixel < size}


def pixels_of_path(path: list[Slide], output: int) -> set[int]:
    """The input pixels that reach one output position along a path (from the input on)."""
    pixels = {output}
    for size, op in reversed(path):
        pixels = seen_by(pixels, size, op)
    return pixels


def paths_to(spec: ArchSpec, index: int, sizes: list[int]) -> Iterator[list[Slide]]:
    """Every path from the input to a node, one by one."""
    node = spec.nodes[index]
    if isinstance(node.op, Input):
        yield []
    for source in node.inputs if not isinstance(node.op, Zero) else ():
        step = [(sizes[source], node.op)] if isinstance(node.op, Conv | Pool) else []
        for path in paths_to(spec, source, sizes):
            yield path + step


def extent(pixels: set[int]) -> int:
    return max(pixels) - min(pixels) + 1 if pixels else 0


@given(sliding_chains.filter(lambda ops: len(ops) <= 4))
def test_receptive_fields_of_chains_are_what_an_output_sees(ops: list[Operation]) -> None:
    side = 1500  # the largest field here is 481: the middle never meets the border
    spec = sequential(ops)
    geometry = analyze(spec, (side, 1500, 1))
    sizes = [node.shape[0] for node in geometry.nodes]
    [path] = paths_to(spec, len(spec) - 1, sizes)
    middle = sizes[-1] // 2
    here, next_one = (pixels_of_path(path, middle + step) for step in (0, 1))
    assert min(here) > 0 and max(next_one) < side - 1
    assert geometry[-1].receptive_field_min == geometry[-1].receptive_field_max == extent(here)
    assert geometry[-1].jump == min(next_one) - min(here)


@given(random_steps)
def test_receptive_fields_of_graphs_are_extremes_over_all_paths(steps: list[Step]) -> None:
    spec = grow(steps)
    side = 300
    geometry = analyze(spec, (side, side, 3))
    for index, node in enumerate(geometry.nodes):
        fields = [
            extent(pixels_of_path(path, side // 2))
            for path in paths_to(spec, index, [side] * len(spec))
        ]
        assert node.receptive_field_min == min(fields, default=0)
        assert node.receptive_field_max == max(fields, default=0)


def test_paths_with_unequal_jumps_are_followed_apart() -> None:
    graph = GraphBuilder()
    far = graph.add(Conv(2, 1, stride=8), graph.input)
    wide = graph.add(Conv(2, 7, stride=4), graph.input)
    graph.add(Conv(2, 3), graph.add(Add(), far, wide))
    last = analyze(graph.build(), (4, 4, 3))[-1]
    # 1 + 2 * 8 = 17 and 7 + 2 * 4 = 15; mixing fields and jumps of different paths gives 9 and 23.
    assert (last.receptive_field_min, last.receptive_field_max) == (15, 17)
    assert last.jump == 8


def test_gates_widen_the_largest_field_alone() -> None:
    squeezed = analyze(squeeze_and_excitation(), (32, 32, 3))[-1]
    assert (squeezed.receptive_field_min, squeezed.receptive_field_max) == (3, math.inf)
    attended = analyze(spatial_attention(), (32, 32, 3))[-1]
    assert (attended.receptive_field_min, attended.receptive_field_max) == (3, 9)
    graph = GraphBuilder()
    features, gate = graph.add(Conv(4, 5), graph.input), graph.add(Conv(1, 1), graph.input)
    graph.add(Gate(), features, gate)
    narrow_gate = analyze(graph.build(), (32, 32, 3))[-1]
    assert (narrow_gate.receptive_field_min, narrow_gate.receptive_field_max) == (5, 5)


def first_unproductive(spec: ArchSpec, resolution: int) -> str:
    """The first convolution whose input's smallest field is larger than the image."""
    geometry = analyze(spec, (resolution, resolution, 3))
    return next(
        geometry[index].label
        for index, node in enumerate(spec.nodes)
        if isinstance(node.op, Conv) and geometry[node.inputs[0]].receptive_field_min > resolution
    )


def test_the_border_of_published_networks() -> None:
    vgg = vgg16_features()
    geometry = analyze(vgg, (32, 32, 3))
    read = {
        geometry[i].label: geometry[node.inputs[0]].receptive_field_min
        for i, node in enumerate(vgg.nodes)
        if isinstance(node.op, Conv)
    }
    assert read["conv3_3"] == 32
    assert list(read).index("conv4_1") == 7
    assert first_unproductive(vgg, 32) == "conv4_1"
    for blocks in (RESNET18, RESNET34):
        assert first_unproductive(resnet(blocks, classes=10), 32) == "stage3_block2_conv2"


# --- what does not fit ---


def joined(join: Operation, *ops: Operation) -> ArchSpec:
    graph = GraphBuilder()
    graph.add(join, *(graph.add(op, graph.input) for op in ops))
    return graph.build()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            sequential([Conv(4, 9, padding="valid")]),
            r"conv1 \(reads input 8 x 8 x 3\): a window of 9 pixels does not fit 8; use padding",
        ),
        (
            sequential([Conv(4, 5, dilation=3, padding=2)]),
            r"a window of 13 pixels does not fit 8, padded to 12",
        ),
        (sequential([Pool("max", 8, 8), Pool("avg", 2, 2, "valid")]), r"pool2 .* fit 1; use"),
        (sequential([Conv(4, groups=2)]), r"conv1 .*: 2 groups do not divide 3 channels; choose"),
        (
            joined(Add(), Conv(4), Conv(5)),
            r"add1 \(reads conv1 8 x 8 x 4, conv2 8 x 8 x 5\): cannot add maps of unequal shapes",
        ),
        (joined(Concat(), Conv(4), Conv(4, stride=2)), r"concat1 .* cannot join maps of unequal"),
        (joined(Gate(), Conv(4), Conv(2)), r"gate1 .*: a gate of 8 x 8 x 2 does not fit"),
        (joined(Gate(), Conv(4), Pool("max", 2, 2)), r"a gate of 4 x 4 x 3 does not fit"),
    ],
)
def test_what_does_not_fit_is_named(spec: ArchSpec, message: str) -> None:
    with pytest.raises(GeometryError, match=message):
        analyze(spec, (8, 8, 3))


@pytest.mark.parametrize("shape", [(0, 8, 3), (8, 8, 0), (8, -1, 3)])
def test_a_shape_that_is_none_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(GeometryError, match=r"expected \(height, width, channels\)"):
        analyze(GRAPHS["conv chain"], shape)


def test_windows_along_a_side() -> None:
    assert [window_count(7, 3, 2, padding) for padding in ("same", "valid", 0, 1)] == [4, 3, 3, 4]


@pytest.mark.parametrize(("kernel", "dilation"), [(3, 1), (3, 2), (7, 3), (1, 3)])
def test_gaps_of_a_dilated_kernel_count_along_one_direction(kernel: int, dilation: int) -> None:
    geometry = analyze(sequential([Conv(4, kernel, dilation=dilation), Linear(2)]), (9, 8, 3))
    extent = dilation * (kernel - 1) + 1
    assert geometry[1].window_macs == kernel * extent * 3 * 4 * 9 * 8
    assert geometry[1].macs == kernel * kernel * 3 * 4 * 9 * 8
    assert geometry[2].window_macs == geometry[2].macs == 9 * 8 * 4 * 2
