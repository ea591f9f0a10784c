"""The VGG networks of Simonyan and Zisserman (2015), configurations A, B, D and E."""

from typing import Literal

from randarch.reference.head import imagenet_vgg_head, narrowed, pooled_head
from randarch.spec import Activation, ArchSpec, BatchNorm, Conv, GraphBuilder, Pool

LAYERS: dict[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""Convolutions of each stage."""
WIDTHS = (64, 128, 256, 512, 512)


def vgg(
    depth: int,
    num_classes: int,
    *,
    width_divisor: int = 1,
    dilation: int = 1,
    batch_norm: bool = False,
    head: Literal["pooled", "imagenet"] = "pooled",
) -> ArchSpec:
    """A VGG network; stages end in a 2 x 2 max-pooling.

    Args:
      depth: 11, 13, 16 or 19, linear layers of the ImageNet head counted.
      num_classes: outputs.
      width_divisor: of all channels.
      dilation: of all convolutions; 3 makes the 7 x 7 of Richter et al., Fig. 6 (b).
      batch_norm: after every convolution.
      head: `pooled`, or `imagenet`, the published one for 224 pixels, not narrowed.

    Raises:
      ValueError: another depth.
    """
    if depth not in LAYERS:
        known = ", ".join(map(str, LAYERS))
        raise ValueError(f"VGG-{depth} is unknown; expected a depth of {known}")
    graph = GraphBuilder()
    x = graph.input
    for stage, (count, width) in enumerate(zip(LAYERS[depth], WIDTHS, strict=True), start=1):
        for number in range(1, count + 1):
            conv = Conv(narrowed(width, width_divisor), 3, dilation=dilation, bias=not batch_norm)
            x = graph.add(conv, x, name=f"conv{stage}_{number}")
            x = graph.chain([BatchNorm()] if batch_norm else [], x)
            x = graph.add(Activation("relu"), x)
        x = graph.add(Pool("max", 2, 2, padding="valid"), x, name=f"pool{stage}")
    ops = imagenet_vgg_head(num_classes) if head == "imagenet" else pooled_head(num_classes)
    graph.chain(ops, x)
    return graph.build()
