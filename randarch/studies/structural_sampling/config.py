"""What defines a run of the study, its presets, and how a run deviates from the paper's protocol."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from randarch.engine import EvaluationSettings
from randarch.layers import check_initializer
from randarch.receptive_field import check_most
from randarch.ridge import RidgeSettings
from randarch.spaces import LayerLibrary
from randarch.spaces.layer_library import LIBRARY
from randarch.studies.structural_sampling import published
from randarch.training import Augmentation, OptimizerName, TrainingSettings

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "weights": ("independent", "shared"),
    "standardize": ("pixel", "channel"),
    "feature_pool": ("global", 1, 2, 4, 8),
    "augment": ("pad_crop_flip", "none"),
    "optimizer": ("sgd", "adamw"),
}
_AT_LEAST = {
    "num_networks": 1,
    "seeds": 0,
    "batch_size": 1,
    "epochs": 0,
    "top": 1,
    "class_top": 1,
    "repeat_networks": 0,
    "repeat_trainings": 2,
    "seed": 0,
}


@dataclass(frozen=True)
class Config:
    """A run of the study; every field shapes the results.

    Attributes:
      num_networks: draws, with replacement; equal architectures are trained once.
      layers: positions of a network.
      library: words of the layer types (`randarch.spaces.LayerLibrary`).
      channels: of every convolution.
      max_unproductive: only networks with at most so many convolutions that read windows larger than the image; None
        takes all.
      dataset: `shapes`, `shapes:SIZE`, `npz:PATH`, or a TFDS name.
      train_size, test_size: images; None takes all.
      seed: of the draws, the subset of images, the weights and the bootstrap.
      epochs, batch_size, optimizer, learning_rate, momentum, gradient_clip: of training; the rate falls to a tenth
        half-way, and AdamW does not read the momentum.
      augment: of training images: padded by 4 pixels, cut out and flipped at random (`pad_crop_flip`), or `none`.
      standardize: pixels by their own mean and deviation over the training images (`pixel`), or by the channel's.
      init: name of the initialiser.
      top: how many networks are the best; class_top: of a class.
      seeds: weight draws of the random-weight counterpart; 0 leaves it out.
      weights: of it, `independent` between architectures, or `shared` by equal sub-graphs.
      feature_pool: what its readout sees: the `global` average, as the trained classifier does, or the last map
        averaged to so many positions a side.
      repeat_networks: networks that are trained `repeat_trainings` times; 0: none.
      ensembles: store what every network says of every test image, and combine networks.

    Raises:
      ValueError: naming the field, its value, and what was expected.
    """

    num_networks: int = published.NETWORKS
    layers: int = 5
    library: tuple[str, ...] = LIBRARY
    channels: int = 32
    max_unproductive: int | None = None
    dataset: str = "cifar100"
    train_size: int | None = None
    test_size: int | None = None
    seed: int = 0
    epochs: int = 20
    batch_size: int = 128
    optimizer: OptimizerName = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.9
    gradient_clip: float = 0.0
    augment: Augmentation = "pad_crop_flip"
    standardize: str = "pixel"
    init: str = "he_prelu"
    top: int = published.TOP_NETWORKS
    class_top: int = published.TOP_NETWORKS_OF_CLASS
    seeds: int = 3
    weights: str = "independent"
    feature_pool: int | str = "global"
    repeat_networks: int = 20
    repeat_trainings: int = 5
    ensembles: bool = True

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            # By type too: True equals 1, but is not a number of positions.
            if (type(value), value) not in [(type(c), c) for c in choices]:
                expected = ", ".join(str(c) for c in choices)
                raise ValueError(f"{name} is {value!r}; expected one of {expected}")
        for name, least in _AT_LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least {least}")
        for name in ("train_size", "test_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"{name} is {value}; expected at least 1, or all images (all; None in Python)"
                )
        for name in ("learning_rate", "momentum", "gradient_clip"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; expected a finite number >= 0")
        if self.seed >= 2**62:
            raise ValueError(f"seed is {self.seed}; expected less than 2^62")
        check_initializer(self.init)
        check_most(self.max_unproductive)
        for name in ("top", "class_top"):
            if getattr(self, name) > self.num_networks:
                raise ValueError(
                    f"{name} is {getattr(self, name)} of {self.num_networks} networks; expected no more than those"
                )
        self.space()

    def space(self) -> LayerLibrary:
        """The search space."""
        return LayerLibrary(self.layers, self.library, self.channels)

    def evaluation_settings(self, memory_budget: int) -> EvaluationSettings:
        """Of the random-weight counterpart."""
        return EvaluationSettings(
            seeds=tuple(range(self.seed, self.seed + self.seeds)),
            init_name=self.init,
            shared_weights=self.weights == "shared",
            feature_pool=None if isinstance(self.feature_pool, str) else self.feature_pool,
            readout=RidgeSettings(keep_predictions=True),
            memory_budget=memory_budget,
        )

    def training_settings(self, trainings: int = 1) -> TrainingSettings:
        """For `randarch.training`."""
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            schedule="steps",
            drop_after=(0.5,),
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            weight_decay=0.0,
            gradient_clip=self.gradient_clip,
            augment=self.augment,
            init_name=self.init,
            seeds=tuple(range(self.seed, self.seed + trainings)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**dataclasses.asdict(self), "library": list(self.library)}


PRESETS: Mapping[str, Config] = {
    "quick": Config(
        num_networks=200,
        layers=4,
        channels=8,
        dataset="shapes:16",
        train_size=2000,
        test_size=500,
        epochs=4,
        batch_size=8,
        learning_rate=0.05,
        gradient_clip=1.0,
        augment="none",
        top=20,
        class_top=10,
        seeds=2,
        repeat_networks=4,
        repeat_trainings=3,
    ),
    "paper": Config(),
}
"""`quick` runs offline in minutes, `paper` is the published protocol."""


def on_cifar100(config: Config) -> bool:
    """Whether classes and images are those of the paper."""
    file = PurePath(config.dataset.removeprefix("npz:")).name
    return config.dataset == "cifar100" or file == "cifar100.npz"


def deviations(config: Config, train_size: int, test_size: int) -> tuple[str, ...]:
    """How a run differs from the paper's protocol, and what the paper leaves open, a sentence each."""
    return differences(config, train_size, test_size) + _left_open(config, train_size)


