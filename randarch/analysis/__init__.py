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

__all__ = [
    "Bootstrap",
    "Correlations",
    "DepthAnalysis",
    "Estimate",
    "Reliability",
    "ScoreAnalysis",
    "SizeBin",
    "TopK",
    "analyze_depth",
    "bin_edges",
    "correlate",
    "kendall",
    "partial_spearman",
    "pearson",
    "reliability",
    "size_classes",
    "spearman",
    "spearman_brown",
    "top_k",
    "within_bins",
    "within_classes",
]
