"""Which layers of a network are wasted at a resolution? Known from its receptive fields, before any training.

For reference networks, or any genome of a search space: the convolutions that read windows larger than the image, what
is spent on them, and what could be changed, after Richter, Schöning and Krumnack. Then the
networks are trained, whole and truncated, and probes and saturation show whether the tail begins at the border. Writes
tables, figures, Graphviz text and a page into the run folder.

  python -m experiments.receptive_field --analyze_only          # seconds, no data
  python -m experiments.receptive_field --analyze_only --network=vgg16,resnet18 --resolution=64
  python -m experiments.receptive_field --analyze_only --network="conv_chain:3x1 5x1.25 3x1.5"
  python -m experiments.receptive_field --dataset=npz:data/cifar10.npz --network=vgg16 --width_divisor=8 --trials=3
"""

import dataclasses
from typing import Any

from absl import flags

from experiments import _command
from randarch.studies import receptive_field as study

TEXTS = {
    "attention": ("what", "In ResNets: none, se, spatial or cbam."),
    "skips": ("what", "Skip connections of ResNets: on or off."),
    "init": ("training", "Initialiser of all weights: pytorch, he, he_prelu, lecun or orthogonal."),
}
SIZES = {
    "probe_size": ("analysis", "Training images that probes and saturation see; all: every one."),
}
INTEGERS = {
    "resolution": ("what", "Side of the images, in pixels; by default that of the data, or 32."),
    "num_classes": ("what", "Outputs; by default as many as the data have, or 10."),
    "width_divisor": ("what", "Divides all channels of reference networks."),
    "trials": ("training", "Trainings of each network (as --seeds)."),
    "batch_size": ("training", "Images a step."),
}
FLOATS = {
    "learning_rate": ("training", "At the first step; a tenth after each third."),
    "gradient_clip": ("training", "Largest norm of the gradient; 0: no clipping."),
}
BOOLEANS = {
    "analyze_only": ("what", "Only what follows from the architecture: seconds, no data."),
    "vgg_batch_norm": ("what", "VGG networks that are trained have batch norm."),
    "truncate": ("training", "Train truncated networks too, and compare."),
    "probes": ("analysis", "A linear classifier on each layer."),
    "saturation": ("analysis", "Of each layer."),
}
NETWORK = (
    "Reference networks, separated by commas, or one SPACE:GENOME; may be given several times."
)
SHARED = ("dataset", "seed", "epochs")
WITHOUT_USE = (
    *(*SHARED, *FLOATS, *SIZES, "train_size", "test_size", "trials", "seeds", "batch_size", "init"),
    *("vgg_batch_norm", "truncate", "probes", "saturation"),
)


def config() -> study.Config:
    """The preset, with the flags that were given on top."""
    preset = _command.choose_preset(study.PRESETS)
    changes = _command.given([*SHARED, *INTEGERS, *FLOATS, *BOOLEANS, "init"])
    if changes.get("analyze_only"):
        for name in _command.given(WITHOUT_USE):
            raise ValueError(
                f"{name} has no use with --analyze_only, which trains nothing; leave it out"
            )
        preset = dataclasses.replace(preset, width_divisor=1)
    for value in _command.given(["weights"]).values():
        raise ValueError(
            f"weights is {value}; architectures are always independent here: leave it out"
        )
    for value in _command.given(["seeds"]).values():
        if changes.setdefault("trials", value) != value:
            raise ValueError(
                f"seeds is {value} and trials is {changes['trials']}; they are the same here: give one"
            )
    for name, text in _command.given(["train_size", "test_size", *SIZES]).items():
        changes[name] = _command.parse_size(name, text)
    for texts in _command.given(["network"]).values():
        changes["networks"] = tuple(name.strip() for text in texts for name in _names(text))
    found = _with_variants(dataclasses.replace(preset, **changes))
    for flag, of in {"width_divisor": "a reference network", "vgg_batch_norm": "a VGG"}.items():
        own = [n for n in found.networks if ":" not in n and (flag[:3] != "vgg" or n[:3] == "vgg")]
        if flag in changes and not own:
            raise ValueError(
                f"{flag} has no use without {of} among the networks, {', '.join(found.networks)}; leave it out"
            )
    return found


def _names(text: str) -> list[str]:
    """The networks of one --network; a genome has commas of its own."""
    if ":" not in text:
        return text.split(",")
    if "," in text.split(":")[0]:
        raise ValueError(
            f"network is {text!r}; expected names, or one SPACE:GENOME: give --network twice for both"
        )
    return [text]


def _with_variants(config: study.Config) -> study.Config:
    """The ResNets of a config as --skips and --attention ask for them."""
    options: dict[str, Any] = _command.given(["attention", "skips"])
    if not options:
        return config
    if options.get("skips", "on") not in ("on", "off"):
        raise ValueError(f"skips is {options['skips']!r}; expected on or off")
    resnets = [name for name in config.networks if name.startswith("resnet")]
    if not resnets:
        raise ValueError(
            f"{' and '.join(options)} have no use without a ResNet among the networks, {', '.join(config.networks)}; "
            "leave them out"
        )
    if "skips" in options:
        options["skips"] = options["skips"] == "on"
    networks = (study.variant(n, **options) if n in resnets else n for n in config.networks)
    return dataclasses.replace(config, networks=tuple(networks))


def define_flags() -> None:
    _command.define_shared_flags(study.STUDY)
    _command.define_flags(flags.DEFINE_string, TEXTS | SIZES)
    _command.define_flags(flags.DEFINE_integer, INTEGERS)
    _command.define_flags(flags.DEFINE_float, FLOATS)
    _command.define_flags(flags.DEFINE_bool, BOOLEANS)
    flags.DEFINE_multi_string("network", None, NETWORK, module_name="what")


if __name__ == "__main__":
    define_flags()
    _command.run_command(study, config)
