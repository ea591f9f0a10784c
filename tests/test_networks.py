"""Flax modules of graphs against geometry, NumPy and PyTorch; weights by (seed, digest)."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, reject, settings

from randarch import networks
from randarch.geometry import GeometryError, analyze
from randarch.networks import Variables, draw_weights, gather_variables, network, node_key
from randarch.spec import (
    ACTIVATIONS,
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
    Linear,
    Operation,
    Pool,
    Zero,
    sequential,
)
from tests.graphs import GRAPHS, Step, grow, random_steps, sliding_chains

SIZE = (9, 9, 4)


def pixels(batch: int = 2, shape: tuple[int, int, int] = SIZE) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((batch, *shape), np.float32)


def drawn(
    arch: ArchSpec, shape: tuple[int, int, int] = SIZE, seeds: tuple[int, ...] = (0,), **kwargs: Any
) -> dict[int, Variables]:
    shapes = [node.shape for node in analyze(arch, shape).nodes]
    return draw_weights(arch, shapes, seeds, **kwargs)


def variables_of(arch: ArchSpec, shape: tuple[int, int, int] = SIZE, **kwargs: Any) -> Variables:
    """The whole network's variables for one seed."""
    gathered = gather_variables(drawn(arch, shape, **kwargs), 1, len(arch) - 1)
    return jax.tree.map(lambda leaf: leaf[0], gathered)


def outputs(arch: ArchSpec, x: np.ndarray, **settings: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """The network's output, and every collection that it changed."""
    module = network(arch, precision="highest", **settings)
    mutable = ["batch_stats", "intermediates"]
    (y,), changed = module.apply(variables_of(arch, x.shape[1:]), jnp.asarray(x), mutable=mutable)
    return np.asarray(y), changed


def single(op: Operation) -> ArchSpec:
    """The operation alone on the images (twice the images where it reads two)."""
    graph = GraphBuilder()
    graph.add(op, *[graph.input] * max(1, op.arity[0]))
    return graph.build()


# --- every operation ---

REQUIRED: dict[str, dict[str, Any]] = {"Conv": {"features": 6}, "Linear": {"features": 6}}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("batch_norm", ["batch", "running", "identity"])
def test_every_operation_runs_with_the_shape_and_parameters_of_geometry(
    name: str, batch_norm: str
) -> None:
    op = Identity() if name == "Input" else OPERATIONS[name](**REQUIRED.get(name, {}))
    arch = single(op)
    y, _ = outputs(arch, pixels(), batch_norm=batch_norm)
    geometry = analyze(arch, SIZE)
    assert y.shape == (2, *geometry.output_shape)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    params = variables_of(arch)["params"]
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == geometry.params


def test_an_operation_without_a_layer_is_named() -> None:
    class Fold(Operation):
        pass

    module = networks.GraphModule((networks.Node(Fold(), (0,)),), (1,))
    with pytest.raises(TypeError, match="Fold"):
        module.apply({}, jnp.zeros((1, 2, 2, 1)))


def reference_activation(kind: str, x: np.ndarray) -> np.ndarray:
    sigmoid = 1 / (1 + np.exp(-x))
    tanh_gelu = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return {
        "relu": np.maximum(x, 0),
        "leaky_relu": np.where(x > 0, x, 0.01 * x),
        "gelu": tanh_gelu,
        "silu": x * sigmoid,
        "elu": np.where(x > 0, x, np.expm1(x)),
        "tanh": np.tanh(x),
        "sigmoid": sigmoid,
        "prelu": np.where(x > 0, x, 0.25 * x),
    }[kind]


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations(kind: str) -> None:
    x = pixels()
    y, _ = outputs(single(Activation(kind)), x)
    np.testing.assert_allclose(y, reference_activation(kind, x), rtol=1e-5, atol=1e-6)


def test_operations_without_weights() -> None:
    x = pixels()
    graph = GraphBuilder()
    doubled = graph.add(Add(), graph.input, graph.input, graph.input)
    gate = graph.add(ChannelPool(), doubled)
    scale = graph.add(GlobalPool("max"), graph.input)
    gated = graph.add(Gate(), doubled, scale)
    zero = graph.add(Zero(), graph.input)
    graph.add(Concat(), gated, gate, graph.add(Identity(), graph.input), zero)
    y, _ = outputs(graph.build(), x)
    expected = [
        3 * x * x.max(axis=(1, 2), keepdims=True),
        3 * x.mean(-1, keepdims=True),
        3 * x.max(-1, keepdims=True),
        x,
        0 * x,
    ]
    np.testing.assert_allclose(y, np.concatenate(expected, axis=-1), rtol=1e-5, atol=1e-6)


def test_a_gate_of_one_channel_is_broadcast() -> None:
    x = pixels()
    graph = GraphBuilder()
    graph.add(Gate(), graph.input, graph.add(Conv(1, 1, bias=False), graph.input))
    arch = graph.build()
    y, _ = outputs(arch, x)
    kernel = variables_of(arch)["params"][node_key(0)]["layer"]["kernel"]
    np.testing.assert_allclose(y, x * (x @ kernel[0, 0]), rtol=1e-5, atol=1e-6)


# --- whole graphs, traced without being compiled ---


def check_shapes(arch: ArchSpec, shape: tuple[int, int, int]) -> None:
    """Output, every intermediate by its label, and every variable have geometry's shapes."""
    module, geometry = network(arch), analyze(arch, shape)
    images = jax.ShapeDtypeStruct((2, *shape), jnp.float32)
    initial = dict(jax.eval_shape(module.init, jax.random.key(0), images))
    initial.pop("intermediates", None)

    def apply(variables: Any, x: jax.Array) -> Any:
        return module.apply(variables, x, mutable=["batch_stats", "intermediates"])

    (y,), changed = jax.eval_shape(apply, initial, images)
    assert y.shape == (2, *geometry.output_shape)
    labels = [arch.label(index) for index in range(len(arch))]
    for index in range(1, len(arch)):
        if labels.count(labels[index]) == 1:
            assert changed["intermediates"][labels[index]].shape == (2, *geometry[index].shape)
    ours = variables_of(arch, shape)
    for collection in ("params", "batch_stats"):
        theirs = jax.tree.map(lambda leaf: leaf.shape, initial.get(collection, {}))
        assert jax.tree.map(np.shape, ours[collection]) == theirs
    assert sum(leaf.size for leaf in jax.tree.leaves(ours["params"])) == geometry.params


SMALL_GRAPHS = [name for name in GRAPHS if name not in ("VGG-16", "ResNet-18")]


@pytest.mark.parametrize("name", SMALL_GRAPHS)
def test_known_graphs_have_the_shapes_of_geometry(name: str) -> None:
    check_shapes(GRAPHS[name], (16, 16, 3))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["VGG-16", "ResNet-18"])
