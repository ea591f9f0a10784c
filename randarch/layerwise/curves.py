"""The curves of a network, layer by layer: saturation and probe accuracy, trained and untrained."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from randarch import ridge
from randarch.analysis import Curves
from randarch.geometry import Shape, analyze
from randarch.layerwise.outputs import (
    PROBED_SIDE,
    Compile,
    LayerOutputs,
    calibrated,
    layer_outputs,
)
from randarch.layerwise.probes import probe, rotated_bytes
from randarch.layerwise.saturation import saturation
from randarch.networks import Variables, draw_weights, gather_variables
from randarch.spec import ArchSpec
from randarch.training import TrainingImages


def untrained_variables(
    arch: ArchSpec, images: TrainingImages, seed: int, init_name: str
) -> Variables:
    """Random weights of a network, batch norm calibrated."""
    shapes = [node.shape for node in analyze(arch, tuple(images.x_train.shape[1:])).nodes]
    weights = draw_weights(arch, shapes, (seed,), init_name=init_name, shared=False)
    gathered = gather_variables(weights, 1, len(arch) - 1)
    one: Variables = jax.tree.map(lambda leaf: leaf[0], gathered)
    return calibrated(arch, one, np.asarray(images.x_train), mean=images.mean, std=images.std)


def curves(
    arch: ArchSpec,
    variables: Variables,
    images: TrainingImages,
    nodes: list[int],
    *,
    saturations: bool = True,
    probes: bool = True,
    trained: bool = True,
    compile: Compile | None = None,
    memory_budget: int = 2**30,
) -> Curves:
    """The curves of a network with its weights.

    Args:
      arch: the network.
      variables: of it; one seed.
      images: the probes' training and test images.
      nodes: the layers.
      saturations, probes: which curves.
      trained: probe by logistic regression, as the paper; else by ridge, with lambda by leave-one-out.
      compile: gives programs.
      memory_budget: bytes that the probes' features may take while they are fitted; those of all layers as they
        are come on top, see `probed_bytes`.
    """
    options: dict[str, Any] = {"mean": images.mean, "std": images.std, "compile": compile}
    x_train, x_test = np.asarray(images.x_train), np.asarray(images.x_test)
    own = layer_outputs(arch, variables, x_train, nodes, covariance=saturations, **options)
    found = tuple(saturation(c) for c in own.covariances) if saturations else ()
    if not probes:
        return Curves(found, ())
    other = layer_outputs(arch, variables, x_test, nodes, covariance=False, **options)
    if not trained:
        return Curves(found, _ridge(own, other, images))
    pairs = list(zip(own.features, other.features, strict=True))
    labels = np.asarray(images.y_train), np.asarray(images.y_test)
    scores = probe(pairs, *labels, num_classes=images.num_classes, memory_budget=memory_budget)
    accuracies = tuple(one.test_accuracy for one in scores)
    return Curves(found, accuracies, tuple(one.gradient_norm for one in scores))


def probed_bytes(shapes: Sequence[Shape], train: int, test: int) -> int:
    """What `curves` takes at least for layers of these output shapes: all their pooled features, and a probe's."""
    widths = [min(h, PROBED_SIDE) * min(w, PROBED_SIDE) * c for h, w, c in shapes]
    return 4 * (train + test) * sum(widths) + max(
        (rotated_bytes(train, test, width) for width in widths), default=0
    )


def _ridge(own: LayerOutputs, other: LayerOutputs, images: TrainingImages) -> tuple[float, ...]:
    found = []
    for train, test in zip(own.features, other.features, strict=True):
        try:
            scores = ridge.readout(
                train[None],
                np.asarray(images.y_train),
                test[None],
                np.asarray(images.y_test),
                num_classes=images.num_classes,
                settings=ridge.RidgeSettings(),
            )
            found.append(float(scores.seeds.test_accuracy[0]))
        except ridge.NotFiniteError:
            found.append(float("nan"))
    return tuple(found)
