"""What could be done about what a network wastes, or does not see: each change with its cost and gain."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from randarch.geometry import GeometryError
from randarch.receptive_field.fields import FieldAnalysis, analyze_fields
from randarch.receptive_field.truncation import NothingToTruncateError, truncate
from randarch.spec import ArchSpec, Conv, Node, Operation, Pool

LARGEST_DILATION = 4
SHOWN = 3
"""Layers at which dilation is suggested, at most."""


@dataclass(frozen=True)
class Suggestion:
    """A change of a network.

    Attributes:
      kind: `truncate`, `keep_resolution` (a downsampling is left out) or `dilate`.
      text: what is changed, for people.
      before, after: the network and the changed one, at the same resolution.
    """

    kind: Literal["truncate", "keep_resolution", "dilate"]
    text: str
    before: FieldAnalysis
    after: FieldAnalysis

    @property
    def params(self) -> int:
        """Learned numbers that the change adds; negative: saves."""
        return self.after.geometry.params - self.before.geometry.params

    @property
    def macs(self) -> int:
        """Multiply-adds of one image that the change adds; negative: saves."""
        return self.after.geometry.macs - self.before.geometry.macs

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        border = self.after.border_min
        return {
            "kind": self.kind,
            "text": self.text,
            "params": self.after.geometry.params,
            "macs": self.after.geometry.macs,
            "params_change": self.params,
            "macs_change": self.macs,
            "border_min": None if border is None else border.position,
            "unproductive_layers": len(self.after.unproductive),
            "layers": len(self.after.layers),
        }


def suggest(analysis: FieldAnalysis, num_classes: int) -> tuple[Suggestion, ...]:
    """Changes that leave fewer layers unproductive, or let the network see the whole image.

    Args:
      analysis: of the network.
      num_classes: outputs of a truncated network.
    """
    return (
        *_truncations(analysis, num_classes),
        *_kept_resolutions(analysis),
        *_dilations(analysis),
    )


def _truncations(analysis: FieldAnalysis, num_classes: int) -> Iterator[Suggestion]:
    try:
        spec = truncate(analysis, num_classes)
    except NothingToTruncateError:
        return
    after = _again(analysis, spec)
    border = analysis.border_min
    assert border is not None
    text = (
        f"Truncate: keep {len(after.layers)} of {len(analysis.layers)} convolutions, up to the block of "
        f"{border.name}, then global average pooling and a linear layer."
    )
    yield Suggestion("truncate", text, analysis, after)


def _kept_resolutions(analysis: FieldAnalysis) -> Iterator[Suggestion]:
    """For each step from one jump to the next: all operations that make it, without their strides."""
    spec, geometry = analysis.spec, analysis.geometry
    levels: dict[int, list[int]] = {}
    for index, node in enumerate(spec.nodes):
        if isinstance(node.op, Conv | Pool) and node.op.stride > 1:
            levels.setdefault(geometry[node.inputs[0]].jump, []).append(index)
    for jump in sorted(levels):
        nodes = levels[jump]
        changed = {i: _unstrided(spec.nodes[i].op) for i in nodes}
        try:
            after = _again(analysis, replace_operations(spec, changed))
        except GeometryError:
            continue  # maps that are joined would no longer match
        if len(after.unproductive) >= len(analysis.unproductive):
            continue
        names = " and ".join(spec.label(i) for i in nodes)
        text = f"Keep the resolution: stride 1 in {names}."
        yield Suggestion("keep_resolution", text, analysis, after)


def _dilations(analysis: FieldAnalysis) -> Iterator[Suggestion]:
    """Where the last layer has not seen the whole image: dilate one layer, the last ones first."""
    if (
        not analysis.layers
        or max(layer.field_max for layer in analysis.layers) >= analysis.resolution
    ):
        return
    found = 0
    for layer in reversed(analysis.layers):
        op = analysis.spec.nodes[layer.node].op
        assert isinstance(op, Conv)
        if op.kernel == 1 or found == SHOWN:
            continue
        for factor in range(2, LARGEST_DILATION + 1):
            dilated = dataclasses.replace(op, dilation=op.dilation * factor)
            try:
                after = _again(analysis, replace_operations(analysis.spec, {layer.node: dilated}))
            except GeometryError:
                break
            seen = max(one.field_max for one in after.layers)
            if seen >= analysis.resolution and _wide(after) <= _wide(analysis):
                text = f"Dilate {layer.name} by {dilated.dilation}: the network then sees {seen} pixels."
                yield Suggestion("dilate", text, analysis, after)
                found += 1
                break


def _wide(analysis: FieldAnalysis) -> int:
    """Unproductive convolutions that would integrate something: pointwise ones never do."""
    operations = (analysis.spec.nodes[layer.node].op for layer in analysis.unproductive)
    return sum(isinstance(op, Conv) and op.extent > 1 for op in operations)


def _unstrided(op: Operation) -> Operation:
    assert isinstance(op, Conv | Pool)
    return dataclasses.replace(op, stride=1)


def replace_operations(spec: ArchSpec, operations: dict[int, Operation]) -> ArchSpec:
    """The same graph with other operations at some nodes."""
    return ArchSpec(
        tuple(
            Node(operations.get(index, node.op), node.inputs, node.name)
            for index, node in enumerate(spec.nodes)
        )
    )


def _again(analysis: FieldAnalysis, spec: ArchSpec) -> FieldAnalysis:
    channels = analysis.geometry[0].shape[2]
    return analyze_fields(spec, analysis.resolution, channels)
