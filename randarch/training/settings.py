"""The recipe of a training."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

OptimizerName = Literal["sgd", "adamw"]
ScheduleName = Literal["cosine", "constant", "steps"]
Augmentation = Literal["none", "pad_crop_flip", "trivial_augment_wide"]


@dataclass(frozen=True)
class TrainingSettings:
    """The recipe.

    Attributes:
      epochs: passes over the training images; the last incomplete batch of each is left out.
      batch_size: images a step.
      optimizer: `sgd` with momentum, or `adamw` (Loshchilov and Hutter, arXiv 1711.05101) with the
        usual beta 0.9 and 0.999 and epsilon 1e-8.
      schedule: of the learning rate: `cosine`; `constant`; or `steps`, a tenth of it after each share of the
        training in `drop_after`.
      drop_after: shares between 0 and 1, ascending; by default thirds (Richter et al.: after 20 and 40 of 60
        epochs).
      learning_rate: at the first step.
      final_learning_rate: where the cosine ends, one step after the last (PyTorch's `T_max`).
      momentum: of SGD; AdamW does not read it.
      weight_decay: for `sgd` added to the gradient, for `adamw` times the learning rate taken off
        the weights, both as PyTorch's. This default is SGD's: PyTorch's for AdamW is 0.01.
      gradient_clip: largest global norm of the gradient; 0 leaves it alone.
      augment: `none`; `pad_crop_flip` (by 4 pixels); or `trivial_augment_wide` (images of 1 or 3
        channels).
      init_name: of `layers.INITIALIZERS`.
      seeds: one training each.

    Raises:
      ValueError: for counts below 1 (epochs below 0), a rate, decay or norm that is negative or
        not finite, shares that are none, or an optimizer, schedule or augmentation of another name.
    """

    epochs: int = 10
    batch_size: int = 32
    optimizer: OptimizerName = "sgd"
    schedule: ScheduleName = "cosine"
    drop_after: tuple[float, ...] = (1 / 3, 2 / 3)
    learning_rate: float = 0.1
    final_learning_rate: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 4e-5
    gradient_clip: float = 1.0
    augment: Augmentation = "pad_crop_flip"
    init_name: str = "pytorch"
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds are {self.seeds}; expected different ones")
        if self.epochs < 0 or self.batch_size < 1 or not self.seeds:
            raise ValueError(
                f"epochs {self.epochs}, batch_size {self.batch_size}, {len(self.seeds)} seeds; "
                "expected at least 0, 1 and 1"
            )
        for name in (
            "learning_rate",
            "final_learning_rate",
            "momentum",
            "weight_decay",
            "gradient_clip",
        ):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; expected a finite number >= 0")
        if list(self.drop_after) != sorted({s for s in self.drop_after if 0 < s < 1}):
            raise ValueError(
                f"drop_after is {self.drop_after}; expected different shares between 0 and 1, ascending"
            )
        for name, choices in (
            ("optimizer", get_args(OptimizerName)),
            ("schedule", get_args(ScheduleName)),
            ("augment", get_args(Augmentation)),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(choices)}")
