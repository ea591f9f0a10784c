"""What defines a run of the study, its presets, and how a run deviates from the paper's protocol."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from randarch.engine import BATCH_NORM_MODES, BatchNormMode, EvaluationSettings
from randarch.layers import check_initializer
from randarch.receptive_field import check_most
from randarch.ridge import PAPER_READOUT, RidgeSettings
from randarch.spaces import ConvChain
from randarch.studies.rfm_correlation import published
from randarch.training import TrainingSettings

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "init_channels": (3, 24),
    "weights": ("independent", "shared"),
    "batch_norm": BATCH_NORM_MODES,
    "readout": ("ridge", "paper"),
    "feature_pool": ("none", 1, 2, 4),
    "normalization": ("train", "paper"),
}
LARGEST_LAMBDA = 1e30  # past it float32 has no room
_AT_LEAST = {
    "num_architectures": 1,
    "seeds": 1,
    "train_seeds": 1,
    "batch_size": 1,
    "top_k": 1,
    "epochs": 0,
    "convergence_epochs": 0,
    "seed": 0,
}


@dataclass(frozen=True)
class Config:
    """A run of the study; every field shapes the results.

    Attributes:
      depth: numbers of convolutional layers, each an experiment of its own.
      num_architectures: distinct ones sampled at each depth.
      max_unproductive: only architectures with at most so many convolutions that read windows larger
        than the image (`randarch.receptive_field`); None takes all.
      init_channels: 3, the chain that the paper's Table V shows, or 24, the text's rule.
      dataset: `shapes`, `npz:PATH`, or a TFDS name.
      train_size: training images; None takes all.
      test_size: test images; None takes all.
      readout_size: training images (the first after the shuffle) that the readout sees; None takes all.
      seed: of the sample of architectures, the subset of images, and the bootstrap.
      seeds: weight draws a random network.
      train_seeds: trainings a network.
      weights: `independent` between architectures, or `shared` by equal sub-graphs.
      batch_norm: of random networks: `calibrated`, `batch` or `identity`.
      init: name of the initialiser.
      readout: `ridge` (+-1 targets, intercept) or `paper` (one-hot targets, no intercept).
      ridge_lambda: `loo`, or the value; None is `loo` for `ridge` and 0.7 for `paper`.
      feature_pool: average the last map to so many positions a side before the readout, or `none`.
      normalization: channel statistics of the training images (`train`), or the `paper`'s printed ones.
      epochs, batch_size, learning_rate, gradient_clip: of training; a clip of 0 is none.
      top_k: how many are picked by each score, for overlap and regret and for convergence.
      convergence_epochs: epochs to train the picked ones for (Table III); 0 skips it.

    Raises:
      ValueError: naming the field, its value, and what was expected.
    """

    depth: tuple[int, ...] = (9,)
    num_architectures: int = 24
    max_unproductive: int | None = None
    init_channels: int = 3
    dataset: str = "shapes"
    train_size: int | None = 3000
    test_size: int | None = 1000
    readout_size: int | None = None
    seed: int = 0
    seeds: int = 3
    train_seeds: int = 1
    weights: str = "independent"
    batch_norm: str = "calibrated"
    init: str = "pytorch"
    readout: str = "ridge"
    ridge_lambda: int | float | str | None = None
    feature_pool: int | str = "none"
    normalization: str = "train"
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 0.1
    gradient_clip: float = 1.0
    top_k: int = 5
    convergence_epochs: int = 0

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            # By type too: 2.0 equals 2, but is not a number of positions.
            if (type(getattr(self, name)), getattr(self, name)) not in [
                (type(c), c) for c in choices
            ]:
                expected = ", ".join(str(c) for c in choices)
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {expected}")
        for name, least in _AT_LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least {least}")
        for name in ("train_size", "test_size", "readout_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"{name} is {value}; expected at least 1, or all images (all; None in Python)"
                )
        for name in ("learning_rate", "gradient_clip"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; expected a finite number >= 0")
        value = self.ridge_lambda
        if not (value is None or value == "loo") and not (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and 0 <= value <= LARGEST_LAMBDA
        ):
            raise ValueError(
                f"ridge_lambda is {value!r}; expected 'loo' or a number >= 0 (and <= {LARGEST_LAMBDA:g})"
            )
        if isinstance(value, int):
            object.__setattr__(self, "ridge_lambda", float(value))  # 7 and 7.0 are one config
        if self.seed >= 2**63:
            raise ValueError(f"seed is {self.seed}; expected less than 2^63")
        check_initializer(self.init)
        check_most(self.max_unproductive)
        if not isinstance(self.depth, tuple):
            raise ValueError(f"depth is {self.depth!r}; expected a tuple such as (9,) or (3, 5)")
        if not self.depth or len(set(self.depth)) != len(self.depth):
            raise ValueError(f"depth is {self.depth}; expected one or more different depths")
        for depth in self.depth:
            available = self.space(depth).num_architectures
            if self.num_architectures > available:
                raise ValueError(
                    f"num_architectures is {self.num_architectures}, but there are {available:,} distinct ones of "
                    f"depth {depth} from {self.init_channels} channels; ask for at most those"
                )

    def space(self, depth: int) -> ConvChain:
        """The search space of a depth."""
        return ConvChain.of(depth, self.init_channels)

    @property
    def chosen_lambda(self) -> float | str:
        """`loo`, or the value."""
        if self.ridge_lambda is None:
            return "loo" if self.readout == "ridge" else 0.7
        return self.ridge_lambda

    def readout_settings(self) -> RidgeSettings:
        """For `randarch.ridge`."""
        base = RidgeSettings() if self.readout == "ridge" else PAPER_READOUT
        chosen = self.chosen_lambda
        return dataclasses.replace(
            base, lambdas=None if isinstance(chosen, str) else (float(chosen),)
        )

    def evaluation_settings(self, memory_budget: int) -> EvaluationSettings:
        """For `randarch.engine`."""
        return EvaluationSettings(
            seeds=tuple(range(self.seeds)),
            init_name=self.init,
            shared_weights=self.weights == "shared",
            batch_norm=cast(BatchNormMode, self.batch_norm),
            feature_pool=None if isinstance(self.feature_pool, str) else self.feature_pool,
            readout=self.readout_settings(),
            memory_budget=memory_budget,
        )

    def training_settings(self, epochs: int | None = None) -> TrainingSettings:
        """For `randarch.training`."""
        return TrainingSettings(
            epochs=self.epochs if epochs is None else epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            final_learning_rate=min(0.001, self.learning_rate),
            gradient_clip=self.gradient_clip,
            init_name=self.init,
            seeds=tuple(range(self.train_seeds)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**dataclasses.asdict(self), "depth": list(self.depth)}


PRESETS: Mapping[str, Config] = {
    "quick": Config(readout_size=1500, epochs=5, learning_rate=0.03),
    "paper": Config(
        num_architectures=500,
        dataset="cifar10",
        train_size=published.TRAIN_SIZE,
        test_size=published.TEST_SIZE,
        readout="paper",
        normalization="paper",
    ),
}
"""`quick` runs offline in minutes, `paper` is the published protocol (it does not say how many it sampled).

