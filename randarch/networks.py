"""From graphs to Flax: the only place that builds modules.

A `GraphModule` applies a run of nodes to the values that they read. A whole network is the run of
all nodes (`network`); the engine takes shorter runs, so that architectures with equal parts share
compiled programs. Weights are drawn node by node from (seed, node digest) by `draw_weights`, so
that equal sub-graphs have equal weights wherever they stand.
"""

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from randarch import layers, spec
from randarch.spec import ArchSpec, Node, Operation

Shape = tuple[int, ...]
Variables = dict[str, dict[str, Any]]
Initializer = Callable[..., Array]
BatchStatistics = Literal["batch", "running", "identity"]
"""Whose statistics batch norm uses: the batch's own, stored ones, or none (it is left out)."""

OverSeeds = Literal["map", "vmap"]
"""Several seeds in one program: one after the other, or vectorised."""

EPSILON = 1e-5
MOMENTUM = 0.9  # of the running average: PyTorch's default, 0.1, counts the other way round


class Convolution(nn.Module):
    """A convolution with the platform's best algorithm and a named initialiser."""

    op: spec.Conv
    init_name: str
    precision: str
    in_loop: bool

    @nn.compact
    def __call__(self, x: Float[Array, "n h w c"]) -> Float[Array, "n h2 w2 features"]:
        op = self.op
        kernel_init, bias_init = _flax_initializers(
            self.init_name, op.kernel**2 * x.shape[-1] // op.groups
        )
        padding = (
            op.padding.upper() if isinstance(op.padding, str) else [(op.padding, op.padding)] * 2
        )
        return nn.Conv(
            op.features,
            (op.kernel, op.kernel),
            (op.stride, op.stride),
            padding,
            kernel_dilation=(op.dilation, op.dilation),
            feature_group_count=op.groups,
            use_bias=op.bias,
            kernel_init=kernel_init,
            bias_init=bias_init,
            precision=self.precision,
            conv_general_dilated=(
                layers.conv_general_dilated if self.in_loop else layers.conv_outside_loops
            ),
            name="layer",
        )(x)


class Dense(nn.Module):
    """A dense layer on the flattened map."""

    op: spec.Linear
    init_name: str
    precision: str

    @nn.compact
    def __call__(self, x: Float[Array, "n h w c"]) -> Float[Array, "n 1 1 features"]:
        flat = x.reshape(x.shape[0], -1)
        kernel_init, bias_init = _flax_initializers(self.init_name, flat.shape[1])
        y = nn.Dense(
            self.op.features,
            use_bias=self.op.bias,
            kernel_init=kernel_init,
            bias_init=bias_init,
            precision=self.precision,
            name="layer",
        )(flat)
        return y[:, None, None, :]


