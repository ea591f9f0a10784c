"""The data sets of a run: the base, what it is cut down to, the others, and the one to recommend for."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from randarch import data
from randarch.analysis.transfer import Family
from randarch.data import Dataset
from randarch.data.registry import BUILT_IN
from randarch.data.subset import stratified_indices
from randarch.data.variants import draw_classes, limit_per_class, split_variants
from randarch.studies.dataset_transfer.config import Config
from randarch.training import steps_of_epoch


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
    # With all test images: its versions with few classes take all that there are of theirs.
    whole = _load(config, config.base, config.train_size, tests=None)
    for count in config.base_classes:
        if count >= whole.num_classes:
            raise ValueError(
                f"base_classes has {count}; {config.base} has {whole.num_classes} classes, so expected fewer"
            )
    versions = [whole, *(draw_classes(whole, n, config.seed) for n in config.base_classes)]
    names = [*config.members]
    if config.base_per_class is not None and config.control is not None:
        versions.append(limit_per_class(whole, config.base_per_class, config.seed))
        names.append(config.control)
    found = [_with_tests(config, *pair) for pair in zip(names, versions, strict=True)]
    others = [*config.datasets, *([config.target] if config.target else [])]
    found += [_load(config, name, config.train_size, config.test_size) for name in others]
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
    steps = steps_of_epoch(images, config.batch_size)
    return max(config.epochs, math.ceil(config.min_steps / steps))


def family_of(config: Config, datasets: tuple[Used, ...]) -> Family:
    """How the data sets belong together."""
    classes = {one.name: one.dataset.num_classes for one in datasets}
    return Family(
        base=config.base,
        members={name: classes[name] for name in config.members},
        control=config.control,
        targets={name: classes[name] for name in config.datasets},
        untrained={} if config.target is None else {config.target: classes[config.target]},
    )


def judged_by_top5(config: Config, dataset: Dataset) -> bool:
    """Whether it has so many classes that the top-5 error is its error."""
    return dataset.num_classes >= config.top5_from


def _with_tests(config: Config, name: str, version: Dataset) -> Dataset:
    """A version of the base under its name, with as many test images as are asked for or there are."""
    size = config.test_size
    if split_variants(name)[0].partition(":")[0] in BUILT_IN:
        # Any number of images can be generated of these, for few classes too.
        tests = _load(config, name, None, size)
        x, y = tests.x_test, tests.y_test
    else:
        rng = np.random.default_rng([config.seed, 5])
        size = None if size is None else min(size, len(version.y_test))
        chosen = stratified_indices(rng, version.y_test, size)
        x, y = version.x_test[chosen], version.y_test[chosen]
    found = dataclasses.replace(version, name=name, x_test=x, y_test=y)
    _check_tests(found)
    return found


def _load(config: Config, name: str, size: int | None, tests: int | None) -> Dataset:
    """A data set with so many training and test images at most; None: all."""
    found = data.load(name, train_size=size, test_size=tests, seed=config.seed, at_most=True)
    _check_tests(found)
    return dataclasses.replace(found, name=name)


def _check_tests(dataset: Dataset) -> None:
    missing = set(range(dataset.num_classes)) - set(dataset.y_test.tolist())
    if missing:
        raise ValueError(
            f"{len(missing)} of {dataset.num_classes} classes of {dataset.name} have none of {len(dataset.y_test):,} "
            "test images; take a larger test_size, or leave those classes out"
        )
