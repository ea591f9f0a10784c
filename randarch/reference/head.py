"""Classifiers on top of a network's last map."""

from collections.abc import Sequence

from randarch.spec import Activation, GlobalPool, Linear, Operation


def pooled_head(num_classes: int) -> Sequence[Operation]:
    """Global average pooling and a linear layer: fits maps of any size."""
    return GlobalPool("avg"), Linear(num_classes)


def imagenet_vgg_head(num_classes: int) -> Sequence[Operation]:
    """Two hidden layers of 4,096 on the flattened map, which has 7 x 7 positions at 224 pixels."""
    relu = Activation("relu")
    return Linear(4096), relu, Linear(4096), relu, Linear(num_classes)


def narrowed(features: int, divisor: int) -> int:
    """Channels, divided; at least one."""
    return max(1, features // divisor)
