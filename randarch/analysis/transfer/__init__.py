"""Of the same architectures on several data sets: whether what is good on one is good on another."""

from randarch.analysis.transfer.analysis import analyze_transfer
from randarch.analysis.transfer.apr import apr_matrix, disattenuated_spearman
from randarch.analysis.transfer.error_distribution import ErrorDistribution
from randarch.analysis.transfer.errors import STAGES, Errors, Family, Population
from randarch.analysis.transfer.mantel import Mantel
from randarch.analysis.transfer.published import (
    TABLE_3,
    TABLE_3_AVERAGE,
    TABLE_4,
    PublishedDriver,
    PublishedMatch,
    published_summary,
    table_3_mean,
)
from randarch.analysis.transfer.recommendation import recommend
from randarch.analysis.transfer.results import (
    AprMatrix,
    ClassMatched,
    Driver,
    HeldOut,
    LongerTraining,
    MatchedGain,
    MatrixAgreement,
    PairAgreement,
    Pretraining,
    Recommendation,
    SourceAgreement,
    SourceAnalysis,
    Spread,
    TopConfigurations,
    TopFive,
    TransferAnalysis,
)

__all__ = [
    "STAGES",
    "TABLE_3",
    "TABLE_3_AVERAGE",
    "TABLE_4",
    "AprMatrix",
    "ClassMatched",
    "Driver",
    "ErrorDistribution",
    "Errors",
    "Family",
    "HeldOut",
    "LongerTraining",
    "Mantel",
    "MatchedGain",
    "MatrixAgreement",
    "PairAgreement",
    "Population",
    "Pretraining",
    "PublishedDriver",
    "PublishedMatch",
    "Recommendation",
    "SourceAgreement",
    "SourceAnalysis",
    "Spread",
    "TopConfigurations",
    "TopFive",
    "TransferAnalysis",
    "analyze_transfer",
    "apr_matrix",
    "disattenuated_spearman",
    "published_summary",
    "recommend",
    "table_3_mean",
]
