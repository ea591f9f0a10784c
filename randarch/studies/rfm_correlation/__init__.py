"""How well does the accuracy of random-weight networks predict that of trained ones? (Evans et al.)"""

from randarch.studies.rfm_correlation.config import CHOICES, PRESETS, Config, deviations
from randarch.studies.rfm_correlation.published import PUBLISHED
from randarch.studies.rfm_correlation.result import DepthResult, Result
from randarch.studies.rfm_correlation.study import STUDY, Study, run

__all__ = [
    "CHOICES",
    "PRESETS",
    "PUBLISHED",
    "STUDY",
    "Config",
    "DepthResult",
    "Result",
    "Study",
    "deviations",
    "run",
]
