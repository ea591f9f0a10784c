"""Random-weight evaluation of architectures: stages, shared programs, features, scores."""

from randarch.engine.compilations import Compilations, compilations
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
from randarch.engine.looped import LoopedSettings, RandomScores, score_looped
from randarch.engine.plan import Part, Plan, Step, plan
from randarch.engine.programs import ProgramCache, Usage
from randarch.engine.readouts import Swept
from randarch.engine.stages import Stage, StageProgram, cut
from randarch.engine.sweep import BudgetError, Sweep, check_budget
from randarch.engine.throughput import (
    MIN_MEASUREMENTS,
    Throughput,
    ThroughputModel,
    measure_throughput,
)
from randarch.engine.walk import Work

__all__ = [
    "BATCH_NORM_MODES",
    "DEFAULT_MEMORY_BUDGET",
    "MIN_MEASUREMENTS",
    "BatchNormMode",
    "BudgetError",
    "Compilations",
    "Evaluation",
    "EvaluationSettings",
    "Evaluator",
    "Forward",
    "Images",
    "LoopedSettings",
    "Normalization",
    "Part",
    "Plan",
    "ProgramCache",
    "RandomScores",
    "Stage",
    "StageProgram",
    "Step",
    "Sweep",
    "Swept",
    "Throughput",
    "ThroughputModel",
    "Usage",
    "Work",
    "check_budget",
    "compilations",
    "cut",
    "measure_throughput",
    "plan",
    "score_looped",
]
