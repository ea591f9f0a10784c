"""Cutting off what a network wastes: the tail replaced by global average pooling and a linear layer."""

from randarch.receptive_field.fields import FieldAnalysis
from randarch.spec import ArchSpec, Conv, GlobalPool, Linear, Pool, append


class NothingToTruncateError(ValueError):
    """A network that has no border at this resolution, or whose border cannot be cut off."""


def truncate(analysis: FieldAnalysis, num_classes: int) -> ArchSpec:
    """The network up to its border, with a classifier in place of the rest (section VIII of the paper).

    The cut is at the last place that all paths pass and that has the border, and everything unproductive,
    behind it: after the last productive convolution of a sequential network, at the start of the block
    that holds the border of one with skips or several paths. Poolings that would end the network are left
    out, since only the layers that are cut off had use for them.

    Args:
      analysis: of the network at the resolution.
      num_classes: outputs of the new classifier.

    Raises:
      NothingToTruncateError: there is no border, or no place to cut with a convolution before it.
    """
    spec, border = analysis.spec, analysis.border_min
    if border is None:
        raise NothingToTruncateError(
            f"no layer is unproductive at {analysis.resolution} pixels; a truncation needs a border, which "
            "lower resolutions have"
        )
    end = max(node for node in waists(spec) if node < border.node)
    while isinstance(spec.nodes[end].op, Pool):
        end = spec.nodes[end].inputs[0]
    if not any(isinstance(node.op, Conv) for node in spec.nodes[: end + 1]):
        raise NothingToTruncateError(
            f"{border.name} is in the first block, so that nothing would be left; expected a border in a later one"
        )
    return append(ArchSpec(spec.nodes[: end + 1]), GlobalPool("avg"), Linear(num_classes))


def waists(spec: ArchSpec) -> list[int]:
    """Nodes that every path from the input to the output passes, in order."""
    # In topological order a node is one if nothing behind it reads anything before it.
    earliest = len(spec)
    found = []
    for index in reversed(range(len(spec))):
        if earliest >= index:
            found.append(index)
        earliest = min([earliest, *spec.nodes[index].inputs])
    return found[::-1]
