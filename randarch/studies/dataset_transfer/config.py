"""What defines a run of the study, and its presets."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from randarch.analysis.transfer import published
from randarch.data import RESIZES, Resize
from randarch.layers import check_initializer
from randarch.spaces import AnyNetX
from randarch.spaces.anynet import BOTTLENECKS, GROUP_WIDTHS, MAX_DEPTH, MAX_WIDTH, StageStart, Stem
from randarch.training import Augmentation, OptimizerName, TrainingSettings

SCORES = ("random", "trained")
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "resize": RESIZES,
    "weights": ("independent", "shared"),
    "augment": ("pad_crop_flip", "none"),
    "optimizer": ("sgd", "adamw"),
    "schedule": ("cosine", "constant", "steps"),
}
_AT_LEAST = {
    "num_architectures": 2,
    "resolution": 4,
    "epochs": 1,
    "min_steps": 0,
    "batch_size": 1,
    "trainings": 1,
    "seeds": 1,
    "random_repeats": 1,
    "calibration_images": 1,
    "top": 1,
    "top5_from": 6,
    "longer_networks": 0,
    "seed": 0,
}


@dataclass(frozen=True)
class Config:
    """A run of the study; every field shapes the results.

    Attributes:
      base: the data set whose ranking of architectures is carried over; names as `data.load` takes them.
      base_classes: numbers of classes to which it is cut down.
      base_per_class: training images of each class in a version with all its classes, the control that tells few
        classes from few images; None: no such version.
      datasets: the other data sets.
      target: a data set that architectures are recommended for without training on it; None: none.
      num_architectures: distinct ones.
      scores: of `random` (weights) and `trained`.
      max_depth, max_width, bottlenecks, group_widths, stem, stem_width, stage_start: of `spaces.AnyNetX`.
      mac_range: multiply-adds of an architecture at the resolution without its classifier, least and most.
      resolution: height and width to which all images are brought.
      resize: how; see `data.conform`.
      train_size, test_size: images of a data set at most; None takes all.
      seed: of the architectures, the choice of images and classes, the weights and the bootstrap.
      epochs: of training.
      min_steps: smaller data sets are trained for more epochs, until there are so many steps.
      batch_size, optimizer, schedule, learning_rate, momentum, weight_decay, gradient_clip, augment, init: of training;
        `init` of random weights too.
      trainings: of each architecture on each data set.
      seeds: weight draws of a random-weight score, read out together.
      random_repeats: such scores of each architecture on each data set.
      weights: random numbers `independent` between data sets, or `shared` by them; always independent between
        architectures.
      calibration_images: training images on which batch norm of random networks is calibrated.
      top: how many architectures are the best of a data set.
      top5_from: data sets with so many classes are judged by the top-5 error.
      longer: how many times longer some are trained on the base; longer_networks: how many.
      pretrain: train on every data set from weights that were trained on the base, too.

    Raises:
      ValueError: naming the field, its value, and what was expected.
    """

    base: str = "imagenet_resized/64x64"
    base_classes: tuple[int, ...] = (100, 10, 5, 2)
    base_per_class: int | None = 10
    datasets: tuple[str, ...] = ("cifar10", "cifar100")
    target: str | None = None
    num_architectures: int = published.ARCHITECTURES
    scores: tuple[str, ...] = SCORES
    max_depth: int = MAX_DEPTH
    max_width: int = MAX_WIDTH
    bottlenecks: tuple[int, ...] = BOTTLENECKS
    group_widths: tuple[int, ...] = GROUP_WIDTHS
    stem: Stem = "resnet"
    stem_width: int = 32
    stage_start: StageStart = "conv1x1"
    mac_range: tuple[float, float] = (29e6, 33e6)
    resolution: int = 64
    resize: Resize = "antialias"
    train_size: int | None = None
    test_size: int | None = None
    seed: int = 0
    epochs: int = 20
    min_steps: int = 0
    batch_size: int = 128
    optimizer: OptimizerName = "sgd"
    schedule: str = "cosine"
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-5
    gradient_clip: float = 0.0
    augment: Augmentation = "pad_crop_flip"
    init: str = "he"
    trainings: int = 1
    seeds: int = 3
    random_repeats: int = 2
    weights: str = "independent"
    calibration_images: int = 1000
    top: int = 15
    top5_from: int = 100
    longer: tuple[int, ...] = ()
    longer_networks: int = 20
    pretrain: bool = False

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                expected = ", ".join(choices)
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {expected}")
        for name, least in _AT_LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least {least}")
        for name in ("train_size", "test_size", "base_per_class"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; expected at least 1, or none")
        for name in ("learning_rate", "momentum", "weight_decay", "gradient_clip"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; expected a finite number >= 0")
        if self.seed >= 2**62:
            raise ValueError(f"seed is {self.seed}; expected less than 2^62")
        self._check_scores()
        self._check_datasets()
        low, high = self.mac_range
        if not 0 <= low < high:
            raise ValueError(
                f"mac_range is {low:g} to {high:g}; expected the least first, such as 3e6-5e6"
            )
        if min(self.longer, default=2) < 2 or len(set(self.longer)) != len(self.longer):
            raise ValueError(f"longer is {self.longer}; expected different whole numbers from 2 on")
        check_initializer(self.init)
        self.space()

    def _check_scores(self) -> None:
        if (
            not self.scores
            or set(self.scores) - set(SCORES)
            or len(set(self.scores)) < len(self.scores)
        ):
            raise ValueError(
                f"scores are {', '.join(self.scores)}; expected random, trained, or both"
            )
        if "trained" not in self.scores and (self.longer or self.pretrain):
            raise ValueError("longer and pretrain are of trainings; expected scores with trained")

    def _check_datasets(self) -> None:
        if list(self.base_classes) != sorted(set(self.base_classes), reverse=True) or (
            self.base_classes and self.base_classes[-1] < 2
        ):
            raise ValueError(
                f"base_classes are {', '.join(map(str, self.base_classes))}; expected different numbers from 2 on, "
                "the largest first"
            )
        for option, asked in (
            ("classes", self.base_classes),
            ("per_class", self.base_per_class is not None),
        ):
            if asked and f":{option}=" in self.base:
                raise ValueError(
                    f"base is {self.base!r}, which has {option} already; take base_{option} away, or that option"
                )
        names = list(filter(None, (*self.members, self.control, *self.datasets, self.target)))
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"{twice[0]} is given twice, as base or a version of it, in datasets or as target; expected once"
            )
        if self.target and ("trained" not in self.scores or len(self.datasets) < 2):
            raise ValueError(
                f"target is {self.target!r} with scores {', '.join(self.scores)} and {len(self.datasets)} datasets; "
                "how to recommend is learned from trained scores on two or more"
            )
        if not self.datasets and not self.base_classes:
            raise ValueError("there is one data set; expected others in datasets, or base_classes")

    @property
    def members(self) -> tuple[str, ...]:
        """The base, and its versions with fewer classes in the order of `base_classes`."""
        return (self.base, *(f"{self.base}:classes={count}" for count in self.base_classes))

    @property
    def control(self) -> str | None:
        """The version with all classes and few images."""
        few = self.base_per_class
        return None if few is None else f"{self.base}:per_class={few}"

    def space(self) -> AnyNetX:
        """The search space."""
        return AnyNetX(
            self.max_depth,
            self.max_width,
            self.bottlenecks,
            self.group_widths,
            self.stem,
            self.stage_start,
            self.stem_width,
        )

    def training_settings(self) -> TrainingSettings:
        """For `randarch.training`; epochs are each data set's own."""
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            schedule=self.schedule,  # type: ignore[arg-type]
            learning_rate=self.learning_rate,
            final_learning_rate=0.0,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            gradient_clip=self.gradient_clip,
            augment=self.augment,
            init_name=self.init,
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


PRESETS: Mapping[str, Config] = {
    "quick": Config(
        base="fabrics:16",
        base_classes=(6, 2),
        base_per_class=None,
        datasets=("textures:16", "colours:16", "shapes:16:classes=4"),
        num_architectures=30,
        max_depth=3,
        max_width=64,
        stem="cifar",
        stem_width=16,
        mac_range=(3e5, 6e5),
        resolution=16,
        train_size=720,
        test_size=400,
        epochs=4,
        min_steps=100,
        batch_size=16,
        optimizer="adamw",
        learning_rate=0.01,
        weight_decay=0.01,
        gradient_clip=1.0,
        augment="none",
        seeds=2,
        calibration_images=250,
        top=8,
    ),
    "paper": Config(),
}
"""`quick` runs offline in minutes. `paper` is the published protocol on what TFDS has of its data sets, in 64 x 64
pixels and with as many multiply-adds a pixel as 360 to 400 million at 224 x 224: larger photographs, of different
sizes, do not fit a machine's memory."""
