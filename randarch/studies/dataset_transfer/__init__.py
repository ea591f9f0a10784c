"""Does the best architecture here stay the best there? (the paper on ImageNet as a representative basis)"""

from randarch.studies.dataset_transfer.config import PRESETS, Config
from randarch.studies.dataset_transfer.result import Result
from randarch.studies.dataset_transfer.study import STUDY, Study, run

__all__ = ["PRESETS", "STUDY", "Config", "Result", "Study", "run"]
