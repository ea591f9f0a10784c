"""The ResNets of He et al. (2016) with basic blocks, and what Richter et al. change in them."""

from randarch.reference.attention import ATTENTIONS, attend
from randarch.reference.head import narrowed, pooled_head
from randarch.spec import Activation, Add, ArchSpec, BatchNorm, Conv, GraphBuilder, Pool

BLOCKS: dict[int, tuple[int, ...]] = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
"""Blocks of each stage."""
WIDTH = 64


def resnet(
    depth: int,
    num_classes: int,
    *,
    width_divisor: int = 1,
    skips: bool = True,
    stem: bool = True,
    attention: str = "none",
) -> ArchSpec:
    """A ResNet; shortcuts of a block that strides or widens are 1 x 1 convolutions (option B).

    Args:
      depth: 18 or 34.
      num_classes: outputs.
      width_divisor: of all channels.
      skips: with the skip connections; without, the graph is sequential.
      stem: 7 x 7 with stride 2 and a 3 x 3 max-pooling with stride 2, as published; else one 3 x 3
        convolution with stride 1.
      attention: at the end of each block, before the addition.

    Raises:
      ValueError: another depth or attention.
    """
    if depth not in BLOCKS:
        known = ", ".join(map(str, BLOCKS))
        raise ValueError(f"ResNet-{depth} is unknown; expected a depth of {known}")
    if attention not in ATTENTIONS:
        raise ValueError(f"attention is {attention!r}; expected one of {', '.join(ATTENTIONS)}")
    graph, width = GraphBuilder(), narrowed(WIDTH, width_divisor)
    conv = Conv(width, 7, 2, bias=False) if stem else Conv(width, 3, bias=False)
    x = graph.add(conv, graph.input, name="conv1")
    x = graph.chain([BatchNorm(), Activation("relu")], x)
    if stem:
        x = graph.add(Pool("max", 3, 2, padding=1), x, name="pool1")
    channels = width
    for stage, count in enumerate(BLOCKS[depth], start=1):
        features = narrowed(WIDTH * 2 ** (stage - 1), width_divisor)
        for block in range(1, count + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            y = _block(graph, x, features, stride, name)
            y = attend(graph, attention, y, features, name)
            if skips and (stride != 1 or channels != features):
                x = graph.add(Conv(features, 1, stride, bias=False), x, name=f"{name}_shortcut")
                x = graph.add(BatchNorm(), x)
            y = graph.add(Add(), x, y) if skips else y
            x = graph.add(Activation("relu"), y)
            channels = features
    graph.chain(pooled_head(num_classes), x)
    return graph.build()


def _block(graph: GraphBuilder, x: int, features: int, stride: int, name: str) -> int:
    x = graph.add(Conv(features, 3, stride, bias=False), x, name=f"{name}_conv1")
    x = graph.chain([BatchNorm(), Activation("relu")], x)
    x = graph.add(Conv(features, 3, bias=False), x, name=f"{name}_conv2")
    return graph.add(BatchNorm(), x)
