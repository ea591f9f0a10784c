"""The data sets of a run: the base, what it is cut down to, the others, and the one to recommend for."""

import dataclasses
import math
from dataclasses import dataclass

from randarch import data
from randarch.analysis.transfer import Family
from randarch.data import Dataset
from randarch.studies.dataset_transfer.config import Config


@dataclass(frozen=True, eq=False)
class Used:
    """A data set as the run uses it.

    Attributes:
      dataset: at the run's resolution; its name is what was asked for.
      epochs: of training on it.
      trained: whether architectures are trained on it.
      cut: whether it has more training images than were asked for.
    """

    dataset: Dataset
    epochs: int
    trained: bool
    cut: bool

    @property
    def name(self) -> str:
        return self.dataset.name


def load_all(config: Config) -> tuple[Used, ...]:
    """The base first, its versions with fewer and fewer classes, the control, the others, and the target last.

    Raises:
      ValueError: data that cannot be had or used (`DataError`), or `base_classes` that the base does not have.
    """
    base = _load(config, config.base, config.train_size)
    classes = base.num_classes
    for count in config.base_classes:
        if count >= classes:
            raise ValueError(
                f"base_classes has {count}; {config.base} has {classes} classes, so expected fewer"
            )
    found = [base]
    for count in config.base_classes:
        # As many images of a class as the base has: that is what cutting classes away leaves.
        size = max(count, round(len(base.x_train) * count / classes))
        found.append(_load(config, f"{config.base}:classes={count}", size))
    if config.base_per_class is not None:
        found.append(
            _load(config, f"{config.base}:per_class={config.base_per_class}", config.train_size)
        )
    others = [*config.datasets, *([config.target] if config.target else [])]
    found += [_load(config, name, config.train_size) for name in others]
    channels = data.common_channels(found)
    return tuple(
        Used(
            conformed := data.conform(one, config.resolution, channels, config.resize),
            epochs_of(config, len(conformed.x_train)),
            trained="trained" in config.scores and one.name != config.target,
            cut=config.train_size is not None and len(one.x_train) == config.train_size,
        )
        for one in found
    )


def epochs_of(config: Config, images: int) -> int:
    """As many as are asked for, or more until there are `min_steps`."""
    steps = max(1, images // config.batch_size)
    return max(config.epochs, math.ceil(config.min_steps / steps))


def family_of(config: Config, datasets: tuple[Used, ...]) -> Family:
    """How the data sets belong together."""
    classes = {one.name: one.dataset.num_classes for one in datasets}
    members = [config.base, *(f"{config.base}:classes={count}" for count in config.base_classes)]
    control = config.base_per_class
    return Family(
        base=config.base,
        members={name: classes[name] for name in members},
        control=None if control is None else f"{config.base}:per_class={control}",
        targets={name: classes[name] for name in config.datasets},
        untrained={} if config.target is None else {config.target: classes[config.target]},
    )


def judged_by_top5(config: Config, dataset: Dataset) -> bool:
    """Whether it has so many classes that the top-5 error is its error."""
    return dataset.num_classes >= config.top5_from


def _load(config: Config, name: str, train_size: int | None) -> Dataset:
    found = data.load(
        name,
        train_size=train_size,
        test_size=config.test_size,
        seed=config.seed,
        at_most=True,
    )
    missing = set(range(found.num_classes)) - set(found.y_test.tolist())
    if missing:
        raise ValueError(
            f"{len(missing)} of {found.num_classes} classes of {name} have no test image; take a larger test_size"
        )
    return dataclasses.replace(found, name=name)
