"""Which layers are looked at together, and what that takes."""

from collections.abc import Sequence

from randarch.geometry import Shape
from randarch.layerwise.outputs import BATCH, pooled_size
from randarch.layerwise.probes import rotating_bytes

GROUP_BYTES = 400 * 2**20
"""What the values of a group may take, unless it is a single layer. A constant: probes of one group are padded to one
width, so that with another grouping they would round differently."""


def group_layers(shapes: Sequence[Shape], train: int, test: int) -> list[list[int]]:
    """Layers in order, in groups whose values fit `GROUP_BYTES`.

    Args:
      shapes: (height, width, channels) of the layers' outputs.
      train, test: images.

    Returns:
      Indices of each group's layers.
    """
    groups: list[list[int]] = []
    for index in range(len(shapes)):
        longer = [*(groups[-1] if groups else []), index]
        if groups and _values([shapes[i] for i in longer], train, test) <= GROUP_BYTES:
            groups[-1] = longer
        else:
            groups.append([index])
    return groups


def group_bytes(shapes: Sequence[Shape], train: int, test: int) -> int:
    """What the dearest group takes at its height, about."""
    return max(
        (
            _values([shapes[i] for i in group], train, test)
            + max(rotating_bytes(train, test, pooled_size(shapes[i])) for i in group)
            for group in group_layers(shapes, train, test)
        ),
        default=0,
    )


def _values(shapes: Sequence[Shape], train: int, test: int) -> int:
    """Pooled features as they are, rotated and padded, and the outputs of a batch; all in float32."""
    widths = [pooled_size(shape) for shape in shapes]
    padded = len(widths) * max(min(train, width) for width in widths)
    outputs = sum(h * w * c for h, w, c in shapes)
    return 4 * ((train + test) * (sum(widths) + padded) + BATCH * outputs)