class PReLU(nn.Module):
    """max(x, 0) + slope * min(x, 0) with one slope a channel (He et al. 2015)."""

    @nn.compact
    def __call__(self, x: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
        slope = self.param("slope", nn.initializers.constant(layers.PRELU_SLOPE), (x.shape[-1],))
        return jnp.where(x >= 0, x, slope * x)


class GraphModule(nn.Module):
    """Applies `nodes` in order; their inputs index first the arguments, then the nodes' outputs.

    Attributes:
      nodes: operations and what each reads.
      outputs: indices of the values to return.
      batch_norm: what batch norm uses; `batch` also updates the running statistics, so the
        collection `batch_stats` must be mutable.
      init_name: of `layers.INITIALIZERS`.
      precision: of matrix products and convolutions, as JAX names it.
      momentum: of batch norm's running statistics; 0 makes them those of the last batch.
      in_loop: it may be applied inside a loop of a program, which on CPUs shapes the choice of convolutions.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    batch_norm: BatchStatistics = "batch"
    init_name: str = "pytorch"
    precision: str = "default"
    momentum: float = MOMENTUM
    in_loop: bool = True

    @nn.compact
    def __call__(
        self, *inputs: Float[Array, "n _h _w _c"]
    ) -> tuple[Float[Array, "n _h2 _w2 _c2"], ...]:
        values = list(inputs)
        for position, node in enumerate(self.nodes):
            value = self._apply(node.op, node_key(position), [values[i] for i in node.inputs])
            if node.name:
                self.sow(
                    "intermediates",
                    node.name,
                    value,
                    reduce_fn=lambda _, new: new,
                    init_fn=lambda: None,
                )
            values.append(value)
        return tuple(values[i] for i in self.outputs)

    def _apply(self, op: Operation, name: str, inputs: list[Array]) -> Array:
        x = inputs[0]
        match op:
            case spec.Conv():
                return Convolution(op, self.init_name, self.precision, self.in_loop, name=name)(x)
            case spec.Linear():
                return Dense(op, self.init_name, self.precision, name=name)(x)
            case spec.BatchNorm():
                if self.batch_norm == "identity":
                    return x
                running = self.batch_norm == "running"
                return nn.BatchNorm(running, momentum=self.momentum, epsilon=EPSILON, name=name)(x)
            case spec.Activation(kind="prelu"):
                return PReLU(name=name)(x)
            case spec.Activation():
                return getattr(nn, op.kind)(x)
            case spec.Pool():
                return layers.pool(x, op.kind, op.window, op.stride, op.padding)
            case spec.GlobalPool():
                return layers.global_pool(x, op.kind)
            case spec.ChannelPool():
                return jnp.stack([x.mean(-1), x.max(-1)], axis=-1)
            case spec.Identity() | spec.Input():
                return x
            case spec.Zero():
                return jnp.zeros_like(x)
            case spec.Add():
                return functools.reduce(jnp.add, inputs)
            case spec.Concat():
                return jnp.concatenate(inputs, axis=-1)
            case spec.Gate():
                return x * inputs[1]
        raise TypeError(f"no layer for operation {op!r}; add one to randarch.networks")


def node_key(position: int) -> str:
    """The name under which a node's variables are kept."""
    return f"node.{position}"


def network(arch: ArchSpec, **settings: Any) -> GraphModule:
    """The whole graph as one Flax module, images in, a one-tuple with the last node's output out.

    Every node's output is an intermediate under its label: `apply(..., mutable=["intermediates"])`.
    `settings` are those of `GraphModule`. Node i of the graph keeps its variables under
    `node_key(i - 1)`.
    """
    named = tuple(Node(node.op, node.inputs, arch.label(i)) for i, node in enumerate(arch.nodes))
    return GraphModule(named[1:], (len(arch) - 1,), **settings)


def seeds_over() -> OverSeeds:
    """How this platform takes several seeds: vectorised on accelerators, in turn on CPUs.

    There a product batched over seeds runs at 0.7 times the speed of one product after the other
    (`benchmarks.convolution`), and five seeds of a training took 1.1 to 1.4 times as long as five calls.
    """
    return "map" if jax.default_backend() == "cpu" else "vmap"


def draw_node(
    rng: np.random.Generator, op: Operation, shapes: Sequence[Shape], init_name: str
) -> Variables:
    """One node's variables as `GraphModule` names them, empty for an operation that has none.

    Args:
      rng: of this node's own.
      op: the operation.
      shapes: (height, width, channels) of each value that it reads.
      init_name: of `layers.INITIALIZERS`.
    """
    source = layers.NumPySource(rng)
    height, width, channels = shapes[0]
    ones, zeros = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    match op:
        case spec.Conv():
            kernel_shape: Shape = (op.kernel, op.kernel, channels // op.groups, op.features)
        case spec.Linear():
            kernel_shape = (height * width * channels, op.features)
        case spec.BatchNorm():
            return {
                "params": {"scale": ones, "bias": zeros},
                "batch_stats": {"mean": zeros, "var": ones},
            }
        case spec.Activation(kind="prelu"):
            return {"params": {"slope": np.float32(layers.PRELU_SLOPE) * ones}}
        case _:
            return {}
    layer = {"kernel": layers.draw_kernel(init_name, source, kernel_shape)}
    if op.bias:
        layer["bias"] = layers.draw_bias(
            init_name, source, op.features, int(np.prod(kernel_shape[:-1]))
        )
    return {"params": {"layer": layer}}


def draw_weights(
    arch: ArchSpec,
    shapes: Sequence[Shape],
    seeds: Sequence[int],
    *,
    init_name: str = "pytorch",
    shared: bool = True,
    nodes: Sequence[int] | None = None,
) -> dict[int, Variables]:
    """Variables of every node that has any, by node index, each with a leading axis of seeds.

    Args:
      arch: the graph.
      shapes: (height, width, channels) of every node's output, as `geometry.analyze` gives them.
      seeds: weight seeds.
      init_name: of `layers.INITIALIZERS`.
      shared: draw from (seed, node digest), so that equal sub-graphs of different architectures
        have equal weights; else the architecture's digest is folded in, and architectures are
        independent of each other.
      nodes: draw for these alone; None for all.
    """
    identity = () if shared else (arch.digest,)
    weights = {}
    for index in range(1, len(arch)) if nodes is None else nodes:
        node = arch.nodes[index]
        reads = [shapes[i] for i in node.inputs]
        drawn = [
            draw_node(
                generator(seed, arch.node_digests[index], *identity), node.op, reads, init_name
            )
            for seed in seeds
        ]
        if drawn[0]:
            weights[index] = jax.tree.map(lambda *seeds: np.stack(seeds), *drawn)
    return weights


def generator(seed: int, *identity: str) -> np.random.Generator:
    """The random numbers that belong to a seed and an identity, the same on every machine."""
    digest = hashlib.sha256("/".join((str(int(seed)), *identity)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def _flax_initializers(name: str, fan_in: int) -> tuple[Initializer, Initializer]:
    def kernel(key: Array, shape: Shape, dtype: Any = None) -> Array:
        return layers.draw_kernel(name, layers.JaxSource(key), tuple(shape))

    def bias(key: Array, shape: Shape, dtype: Any = None) -> Array:
        return layers.draw_bias(name, layers.JaxSource(key), shape[0], fan_in)

    return kernel, bias


def gather_variables(weights: dict[int, Variables], first: int, count: int) -> Variables:
    """Variables of nodes `first` to `first + count - 1` as a `GraphModule` of them expects."""
    result: Variables = {"params": {}, "batch_stats": {}}
    for index in range(first, first + count):
        for collection, tree in weights.get(index, {}).items():
            if tree:
                result[collection][node_key(index - first)] = tree
    return result
