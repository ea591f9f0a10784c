"""Well-known architectures as graphs, and random ones: what the graph layer has to hold."""

from collections.abc import Sequence

from hypothesis import strategies as st

from randarch.spec import (
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

VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def vgg16_features() -> ArchSpec:
    """Configuration D of Simonyan and Zisserman, up to the last pooling."""
    graph = GraphBuilder()
    x = graph.input
    for stage, widths in enumerate(VGG16, start=1):
        for number, features in enumerate(widths, start=1):
            x = graph.add(Conv(features, 3), x, name=f"conv{stage}_{number}")
            x = graph.add(Activation("relu"), x)
        x = graph.add(Pool("max", 2, 2), x)
    return graph.build()


def vgg_head() -> list[Operation]:
    relu = Activation("relu")
    return [Linear(4096), relu, Linear(4096), relu, Linear(1000)]


def conv_norm(features: int, kernel: int, stride: int = 1) -> list[Operation]:
    return [Conv(features, kernel, stride, bias=False), BatchNorm()]


def resnet(blocks: Sequence[int], classes: int, stem: bool = True) -> ArchSpec:
    """ResNet-18 (2, 2, 2, 2) and -34 (3, 4, 6, 3) of He et al., basic blocks, option B."""
    graph = GraphBuilder()
    relu = Activation("relu")
    if stem:
        x = graph.chain([*conv_norm(64, 7, 2), relu, Pool("max", 3, 2, padding=1)], graph.input)
    else:
        x = graph.chain([*conv_norm(64, 3), relu], graph.input)
    channels = 64
    for stage, count in enumerate(blocks, start=1):
        features = 64 * 2 ** (stage - 1)
        for block in range(1, count + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            y = graph.add(Conv(features, 3, stride, bias=False), x, name=f"{name}_conv1")
            y = graph.chain([BatchNorm(), relu], y)
            y = graph.add(Conv(features, 3, bias=False), y, name=f"{name}_conv2")
            y = graph.add(BatchNorm(), y)
            if stride != 1 or channels != features:
                x = graph.chain(conv_norm(features, 1, stride), x)
            x = graph.add(relu, graph.add(Add(), x, y))
            channels = features
    graph.chain([GlobalPool(), Linear(classes)], x)
    return graph.build()


def anynet_block(width: int = 32, bottleneck: int = 2, group_width: int = 8) -> ArchSpec:
    """AnyNetX's residual bottleneck with group convolution and stride 2 (Radosavovic et al.)."""
    graph = GraphBuilder()
    relu, inner = Activation("relu"), width // bottleneck
    group = Conv(inner, 3, 2, groups=inner // group_width, bias=False)
    y = graph.chain([*conv_norm(inner, 1), relu, group, BatchNorm(), relu], graph.input)
    y = graph.chain(conv_norm(width, 1), y)
    shortcut = graph.chain(conv_norm(width, 1, 2), graph.input)
    graph.add(relu, graph.add(Add(), shortcut, y))
    return graph.build()


def mpnet_block(features: int = 16) -> ArchSpec:
    """Two paths, 3 x 3 and 7 x 7, behind a strided convolution and added (Richter et al.)."""
    graph = GraphBuilder()
    relu = Activation("relu")
    x = graph.chain([*conv_norm(features, 3, 2), relu], graph.input)
    paths = [graph.chain([*conv_norm(features, kernel), relu], x) for kernel in (3, 7)]
    graph.add(Add(), *paths)
    return graph.build()


def nb201_cell(features: int = 16) -> ArchSpec:
    """A NAS-Bench-201 cell: four states, six edges, all five operations (Dong and Yang)."""
    graph = GraphBuilder()

    def conv(kernel: int) -> list[Operation]:
        return [Activation("relu"), Conv(features, kernel, bias=False), BatchNorm()]

    state0 = graph.chain(conv_norm(features, 3), graph.input)
    state1 = graph.chain(conv(3), state0)
    state2 = graph.add(Add(), graph.add(Zero(), state0), graph.chain(conv(1), state1))
    edges = [
        graph.add(Identity(), state0),
        graph.add(Pool("avg", window=3, stride=1), state1),
        graph.chain(conv(3), state2),
    ]
    graph.add(Add(), *edges)
    return graph.build()


def squeeze_and_excitation(features: int = 16, reduction: int = 4) -> ArchSpec:
    """A convolution gated by channel from its own global average (Hu et al.)."""
    graph = GraphBuilder()
    x = graph.add(Conv(features, 3), graph.input)
    squeeze = [GlobalPool(), Linear(features // reduction), Activation("relu")]
    gate = graph.chain([*squeeze, Linear(features), Activation("sigmoid")], x)
    graph.add(Gate(), x, gate)
    return graph.build()


def spatial_attention(features: int = 16) -> ArchSpec:
    """A convolution gated by position from its mean and maximum over channels (CBAM)."""
    graph = GraphBuilder()
    x = graph.add(Conv(features, 3), graph.input)
    gate = graph.chain([ChannelPool(), Conv(1, 7), Activation("sigmoid")], x)
    graph.add(Gate(), x, gate)
    return graph.build()


def inception_block() -> ArchSpec:
    """Paths of unequal width, joined along channels."""
    graph = GraphBuilder()
    pooled = graph.chain([Pool("avg", 3, 1), Conv(5, 1)], graph.input)
    paths = [graph.add(Conv(4 * kernel, kernel), graph.input) for kernel in (1, 3)]
    graph.add(Concat(), *paths, pooled)
    return graph.build()


GRAPHS = {
    "conv chain": sequential([Conv(8), Activation(), BatchNorm(), Pool()]),
    "VGG-16": vgg16_features(),
    "ResNet-18": resnet((2, 2, 2, 2), classes=10),
    "AnyNetX block": anynet_block(),
    "MPNet block": mpnet_block(),
    "NAS-Bench-201 cell": nb201_cell(),
    "squeeze and excitation": squeeze_and_excitation(),
    "spatial attention": spatial_attention(),
    "Inception block": inception_block(),
}

paddings = st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 1))
convolutions = st.builds(
    Conv,
    features=st.integers(1, 8),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    padding=paddings,
    bias=st.booleans(),
)
pools = st.builds(
    Pool,
    kind=st.sampled_from(["max", "avg"]),
    window=st.integers(2, 4),
    stride=st.integers(1, 3),
    padding=paddings,
)
sliding_chains = st.lists(st.one_of(convolutions, pools), min_size=1, max_size=5)

_pointwise = st.sampled_from(
    [Activation("relu"), Activation("prelu"), BatchNorm(), Identity(), Zero()]
)
_same_size = st.builds(
    Conv,
    features=st.just(4),
    kernel=st.integers(1, 5),
    dilation=st.integers(1, 3),
    bias=st.booleans(),
)


Step = tuple[Operation, list[int], str]
"""What a random graph grows by: an operation, which earlier nodes it reads, its name."""

_reads = st.lists(st.integers(0, 99), min_size=1, max_size=3)
_names = st.sampled_from(["", "a", "é<&>\"'"])
random_steps = st.lists(
    st.tuples(st.one_of(_pointwise, _same_size, st.just(Add())), _reads, _names),
    min_size=1,
    max_size=8,
)


def grow(steps: list[Step]) -> ArchSpec:
    """A graph with branches, joins and twins; every map keeps its size and has four channels.

    Strategies draw steps and tests build the graph: run-time type checks look at random elements,
    which Hypothesis does not want inside a strategy.
    """
    graph = GraphBuilder()
    nodes = [graph.add(Conv(4, 3), graph.input)]
    for op, reads, name in steps:
        sources = [nodes[read % len(nodes)] for read in reads]
        nodes.append(graph.add(op, *(sources if isinstance(op, Add) else sources[:1]), name=name))
    graph.add(Concat(), *nodes)  # so that every node reaches the output
    return graph.build()