def test_large_graphs_have_the_shapes_of_geometry(name: str) -> None:
    check_shapes(GRAPHS[name], (32, 32, 3))


@settings(max_examples=15)
@given(random_steps)
def test_random_graphs_have_the_shapes_of_geometry(steps: list[Step]) -> None:
    check_shapes(grow(steps), (7, 5, 3))


@settings(max_examples=15)
@given(sliding_chains)
def test_random_chains_have_the_shapes_of_geometry(ops: list[Operation]) -> None:
    arch, shape = sequential([Conv(4, 3), *ops]), (99, 97, 2)
    try:
        analyze(arch, shape)
    except GeometryError:
        reject()  # a kernel that no longer fits
    check_shapes(arch, shape)


@pytest.mark.parametrize("name", ["nodes", "outputs", "node0", "params", "é<&>"])
def test_a_node_may_have_any_name(name: str) -> None:
    graph = GraphBuilder()
    x = graph.add(Conv(3, 3), graph.input, name=name)
    graph.add(Activation(), x)
    x = pixels()
    y, changed = outputs(graph.build(), x)
    np.testing.assert_array_equal(y, np.maximum(changed["intermediates"][name], 0))


# --- weights ---


@pytest.mark.parametrize("init_name", ["pytorch", "he", "lecun", "orthogonal"])
def test_flax_and_numpy_draw_biases_and_kernels_of_the_same_size(init_name: str) -> None:
    arch = sequential([Conv(64, 3), Linear(64)])
    flax = network(arch, init_name=init_name).init(jax.random.key(0), jnp.zeros((1, *SIZE)))
    numpy = variables_of(arch, init_name=init_name)
    for key in (node_key(0), node_key(1)):
        for leaf in ("kernel", "bias"):
            one, other = (np.asarray(v["params"][key]["layer"][leaf]) for v in (flax, numpy))
            # 64 biases are the fewest: their standard deviation has a standard error of 6 %.
            assert one.std() == pytest.approx(other.std(), rel=0.3, abs=1e-12)
            assert np.abs(one).max() == pytest.approx(np.abs(other).max(), rel=0.5, abs=1e-12)


def equal(one: Variables, other: Variables) -> bool:
    return jax.tree.all(jax.tree.map(lambda a, b: bool(np.array_equal(a, b)), one, other))


def pair() -> tuple[ArchSpec, ArchSpec]:
    """Two graphs that begin alike."""
    begin = [Conv(4), Activation(), BatchNorm()]
    return sequential([*begin, Conv(5)]), sequential([*begin, Conv(6)])


def test_shared_weights_are_equal_where_graphs_are() -> None:
    one, other = (drawn(arch, shared=True) for arch in pair())
    assert equal(one[1], other[1])
    assert not np.array_equal(
        one[4]["params"]["layer"]["kernel"][..., :5], other[4]["params"]["layer"]["kernel"][..., :5]
    )


def test_independent_weights_differ_between_graphs() -> None:
    one, other = (drawn(arch, shared=False) for arch in pair())
    assert not equal(one[1], other[1])


