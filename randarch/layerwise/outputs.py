"""What the layers of one network give for some images: pooled features, and the covariance of channels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, UInt8

from randarch import layers
from randarch.data.augmentation import normalize
from randarch.geometry import Shape
from randarch.layerwise.saturation import Covariance
from randarch.networks import GraphModule, Variables
from randarch.spec import ArchSpec

Compile = Callable[..., Callable[..., Any]]
"""`compile(function, static, *args)` compiles `function(static, *args)`, as `ProgramCache.get`."""

BATCH = 100
PROBED_SIDE = 4
"""Maps are averaged to so many positions a side, at most, before a probe reads them (section III of the paper)."""
CALIBRATION_IMAGES = 1000
"""As random networks are calibrated everywhere."""


@dataclass(frozen=True)
class _Static:
    module: GraphModule
    mean: tuple[float, ...]
    std: tuple[float, ...]
    whole: bool = False


@dataclass(frozen=True, eq=False)
class LayerOutputs:
    """Of each of some layers.

    Attributes:
      features: pooled and flattened [images, d], one array a layer.
      covariances: of channels over all positions of all images, one a layer; none if not asked for.
    """

    features: tuple[Float[np.ndarray, "n _d"], ...]
    covariances: tuple[Covariance, ...]


def layer_outputs(
    arch: ArchSpec,
    variables: Variables,
    images: UInt8[np.ndarray, "n h w c"],
    nodes: Sequence[int],
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    covariance: bool = True,
    compile: Compile | None = None,
) -> LayerOutputs:
    """Runs images through a network, batch norm with its running statistics.

    Args:
      arch: the network.
      variables: of it, as `networks.network` names them; one seed, no leading axis.
      images: pixels.
      nodes: whose outputs are wanted.
      mean, std: of the channels of pixels / 255.
      covariance: gather covariances.
      compile: gives the program; plain `jax.jit` by default.
    """
    module = GraphModule(arch.nodes[1:], tuple(nodes), "running")
    static = _Static(module, mean, std, whole=covariance)
    features: list[list[np.ndarray]] = [[] for _ in nodes]
    covariances: list[Covariance] = []
    for start in range(0, len(images), BATCH):
        chunk = images[start : start + BATCH]
        count = len(chunk)
        padded = np.pad(chunk, ((0, BATCH - count), (0, 0), (0, 0), (0, 0)))
        program = (compile or _jit)(_run, static, variables, padded)
        pooled, values = program(variables, padded)
        for own, value in zip(features, pooled, strict=True):
            own.append(np.asarray(value)[:count])
        covariances = covariances or [Covariance.empty(value.shape[-1]) for value in values]
        for layer, value in enumerate(values):
            samples = np.asarray(value)[:count].reshape(-1, value.shape[-1])
            covariances[layer] = covariances[layer].add(samples)
    return LayerOutputs(tuple(np.concatenate(f) for f in features), tuple(covariances))


def calibrated(
    arch: ArchSpec,
    variables: Variables,
    images: UInt8[np.ndarray, "n h w c"],
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    compile: Compile | None = None,
) -> Variables:
    """The variables of an untrained network, batch norm's statistics those of the first 1,000 images.

    Args:
      arch: the network.
      variables: of it; one seed.
      images: pixels.
      mean, std, compile: as for `layer_outputs`.
    """
    if not variables.get("batch_stats"):
        return variables
    module = GraphModule(arch.nodes[1:], (len(arch) - 1,), "batch", momentum=0.0)
    args = (variables, images[:CALIBRATION_IMAGES])
    statistics = (compile or _jit)(_calibrate, _Static(module, mean, std), *args)(*args)
    return {**variables, "batch_stats": statistics}


def pooled_size(shape: Shape) -> int:
    """Features of one image that a probe reads, of a map of shape (height, width, channels)."""
    height, width, channels = shape
    return min(height, PROBED_SIDE) * min(width, PROBED_SIDE) * channels


def _run(
    static: _Static, variables: Variables, images: UInt8[Array, "n h w c"]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Pooled features of each layer, and its outputs if they are wanted."""
    x = normalize(images, static.mean, static.std)
    outputs: Any = static.module.apply(variables, x)
    pooled = tuple(layers.average_to(v, PROBED_SIDE).reshape(v.shape[0], -1) for v in outputs)
    return pooled, tuple(outputs) if static.whole else ()


def _calibrate(static: _Static, variables: Variables, images: UInt8[Array, "n h w c"]) -> Any:
    x = normalize(images, static.mean, static.std)
    _, updated = static.module.apply(variables, x, mutable=["batch_stats"])
    return updated["batch_stats"]


def _jit(function: Callable[..., Any], static: Any, *args: Any) -> Callable[..., Any]:
    del args
    return partial(_JITTED[function], static)


_JITTED = {f: jax.jit(f, static_argnums=0) for f in (_run, _calibrate)}
