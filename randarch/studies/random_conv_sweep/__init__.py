"""Which kernels, strides and dilations suit some images? Every network of a grid, with random weights."""

from randarch.studies.random_conv_sweep.config import CHOICES, PRESETS, Config, deviations
from randarch.studies.random_conv_sweep.published import COUNTER_EXAMPLE, HANDPICKED
from randarch.studies.random_conv_sweep.result import Result
from randarch.studies.random_conv_sweep.study import STUDY, Study, run

__all__ = [
    "CHOICES",
    "COUNTER_EXAMPLE",
    "HANDPICKED",
    "PRESETS",
    "STUDY",
    "Config",
    "Result",
    "Study",
    "deviations",
    "run",
]
