"""Which layers of a network are wasted at a resolution? Receptive field analysis, before training."""

from randarch.reference import variant
from randarch.studies.receptive_field.config import PRESETS, Config, deviations
from randarch.studies.receptive_field.result import NetworkResult, Result
from randarch.studies.receptive_field.study import STUDY, Study, run

__all__ = [
    "PRESETS",
    "STUDY",
    "Config",
    "NetworkResult",
    "Result",
    "Study",
    "deviations",
    "run",
    "variant",
]
