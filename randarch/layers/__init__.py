"""Layers: convolution per platform, pooling, initialisers."""

from randarch.layers.convolution import conv_general_dilated, conv_outside_loops
from randarch.layers.initializers import (
    INITIALIZERS,
    PRELU_SLOPE,
    JaxSource,
    NumPySource,
    check_initializer,
    draw_bias,
    draw_kernel,
)
from randarch.layers.pooling import average_to, global_pool, pool

__all__ = [
    "INITIALIZERS",
    "PRELU_SLOPE",
    "JaxSource",
    "NumPySource",
    "average_to",
    "check_initializer",
    "conv_general_dilated",
    "conv_outside_loops",
    "draw_bias",
    "draw_kernel",
    "global_pool",
    "pool",
]