def differences(config: Config, train_size: int, test_size: int) -> tuple[str, ...]:
    """How a run differs from what the paper says; empty where its numbers may be compared with the published ones."""
    found = []
    paper = PRESETS["paper"]
    if not on_cifar100(config):
        found.append(f"The images are {config.dataset}, not CIFAR-100.")
    if (train_size, test_size) != (published.TRAIN_SIZE, published.TEST_SIZE):
        found.append(
            f"{train_size:,} training and {test_size:,} test images, not {published.TRAIN_SIZE:,} and "
            f"{published.TEST_SIZE:,}."
        )
    for name, what in (
        ("num_networks", "networks"),
        ("layers", "layers a network"),
        ("channels", "channels a convolution"),
        ("epochs", "epochs of training"),
        ("batch_size", "images a step"),
        ("top", "networks are called the best"),
        ("class_top", "are called the best of a class"),
    ):
        ours, theirs = getattr(config, name), getattr(paper, name)
        if ours != theirs:
            found.append(f"{ours:,} {what}, not {theirs:,}.")
    for name in ("learning_rate", "momentum"):
        ours, theirs = getattr(config, name), getattr(paper, name)
        if ours != theirs:
            found.append(f"The {name.replace('_', ' ')} is {ours:g}, not {theirs:g}.")
    if config.library != paper.library:
        found.append(f"The library is {', '.join(config.library)}.")
    if config.gradient_clip:
        found.append(f"Gradients are clipped at norm {config.gradient_clip:g}.")
    if config.optimizer != paper.optimizer:
        found.append("Weights are updated by AdamW (beta 0.9 and 0.999), not by SGD with momentum.")
    if config.augment != paper.augment:
        found.append("Training images are not shifted and flipped.")
    if config.standardize != "pixel":
        found.append("Pixels are standardised by channel, not one by one.")
    if config.init != paper.init:
        found.append(f"Weights are initialised by {config.init}, not as the paper says.")
    if config.max_unproductive is not None:
        found.append(
            f"Only networks with at most {config.max_unproductive} convolutions that read windows larger than the "
            "image."
        )
    return tuple(found)


def _left_open(config: Config, train_size: int) -> tuple[str, ...]:
    found = [
        "The paper does not say how poolings are padded (here: so that five leave one pixel of 32), nor how the "
        f"classifier is initialised (here: {config.init})."
    ]
    left = train_size % config.batch_size
    if left:
        found.append(
            f"An epoch leaves out {left:,} images, others each time, that do not fill a step; the paper does not say."
        )
    if config.seeds:
        found.append(
            "Random weights are scored too, with pixels normalised by channel; the paper has none."
        )
    found.append(
        "Networks that tie at the end of the best share the places that are left; the paper does not say."
    )
    return tuple(found)
