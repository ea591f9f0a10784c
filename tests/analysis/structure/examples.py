"""Synthetic samples of networks with known effects of layers, pairs and classes."""

import numpy as np

from randarch.analysis.structure import Sampled

TYPES = ("identity", "conv3", "conv5", "max2", "avg3")
KINDS = {"identity": "identity", "conv3": "conv", "conv5": "conv", "max2": "max", "avg3": "avg"}


def sampled_from(
    layers: np.ndarray,
    class_accuracy: np.ndarray,
    *,
    types: tuple[str, ...] = TYPES,
    images: int = 100,
    architecture: np.ndarray | None = None,
    failed: np.ndarray | None = None,
) -> Sampled:
    """Networks by hand, each its own architecture unless said."""
    n, classes = class_accuracy.shape
    return Sampled(
        layers=layers,
        types=types,
        architecture=np.arange(n) if architecture is None else architecture,
        class_accuracy=class_accuracy.astype(float),
        class_images=np.full(classes, images),
        classes=tuple(f"class {c}" for c in range(classes)),
        params=1000 + 7 * np.arange(n) % 500,
        failed=np.zeros(n, dtype=bool) if failed is None else failed,
    )


def make_sampled(
    n: int,
    classes: int = 6,
    seed: int = 0,
    *,
    positions: int = 4,
    images: int = 100,
    copies: int = 1,
    effect: float = 0.3,
    pair: float = 0.0,
    special: float = 0.0,
    failed: int = 0,
) -> Sampled:
    """`n` x `copies` rows of random layers; right images are binomial.

    Args:
      copies: rows of each architecture.
      effect: standard deviation (logit) of what a type at a position adds.
      pair: what conv3 right before max2 adds (logit).
      special: what max2 at the first position adds in class 0 and takes in the others (logit).
      failed: the first rows that failed.
    """
    rng = np.random.default_rng(seed)
    layers = rng.integers(len(TYPES), size=(n, positions))
    effects = effect * rng.normal(size=(len(TYPES), positions))
    level = -1.0 + effects[layers, np.arange(positions)].sum(axis=1)
    level += pair * ((layers[:, :-1] == 1) & (layers[:, 1:] == 3)).any(axis=1)
    logit = level[:, None] + rng.normal(size=classes)
    sign = np.where(np.arange(classes) == 0, 1.0, -1.0)
    logit = logit + special * (layers[:, :1] == 3) * sign
    accuracy = rng.binomial(images, 1 / (1 + np.exp(-logit))) / images
    which = np.repeat(np.arange(n), copies)
    bad = np.arange(len(which)) < failed
    class_accuracy = accuracy[which]
    class_accuracy[bad] = np.nan
    return sampled_from(
        layers[which], class_accuracy, images=images, architecture=which, failed=bad
    )
