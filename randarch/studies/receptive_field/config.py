"""What defines a run of the study, its presets, and how a run deviates from the paper's protocol."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from randarch.layers import check_initializer
from randarch.reference import NAMES
from randarch.studies.receptive_field import published
from randarch.studies.receptive_field.choices import chosen_details
from randarch.training import TrainingSettings

RESOLUTION, CHANNELS, CLASSES = 32, 3, 10
"""Of images that are not there: of CIFAR-10's, unless told."""
_AT_LEAST = {
    "resolution": 1,
    "num_classes": 1,
    "width_divisor": 1,
    "trials": 1,
    "epochs": 0,
    "batch_size": 1,
    "train_size": 1,
    "test_size": 1,
    "probe_size": 10,
    "seed": 0,
}


@dataclass(frozen=True)
class Config:
    """A run of the study; every field shapes the results.

    Attributes:
      networks: names of `randarch.reference.NETWORKS`, or `SPACE:GENOME`, such as
        `conv_grid:9,9,7 - 2,2,1 - 2,1,1`.
      analyze_only: what follows from the architecture alone; the fields from `dataset` on are not used.
      resolution: side of the images, in pixels; None: that of the data, or 32.
      num_classes: outputs of the networks; None: as many as the data have, or 10.
      width_divisor: of the channels of reference networks.
      vgg_batch_norm: VGG networks have batch norm after every convolution.
      dataset: as `data.load` takes it.
      train_size, test_size: images; None takes all.
      seed: of the choice of images; trainings take it and those after it.
      truncate: train truncated networks too, and compare.
      trials: trainings of each network.
      epochs, batch_size, learning_rate: of a training; the rate falls to a tenth after each third.
      gradient_clip: largest norm of the gradient; 0: none.
      init: name of the initialiser.
      probes: logistic regression on each layer.
      saturation: of each layer.
      probe_size: training images, the first, that probes and saturation see; None: all.

    Raises:
      ValueError: naming the field, its value, and what was expected.
    """

    networks: tuple[str, ...] = ("vgg16", "resnet18", "mpnet18")
    analyze_only: bool = False
    resolution: int | None = None
    num_classes: int | None = None
    width_divisor: int = 1
    vgg_batch_norm: bool = True
    dataset: str = "cifar10"
    train_size: int | None = None
    test_size: int | None = None
    seed: int = 0
    truncate: bool = True
    trials: int = 1
    epochs: int = published.EPOCHS
    batch_size: int = published.BATCH_SIZE
    learning_rate: int | float = published.LEARNING_RATE
    gradient_clip: int | float = 1.0
    init: str = "pytorch"
    probes: bool = True
    saturation: bool = True
    probe_size: int | None = 2000

    def __post_init__(self) -> None:
        if not self.networks or len(set(self.networks)) != len(self.networks):
            raise ValueError(
                f"network is {', '.join(self.networks) or 'none'}; expected one or more different ones of "
                f"{NAMES}, or SPACE:GENOME"
            )
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} is {value}; expected at least {least}")
        for name in ("learning_rate", "gradient_clip"):
            object.__setattr__(self, name, float(getattr(self, name)))  # 1 and 1.0 are one config
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} is {getattr(self, name)}; expected a number >= 0")
        if self.seed + self.trials > 2**63:
            raise ValueError(f"seed is {self.seed}; expected seed + trials to be at most 2^63")
        check_initializer(self.init)

    def training_settings(self) -> TrainingSettings:
        """For `randarch.training`."""
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer="sgd",
            schedule="steps",
            learning_rate=self.learning_rate,
            momentum=published.MOMENTUM,
            weight_decay=0.0,
            gradient_clip=self.gradient_clip,
            augment="pad_crop_flip",
            init_name=self.init,
            seeds=tuple(range(self.seed, self.seed + self.trials)),
        )

    def used(self) -> dict[str, Any]:
        """Those that matter: without training only what the architectures follow from."""
        settings = self.to_dict()
        if not self.analyze_only:
            return settings
        names = ("networks", "analyze_only", "resolution", "num_classes", "width_divisor")
        return {name: settings[name] for name in names}

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


