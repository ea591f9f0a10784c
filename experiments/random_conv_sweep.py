"""Which kernels, strides and dilations suit your images? Every network of a grid, with random weights.

Scores all valid networks with random weights and a ridge readout, gives the accurate and fast ones several draws of
weights, trains the Pareto set, and shows what each gene does, after the post on 3-layer networks and STL-10. Writes
tables, figures and a page into the run folder.

  python -m experiments.random_conv_sweep
  python -m experiments.random_conv_sweep --dataset=npz:data/stl10.npz --preset=paper --workdir=runs/sweep
  python -m experiments.random_conv_sweep --layers=2 --channels=48 --activation=gelu --padding=same --limit=200
"""

import dataclasses

from absl import flags

from experiments import _command
from randarch.studies import random_conv_sweep as study

LISTS = {
    "kernels": ("what", "Sides of kernels, ascending, such as 3,5,7,9."),
    "strides": ("what", "Strides, ascending, such as 1,2,3."),
    "dilations": ("what", "Dilations, ascending, such as 1,2,3."),
    "train_channels": (
        "training",
        "Feature maps of the networks that are trained, such as 32,128.",
    ),
}
TEXTS = {
    "activation": ("what", "After every convolution: relu, gelu, tanh, ..."),
    "padding": ("what", "valid (none) or same."),
    "init": (
        "random networks",
        "Initialiser of all weights: pytorch, he, he_prelu, lecun or orthogonal.",
    ),
    "images": ("data", "first: of the file. stratified: a random choice with equal classes."),
}
SIZES = {
    "limit": ("what", "Evaluate a random choice of so many valid networks; all: every one."),
    "train_images": ("training", "Images of the training of the best; all: every one."),
}
INTEGERS = {
    "layers": ("what", "Convolutions of a network, 1 to 8."),
    "channels": ("what", "Feature maps of every layer."),
    "max_unproductive": (
        "what",
        "With padding same: only those with at most so many convolutions that read windows larger than the image.",
    ),
    "trials": (
        "random networks",
        "Draws of weights for the networks that the first pass keeps (as --seeds).",
    ),
    "throughput_sample": (
        "analysis",
        "Networks whose throughput is measured, to predict the others'.",
    ),
    "throughput_batch": ("analysis", "Images at a time when throughput is measured."),
    "train_top": (
        "training",
        "Train so many of the Pareto set, and the post's counter-example; 0: none.",
    ),
    "train_epochs": ("training", "Of that training (as --epochs)."),
    "train_seeds": ("training", "Trainings of each network."),
    "batch_size": ("training", "Images a step."),
}
FLOATS = {
    "max_ratio": ("what", "Largest output size, in input sizes."),
    "ridge_lambda": ("readout", "Of the readout, above 0."),
    "min_accuracy": ("analysis", "Share right in the first pass, to be kept."),
    "min_throughput": ("analysis", "Images a second, to be kept; 0: measure none."),
    "learning_rate": ("training", "Of AdamW."),
}
BOOLEANS = {"trials_for_all": ("random networks", "Give every network its trials.")}
SHARED = ("dataset", "seed", "weights")
ALIASES = {"seeds": "trials", "epochs": "train_epochs"}
"""Flags that every study has, by what they are here."""


def config() -> study.Config:
    """The preset, with the flags that were given on top."""
    preset = _command.choose_preset(study.PRESETS)
    changes = _command.given([*SHARED, *TEXTS, *INTEGERS, *FLOATS, *BOOLEANS])
    for name, own in ALIASES.items():
        for value in _command.given([name]).values():
            if changes.setdefault(own, value) != value:
                raise ValueError(
                    f"{name} is {value} and {own} is {changes[own]}; they are the same here: give one"
                )
    for name, text in _command.given(["train_size", "test_size", *SIZES]).items():
        changes[name] = _command.parse_size(name, text)
    for name, text in _command.given(LISTS).items():
        changes[name] = _command.parse_integers(name, text)
    return dataclasses.replace(preset, **changes)


def define_flags() -> None:
    _command.define_shared_flags(study.STUDY)
    _command.define_flags(flags.DEFINE_string, TEXTS | LISTS | SIZES)
    _command.define_flags(flags.DEFINE_integer, INTEGERS)
    _command.define_flags(flags.DEFINE_float, FLOATS)
    _command.define_flags(flags.DEFINE_bool, BOOLEANS)


if __name__ == "__main__":
    define_flags()
    _command.run_command(study, config)
