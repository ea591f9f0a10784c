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
    "Agreement",
    "Bootstrap",
    "ChannelGroup",
    "CorrelationMatrix",
    "Correlations",
    "Curves",
    "DepthAnalysis",
    "Distribution",
    "Estimate",
    "FieldGroup",
    "GeneEffect",
    "Interactions",
    "PairInteraction",
    "PublishedComparison",
    "PublishedNetwork",
    "Reliability",
    "ScoreAnalysis",
    "SizeBin",
    "SweepAnalysis",
    "SweptNetwork",
    "TopK",
    "TrainedComparison",
    "Trainings",
    "ValueEffect",
    "analyze_depth",
    "analyze_sweep",
    "bin_edges",
    "by_unproductive",
    "choose_speed",
    "cluster_index",
    "compare_published",
    "compare_trained",
    "correlate",
    "correlation_matrix",
    "difference_of_means",
    "first_column",
    "fitness",
    "gene_effects",
    "gene_interactions",
    "kendall",
    "pareto_mask",
    "partial_spearman",
    "pearson",
    "permutation_p",
    "reliability",
    "size_classes",
    "spearman",
    "spearman_brown",
    "strict_tail_start",
    "t_interval",
    "tail_start",
    "top_k",
    "within_bins",
    "within_classes",
]
