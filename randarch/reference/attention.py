"""Attention as gates in a graph: by channel, by position, or by both in turn.

A gate multiplies a map by numbers between 0 and 1 that are computed from the map itself.
"""

from typing import Literal

from randarch.spec import (
    Activation,
    BatchNorm,
    ChannelPool,
    Conv,
    Gate,
    GlobalPool,
    GraphBuilder,
    Linear,
)

Attention = Literal["none", "se", "spatial", "cbam"]
ATTENTIONS: tuple[Attention, ...] = ("none", "se", "spatial", "cbam")
REDUCTION = 16
"""By how much the bottleneck of channel attention is narrower than the map."""


def attend(graph: GraphBuilder, kind: str, x: int, features: int, name: str) -> int:
    """Appends a gate to a map.

    Args:
      graph: grows.
      kind: `se`, squeeze-and-excitation (Hu et al. 2018); `spatial`, the spatial half of CBAM; `cbam`,
        its channel half and then its spatial half (Woo et al. 2018); `none`.
      x: node of the map.
      features: its channels.
      name: of the block; convolutions and linear layers are named after it.

    Returns:
      The node of the gated map.
    """
    if kind == "se":
        x = _squeeze_and_excitation(graph, x, features, name)
    if kind == "cbam":
        x = _channel(graph, x, features, name)
    if kind in ("spatial", "cbam"):
        x = _spatial(graph, x, name)
    return x


def _squeeze_and_excitation(graph: GraphBuilder, x: int, features: int, name: str) -> int:
    gate = graph.add(GlobalPool("avg"), x)
    gate = graph.add(Linear(_narrow(features)), gate, name=f"{name}_squeeze")
    gate = graph.add(Activation("relu"), gate)
    gate = graph.add(Linear(features), gate, name=f"{name}_excite")
    return graph.add(Gate(), x, graph.add(Activation("sigmoid"), gate))


def _channel(graph: GraphBuilder, x: int, features: int, name: str) -> int:
    # The average and the maximum go through the same two layers, as two positions of a map. The original adds the
    # results; their mean is the same network with half the weights in the second layer.
    gate = graph.add(GlobalPool("avg_max"), x)
    gate = graph.add(Conv(_narrow(features), 1, bias=False), gate, name=f"{name}_squeeze")
    gate = graph.add(Activation("relu"), gate)
    gate = graph.add(Conv(features, 1, bias=False), gate, name=f"{name}_excite")
    gate = graph.chain([GlobalPool("avg"), Activation("sigmoid")], gate)
    return graph.add(Gate(), x, gate)


def _spatial(graph: GraphBuilder, x: int, name: str) -> int:
    gate = graph.add(ChannelPool(), x)
    gate = graph.add(Conv(1, 7, bias=False), gate, name=f"{name}_spatial")
    return graph.add(Gate(), x, graph.chain([BatchNorm(), Activation("sigmoid")], gate))


def _narrow(features: int) -> int:
    return max(1, features // REDUCTION)
