"""How well does the accuracy of random-weight CNNs predict that of the trained ones?

Samples architectures of a conv chain, scores each with random weights and a ridge readout, trains it, and correlates
the two, after Evans, Plested and Gedeon. Writes tables, figures and a page into the run folder.

  python -m experiments.rfm_correlation --depth=9
  python -m experiments.rfm_correlation --depth=3,5,7,9,11 --num_architectures=60
  python -m experiments.rfm_correlation --depth=9 --preset=paper --workdir=runs/paper
"""

import dataclasses

from absl import flags

from experiments import _command
from randarch.studies import rfm_correlation as study

TEXTS = {
    "depth": ("what", "Convolutional layers, 3 to 64; a list such as 3,5,9 runs each."),
    "feature_pool": (
        "random networks",
        "Average the last map to this many positions a side: none, 1, 2 or 4.",
    ),
    "batch_norm": ("random networks", "Of random networks: calibrated, batch or identity."),
    "init": (
        "random networks",
        "Initialiser of all weights: pytorch, he, he_prelu, lecun or orthogonal.",
    ),
    "readout": (
        "readout",
        "ridge (+-1 targets, intercept) or paper (one-hot targets, no intercept).",
    ),
    "ridge_lambda": ("readout", "loo (leave-one-out) or a number >= 0."),
    "readout_size": ("readout", "Training images that the readout sees; all: every one."),
    "normalization": (
        "data",
        "Channel statistics: train (of the training images) or paper (as printed there).",
    ),
}
INTEGERS = {
    "num_architectures": ("what", "Distinct architectures sampled at each depth."),
    "max_unproductive": (
        "what",
        "Only those with at most so many convolutions that read windows larger than the image.",
    ),
    "init_channels": ("what", "3: the chain that the paper's Table V shows. 24: its text's rule."),
    "train_seeds": ("training", "Trainings of each network."),
    "batch_size": ("training", "Images a step."),
    "top_k": ("analysis", "How many each score picks, for overlap, regret and convergence."),
    "convergence_epochs": (
        "training",
        "Train the picked ones for so many epochs (Table III); 0: do not.",
    ),
}
FLOATS = {
    "learning_rate": ("training", "At the first step; annealed to 0.001 along a cosine."),
    "gradient_clip": (
        "training",
        "Largest norm of the gradient; 0: no clipping, as the paper's text has it.",
    ),
}
SHARED = ("dataset", "seed", "seeds", "weights", "epochs")


def config() -> study.Config:
    """The preset, with the flags that were given on top."""
    preset = _command.choose_preset(study.PRESETS)
    changes = _command.given(
        [*SHARED, *INTEGERS, *FLOATS, "batch_norm", "init", "readout", "normalization"]
    )
    for name, text in _command.given(["train_size", "test_size", "readout_size"]).items():
        changes[name] = _command.parse_size(name, text)
    for name, text in _command.given(["depth"]).items():
        changes[name] = _command.parse_integers(name, text)
    for name, text in _command.given(["ridge_lambda"]).items():
        changes[name] = _number_or_word(float, text)
    for name, text in _command.given(["feature_pool"]).items():
        changes[name] = _number_or_word(int, text)
    return dataclasses.replace(preset, **changes)


def _number_or_word(kind: type[int] | type[float], text: str) -> int | float | str:
    try:
        return kind(text)
    except ValueError:
        return text


def define_flags() -> None:
    _command.define_shared_flags(study.STUDY)
    _command.define_flags(flags.DEFINE_string, TEXTS)
    _command.define_flags(flags.DEFINE_integer, INTEGERS)
    _command.define_flags(flags.DEFINE_float, FLOATS)


if __name__ == "__main__":
    define_flags()
    _command.run_command(study, config)
