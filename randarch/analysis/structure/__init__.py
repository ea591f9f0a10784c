"""Of networks whose layers are drawn at random: which structures are good, and for which classes."""

from randarch.analysis.structure.analysis import StructureAnalysis, analyze_structure
from randarch.analysis.structure.by_accuracy import AccuracyGroup, accuracy_groups
from randarch.analysis.structure.classes import ClassAnalysis, ClassResult, analyze_classes
from randarch.analysis.structure.distribution import (
    Distribution,
    layer_distribution,
    top_weights,
)
from randarch.analysis.structure.ngrams import PairEffect, pair_effects
from randarch.analysis.structure.patterns import (
    Pattern,
    Patterns,
    analyze_patterns,
    structures_of,
)
from randarch.analysis.structure.published import (
    ClassComparison,
    compare_class_table,
    compare_classes,
    compare_distribution,
)
from randarch.analysis.structure.repeats import Repeats, analyze_repeats
from randarch.analysis.structure.sampled import Sampled
from randarch.analysis.structure.specialists import (
    Ensemble,
    Specialists,
    combine_specialists,
    split_images,
)
from randarch.analysis.structure.surrogate import Surrogate, fit_surrogate

__all__ = [
    "AccuracyGroup",
    "ClassAnalysis",
    "ClassComparison",
    "ClassResult",
    "Distribution",
    "Ensemble",
    "PairEffect",
    "Pattern",
    "Patterns",
    "Repeats",
    "Sampled",
    "Specialists",
    "StructureAnalysis",
    "Surrogate",
    "accuracy_groups",
    "analyze_classes",
    "analyze_patterns",
    "analyze_repeats",
    "analyze_structure",
    "combine_specialists",
    "compare_class_table",
    "compare_classes",
    "compare_distribution",
    "fit_surrogate",
    "layer_distribution",
    "pair_effects",
    "split_images",
    "structures_of",
    "top_weights",
]
