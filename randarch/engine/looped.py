"""Random-weight scores of one architecture on several data sets, with two programs for all of them.

As `Evaluator`, with batch norm calibrated on training images, but whole networks are programs, whose equal blocks run
in a loop: where architectures share nothing and data sets are many, that compiles the least.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import numpy as np
from jaxtyping import Float

from randarch import geometry, ridge
from randarch.data.augmentation import scale_and_shift
from randarch.engine.evaluate import Images
from randarch.looped import Compile, LoopedNetwork, calibrated, features_of, filled_chunks
from randarch.networks import draw_weights
from randarch.spec import ArchSpec

BATCH = 250
"""Images at a time."""
PRECISION = "highest"


@dataclass(frozen=True)
class LoopedSettings:
    """How random networks are scored.

    Attributes:
      columns: width that features are filled up to with zeros, which changes no score, so that readouts of different
        architectures are one program.
      outputs: classes that the readout is laid out for, the most of any data set; those that a data set lacks change no
        score.
      init_name: of `layers.INITIALIZERS`.
      calibration_images: training images that batch norm is calibrated on, taken again where there are fewer.
      readout: the ridge's settings.
    """

    columns: int
    outputs: int
    init_name: str = "he"
    calibration_images: int = 500
    readout: ridge.RidgeSettings = field(
        default_factory=lambda: ridge.RidgeSettings(keep_predictions=True)
    )


@dataclass(frozen=True, eq=False)
class RandomScores:
    """Of one architecture on one data set.

    Attributes:
      decision: decision values of the test images, one readout on all seeds' features together.
      seed_accuracy: test accuracy of each seed by itself.
      loo_accuracy: leave-one-out accuracy of the readout on all seeds.
    """

    decision: Float[np.ndarray, "m c"]
    seed_accuracy: Float[np.ndarray, " s"]
    loo_accuracy: float


def score_looped(
    arch: ArchSpec,
    images: Images,
    seeds: Sequence[int],
    settings: LoopedSettings,
    compile: Compile,
) -> RandomScores | None:
    """Draws the weights of every seed, calibrates, and reads out; None where features are not finite.

    Args:
      arch: the feature graph.
      images: the data set.
      seeds: of weights, independent between architectures.
      settings: see there.
      compile: gives compiled programs.

    Raises:
      ValueError: features wider than `columns`, or more classes than `outputs`.
    """
    analysis = geometry.analyze(arch, images.x_train.shape[1:])
    shapes = [node.shape for node in analysis.nodes]
    width = math.prod(analysis.output_shape)
    if width > settings.columns or images.num_classes > settings.outputs:
        raise ValueError(
            f"{width} features and {images.num_classes} classes; expected at most columns = {settings.columns} and "
            f"outputs = {settings.outputs}"
        )
    network = LoopedNetwork.of(arch, shapes, PRECISION)
    pixels = scale_and_shift(images.normalization.mean, images.normalization.std)
    calibration = np.resize(
        images.x_train, (settings.calibration_images, *images.x_train.shape[1:])
    )
    train: list[np.ndarray] = []
    test: list[np.ndarray] = []
    for seed in seeds:
        drawn = draw_weights(arch, shapes, (seed,), init_name=settings.init_name, shared=False)
        variables = network.gather(drawn)
        args = (variables, calibration, *pixels)
        statistics = compile(calibrated, network, *args)(*args)
        own = tuple(
            {"params": v["params"], "batch_stats": s}
            for v, s in zip(variables, jax.device_get(statistics), strict=True)
        )
        for found, x in ((train, images.x_train), (test, images.x_test)):
            y = features_of(network, own, filled_chunks(x, BATCH), pixels, compile)[: len(x)]
            found.append(np.pad(y, ((0, 0), (0, settings.columns - width))))
    try:
        scores = ridge.readout(
            np.stack(train),
            images.y_train,
            np.stack(test),
            images.y_test,
            num_classes=settings.outputs,
            settings=settings.readout,
        )
    except ridge.NotFiniteError:
        return None
    together = scores.ensemble
    assert together.decision is not None
    return RandomScores(
        decision=together.decision[:, : images.num_classes],
        seed_accuracy=scores.seeds.test_accuracy,
        loo_accuracy=float(together.loo_accuracy),
    )
