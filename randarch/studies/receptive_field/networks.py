"""The networks of a run: by name, or as a genome of a search space."""

from randarch.reference import make_network
from randarch.spaces import decode_text
from randarch.spec import ArchSpec, Linear, append
from randarch.studies.receptive_field.config import Config


def build(name: str, config: Config, num_classes: int) -> ArchSpec:
    """A network of the config, with its classifier.

    A genome's features get a linear layer on the flattened last map, as everywhere in this library.

    Raises:
      ValueError: an unknown network or space, or a genome that the space does not have.
    """
    if ":" in name:
        return append(decode_text(name), Linear(num_classes))
    options: dict[str, object] = {"width_divisor": config.width_divisor}
    if name.startswith("vgg"):
        options["batch_norm"] = config.vgg_batch_norm and not config.analyze_only
    return make_network(name, num_classes, **options)