With the paper's learning rate of 0.1 a nine-layer network needs more steps than minutes allow before it learns
anything on `shapes` (8 epochs: mean accuracy .21); with 0.03 it gets there (.14 to .65 after 8, of those tried).
"""


def deviations(config: Config, train_size: int, test_size: int) -> tuple[str, ...]:
    """How a run differs from the paper's protocol, a sentence each."""
    found = []
    if not (config.dataset == "cifar10" or config.dataset.endswith("cifar10.npz")):
        found.append(f"The images are {config.dataset}, not CIFAR-10.")
    if train_size != published.TRAIN_SIZE or test_size != published.TEST_SIZE:
        found.append(
            f"{train_size:,} training and {test_size:,} test images, not {published.TRAIN_SIZE:,} and "
            f"{published.TEST_SIZE:,}."
        )
    if config.readout_size is not None and config.readout_size < train_size:
        found.append(f"The readout sees {config.readout_size:,} of the training images, not all.")
    if config.epochs != published.EPOCHS:
        found.append(f"{config.epochs} epochs of training, not {published.EPOCHS}.")
    if config.gradient_clip:
        found.append(
            f"Gradients are clipped at norm {config.gradient_clip:g}, which the paper does not mention; without "
            "clipping most of its deeper networks die (--gradient_clip=0 is the letter of the text)."
        )
    if config.max_unproductive is not None:
        found.append(
            f"Only architectures with at most {config.max_unproductive} convolutions that read windows larger "
            "than the image."
        )
    if config.init_channels == 3:
        found.append(
            "The chain of channels starts from 3, as the paper's Table V shows; its text says that the first "
            "layer has 24 maps (--init_channels=24)."
        )
    if config.readout != "paper":
        found.append(
            "The readout has +-1 targets and an intercept; the paper's has one-hot targets and none."
        )
    if config.chosen_lambda == "loo":
        found.append(
            "The readout's lambda is chosen by leave-one-out on the training images; the paper took 0.7, tuned on "
            "5,000 test images."
        )
    elif config.chosen_lambda != 0.7:
        found.append(f"The readout's lambda is {config.chosen_lambda}, not 0.7.")
    if config.normalization != "paper":
        found.append(
            "Pixels are normalised by this training set's own channel statistics, not the paper's printed ones."
        )
    if config.feature_pool != "none":
        found.append(
            f"The last map is averaged to {config.feature_pool} x {config.feature_pool} before the readout."
        )
    if config.seeds != 3:
        found.append(f"{config.seeds} random initialisations a network, not 3.")
    if config.weights == "shared":
        found.append(
            "Architectures that begin alike share their random weights; the paper's are independent."
        )
    if config.train_seeds != 1:
        found.append(f"Trained accuracy is the mean of {config.train_seeds} trainings, not of one.")
    for name, said in (("batch_size", 32), ("learning_rate", 0.1)):
        if getattr(config, name) != said:
            found.append(
                f"The {name.replace('_', ' ')} is {getattr(config, name):g}, not {said:g}."
            )
    found.append(
        "The paper does not say how batch norm is set in random networks "
        f"(here: {config.batch_norm}), nor how its weights are initialised (here: {config.init})."
    )
    return tuple(found)
