"""Which structures suit which classes? (the paper on structurally randomized networks)"""

from randarch.studies.structural_sampling.config import PRESETS, Config
from randarch.studies.structural_sampling.result import Result
from randarch.studies.structural_sampling.study import STUDY, Study, run

__all__ = ["PRESETS", "STUDY", "Config", "Result", "Study", "run"]
