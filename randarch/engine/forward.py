"""Features of random networks: a few images at a time through a graph's stages, for all seeds.

Seeds are taken in one program, as `networks.seeds_over` says.

Batch norm of an untrained network has no statistics of its own. `calibrated` measures them once, on
the first training images, layer after layer, and then keeps them fixed; `batch` takes each batch's
own; `identity` leaves batch norm out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from randarch import layers
from randarch.data.augmentation import normalize
from randarch.engine.programs import ProgramCache
from randarch.engine.stages import Stage, StageProgram, cut
from randarch.engine.statistics import (
    channel_moments,
    combine_moments,
    measured_statistics,
    with_statistics,
)
from randarch.networks import (
    BatchStatistics,
    GraphModule,
    OverSeeds,
    Variables,
    gather_variables,
    seeds_over,
)
from randarch.spec import ArchSpec, BatchNorm

BatchNormMode = Literal["calibrated", "batch", "identity"]
BATCH_NORM_MODES: tuple[BatchNormMode, ...] = ("calibrated", "batch", "identity")
BATCH_MODE_IMAGES = 250
"""Images whose statistics `batch` takes together, whatever the memory budget."""


@dataclass(frozen=True)
class _StageKey:
    program: StageProgram
    batch_norm: BatchNormMode
    precision: str
    seeds: int
    over_seeds: OverSeeds
    shared_input: bool
    feature_pool: int | None  # set in the last stage alone


@dataclass(frozen=True)
class Normalization:
    """Channel means and standard deviations of pixels / 255."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Network:
    """A graph with weights for several seeds, ready to be applied.

    Attributes:
      stages: of the graph.
      variables: one tree a stage, leaves with a leading axis of seeds; batch statistics as
        calibrated.
    """

    stages: tuple[Stage, ...]
    variables: tuple[Variables, ...]


class Forward:
    """Applies networks to images with shared compiled programs.

    Args:
      cache: where programs live.
      normalization: of the images.
      seeds: how many draws of weights each network has.
      batch_norm: see the module's text.
      calibration_images: how many training images batch norm is calibrated on.
      batch: images at a time.
      feature_pool: average the last map down to this many positions a side; None keeps it.
      precision: of products, as JAX names it.
    """

    def __init__(
        self,
        cache: ProgramCache,
        normalization: Normalization,
        *,
        seeds: int,
        batch_norm: BatchNormMode = "calibrated",
        calibration_images: int = 1000,
        batch: int = 50,
        feature_pool: int | None = None,
        precision: str = "highest",
    ) -> None:
        if batch_norm not in BATCH_NORM_MODES:
            raise ValueError(
                f"batch_norm is {batch_norm!r}; expected one of {', '.join(BATCH_NORM_MODES)}"
            )
        if seeds < 1:
            raise ValueError(f"seeds is {seeds}; expected how many there are, at least 1")
        self.cache = cache
        self.seeds = seeds
        self.normalization = normalization
        self.batch_norm = batch_norm
        self.calibration_images = calibration_images
        self.batch = BATCH_MODE_IMAGES if batch_norm == "batch" else batch
        self.feature_pool = feature_pool
        self.precision = precision

    def prepare(
        self, arch: ArchSpec, weights: dict[int, Variables], images: UInt8[np.ndarray, "n h w c"]
    ) -> Network:
        """Puts weights in place; for `calibrated`, measures batch norm on the first images.

        Raises:
          ValueError: for a graph that is its input alone, which leaves nothing to evaluate.
        """
        stages = cut(arch)
        if not stages:
            raise ValueError("the graph is its input alone; expected at least one operation")
        variables = [gather_variables(weights, s.first, len(s.program.nodes)) for s in stages]
        if self.batch_norm == "calibrated":
            self._calibrate(arch, stages, variables, images[: self.calibration_images])
        return Network(stages, tuple(variables))

    def features(
        self, network: Network, images: UInt8[np.ndarray, "n h w c"]
    ) -> Iterator[Float[Array, "s b d"]]:
        """Flattened features of all seeds, a batch of images at a time, in order."""
        last = len(network.stages) - 1
        for x, count in self.batches(images):
            values: tuple[Array, ...] = (x,)
            for index, stage in enumerate(network.stages):
                values, _ = self.run(
                    stage, network.variables[index], values, count, features=index == last
                )
            yield values[0][:, :count]

    def _calibrate(
        self,
        arch: ArchSpec,
        stages: tuple[Stage, ...],
        variables: list[Variables],
        images: UInt8[np.ndarray, "n h w c"],
    ) -> None:
        batches: list[tuple[tuple[Array, ...], int]] = [
            ((x,), count) for x, count in self.batches(images)
        ]
        self._calibrate_on_images(arch, stages, variables, batches)
        for index, stage in enumerate(stages[:-1]):
            results = [
                self.run(stage, variables[index], values, count) for values, count in batches
            ]
            counts = [count for _, count in batches]
            for user, mean, var in measured_statistics(stage, [r[1] for r in results], counts):
                _calibrated(stages, variables, user, mean, var)
            batches = [
                (result[0], count) for result, (_, count) in zip(results, batches, strict=True)
            ]

    def _calibrate_on_images(
        self,
        arch: ArchSpec,
        stages: tuple[Stage, ...],
        variables: list[Variables],
        batches: list[tuple[tuple[Array, ...], int]],
    ) -> None:
        """Batch norms that read the images themselves, which no stage computes."""
        users = [
            i for i, n in enumerate(arch.nodes) if isinstance(n.op, BatchNorm) and n.inputs[0] == 0
        ]
        if not users:
            return
        mean, var = self.image_statistics([(x, count) for (x,), count in batches])
        for user in users:
            _calibrated(stages, variables, user, mean, var)

    def image_statistics(
        self, batches: Sequence[tuple[Array, int]]
    ) -> tuple[Float[np.ndarray, "s c"], Float[np.ndarray, "s c"]]:
        """Mean and variance of the channels of normalised images, the same for every seed."""
        measured = []
        for x, count in batches:
            args = (x, np.int32(count))
            mean, var = self.cache.get(_moments, None, *args)(*args)
            measured.append((np.asarray(mean, np.float64), np.asarray(var, np.float64)))
        counts = np.array([count for _, count in batches], np.float64)
        mean, var = combine_moments(measured, counts)
        shape = (self.seeds, *mean.shape)
        return np.broadcast_to(mean, shape), np.broadcast_to(var, shape)

    def run(
        self,
        stage: Stage,
        variables: Variables,
        values: tuple[Array, ...],
        count: int,
        *,
        features: bool = False,
    ) -> tuple[tuple[Array, ...], tuple[tuple[Array, Array], ...]]:
        """One stage on one batch: the values that it passes on, and moments for the batch norms to come.

        Args:
          stage: of a graph.
          variables: of its nodes, with a leading axis of seeds.
          values: what it takes; with a leading axis of seeds, but for the images.
          count: how many of the batch are images; the rest fills it up.
          features: pool and flatten what it passes on, as a readout takes it.
        """
        key, args = self._stage_call(stage, variables, values, count, features=features)
        outputs, moments = self.cache.get(_run_stage, key, *args)(*args)
        return outputs, moments

    def compile_stage(self, stage: Stage, variables: Variables, values: tuple[Any, ...]) -> None:
        """Compiles what `run` will need; `values` may be `jax.ShapeDtypeStruct`s."""
        key, args = self._stage_call(stage, variables, values, 0, features=False)
        self.cache.get(_run_stage, key, *args)

    def retire_stage(self, stage: Stage, variables: Variables, values: tuple[Any, ...]) -> None:
        """Says that `run` will not need the program of a stage again; arguments as for `compile_stage`."""
        key, args = self._stage_call(stage, variables, values, 0, features=False)
        self.cache.retire(_run_stage, key, *args)

    def _stage_call(
        self,
        stage: Stage,
        variables: Variables,
        values: tuple[Any, ...],
        count: int,
        *,
        features: bool,
    ) -> tuple["_StageKey", tuple[Any, ...]]:
        """What names the program of a stage, and its arguments."""
        key = _StageKey(
            stage.program,
            self.batch_norm,
            self.precision,
            seeds=self.seeds,
            over_seeds=seeds_over(),
            shared_input=stage.first == 1,
            feature_pool=(self.feature_pool or 0) if features else None,
        )
        return key, (variables, values, np.int32(count))

    def batches(self, images: UInt8[np.ndarray, "n h w c"]) -> Iterator[tuple[Array, int]]:
        """Normalised images, a batch at a time, the last filled up with zeros; and how many are images."""
        for start in range(0, len(images), self.batch):
            chunk = images[start : start + self.batch]
            count = len(chunk)
            if count < self.batch and self.batch_norm != "batch":
                chunk = np.concatenate(
                    [chunk, np.zeros((self.batch - count, *chunk.shape[1:]), chunk.dtype)]
                )
            program = self.cache.get(_normalized, self.normalization, chunk)
            yield program(chunk), count


