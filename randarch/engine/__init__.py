"""Random-weight evaluation of architectures: stages, shared programs, features, scores."""

from randarch.engine.evaluate import (
    DEFAULT_MEMORY_BUDGET,
    Evaluation,
    EvaluationSettings,
    Evaluator,
    Images,
)
from randarch.engine.forward import (
    BATCH_NORM_MODES,
    BatchNormMode,
    Forward,
    Normalization,
)
from randarch.engine.programs import ProgramCache, Usage
from randarch.engine.stages import Stage, StageProgram, cut

__all__ = [
    "BATCH_NORM_MODES",
    "DEFAULT_MEMORY_BUDGET",
    "BatchNormMode",
    "Evaluation",
    "EvaluationSettings",
    "Evaluator",
    "Forward",
    "Images",
    "Normalization",
    "ProgramCache",
    "Stage",
    "StageProgram",
    "Usage",
    "cut",
]
