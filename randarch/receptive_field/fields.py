"""Which layers are productive, by the receptive field alone.

After Richter, Schöning and Krumnack, "Should You Go Deeper?".

A convolution is unproductive where it reads windows larger than the image; that such layers add nothing is the paper's
hypothesis, and its finding. The border is the first of them. Whatever comes before counts, poolings too. Several paths
to a layer give a smallest and a largest window: the smallest decides, as the paper found for networks with skip
connections and several paths; the largest is given beside it.
"""

import bisect
import functools
import math
from dataclasses import dataclass
from typing import Any

from randarch.geometry import Geometry, GeometryError, analyze
from randarch.receptive_field.gates import without_gates
from randarch.spec import ArchSpec, Conv, Pool

Field = int | float
"""A side in pixels; infinite where the whole image is seen, whatever its size."""


@dataclass(frozen=True)
class LayerField:
    """A convolution and what its input has seen.

    Attributes:
      node: its index in the graph.
      position: its number among the convolutions in topological order, from 1; those that only serve
        attention, or stand behind a global pooling, are not counted.
      name: its label.
      reads_min, reads_max: smallest and largest receptive field of its input over all paths, without
        attention.
      field_min, field_max: of its output.
      attended: `reads_max` with what gates carry counted: infinite behind a gate that has seen the
        whole image.
      params, macs: its own.
      unproductive_min: `reads_min` exceeds the resolution.
      unproductive_max: `reads_max` does.
    """

    node: int
    position: int
    name: str
    reads_min: Field
    reads_max: Field
    field_min: Field
    field_max: Field
    attended: Field
    params: int
    macs: int
    unproductive_min: bool
    unproductive_max: bool

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it; infinite is null."""
        return {
            name: None if isinstance(value, float) and math.isinf(value) else value
            for name, value in vars(self).items()
        }


@dataclass(frozen=True)
class FieldAnalysis:
    """The convolutions of a graph at one resolution.

    Attributes:
      spec: the graph.
      resolution: side of the images, in pixels.
      geometry: of the graph on these images.
      layers: its convolutions in topological order, without those that only serve attention or stand
        behind a global pooling.
    """

    spec: ArchSpec
    resolution: int
    geometry: Geometry
    layers: tuple[LayerField, ...]

    @property
    def border_min(self) -> LayerField | None:
        """The first convolution that is unproductive on every path; None if there is none."""
        return next((layer for layer in self.layers if layer.unproductive_min), None)

    @property
    def border_max(self) -> LayerField | None:
        """The first convolution that is unproductive on some path, attention ignored."""
        return next((layer for layer in self.layers if layer.unproductive_max), None)

    @property
    def border_attended(self) -> LayerField | None:
        """As `border_max`, where what gates carry counts as seen."""
        return next((layer for layer in self.layers if layer.attended > self.resolution), None)

    @property
    def unproductive(self) -> tuple[LayerField, ...]:
        """Convolutions that are unproductive on every path."""
        return tuple(layer for layer in self.layers if layer.unproductive_min)

    @property
    def unproductive_params(self) -> int:
        """Learned numbers in them."""
        return sum(layer.params for layer in self.unproductive)

    @property
    def unproductive_macs(self) -> int:
        """Multiply-adds of one image in them."""
        return sum(layer.macs for layer in self.unproductive)

    @functools.cached_property
    def smallest_resolution(self) -> int:
        """The smallest one that the graph fits, in pixels; those above it fit too."""

        def fits(side: int) -> bool:
            try:
                check_stem(analyze(self.spec, (side, side, self.geometry[0].shape[2])), self.spec)
            except GeometryError:
                return False
            return True

        return bisect.bisect_left(range(1, self.resolution), True, key=fits) + 1

    @property
    def productive_from(self) -> int:
        """The smallest resolution that the graph fits and at which no convolution is unproductive, in pixels."""
        seen = int(max((layer.reads_min for layer in self.layers), default=1))
        return max(seen, self.smallest_resolution)

    @property
    def border_at_end(self) -> tuple[int, int] | None:
        """The resolutions, from and to, at which the border is the last convolution; None if at none."""
        if not self.layers:
            return None
        low = int(max((layer.reads_min for layer in self.layers[:-1]), default=1))
        low = max(low, self.smallest_resolution)
        high = int(self.layers[-1].reads_min) - 1
        return (low, high) if low <= high else None

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it; borders are positions, null where there is none."""
        borders = {"border_min": self.border_min, "border_max": self.border_max}
        borders["border_attended"] = self.border_attended
        found: dict[str, Any] = {
            "digest": self.spec.digest,
            "resolution": self.resolution,
            "params": self.geometry.params,
            "macs": self.geometry.macs,
        }
        for key, layer in borders.items():
            found[key] = None if layer is None else layer.position
            found[f"{key}_name"] = None if layer is None else layer.name
        return found | {
            "unproductive_layers": len(self.unproductive),
            "unproductive_params": self.unproductive_params,
            "unproductive_macs": self.unproductive_macs,
            "productive_from": self.productive_from,
            "border_at_end": None if self.border_at_end is None else list(self.border_at_end),
            "layers": [layer.to_summary() for layer in self.layers],
        }