def _calibrated(
    stages: tuple[Stage, ...],
    variables: list[Variables],
    node: int,
    mean: np.ndarray,
    var: np.ndarray,
) -> None:
    index = max(i for i, stage in enumerate(stages) if stage.first <= node)
    variables[index] = with_statistics(variables[index], stages[index], node, mean, var)


def _normalized(
    normalization: Normalization, images: UInt8[Array, "n h w c"]
) -> Float[Array, "n h w c"]:
    return normalize(images, normalization.mean, normalization.std)


def _moments(
    static: None, images: Float[Array, "n h w c"], count: Any
) -> tuple[Float[Array, " c"], Float[Array, " c"]]:
    del static
    return channel_moments(images, count)


def _run_stage(
    key: _StageKey, variables: Variables, values: tuple[Array, ...], count: Any
) -> tuple[tuple[Array, ...], tuple[tuple[Array, Array], ...]]:
    program = key.program
    wanted = (*program.outputs, *program.measured)
    statistics: BatchStatistics = "running" if key.batch_norm == "calibrated" else key.batch_norm
    module = GraphModule(program.nodes, wanted, statistics, precision=key.precision)
    mutable = ["batch_stats"] if key.batch_norm == "batch" else False

    def apply(variables: Variables, values: tuple[Array, ...]) -> tuple[Any, Any]:
        results: Any = module.apply(variables, *values, mutable=mutable)
        results = results[0] if mutable else results
        outputs = results[: len(program.outputs)]
        if key.feature_pool is not None:
            outputs = tuple(flatten(x, key.feature_pool) for x in outputs)
        measured = results[len(program.outputs) :] if key.batch_norm == "calibrated" else ()
        return outputs, tuple(channel_moments(x, count) for x in measured)

    if key.over_seeds == "vmap":
        axes = (0, None if key.shared_input else 0)
        return jax.vmap(apply, in_axes=axes, axis_size=key.seeds)(variables, values)
    # The seeds are counted along, since a stage may have neither weights nor inputs of their own.
    own = None if key.shared_input else values
    return jax.lax.map(
        lambda one: apply(one[0], values if key.shared_input else one[1]),
        (variables, own, jnp.arange(key.seeds)),
    )


def flatten(x: Float[Array, "n h w c"], pool: int | None) -> Float[Array, "n d"]:
    """Features as a readout takes them; with `pool`, averaged to so many positions a side first."""
    x = layers.average_to(x, pool) if pool else x
    return x.reshape(x.shape[0], -1)
