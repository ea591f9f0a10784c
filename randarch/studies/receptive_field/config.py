"""What defines a run of the study, its presets, and how a run deviates from the paper's protocol."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from randarch.reference import ATTENTIONS, NETWORKS

PAPER_NETWORKS = (
    *("vgg11", "vgg13", "vgg16", "vgg19", "vgg19_dilated"),
    *("resnet18", "resnet34", "resnet18_no_stem", "resnet34_no_stem"),
    *("mpnet18", "mpnet36"),
)


@dataclass(frozen=True)
class Config:
    """A run of the study; every field shapes the results.

    Attributes:
      networks: names of `randarch.reference.NETWORKS`, or `SPACE:GENOME`, such as
        `conv_grid:9,9,7 - 2,2,1 - 2,1,1`.
      resolution: side of the images, in pixels.
      channels: of the images.
      num_classes: outputs of the networks.
      width_divisor: of the channels of reference networks.
      attention: `none`, `se`, `spatial` or `cbam`, in ResNets.
      skips: ResNets have their skip connections.

    Raises:
      ValueError: naming the field, its value, and what was expected.
    """

    networks: tuple[str, ...] = ("vgg16", "resnet18", "mpnet18")
    resolution: int = 32
    channels: int = 3
    num_classes: int = 10
    width_divisor: int = 1
    attention: str = "none"
    skips: bool = True

    def __post_init__(self) -> None:
        if not self.networks or len(set(self.networks)) != len(self.networks):
            raise ValueError(
                f"network is {', '.join(self.networks) or 'none'}; expected one or more different ones of "
                f"{', '.join(NETWORKS)}, or SPACE:GENOME"
            )
        for name in ("resolution", "channels", "num_classes", "width_divisor"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.attention not in ATTENTIONS:
            raise ValueError(
                f"attention is {self.attention!r}; expected one of {', '.join(ATTENTIONS)}"
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


PRESETS: Mapping[str, Config] = {
    "quick": Config(),
    "paper": Config(networks=PAPER_NETWORKS),
}
"""`quick`: one network of each kind. `paper`: all that the paper has."""


def deviations(config: Config) -> tuple[str, ...]:
    """How a run differs from the paper's protocol, a sentence each."""
    found = ["Nothing is trained: what is shown follows from the architectures alone."]
    if config.resolution != 32:
        found.append(f"Images have {config.resolution} pixels a side, not 32.")
    if config.width_divisor != 1:
        found.append(f"All channels are divided by {config.width_divisor}.")
    if any(name.startswith("mpnet") for name in config.networks):
        found.append(
            "The paper states neither the width of MPNets (here 64) nor, but in a figure, the layers of each path of "
            "MPNet-36 (here one of 3 x 3 and two of 7 x 7 a block)."
        )
    return tuple(found)
