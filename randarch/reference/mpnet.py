"""The multi-path networks of Richter et al., section V: a 3 x 3 path and a 7 x 7 path, added, again and again.

The text says: a first layer that both paths share, four stages of 2 blocks (MPNet-18) or 4 (MPNet-36), filters doubled
from stage to stage, the first layer of each stage strided. How many layers each path of MPNet-36's blocks has is in a
figure alone; here the 3 x 3 path has one and the 7 x 7 path two. The network's width is not stated; here 64, as for
ResNets.
"""

from randarch.reference.head import narrowed, pooled_head
from randarch.spec import Activation, Add, ArchSpec, BatchNorm, Conv, GraphBuilder

BLOCKS = {18: 2, 36: 4}
"""Blocks of a stage."""
LAYERS = {18: {3: 1, 7: 1}, 36: {3: 1, 7: 2}}
"""Convolutions of each path of a block, by kernel."""
STAGES, WIDTH = 4, 64


def mpnet(depth: int, num_classes: int, *, width_divisor: int = 1) -> ArchSpec:
    """A multi-path network.

    Args:
      depth: 18 or 36.
      num_classes: outputs.
      width_divisor: of all channels.

    Raises:
      ValueError: another depth.
    """
    if depth not in BLOCKS:
        known = ", ".join(map(str, BLOCKS))
        raise ValueError(f"MPNet-{depth} is unknown; expected a depth of {known}")
    graph = GraphBuilder()
    x = _layer(graph, graph.input, narrowed(WIDTH, width_divisor), 3, 2, "conv1")
    for stage in range(1, STAGES + 1):
        features = narrowed(WIDTH * 2 ** (stage - 1), width_divisor)
        for block in range(1, BLOCKS[depth] + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            ends = []
            for kernel, layers in LAYERS[depth].items():
                y = x
                for layer in range(1, layers + 1):
                    name = f"stage{stage}_block{block}_conv{kernel}x{kernel}"
                    name += f"_{layer}" if layers > 1 else ""
                    y = _layer(graph, y, features, kernel, stride if layer == 1 else 1, name)
                ends.append(y)
            x = graph.add(Add(), *ends)
    graph.chain(pooled_head(num_classes), x)
    return graph.build()


def _layer(graph: GraphBuilder, x: int, features: int, kernel: int, stride: int, name: str) -> int:
    x = graph.add(Conv(features, kernel, stride, bias=False), x, name=name)
    return graph.chain([BatchNorm(), Activation("relu")], x)
