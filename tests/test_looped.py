"""Networks as runs of nodes: which blocks repeat, and that a loop computes what the whole network does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from randarch.geometry import analyze
from randarch.looped import LoopedNetwork, calibrated, features, find_runs
from randarch.networks import draw_weights, gather_variables, network
from randarch.spaces import AnyNetX, ConvChain, LayerLibrary
from randarch.spec import Activation, Add, ArchSpec, BatchNorm, Conv, GraphBuilder, Pool, sequential
from tests.graphs import resnet, vgg16_features

pytestmark = pytest.mark.usefixtures("compiled_plainly")

RELU, NORM = Activation("relu"), BatchNorm()


def residual(blocks: int = 3, features: int = 4) -> ArchSpec:
    """A stem and equal residual blocks of one convolution."""
    graph = GraphBuilder()
    x = graph.chain([Conv(features, bias=False), NORM, RELU], graph.input)
    for _ in range(blocks):
        y = graph.chain([Conv(features), NORM], x)
        x = graph.add(RELU, graph.add(Add(), x, y))
    graph.add(Pool("avg", 2, 2), x)
    return graph.build()


def shapes_of(arch: ArchSpec, side: int = 8) -> list[tuple[int, int, int]]:
    return [node.shape for node in analyze(arch, (side, side, 3)).nodes]


@pytest.mark.parametrize(
    ("arch", "side", "expected"),
    [
        # A block is cut where it pays first: here before the ReLU that the stem ends with as well.
        (residual(), 8, [(2, 1), (4, 3), (2, 1)]),
        (sequential([Conv(3), RELU] * 2), 8, [(2, 2)]),
        # The first convolution reads images of three channels, so that it is none of them.
        (sequential([Conv(4), RELU] * 3), 8, [(1, 1), (2, 2), (1, 1)]),
        # Equal operations at other sizes are other programs.
        (sequential([Conv(3, stride=2), RELU] * 3), 8, [(6, 1)]),
        (sequential([Conv(5)]), 8, [(1, 1)]),
    ],
    ids=["residual", "images too", "from the second on", "strides", "one node"],
)
def test_runs_of_small_graphs(arch: ArchSpec, side: int, expected: list[tuple[int, int]]) -> None:
    found = find_runs(arch, shapes_of(arch, side))
    assert [(len(run.nodes), run.count) for run in found] == expected


@pytest.mark.parametrize("start", ["conv1x1", "block"])
def test_equal_blocks_of_a_stage_are_one_run(start: str) -> None:
    space = AnyNetX(6, 64, stem="cifar", stage_start=start)
    arch = space.decode(space.parse("d3,1,4,6 w16,32,64,64 b1,2,1,4 g8,8,1,4"))
    counts = [run.count for run in find_runs(arch, shapes_of(arch, 32)) if run.count > 1]
    # The block with the stride differs from the others.
    assert counts == ([3, 4, 6] if start == "conv1x1" else [2, 3, 5])


@pytest.mark.parametrize(
    "arch",
    [
        residual(),
        vgg16_features(),
        resnet((3, 4, 6, 3), 10),
        ConvChain(9).decode((1,) * 18),
        LayerLibrary(5).decode((2, 2, 2, 2, 2)),
    ],
    ids=["residual", "vgg16", "resnet34", "chain", "library"],
)
def test_runs_hold_every_node_once_and_in_order(arch: ArchSpec) -> None:
    runs = find_runs(arch, shapes_of(arch, 64))
    rebuilt: list[tuple[object, tuple[int, ...]]] = []
    for run in runs:
        assert run.first == len(rebuilt) + 1
        for repetition in range(run.count):
            offset = run.first - 1 + repetition * len(run.nodes)
            for node in run.nodes:
                rebuilt.append((node.op, tuple(i + offset for i in node.inputs)))
    assert rebuilt == [(node.op, node.inputs) for node in arch.nodes[1:]]


@pytest.mark.parametrize("arch", [residual(), sequential([Conv(3), NORM, RELU] * 3)])
def test_a_loop_computes_what_the_whole_network_does(arch: ArchSpec) -> None:
    shapes = shapes_of(arch)
    looped = LoopedNetwork.of(arch, shapes)
    assert any(run.count > 1 for run in looped.runs)
    weights = draw_weights(arch, shapes, (3,), shared=False)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(6, 8, 8, 3)), jnp.float32)
    flat = gather_variables(jax.tree.map(lambda w: w[0], weights), 1, len(arch) - 1)
    whole = network(arch, batch_norm="batch")

    def of_whole(params: dict[str, object]) -> tuple[jax.Array, jax.Array]:
        variables = {"params": params, "batch_stats": flat["batch_stats"]}
        (y,), _ = whole.apply(variables, x, mutable=["batch_stats", "intermediates"])
        return jnp.sum(y**2), y

    own = looped.gather(weights)

    def of_looped(params: list[object]) -> tuple[jax.Array, jax.Array]:
        variables = [
            {"params": p, "batch_stats": v["batch_stats"]} for p, v in zip(params, own, strict=True)
        ]
        y, _ = looped.apply(variables, x, batch_norm="batch", momentum=0.9)
        return jnp.sum(y**2), y

    (_, expected), gradient = jax.jit(jax.value_and_grad(of_whole, has_aux=True))(flat["params"])
    (_, found), looped_gradient = jax.jit(jax.value_and_grad(of_looped, has_aux=True))(
        [v["params"] for v in own]
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    size = sum(np.square(leaf).sum() for leaf in jax.tree.leaves(gradient))
    looped_size = sum(np.square(leaf).sum() for leaf in jax.tree.leaves(looped_gradient))
    np.testing.assert_allclose(looped_size, size, rtol=1e-3)


def test_repeats_without_weights() -> None:
    arch = sequential([Conv(3), *[Pool("avg", 3, 1)] * 3])
    shapes = shapes_of(arch)
    looped = LoopedNetwork.of(arch, shapes)
    assert [run.count for run in looped.runs] == [1, 3]
    weights = draw_weights(arch, shapes, (0,), shared=False)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 8, 8, 3)), jnp.float32)
    y, _ = looped.apply(looped.gather(weights), x, batch_norm="running", momentum=0.0)
    flat = gather_variables(jax.tree.map(lambda w: w[0], weights), 1, len(arch) - 1)
    (expected,) = network(arch).apply(flat, x)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_calibration_makes_every_batch_norm_normalise() -> None:
    """Behind batch norm, the images that it was calibrated on have mean 0 and variance 1."""
    graph = GraphBuilder()
    x = graph.chain([Conv(4), RELU], graph.input)
    for _ in range(3):
        x = graph.chain([Conv(4), RELU, NORM], x)
    arch = graph.build()
    shapes = shapes_of(arch)
    looped = LoopedNetwork.of(arch, shapes, "highest")
    assert [run.count for run in looped.runs] == [1, 3]
    images = jnp.asarray(np.random.default_rng(1).integers(0, 256, (20, 8, 8, 3)), jnp.uint8)
    scale, shift = jnp.full(3, 1 / 255), jnp.zeros(3)
    own = looped.gather(draw_weights(arch, shapes, (0,)))
    statistics = jax.jit(calibrated, static_argnums=0)(looped, own, images, scale, shift)
    ready = tuple(
        {"params": v["params"], "batch_stats": s} for v, s in zip(own, statistics, strict=True)
    )
    y = np.asarray(jax.jit(features, static_argnums=0)(looped, ready, images, scale, shift))
    y = y.reshape(-1, 4)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(y.std(axis=0), 1, atol=1e-2)
