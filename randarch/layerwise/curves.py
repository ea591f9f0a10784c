"""The curves of a network, layer by layer: saturation and probe accuracy, trained and untrained."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import jax
import numpy as np

from randarch import ridge
from randarch.analysis import Curves
from randarch.geometry import analyze
from randarch.layerwise.groups import group_layers
from randarch.layerwise.outputs import Compile, LayerOutputs, calibrated, layer_outputs
from randarch.layerwise.probes import probe
from randarch.layerwise.saturation import saturation
from randarch.networks import Variables, draw_weights, gather_variables
from randarch.spec import ArchSpec
from randarch.training import TrainingImages


def untrained_variables(
    arch: ArchSpec,
    images: TrainingImages,
    seed: int,
    init_name: str,
    compile: Compile | None = None,
) -> Variables:
    """Random weights of a network, batch norm calibrated on the first training images."""
    shapes = [node.shape for node in analyze(arch, tuple(images.x_train.shape[1:])).nodes]
    weights = draw_weights(arch, shapes, (seed,), init_name=init_name, shared=False)
    gathered = gather_variables(weights, 1, len(arch) - 1)
    one: Variables = jax.tree.map(lambda leaf: leaf[0], gathered)
    pixels = np.asarray(images.x_train)
    return calibrated(arch, one, pixels, mean=images.mean, std=images.std, compile=compile)


def curves(
    arch: ArchSpec,
    variables: Variables,
    images: TrainingImages,
    nodes: Sequence[int],
    *,
    saturations: bool = True,
    probes: bool = True,
    trained: bool = True,
    compile: Compile | None = None,
) -> Curves:
    """The curves of a network with its weights.

    The images run through the network once for each group of layers (`group_layers`), so that memory does not grow with
    depth.

    Args:
      arch: the network.
      variables: of it; one seed.
      images: the probes' training and test images.
      nodes: the layers.
      saturations, probes: which curves.
      trained: probe by logistic regression, as the paper; else by ridge, with lambda by leave-one-out.
      compile: gives programs.
    """
    if not (saturations or probes):
        return Curves()
    geometry = analyze(arch, tuple(images.x_train.shape[1:]))
    shapes = [geometry[node].shape for node in nodes]
    found = [
        _of_group(
            arch,
            variables,
            images,
            [nodes[i] for i in group],
            saturations=saturations,
            probes=probes,
            trained=trained,
            compile=compile,
        )
        for group in group_layers(shapes, len(images.x_train), len(images.x_test))
    ]
    names = [field.name for field in fields(Curves)]
    return Curves(*(tuple(v for one in found for v in getattr(one, name)) for name in names))


def _of_group(
    arch: ArchSpec,
    variables: Variables,
    images: TrainingImages,
    nodes: Sequence[int],
    *,
    saturations: bool,
    probes: bool,
    trained: bool,
    compile: Compile | None,
) -> Curves:
    options: dict[str, Any] = {"mean": images.mean, "std": images.std, "compile": compile}
    x_train, x_test = np.asarray(images.x_train), np.asarray(images.x_test)
    own = layer_outputs(arch, variables, x_train, nodes, covariance=saturations, **options)
    found = tuple(saturation(c) for c in own.covariances)
    if not probes:
        return Curves(found)
    other = layer_outputs(arch, variables, x_test, nodes, covariance=False, **options)
    if not trained:
        return Curves(found, _ridge(own, other, images))
    pairs = list(zip(own.features, other.features, strict=True))
    labels = np.asarray(images.y_train), np.asarray(images.y_test)
    scores = probe(pairs, *labels, num_classes=images.num_classes)
    accuracies = tuple(one.test_accuracy for one in scores)
    return Curves(found, accuracies, tuple(one.gradient_norm for one in scores))


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