PRESETS: Mapping[str, Config] = {
    "quick": Config(
        dataset="shapes",
        train_size=2000,
        test_size=1000,
        width_divisor=8,
        epochs=6,
        batch_size=32,
        learning_rate=0.05,
        probe_size=1000,
    ),
    "paper": Config(
        networks=tuple(published.FIGURES),
        vgg_batch_norm=False,
        trials=published.TRIALS,
        gradient_clip=0.0,
    ),
}
"""`quick`: one network of each kind, narrow, on built-in images. `paper`: the networks of its figures but Figure 5
(another data set) and of section VIII, trained as it says."""


def deviations(config: Config, sizes: tuple[int, int] | None = None) -> tuple[str, ...]:
    """How a run differs from the paper's protocol, a sentence each.

    Args:
      config: of the run.
      sizes: numbers of training and of test images; None without data.
    """
    found = []
    if sizes is None:
        found.append("Nothing is trained: what is shown follows from the architectures alone.")
        if config.resolution not in (None, RESOLUTION):
            found.append(f"Images have {config.resolution} pixels a side, not {RESOLUTION}.")
    else:
        found += _training_deviations(config, *sizes)
        if config.num_classes not in (None, CLASSES):
            found.append(f"Networks have {config.num_classes} classes, not {CLASSES}.")
    if config.width_divisor != 1 and any(":" not in name for name in config.networks):
        found.append(f"All channels of reference networks are divided by {config.width_divisor}.")
    return tuple(found + chosen_details(config.networks))


def on_cifar10(config: Config) -> bool:
    """Whether the images are, by their name, the paper's."""
    return config.dataset == "cifar10" or config.dataset.endswith("cifar10.npz")


def _training_deviations(config: Config, train_size: int, test_size: int) -> list[str]:
    found = []
    if not on_cifar10(config):
        found.append(f"The images are {config.dataset}, not CIFAR-10.")
    for kind, size, count in (
        ("training", train_size, published.TRAIN_SIZE),
        ("test", test_size, published.TEST_SIZE),
    ):
        if size != count:
            found.append(f"{size:,} {kind} images, not {count:,}.")
    for name, said in (
        ("epochs", published.EPOCHS),
        ("batch_size", published.BATCH_SIZE),
        ("learning_rate", published.LEARNING_RATE),
    ):
        if getattr(config, name) != said:
            words = name.capitalize().replace("_", " ")
            found.append(f"{words}: {getattr(config, name):g}, not {said:g}.")
    if config.gradient_clip:
        found.append(
            f"Gradients are clipped at norm {config.gradient_clip:g}, which the paper does not mention."
        )
    if config.vgg_batch_norm and any(name.startswith("vgg") for name in config.networks):
        found.append("VGG networks have batch norm; by section IV the paper's have none.")
    if config.truncate and config.trials != published.TRIALS:
        found.append(
            f"{config.trials} trainings of each network, not {published.TRIALS} as for truncation."
        )
    found.append(
        "Pixels are normalised by the channels' means and deviations in these data; the paper takes those of AlexNet's."
    )
    found.append(
        "There is no weight decay, and images are padded by 4 pixels before they are cropped; the paper names neither."
    )
    found.append("Trainings that die or diverge are left out of the means.")
    if config.init != "pytorch":
        found.append(f"Weights are initialised by {config.init}.")
    if config.saturation or config.probes:
        found.append(
            "Probes and saturation look at convolutions after the training, on images without augmentation; the paper "
            "looks at linear layers too, and gathers saturation during the last epoch. Held-out images choose the "
            "probes' penalty; the paper names none."
        )
        if config.probe_size is not None and config.probe_size < train_size:
            found.append(f"They see {config.probe_size:,} of the training images.")
    return found
