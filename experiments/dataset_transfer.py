"""Does the best architecture here stay the best there? The same networks on many data sets.

Draws architectures of AnyNetX, scores each with random weights and by training on every data set, and shows which data
sets rank them alike: against a base, against the base with fewer classes, by depth and width. Then: how well random
weights foresee that, and what recommending an architecture for a data set by either would cost. After the paper on
ImageNet as a representative basis. Writes tables, figures and a page into the run folder.

  python -m experiments.dataset_transfer
  python -m experiments.dataset_transfer --base=npz:data/cifar100.npz --base_classes=50,10,5,2 \\
      --datasets=npz:data/cifar10.npz,npz:data/eurosat.npz --resolution=32 --stem=cifar --mac_range=2e6-4e6
  python -m experiments.dataset_transfer --target=npz:mine.npz

Names of data sets may end in options: npz:mine.npz:classes=10, cifar100:per_class=50, npz:mine.npz:balanced.
"""

import dataclasses
from typing import Any

from absl import flags

from experiments import _command
from randarch.studies import dataset_transfer as study

TEXTS = {
    "base": ("data", "The data set whose ranking is carried over; named as --datasets are."),
    "base_classes": (
        "data",
        "Numbers of classes to which it is cut down, the largest first: 50,10,5,2; none.",
    ),
    "base_per_class": (
        "data",
        "Training images of each class in a version with all classes, the control of few images; none.",
    ),
    "datasets": ("data", "The others, separated by commas; none."),
    "target": ("data", "Recommend architectures for this one, without training on it."),
    "resize": ("data", "How images come to the resolution: antialias, crop_or_pad, or refuse."),
    "scores": ("what", "random (weights), trained, or both, separated by a comma."),
    "bottlenecks": ("what", "Bottleneck ratios, ascending: 1,2,4."),
    "group_widths": ("what", "Channels in a group, ascending: 1,2,4,8,16,32."),
    "stem": (
        "what",
        "resnet: 7 x 7, stride 2, max-pooling. cifar: 3 x 3. regnet: 3 x 3, stride 2.",
    ),
    "stage_start": (
        "what",
        "conv1x1: a 1 x 1 convolution has the stride. block: the first block has.",
    ),
    "mac_range": ("what", "Multiply-adds of an architecture at the resolution: 3e6-5e6."),
    "augment": (
        "training",
        "pad_crop_flip: shifted by up to 4 pixels and flipped. none: as they are.",
    ),
    "optimizer": ("training", "sgd, with momentum, or adamw."),
    "schedule": ("training", "Of the learning rate: cosine (to 0), constant, or steps."),
    "init": ("training", "Initialiser of all weights: he, pytorch, he_prelu, lecun or orthogonal."),
    "longer": ("training", "Train some on the base so many times longer: 2,5; none."),
}
INTEGERS = {
    "num_architectures": ("what", "Different ones."),
    "max_depth": ("what", "Blocks of a stage."),
    "max_width": ("what", "Channels of a stage, a multiple of 8."),
    "stem_width": ("what", "Channels of the stem."),
    "resolution": ("data", "Height and width to which all images are brought."),
    "min_steps": (
        "training",
        "Smaller data sets are trained for more epochs, until so many steps.",
    ),
    "batch_size": ("training", "Images a step."),
    "trainings": ("training", "Of each architecture on each data set."),
    "random_repeats": ("random networks", "Scores of each architecture on each data set."),
    "calibration_images": ("random networks", "Training images on which batch norm is calibrated."),
    "top": ("analysis", "How many architectures are the best of a data set."),
    "top5_from": ("analysis", "Data sets with so many classes are judged by the top-5 error."),
    "longer_networks": ("training", "How many are trained longer."),
}
FLOATS = {
    "learning_rate": ("training", "At the first step."),
    "momentum": ("training", "Of SGD."),
    "weight_decay": ("training", "As the optimizer takes it."),
    "gradient_clip": ("training", "Largest norm of the gradient; 0: no clipping."),
}
BOOLEANS = {
    "pretrain": ("training", "Train on every data set from weights of the base, too."),
}
WEIGHTS = "Random numbers independent between data sets, or shared by them."
SHARED = ("seed", "seeds", "weights", "epochs")
NONE = "none"


def config() -> study.Config:
    """The preset, with the flags that were given on top."""
    if flags.FLAGS.dataset is not None:
        raise ValueError(
            f"dataset is {flags.FLAGS.dataset!r}; this study has several: give base and datasets"
        )
    preset = _command.choose_preset(study.PRESETS)
    plain = [
        "base",
        "target",
        "resize",
        "stem",
        "stage_start",
        "augment",
        "optimizer",
        "schedule",
        "init",
    ]
    changes: dict[str, Any] = _command.given([*SHARED, *INTEGERS, *FLOATS, *BOOLEANS, *plain])
    for name, text in _command.given(["train_size", "test_size"]).items():
        changes[name] = _command.parse_size(name, text)
    for name, text in _command.given(["datasets", "scores"]).items():
        changes[name] = () if text == NONE else tuple(word.strip() for word in text.split(","))
    for name, text in _command.given(
        ["base_classes", "bottlenecks", "group_widths", "longer"]
    ).items():
        changes[name] = () if text == NONE else _command.parse_integers(name, text)
    for name, text in _command.given(["base_per_class"]).items():
        changes[name] = None if text == NONE else _command.parse_size(name, text)
    for name, text in _command.given(["mac_range"]).items():
        changes[name] = _range(name, text)
    count = changes.get("num_architectures", preset.num_architectures)
    changes.setdefault("top", max(1, min(preset.top, count // 3)))
    return dataclasses.replace(preset, **changes)


def _range(name: str, text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    try:
        if dash:
            return float(low), float(high)
    except ValueError:
        pass
    raise ValueError(
        f"{name} is {text!r}; expected two numbers with a dash between, such as 3e6-5e6"
    )


def define_flags() -> None:
    _command.define_shared_flags(study.STUDY, weights=WEIGHTS)
    _command.define_flags(flags.DEFINE_string, TEXTS)
    _command.define_flags(flags.DEFINE_integer, INTEGERS)
    _command.define_flags(flags.DEFINE_float, FLOATS)
    _command.define_flags(flags.DEFINE_bool, BOOLEANS)


if __name__ == "__main__":
    define_flags()
    _command.run_command(study, config)
