"""Which layers of a network are wasted at a resolution? Known from its receptive fields, before any training.

For reference networks, or any genome of a search space: the border behind which no convolution can integrate
anything new, what is spent behind it, and what could be changed, after Richter, Schöning and Krumnack. Takes seconds
and needs no data. Writes tables, figures, Graphviz text and a page into the run folder.

  python -m experiments.receptive_field --analyze_only
  python -m experiments.receptive_field --analyze_only --network=vgg16,resnet18 --resolution=64
  python -m experiments.receptive_field --analyze_only --network="conv_grid:9,9,7 - 2,2,1 - 2,1,1" --resolution=96
"""

import dataclasses

from absl import flags

from experiments import _command
from randarch.studies import receptive_field as study

TEXTS = {
    "attention": ("what", "In ResNets: none, se, spatial or cbam."),
    "skips": ("what", "Skip connections of ResNets: on or off."),
}
INTEGERS = {
    "resolution": ("what", "Side of the images, in pixels."),
    "num_classes": ("what", "Outputs of the networks."),
    "width_divisor": ("what", "Divides all channels of reference networks."),
}
NETWORK = (
    "Reference networks, separated by commas, or one SPACE:GENOME; may be given several times."
)
DATA_FLAGS = (
    *("dataset", "train_size", "test_size", "seed", "seeds", "weights", "epochs", "workers"),
)


def config() -> study.Config:
    """The preset, with the flags that were given on top."""
    if not flags.FLAGS.analyze_only:
        raise ValueError(
            "analyze_only is off; expected --analyze_only: training, probes and saturation are not there yet"
        )
    for name in _command.given(DATA_FLAGS):
        raise ValueError(
            f"{name} has no use with --analyze_only, which needs no data; leave it out"
        )
    preset = _command.choose_preset(study.PRESETS)
    changes = _command.given([*INTEGERS, "attention"])
    for text in _command.given(["skips"]).values():
        if text not in ("on", "off"):
            raise ValueError(f"skips is {text!r}; expected on or off")
        changes["skips"] = text == "on"
    for texts in _command.given(["network"]).values():
        names = [n for text in texts for n in ([text] if ":" in text else text.split(","))]
        changes["networks"] = tuple(name.strip() for name in names)
    return dataclasses.replace(preset, **changes)


def define_flags() -> None:
    _command.define_shared_flags(study.STUDY)
    _command.define_flags(flags.DEFINE_string, TEXTS)
    _command.define_flags(flags.DEFINE_integer, INTEGERS)
    flags.DEFINE_multi_string("network", None, NETWORK, module_name="what")
    flags.DEFINE_bool(
        "analyze_only",
        False,
        "Only what follows from the architecture: seconds, no data.",
        module_name="what",
    )


if __name__ == "__main__":
    define_flags()
    _command.run_command(study, config)
