"""Statistics of results: NumPy and pandas in, frozen dataclasses out."""

from randarch.analysis.attenuation import reliability, spearman_brown
from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import (
    correlate,
    kendall,
    partial_spearman,
    pearson,
    spearman,
)
from randarch.analysis.depth import analyze_depth
from randarch.analysis.differences import difference_of_means
from randarch.analysis.layers import Agreement, Curves, strict_tail_start, tail_start
from randarch.analysis.results import (
    Correlations,
    DepthAnalysis,
    Estimate,
    Reliability,
    ScoreAnalysis,
    SizeBin,
    TopK,
)
from randarch.analysis.selection import top_k
from randarch.analysis.size import bin_edges, size_classes, within_bins, within_classes
from randarch.analysis.structure import (
    AccuracyGroup,
    ClassAnalysis,
    ClassComparison,
    ClassResult,
    Ensemble,
    PairEffect,
    Pattern,
    Patterns,
    Repeats,
    Sampled,
    Specialists,
    StructureAnalysis,
    Surrogate,
    accuracy_groups,
    analyze_classes,
    analyze_patterns,
    analyze_repeats,
    analyze_structure,
    combine_specialists,
    compare_class_table,
    compare_classes,
    compare_distribution,
    fit_surrogate,
    layer_distribution,
    pair_effects,
    split_images,
    structures_of,
    top_weights,
)
from randarch.analysis.structure import Distribution as LayerDistribution
from randarch.analysis.sweep.analysis import SweepAnalysis, SweptNetwork, analyze_sweep
from randarch.analysis.sweep.clusters import cluster_index
from randarch.analysis.sweep.correlations import CorrelationMatrix, correlation_matrix
from randarch.analysis.sweep.effects import GeneEffect, ValueEffect, gene_effects
from randarch.analysis.sweep.front import choose_speed, fitness, pareto_mask
from randarch.analysis.sweep.interactions import Interactions, PairInteraction, gene_interactions
from randarch.analysis.sweep.published import (
    PublishedComparison,
    PublishedNetwork,
    compare_published,
)
from randarch.analysis.sweep.trained import (
    ChannelGroup,
    TrainedComparison,
    compare_trained,
    permutation_p,
)
from randarch.analysis.sweep.trials import Distribution, first_column, t_interval
from randarch.analysis.trainings import Trainings
from randarch.analysis.unproductive import FieldGroup, by_unproductive

__all__ = [
    "AccuracyGroup",
    "Agreement",
    "Bootstrap",
    "ChannelGroup",
    "ClassAnalysis",
    "ClassComparison",
    "ClassResult",
    "CorrelationMatrix",
    "Correlations",
    "Curves",
    "DepthAnalysis",
    "Distribution",
    "Ensemble",
    "Estimate",
    "FieldGroup",
    "GeneEffect",
    "Interactions",
    "LayerDistribution",
    "PairEffect",
    "PairInteraction",
    "Pattern",
    "Patterns",
    "PublishedComparison",
    "PublishedNetwork",
    "Reliability",
    "Repeats",
    "Sampled",
    "ScoreAnalysis",
    "SizeBin",
    "Specialists",
    "StructureAnalysis",
    "Surrogate",
    "SweepAnalysis",
    "SweptNetwork",
    "TopK",
    "TrainedComparison",
    "Trainings",
    "ValueEffect",
    "accuracy_groups",
    "analyze_classes",
    "analyze_depth",
    "analyze_patterns",
    "analyze_repeats",
    "analyze_structure",
    "analyze_sweep",
    "bin_edges",
    "by_unproductive",
    "choose_speed",
    "cluster_index",
    "combine_specialists",
    "compare_class_table",
    "compare_classes",
    "compare_distribution",
    "compare_published",
    "compare_trained",
    "correlate",
    "correlation_matrix",
    "difference_of_means",
    "first_column",
    "fit_surrogate",
    "fitness",
    "gene_effects",
    "gene_interactions",
    "kendall",
    "layer_distribution",
    "pair_effects",
    "pareto_mask",
    "partial_spearman",
    "pearson",
    "permutation_p",
    "reliability",
    "size_classes",
    "spearman",
    "spearman_brown",
    "split_images",
    "strict_tail_start",
    "structures_of",
    "t_interval",
    "tail_start",
    "top_k",
    "top_weights",
    "within_bins",
    "within_classes",
]
