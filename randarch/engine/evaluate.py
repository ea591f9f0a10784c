"""Random-weight evaluation: one architecture, several seeds, one data set -> scores and costs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from randarch import geometry, ridge
from randarch.engine.forward import BatchNormMode, Forward, Network, Normalization
from randarch.engine.programs import ProgramCache, Usage
from randarch.geometry import Geometry
from randarch.networks import draw_weights
from randarch.spec import ArchSpec

DEFAULT_MEMORY_BUDGET = 15 * 2**28
"""Bytes that the features of one architecture may take: 3.75 GiB, so that a sweep of tens of thousands, with Python,
plans and a thousand programs on top, is meant to stay below 6."""
CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Images:
    """Training and test images with labels, and how pixels are normalised."""

    x_train: UInt8[np.ndarray, "n h w c"]
    y_train: Int[np.ndarray, " n"]
    x_test: UInt8[np.ndarray, "m h w c"]
    y_test: Int[np.ndarray, " m"]
    num_classes: int
    normalization: Normalization


@dataclass(frozen=True)
class EvaluationSettings:
    """How random networks are evaluated.

    Attributes:
      seeds: one draw of weights each.
      init_name: of `layers.INITIALIZERS`.
      shared_weights: equal sub-graphs have equal weights (True), or architectures are independent.
      batch_norm: `calibrated`, `batch` or `identity`.
      feature_pool: average the last map to this many positions a side first; None keeps it whole.
      readout: the ridge's settings.
      certified_share: of the architectures, chosen by digest, whose readout is solved again in float64.
      memory_budget: bytes that features and kernels of one architecture may take; past it features
        are computed again instead of kept.
      calibration_images: of the training set's beginning, for `calibrated`.
      precision: of products in the network, as JAX names it.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    init_name: str = "pytorch"
    shared_weights: bool = False
    batch_norm: BatchNormMode = "calibrated"
    feature_pool: int | None = None
    readout: ridge.RidgeSettings = field(default_factory=ridge.RidgeSettings)
    certified_share: float = 0.02
    memory_budget: int = DEFAULT_MEMORY_BUDGET
    calibration_images: int = 1000
    precision: str = "highest"

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds are {self.seeds}; expected one or more different integers")
        if self.feature_pool is not None and self.feature_pool < 1:
            raise ValueError(f"feature_pool is {self.feature_pool}; expected at least 1, or None")

    def forward(self, cache: ProgramCache, normalization: Normalization, batch: int) -> Forward:
        """What applies networks with these settings, so many images at a time."""
        return Forward(
            cache,
            normalization,
            seeds=len(self.seeds),
            batch_norm=self.batch_norm,
            calibration_images=self.calibration_images,
            batch=batch,
            feature_pool=self.feature_pool,
            precision=self.precision,
        )


@dataclass(frozen=True)
class Evaluation:
    """Scores of one architecture and what they cost.

    Attributes:
      digest: of the architecture.
      geometry: of the architecture on these images.
      scores: per seed and of the ensemble; None where features are not finite, as when weights of a
        deep network without batch norm overflow.
      certificate: of the full float64 re-solve, where the architecture is among the sampled share.
      feature_size: columns of one seed's features.
      streamed: features were computed anew for each pass instead of kept.
      usage: programs and seconds.
    """

    digest: str
    geometry: Geometry
    scores: ridge.ReadoutScores | None
    certificate: ridge.Certificate | None
    feature_size: int
    streamed: bool
    usage: Usage


class Evaluator:
    """Evaluates architectures on one data set, with programs shared between them.

    Safe to call from several threads. Results do not depend on order or on what else is evaluated.
    """

    def __init__(
        self,
        images: Images,
        settings: EvaluationSettings,
        cache: ProgramCache | None = None,
        batch: int = 50,
    ) -> None:
        self.images = images
        self.settings = settings
        self.cache = ProgramCache() if cache is None else cache
        self._forward = settings.forward(self.cache, images.normalization, batch)

    def evaluate(self, arch: ArchSpec) -> Evaluation:
        """Features of every seed, then one readout a seed and one on all of them together."""
        before = self.cache.used()
        images, settings = self.images, self.settings
        with self.cache.running():
            analysis = geometry.analyze(arch, images.x_train.shape[1:])
            network = self._network(arch, analysis)
            size = self._feature_size(analysis)
            streamed = self._bytes(size) > settings.memory_budget

            def train() -> Iterator[Float[Array, "s b d"]]:
                return chunked(self._forward.features(network, images.x_train))

            def test() -> Iterator[Float[Array, "s b d"]]:
                return chunked(self._forward.features(network, images.x_test))

            scores, certificate = self._scores(
                arch.digest,
                train if streamed else _whole(train()),
                test if streamed else _whole(test()),
            )
        usage = self.cache.used() - before
        return Evaluation(arch.digest, analysis, scores, certificate, size, streamed, usage)

    def _scores(
        self, digest: str, train: ridge.FeaturesOf, test: ridge.FeaturesOf
    ) -> tuple[ridge.ReadoutScores | None, ridge.Certificate | None]:
        images, settings = self.images, self.settings
        labels = (images.y_train, images.y_test)
        options: dict[str, Any] = {
            "num_classes": images.num_classes,
            "settings": settings.readout,
        }
        try:
            scores = ridge.readout(train, labels[0], test, labels[1], **options)
        except ridge.NotFiniteError:
            return None, None
        if not ridge.sampled(digest, settings.certified_share):
            return scores, None
        return scores, ridge.certify(scores, train, labels[0], test, labels[1], **options)

    def features(
        self, arch: ArchSpec
    ) -> tuple[Float[np.ndarray, "s n d"], Float[np.ndarray, "s m d"]]:
        """Training and test features of every seed, kept in memory."""
        network = self._network(arch, geometry.analyze(arch, self.images.x_train.shape[1:]))
        return tuple(  # type: ignore[return-value]
            np.asarray(_whole(self._forward.features(network, x)))
            for x in (self.images.x_train, self.images.x_test)
        )

    def _network(self, arch: ArchSpec, analysis: Geometry) -> Network:
        settings = self.settings
        weights = draw_weights(
            arch,
            [node.shape for node in analysis.nodes],
            settings.seeds,
            init_name=settings.init_name,
            shared=settings.shared_weights,
        )
        return self._forward.prepare(arch, weights, self.images.x_train)

    def _feature_size(self, analysis: Geometry) -> int:
        height, width, channels = analysis.output_shape
        pool = self.settings.feature_pool or max(height, width)
        return min(height, pool) * min(width, pool) * channels

    def _bytes(self, size: int) -> int:
        """Kept features twice (a readout centres a copy), and the readout's largest matrix."""
        images, seeds = self.images, len(self.settings.seeds)
        rows = len(images.x_train) + len(images.x_test)
        return 2 * 4 * seeds * rows * size + 3 * 8 * min(len(images.x_train), seeds * size) ** 2


def chunked(parts: Iterator[Float[Array, "s b d"]]) -> Iterator[Float[Array, "s b2 d"]]:
    """Joins batches to about 64 MiB, since a readout wants longer products than a network."""
    waiting: list[Array] = []
    for part in parts:
        waiting.append(part)
        if sum(math.prod(p.shape) for p in waiting) * 4 >= CHUNK_BYTES:
            yield jnp.concatenate(waiting, axis=1)
            waiting = []
    if waiting:
        yield jnp.concatenate(waiting, axis=1)


def _whole(parts: Iterator[Float[Array, "s b d"]]) -> Float[Array, "s n d"]:
    return jnp.concatenate(list(parts), axis=1)
