"""How a run deviates from the paper's protocol, and what the paper leaves open."""

from collections.abc import Sequence

from randarch.analysis.transfer import published
from randarch.studies.dataset_transfer.config import PRESETS, Config
from randarch.studies.dataset_transfer.datasets import Used

NAMED = "Concrete, MLC2008, HAM10000, Powerline, Insects, Natural, CIFAR-10 and CIFAR-100 against ImageNet"
_OPTIMIZERS = {"sgd": "SGD with momentum", "adamw": "AdamW"}


def deviations(config: Config, datasets: Sequence[Used]) -> tuple[str, ...]:
    """A sentence each."""
    paper = PRESETS["paper"]
    found = [
        f"The data sets are {'; '.join(one.name for one in datasets)}. The paper has {NAMED}.",
    ]
    if config.num_architectures != published.ARCHITECTURES:
        found.append(
            f"{config.num_architectures:,} architectures, not {published.ARCHITECTURES:,}."
        )
    if config.mac_range != published.MACS:
        low, high = config.mac_range
        found.append(
            f"Architectures of {low / 1e6:g} to {high / 1e6:g} million multiply-adds on {config.resolution} x "
            f"{config.resolution} pixels, not 360 to 400 million; the paper does not state its resolution."
        )
    caps = ("max_depth", "max_width", "bottlenecks", "group_widths")
    if any(getattr(config, name) != getattr(paper, name) for name in caps):
        found.append(
            f"Stages have at most {config.max_depth} blocks and {config.max_width} channels, bottleneck ratios of "
            f"{', '.join(map(str, config.bottlenecks))} and group widths of {', '.join(map(str, config.group_widths))}."
        )
    if config.stem != paper.stem:
        found.append(f"The stem is that named {config.stem}, not ResNet's with stride and pooling.")
    if config.stage_start != paper.stage_start:
        found.append(
            "The first block of a stage has the stride; the text has a 1 x 1 convolution before it."
        )
    if any(one.cut for one in datasets):
        found.append(
            "Not all images of a data set are used: "
            + ", ".join(
                f"{len(one.dataset.x_train):,} of {one.name}" for one in datasets if one.cut
            )
            + "."
        )
    if config.test_size is not None:
        found.append(f"At most {config.test_size:,} test images of a data set are used.")
    if config.base_per_class is None:
        found.append("There is no version of the base with all classes and few images (4.3.1).")
    if "trained" in config.scores:
        found.append(_training(config))
        if config.optimizer != paper.optimizer:
            found.append(
                f"Weights are updated by {_OPTIMIZERS[config.optimizer]}, not by SGD with momentum."
            )
        if config.augment != paper.augment:
            found.append("Training images are not cropped and flipped.")
        if config.gradient_clip:
            found.append(f"Gradients are clipped at norm {config.gradient_clip:g}.")
    if config.trainings > 1:
        found.append(f"{config.trainings} trainings on each data set instead of one.")
    if "random" in config.scores:
        found.append("Random weights are scored too; the paper has none.")
    if len(config.scores) > 1 and config.base_classes:
        found.append(
            "The first comparison of the matrices of trained and random weights counts versions of the base as data "
            "sets; the second leaves them out."
        )
    if config.pretrain:
        found.append(
            "Pretrained networks begin with the weights of the first training on the base, whose luck is part of how "
            "alike they then rank."
        )
    return tuple(found) + _left_open(config)


def _training(config: Config) -> str:
    steps = f", and at least {config.min_steps:,} steps" if config.min_steps else ""
    rule = (
        f"{_OPTIMIZERS[config.optimizer]}, rate {config.learning_rate:g} ({config.schedule}), weight decay "
        f"{config.weight_decay:g}, batches of {config.batch_size}"
    )
    return f"{config.epochs} epochs{steps}; the paper trains for 10 to 40. {rule}; the paper gives no numbers."


def _left_open(config: Config) -> tuple[str, ...]:
    return (
        "The group width is the number of channels in a group, as in RegNet; the text's wording can be read as the "
        "number of groups.",
        f"The text does not say how wide the stem is (here: {config.stem_width}), nor how its images were resized "
        f"(here: {config.resize}).",
        "Group widths are powers of two; combinations that do not divide are drawn again.",
    )