def test_twins_in_one_graph_have_weights_of_their_own() -> None:
    graph = GraphBuilder()
    graph.add(Add(), *[graph.add(Conv(4), graph.input) for _ in range(2)])
    for shared in (True, False):
        weights = drawn(graph.build(), shared=shared)
        assert not equal(weights[1], weights[2])


@pytest.mark.parametrize("shared", [True, False])
def test_weights_hang_on_their_seed_alone(shared: bool) -> None:
    one, other = pair()
    together = drawn(one, seeds=(3, 1, 2**40), shared=shared)
    drawn(other, seeds=(5,), shared=shared)  # nothing drawn in between moves them
    for place, seed in enumerate((3, 1, 2**40)):
        alone = drawn(one, seeds=(seed,), shared=shared)
        assert equal(jax.tree.map(lambda leaf, i=place: leaf[i : i + 1], together), alone)
    kernels = together[1]["params"]["layer"]["kernel"]
    assert not np.array_equal(kernels[0], kernels[1])


def test_names_take_no_part_in_weights() -> None:
    graph = GraphBuilder()
    graph.add(Conv(4), graph.input, name="stem")
    assert equal(drawn(graph.build())[1], drawn(sequential([Conv(4)]))[1])


def test_gathered_variables_begin_at_node_zero() -> None:
    arch = pair()[0]
    weights = drawn(arch)
    part = gather_variables(weights, 3, 2)
    assert set(part["params"]) == {node_key(0), node_key(1)}
    assert set(part["batch_stats"]) == {node_key(0)}
    assert equal(part["params"][node_key(1)], weights[4]["params"])


# --- numbers ---


def naive_convolution(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """3 x 3, stride 1, one pixel of zeros around, summed in float64."""
    n, height, width, _ = x.shape
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    y = np.zeros((n, height, width, kernel.shape[-1])) + bias
    for i in range(3):
        for j in range(3):
            y += padded[:, i : i + height, j : j + width] @ kernel[i, j].astype(np.float64)
    return y


CHAIN = sequential([Conv(5, 3, padding=1), BatchNorm(), Activation("relu"), Linear(3)])


@pytest.mark.parametrize("mode", ["batch", "running", "identity"])
def test_batch_norm_modes_against_numpy(mode: str) -> None:
    x = pixels(batch=6) * 2 + 1
    variables = variables_of(CHAIN)
    rng = np.random.default_rng(1)
    norm = node_key(1)
    scale, bias, mean, var = (rng.random((4, 5)) + 0.5).astype(np.float32)
    variables["params"][norm] = {"scale": scale, "bias": bias}
    variables["batch_stats"][norm] = {"mean": mean, "var": var}
    module = network(CHAIN, batch_norm=mode, precision="highest")
    (y,), changed = module.apply(variables, jnp.asarray(x), mutable=["batch_stats"])

    first, last = (variables["params"][node_key(i)]["layer"] for i in (0, 3))
    h = naive_convolution(x, first["kernel"], first["bias"])
    batch_mean, batch_var = h.mean(axis=(0, 1, 2)), h.var(axis=(0, 1, 2))
    used = {"batch": (batch_mean, batch_var), "running": (mean, var)}.get(mode)
    if used:
        h = (h - used[0]) / np.sqrt(used[1] + 1e-5) * scale + bias
    flat = np.maximum(h, 0).reshape(6, -1)
    wanted = flat @ last["kernel"].astype(np.float64) + last["bias"]
    np.testing.assert_allclose(np.asarray(y)[:, 0, 0], wanted, rtol=1e-4, atol=1e-4)
    if mode == "batch":
        new = changed["batch_stats"][norm]
        np.testing.assert_allclose(new["mean"], 0.9 * mean + 0.1 * batch_mean, rtol=1e-4)
        np.testing.assert_allclose(new["var"], 0.9 * var + 0.1 * batch_var, rtol=1e-4)


def test_a_small_network_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    arch = sequential(
        [
            Conv(6, 3, stride=2, padding=2, dilation=2, groups=2),
            BatchNorm(),
            Activation("prelu"),
            Pool("max", 3, 2, padding=1),
            Conv(4, 2, padding="valid", bias=False),
            Activation("silu"),
            Pool("avg", 2, 1, padding="valid"),
            GlobalPool(),
        ]
    )
    shape = (20, 18, 4)
    x = pixels(4, shape)
    variables = variables_of(arch, shape)["params"]
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2),
        nn.BatchNorm2d(6),
        nn.PReLU(6),
        nn.MaxPool2d(3, 2, padding=1),
        nn.Conv2d(6, 4, 2, bias=False),
        nn.SiLU(),
        nn.AvgPool2d(2, 1),
        nn.AdaptiveAvgPool2d(1),
    )
    with torch.no_grad():
        for position in (0, 4):
            layer = variables[node_key(position)]["layer"]
            theirs[position].weight.copy_(torch.tensor(layer["kernel"].transpose(3, 2, 0, 1)))
        theirs[0].bias.copy_(torch.tensor(variables[node_key(0)]["layer"]["bias"]))
        wanted = theirs(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    y, _ = outputs(arch, x, batch_norm="batch")
    np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-5)