def analyze_fields(spec: ArchSpec, resolution: int, channels: int = 3) -> FieldAnalysis:
    """What a graph's convolutions have seen at a resolution; nothing is computed but integers.

    Args:
      spec: the graph.
      resolution: side of the images, in pixels.
      channels: of the images.

    Raises:
      GeometryError: the graph does not fit such images, or they are smaller than what its first layer reads;
        names the layer.
    """
    geometry = analyze(spec, (resolution, resolution, channels))
    check_stem(geometry, spec)
    return FieldAnalysis(spec, resolution, geometry, convolution_fields(spec, geometry))


def check_stem(geometry: Geometry, spec: ArchSpec) -> None:
    """Raises GeometryError, naming the layer, for images smaller than a window that reads them."""
    side = min(geometry[0].shape[:2])
    for index, node in enumerate(spec.nodes):
        op = node.op
        if not isinstance(op, Conv | Pool) or geometry[node.inputs[0]].receptive_field_max != 1:
            continue
        window = op.extent if isinstance(op, Conv) else op.window
        if window > side:
            raise GeometryError(
                f"{geometry[index].label} reads windows of {window} pixels, but images have {side}; take a resolution "
                f"of at least {window}"
            )


def convolution_fields(spec: ArchSpec, geometry: Geometry) -> tuple[LayerField, ...]:
    """What a graph's convolutions have seen, in topological order.

    Args:
      spec: the graph.
      geometry: of the graph. Images that are not square count as their longer side.
    """
    plain, was = without_gates(spec)
    # Nothing but attention is left out, so that without it the geometry is known.
    fields = geometry if len(plain) == len(spec) else analyze(plain, geometry[0].shape)
    resolution = max(geometry[0].shape[:2])
    found: list[LayerField] = []
    for index, node in enumerate(plain.nodes):
        if not isinstance(node.op, Conv):
            continue
        reads, own = fields[node.inputs[0]], fields[index]
        if math.isinf(reads.receptive_field_min):
            continue  # behind a global pooling: a linear layer in disguise
        attended = geometry[spec.nodes[was[index]].inputs[0]].receptive_field_max
        found.append(
            LayerField(
                node=was[index],
                position=len(found) + 1,
                name=own.label,
                reads_min=reads.receptive_field_min,
                reads_max=reads.receptive_field_max,
                field_min=own.receptive_field_min,
                field_max=own.receptive_field_max,
                attended=attended,
                params=own.params,
                macs=own.macs,
                unproductive_min=reads.receptive_field_min > resolution,
                unproductive_max=reads.receptive_field_max > resolution,
            )
        )
    return tuple(found)
