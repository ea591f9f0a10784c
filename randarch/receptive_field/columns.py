"""Where a border is and how many layers are unproductive: for the tables of studies, and to choose networks by it."""

from dataclasses import dataclass

from randarch.geometry import Geometry, Shape, analyze
from randarch.receptive_field.fields import convolution_fields
from randarch.spec import ArchSpec

BORDER, UNPRODUCTIVE = "border_layer", "unproductive_layers"
"""Names of the columns."""


def field_columns(spec: ArchSpec, geometry: Geometry) -> dict[str, int | None]:
    """The position of the border among the convolutions, from 1 (None without one), and how many are unproductive.

    Args:
      spec: the graph.
      geometry: of the graph.
    """
    unproductive = [f.position for f in convolution_fields(spec, geometry) if f.unproductive_min]
    return {BORDER: min(unproductive, default=None), UNPRODUCTIVE: len(unproductive)}


@dataclass(frozen=True)
class AtMostUnproductive:
    """A filter: a graph has at most so many unproductive convolutions.

    Attributes:
      most: of them; None lets every graph through.
      input_shape: (height, width, channels) of the images.

    Raises:
      ValueError: a number below 0.
    """

    most: int | None
    input_shape: Shape

    def __post_init__(self) -> None:
        check_most(self.most)

    def __call__(self, spec: ArchSpec) -> bool:
        """Whether the graph passes.

        Raises:
          GeometryError: the graph does not fit the images.
        """
        if self.most is None:
            return True
        fields = convolution_fields(spec, analyze(spec, self.input_shape))
        return sum(field.unproductive_min for field in fields) <= self.most


def check_most(most: int | None) -> None:
    """Raises ValueError for a filter that could let nothing through."""
    if most is not None and most < 0:
        raise ValueError(
            f"max_unproductive is {most}; expected at least 0, or no filter (None in Python)"
        )
