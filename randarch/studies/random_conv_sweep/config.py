"""What defines a run of the sweep, its presets, and how a run deviates from the post's protocol."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from randarch.data import Choice
from randarch.engine import EvaluationSettings
from randarch.layers import check_initializer
from randarch.receptive_field import check_most
from randarch.ridge import RidgeSettings
from randarch.spaces import ConvGrid
from randarch.spec import ACTIVATIONS
from randarch.studies.random_conv_sweep import published
from randarch.training import TrainingSettings

FIRST_SEED = 0
"""Of the weights in the first pass; the trials take those after it, as the post's were drawn anew."""

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "activation": ACTIVATIONS,
    "padding": ("valid", "same"),
    "weights": ("shared", "independent"),
    "images": ("stratified", "first"),
}
_AT_LEAST = {
    "trials": 1,
    "seed": 0,
    "train_top": 0,
    "train_epochs": 1,
    "train_seeds": 1,
    "batch_size": 1,
    "throughput_sample": 8,
    "throughput_batch": 1,
}


@dataclass(frozen=True)
class Config:
    """A run of the study; every field shapes the results.

    Attributes:
      layers: convolutions of a network.
      kernels, strides, dilations: the values that each layer may have, ascending.
      channels: feature maps of every layer.
      activation: after every convolution.
      padding: `valid` (none) or `same`.
      max_ratio: largest output size, in input sizes.
      max_unproductive: only networks with at most so many convolutions that read windows larger than
        the image (`randarch.receptive_field`), with padding `same`; None takes all.
      limit: evaluate a random choice of so many valid networks; None: all.
      dataset: `shapes:96`, `npz:PATH`, or a TFDS name.
      train_size, test_size: images of the readout; None takes all.
      images: which: the `first` of the file, or a `stratified` choice.
      seed: of the choice of networks and images, and of the bootstrap.
      weights: `shared` by equal beginnings of networks, or `independent`.
      init: name of the initialiser.
      ridge_lambda: of the readout, above 0.
      trials: draws of weights for the networks that the first pass keeps.
      trials_for_all: give every network its trials.
      min_accuracy: of the first pass, to be kept.
      min_throughput: images a second, to be kept; 0 measures none.
      throughput_sample: networks whose throughput is measured, to predict the others'.
      throughput_batch: images at a time when throughput is measured.
      train_top: train so many of the Pareto set, and the post's counter-example; 0 trains none.
      train_epochs: of that training.
      train_channels: feature maps of the networks that are trained.
      train_seeds: trainings of each.
      train_images: images of that training; None takes all training images there are.
      batch_size, learning_rate: of that training.

    Raises:
      ValueError: naming the field, its value, and what was expected.
    """

    layers: int = 3
    kernels: tuple[int, ...] = (3, 5, 7, 9)
    strides: tuple[int, ...] = (1, 2, 3)
    dilations: tuple[int, ...] = (1, 2, 3)
    channels: int = published.CHANNELS
    activation: str = "relu"
    padding: str = "valid"
    max_ratio: int | float = 1.0
    max_unproductive: int | None = None
    limit: int | None = None
    dataset: str = "stl10"
    train_size: int | None = published.TRAIN_SIZE
    test_size: int | None = published.TEST_SIZE
    images: str = "first"
    seed: int = 0
    weights: str = "shared"
    init: str = "pytorch"
    ridge_lambda: int | float = 1.0
    trials: int = published.TRIALS
    trials_for_all: bool = False
    min_accuracy: int | float = 0.25
    min_throughput: int | float = 200.0
    throughput_sample: int = 40
    throughput_batch: int = 250
    train_top: int = 10
    train_epochs: int = published.TRAIN_EPOCHS
    train_channels: tuple[int, ...] = (32, 128)
    train_seeds: int = 1
    train_images: int | None = None
    batch_size: int = 64
    learning_rate: int | float = 3e-4

    def __post_init__(self) -> None:
        for name in (
            "max_ratio",
            "ridge_lambda",
            "min_accuracy",
            "min_throughput",
            "learning_rate",
        ):
            object.__setattr__(self, name, float(getattr(self, name)))  # 1 and 1.0 are one config
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                expected = ", ".join(choices)
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {expected}")
        for name, least in _AT_LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least {least}")
        for name in ("train_size", "test_size", "train_images", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; expected at least 1, or all (None in Python)")
        for name in ("max_ratio", "ridge_lambda", "learning_rate"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; expected a finite number above 0")
        if not 0 <= self.min_accuracy <= 1:
            raise ValueError(f"min_accuracy is {self.min_accuracy}; expected a share, 0 to 1")
        if not (math.isfinite(self.min_throughput) and self.min_throughput >= 0):
            raise ValueError(
                f"min_throughput is {self.min_throughput}; expected images a second, 0 to measure none"
            )
        widths = self.train_channels
        if not widths or min(widths) < 1 or len(set(widths)) != len(widths):
            raise ValueError(
                f"train_channels is {widths}; expected one or more different numbers of at least 1"
            )
        if self.seed >= 2**63:
            raise ValueError(f"seed is {self.seed}; expected less than 2^63")
        check_initializer(self.init)
        check_most(self.max_unproductive)
        if self.max_unproductive is not None and self.padding == "valid":
            raise ValueError(
                f"max_unproductive is {self.max_unproductive}, but without padding no kernel fits a map that has seen "
                "more than the image, so that it has no use; leave it out, or take padding same"
            )
        self.space()  # it checks layers, kernels, strides, dilations and channels

    def space(self, channels: int | None = None) -> ConvGrid:
        """The search space, with the config's channels unless others are given."""
        return ConvGrid(
            self.layers,
            self.kernels,
            self.strides,
            self.dilations,
            self.channels if channels is None else channels,
            self.activation,
            cast(Literal["valid", "same"], self.padding),
        )

    @property
    def on_stl10(self) -> bool:
        """Whether the images are those of the post, as far as a name tells."""
        name = self.dataset.removeprefix("npz:")
        return name == "stl10" or Path(name).name == "stl10.npz"

    @property
    def choice(self) -> Choice:
        """Which images are taken, as `data.load` names it."""
        return cast(Choice, self.images)

    @property
    def trial_seeds(self) -> tuple[int, ...]:
        """Of the weights in the trials."""
        return tuple(range(FIRST_SEED + 1, FIRST_SEED + 1 + self.trials))

    def evaluation_settings(self, seeds: tuple[int, ...], memory_budget: int) -> EvaluationSettings:
        """For `randarch.engine`."""
        return EvaluationSettings(
            seeds=seeds,
            init_name=self.init,
            shared_weights=self.weights == "shared",
            readout=RidgeSettings(lambdas=(self.ridge_lambda,)),
            memory_budget=memory_budget,
        )

    def training_settings(self) -> TrainingSettings:
        """For `randarch.training`."""
        return TrainingSettings(
            epochs=self.train_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            optimizer="adamw",
            schedule="constant",
            weight_decay=0.01,
            gradient_clip=0.0,
            augment="trivial_augment_wide",
            init_name=self.init,
            seeds=tuple(range(self.train_seeds)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


PRESETS: Mapping[str, Config] = {
    "quick": Config(
        kernels=(3, 7),
        strides=(2, 3),
        dilations=(1, 2),
        dataset="shapes:96",
        train_size=1000,
        test_size=1000,
        images="stratified",
        min_accuracy=0.16,
        trials=3,
        throughput_sample=16,
        train_top=6,
        train_epochs=5,
        train_channels=(32,),
        train_images=2000,
    ),
    "paper": Config(),
}
"""`quick` runs offline in minutes: a sub-grid whose first layer does not cost much. `paper` is the post's protocol."""


def deviations(config: Config, train_size: int, test_size: int) -> tuple[str, ...]:
    """How a run differs from the post's protocol, a sentence each."""
    paper, found = PRESETS["paper"], []
    if not config.on_stl10:
        found.append(f"The images are {config.dataset}, not STL-10.")
    if (train_size, test_size) != (published.TRAIN_SIZE, published.TEST_SIZE):
        found.append(
            f"{train_size:,} training and {test_size:,} test images, not {published.TRAIN_SIZE} and "
            f"{published.TEST_SIZE}."
        )
    if config.images != "first":
        found.append("The images are a stratified random choice, not the first of the file.")
    for name in ("layers", "kernels", "strides", "dilations", "channels", "activation", "padding"):
        ours, theirs = getattr(config, name), getattr(paper, name)
        if ours != theirs:
            found.append(f"{name} is {_text(ours)}, not {_text(theirs)}.")
    if config.max_ratio != 1:
        found.append(f"Outputs may be up to {config.max_ratio:g} times the input's size, not once.")
    if config.max_unproductive is not None:
        found.append(
            f"Only networks with at most {config.max_unproductive} convolutions that read windows larger "
            "than the image."
        )
    if config.limit is not None:
        found.append(f"{config.limit:,} of the valid networks, drawn at random, not all.")
    if config.weights == "shared":
        found.append(
            "Networks that begin alike share the weights of those layers; the post drew all anew. Intervals "
            "resample first layers for that reason."
        )
    if config.ridge_lambda != 1:
        found.append(f"The readout's lambda is {config.ridge_lambda:g}, not 1.")
    if config.trials != published.TRIALS:
        found.append(f"{config.trials} trials a network, not {published.TRIALS}.")
    if config.trials_for_all:
        found.append("Every network gets its trials, not only those that the first pass keeps.")
    if config.min_accuracy != paper.min_accuracy:
        found.append(f"Networks are kept from an accuracy of {config.min_accuracy:g} on, not 0.25.")
    if config.min_throughput != paper.min_throughput:
        found.append(
            "Throughput is not measured, and keeps no network out."
            if not config.min_throughput
            else f"Networks are kept from {config.min_throughput:g} images a second on, not 200."
        )
    if config.min_throughput:
        found.append(
            "Throughput is of this machine, measured for some networks and predicted for the others; the post "
            "measured all on one GPU."
        )
    if config.train_top and config.train_epochs != published.TRAIN_EPOCHS:
        found.append(f"{config.train_epochs} epochs of training, not {published.TRAIN_EPOCHS}.")
    if config.init != paper.init:
        found.append(f"Weights are drawn by {config.init}, not PyTorch's default.")
    if config.min_accuracy or config.min_throughput:
        found.append(
            "The post's hand-picked networks get trials whether the first pass keeps them or not."
        )
    training = ("train_channels", "train_images", "batch_size", "learning_rate", "train_seeds")
    for name in training if config.train_top else ():
        ours, theirs = getattr(config, name), getattr(paper, name)
        if ours != theirs:
            found.append(
                f"{name} is {_text(ours)}, not {'all of them' if theirs is None else _text(theirs)}."
            )
    if config.train_top:
        found.append(
            "The post does not state the weight decay of AdamW (here 0.01, PyTorch's) nor a schedule (here none)."
        )
    return tuple(found)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
