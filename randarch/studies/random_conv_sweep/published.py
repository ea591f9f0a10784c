"""The numbers of the post: its settings, its hand-picked networks, random and trained, and its correlations."""

from collections.abc import Mapping
from dataclasses import dataclass

TRAIN_SIZE, TEST_SIZE = 500, 500
IMAGE_SIZE = 96
VALID, KEPT = 32_629, 1_760
"""As printed. Its own rules, as its published script applies them, give 32,021 valid networks."""

TRIALS = 5
TRAIN_EPOCHS = 100
CHANNELS = 32

Layers = tuple[int, ...]


@dataclass(frozen=True)
class Picked:
    """A hand-picked network.

    Attributes:
      kernels, strides, dilations: of each layer.
      throughput: images a second with random weights, on the author's GPU; None where not printed.
      accuracy: share of 500 test images right, mean of five trials; of one trial for the counter-example.
      ratio: output size over input size.
      trained: accuracy after 100 epochs on all training images, by the number of channels.
    """

    kernels: Layers
    strides: Layers
    dilations: Layers
    throughput: int | None
    accuracy: float
    ratio: float | None
    trained: Mapping[int, float]


HANDPICKED: tuple[Picked, ...] = (
    Picked((7, 3, 5), (2, 1, 2), (1, 3, 1), 1850, 0.3124, 0.3750000, {32: 0.5757, 128: 0.6391}),
    Picked((7, 3, 9), (2, 1, 2), (3, 1, 1), 2300, 0.3128, 0.2604166, {32: 0.5409, 128: 0.5997}),
    Picked((9, 3, 7), (3, 1, 1), (1, 1, 1), 2900, 0.3120, 0.5601852, {32: 0.5859, 128: 0.6267}),
    Picked((9, 3, 7), (3, 1, 1), (2, 1, 1), 3500, 0.3092, 0.4178241, {32: 0.5488, 128: 0.5992}),
    Picked((9, 3, 5), (3, 1, 1), (1, 1, 1), 2850, 0.3084, 0.6666666, {32: 0.5665, 128: 0.6214}),
    Picked((5, 5, 3), (3, 1, 1), (3, 1, 3), 3000, 0.3104, 0.3750000, {32: 0.5570, 128: 0.5992}),
    Picked((7, 3, 3), (3, 1, 1), (3, 3, 1), 5150, 0.2996, 0.3750000, {32: 0.5273, 128: 0.5824}),
    Picked((7, 3, 3), (3, 1, 2), (3, 1, 1), 6350, 0.3016, 0.1400463, {32: 0.5263, 128: 0.5662}),
    Picked((5, 3, 5), (3, 2, 1), (2, 1, 1), 6450, 0.3000, 0.1157407, {32: 0.5675, 128: 0.6336}),
)

COUNTER_EXAMPLE = Picked(
    (9, 9, 7), (2, 2, 1), (2, 1, 1), None, 0.2572, None, {32: 0.5444, 128: 0.5735}
)
"""The worst of its networks in the random test, about as good as the others once trained."""

CORRELATIONS: Mapping[str, Mapping[str, float]] = {
    "stride_1": {"throughput": 0.9, "test_accuracy": 0.12},
    "stride_2": {"throughput": -0.32},
    "stride_3": {"throughput": -0.5},
    "kernel_2": {"throughput": -0.42},
    "kernel_3": {"throughput": -0.32, "test_accuracy": 0.15},
}
"""Pearson, of genes with results, of the kept networks; the two of accuracy are the largest."""
