"""Small images and graphs for the tests of the engine."""

import numpy as np

from randarch.engine import Images, Normalization
from randarch.spec import (
    Activation,
    Add,
    ArchSpec,
    BatchNorm,
    Conv,
    GraphBuilder,
    Operation,
    Pool,
    sequential,
)
from tests.graphs import nb201_cell

NORMALIZATION = Normalization((0.5, 0.4, 0.3), (0.2, 0.25, 0.3))


def small_images(train: int = 70, test: int = 40, size: int = 6, seed: int = 0) -> Images:
    """Noise whose mean colour depends on the class, three classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, train + test)
    y[:3] = range(3)
    colours = np.array([[150, 90, 90], [90, 150, 90], [90, 90, 150]])
    noise = rng.normal(0, 60, (train + test, size, size, 3))
    x = np.clip(colours[y][:, None, None, :] + noise, 0, 255).astype(np.uint8)
    return Images(x[:train], y[:train], x[train:], y[train:], 3, NORMALIZATION)


def normalized(x: np.ndarray) -> np.ndarray:
    mean, std = (np.array(v, np.float32) for v in (NORMALIZATION.mean, NORMALIZATION.std))
    return (x.astype(np.float32) / 255 - mean) / std


def block(features: int, kernel: int = 3) -> list[Operation]:
    return [Conv(features, kernel), Activation(), BatchNorm()]


def chain(*kernels: int, features: int = 4) -> ArchSpec:
    """Blocks of convolution, ReLU and batch norm, as the study's space has them."""
    return sequential([op for kernel in kernels for op in block(features, kernel)])


def residual() -> ArchSpec:
    """A skip connection that jumps over two batch norms, behind a pooling."""
    graph = GraphBuilder()
    x = graph.chain([*block(4), Pool("max", 2, 2)], graph.input)
    y = graph.chain([*block(4), Conv(4, 3, bias=False), BatchNorm()], x)
    graph.add(Activation(), graph.add(Add(), x, y))
    return graph.build()


def shared_input() -> ArchSpec:
    """One value that two batch norms read."""
    graph = GraphBuilder()
    x = graph.add(Conv(4, 3), graph.input)
    left = graph.chain([BatchNorm(), Activation("relu")], x)
    right = graph.chain([BatchNorm(), Activation("tanh"), Conv(4, 3)], x)
    graph.add(Add(), left, right)
    return graph.build()


WITH_BATCH_NORM = {
    "chain": chain(3, 5),
    "residual": residual(),
    "cell": nb201_cell(4),
    "two norms of one value": shared_input(),
}
