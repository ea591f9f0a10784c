"""Which layers suit which classes? Thousands of small networks of random layers, trained together.

Draws networks from a library of layer types, trains them all, and shows which types stand where in the best of them,
overall and for each class, after the paper on structurally randomized networks. Then: the same with random weights,
ensembles of specialists, and how much a second training changes. Writes tables, figures and a page into the run folder.

  python -m experiments.structural_sampling
  python -m experiments.structural_sampling --dataset=npz:data/cifar100.npz --preset=paper --num_networks=200 \\
      --channels=16 --epochs=5 --batch_size=32 --top=20 --class_top=10
  python -m experiments.structural_sampling --library=conv3,conv5,max2,avg2 --layers=4
"""

import dataclasses

from absl import flags

from experiments import _command
from randarch.studies import structural_sampling as study

TEXTS = {
    "standardize": (
        "data",
        "pixel: each by its own mean and deviation. channel: by the channel's.",
    ),
    "augment": (
        "training",
        "pad_crop_flip: images are shifted by up to 4 pixels and flipped at random. none: as they are.",
    ),
    "optimizer": ("training", "sgd, with momentum, or adamw."),
    "init": (
        "training",
        "Initialiser of all weights: he_prelu, pytorch, he, lecun or orthogonal.",
    ),
    "feature_pool": (
        "readout",
        "global: the average that the trained classifier sees. 1, 2, 4, 8: positions a side of the last map.",
    ),
    "library": (
        "what",
        "Layer types, separated by commas: identity, conv5, conv3d2 (dilation 2), max2, avg3, ...",
    ),
}
INTEGERS = {
    "num_networks": ("what", "Networks drawn, with replacement."),
    "layers": ("what", "Positions of a network."),
    "channels": ("what", "Of every convolution."),
    "max_unproductive": (
        "what",
        "Only those with at most so many convolutions that read windows larger than the image.",
    ),
    "batch_size": ("training", "Images a step."),
    "top": ("analysis", "How many networks are called the best."),
    "class_top": ("analysis", "How many are called the best of a class."),
    "repeat_networks": ("training", "Networks that are trained several times; 0: none."),
    "repeat_trainings": ("training", "How many times."),
}
FLOATS = {
    "learning_rate": ("training", "At the first step; a tenth half-way."),
    "momentum": ("training", "Of SGD."),
    "gradient_clip": ("training", "Largest norm of the gradient; 0: no clipping."),
}
BOOLEANS = {
    "ensembles": ("analysis", "Store what networks say of the test images, and combine them."),
}
SHARED = ("dataset", "seed", "seeds", "weights", "epochs")


def config() -> study.Config:
    """The preset, with the flags that were given on top."""
    preset = _command.choose_preset(study.PRESETS)
    changes = _command.given(
        [*SHARED, *INTEGERS, *FLOATS, *BOOLEANS, "standardize", "init", "augment", "optimizer"]
    )
    for name, text in _command.given(["train_size", "test_size"]).items():
        changes[name] = _command.parse_size(name, text)
    for name, text in _command.given(["library"]).items():
        changes[name] = tuple(word.strip() for word in text.split(","))
    for name, text in _command.given(["feature_pool"]).items():
        changes[name] = int(text) if text.isdecimal() else text
    count = changes.get("num_networks", preset.num_networks)
    for name in ("top", "class_top"):
        # A preset's is for as many networks as the preset has.
        changes.setdefault(name, max(1, getattr(preset, name) * count // preset.num_networks))
    return dataclasses.replace(preset, **changes)


def options() -> dict[str, int]:
    """What does not define the results."""
    return _command.given(["population"])


def define_flags() -> None:
    _command.define_shared_flags(study.STUDY)
    _command.define_flags(flags.DEFINE_string, TEXTS)
    _command.define_flags(flags.DEFINE_integer, INTEGERS)
    _command.define_flags(flags.DEFINE_float, FLOATS)
    _command.define_flags(flags.DEFINE_bool, BOOLEANS)
    population = {
        "population": (
            "where",
            "Networks that train together; by default chosen by device and memory. Changes rounding at most.",
        )
    }
    _command.define_flags(flags.DEFINE_integer, population)


if __name__ == "__main__":
    define_flags()
    _command.run_command(study, config, options)
