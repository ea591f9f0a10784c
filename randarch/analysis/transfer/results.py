"""What the analysis of transfer says. Correlations are Spearman's of errors unless they say otherwise; n counts
distinct architectures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from randarch.analysis.results import Estimate, Reliability
from randarch.analysis.transfer.error_distribution import ErrorDistribution
from randarch.analysis.transfer.summary import Summarized


@dataclass(frozen=True, eq=False)
class PairAgreement(Summarized):
    """Two data sets' rankings of the same architectures.

    Attributes:
      first, second: names.
      spearman: of the mean errors.
      disattenuated: the same freed of the noise of repeats, rho / sqrt(reliability * reliability); undefined without
        repeats of both.
    """

    first: str
    second: str
    spearman: Estimate
    disattenuated: Estimate


@dataclass(frozen=True, eq=False)
class AprMatrix(Summarized):
    """The architecture and performance relationships of all pairs of data sets.

    Attributes:
      source: `trained` or `random`.
      datasets: names, in the order of rows and columns.
      spearman: symmetric, 1 on the diagonal; nan where undefined.
      disattenuated: likewise; may exceed 1.
      pairs: of every i < j, row by row.
      reliability: of each data set's errors, by name.
    """

    source: str
    datasets: tuple[str, ...]
    spearman: Float[np.ndarray, "d d"]
    disattenuated: Float[np.ndarray, "d d"]
    pairs: tuple[PairAgreement, ...]
    reliability: dict[str, Reliability]

    def pair(self, first: str, second: str) -> PairAgreement:
        """That of two data sets, in either order."""
        return next(p for p in self.pairs if {p.first, p.second} == {first, second})


@dataclass(frozen=True, eq=False)
class MatchedGain(Summarized):
    """A target against the base, and against the base's version with about as many classes (Table 3).

    Attributes:
      target: name of the data set; classes: how many it has.
      matched: the family's member that is closest in classes.
      with_base, with_matched: correlations of the target's errors with theirs.
      gain: the second minus the first, on the same resamples; exactly 0 where both are the same data set.
      with_control: with all classes and few images, of the architectures that have errors on the matched version, too;
        None without a control, and where the base itself matches.
      gain_over_control: correlation with the matched version minus `with_control`, of the same architectures on the
        same resamples; None likewise.
    """

    target: str
    classes: int
    matched: str
    with_base: Estimate
    with_matched: Estimate
    gain: Estimate
    with_control: Estimate | None
    gain_over_control: Estimate | None


@dataclass(frozen=True, eq=False)
class ClassMatched(Summarized):
    """All targets (Table 3).

    Attributes:
      targets: one each.
      mean_with_base, mean_with_matched, mean_gain: means over the targets where both are defined, architectures
        resampled.
      subsampling: correlation with the base of each smaller member of the family, the most classes first (Figure 4).
      mean_with_control, mean_gain_over_control: means over the targets where the second is defined; None without a
        control. They tell classes from images as far as the control has as many images as the matched versions.
    """

    targets: tuple[MatchedGain, ...]
    mean_with_base: Estimate
    mean_with_matched: Estimate
    mean_gain: Estimate
    subsampling: dict[str, Estimate]
    mean_with_control: Estimate | None
    mean_gain_over_control: Estimate | None


@dataclass(frozen=True, eq=False)
class Driver(Summarized):
    """What goes with the errors on a data set (Table 4, Figure 7, and the control of overfitting, Figure 11).

    Attributes:
      dataset: name.
      depth, width: correlations of the test error with cumulative block depth and width.
      depth_given_width, width_given_depth: partial ones.
      params: with the number of parameters.
      train_depth: of the training error with cumulative depth: about that of the test error where overfitting is not
        the cause; None where there are no training errors.
      genes: of the test error with each of the 16 genes' values, by name (`depth_1`, ..., `group_width_4`).
    """

    dataset: str
    depth: Estimate
    width: Estimate
    depth_given_width: Estimate
    width_given_depth: Estimate
    params: Estimate
    train_depth: Estimate | None
    genes: dict[str, Estimate]


@dataclass(frozen=True, eq=False)
class TopConfigurations(Summarized):
    """The best architectures of a data set, stage by stage (Figure 13).

    Attributes:
      dataset: name.
      top: how many are the best: fewer than asked for where fewer have errors.
      best: number of the best architecture, the first of equals; -1 without errors, where all but the last two are nan.
      best_values: its `depth`, `width`, `bottleneck` and `group_width` in every stage, by these names.
      mean, std: of the best `top`, likewise.
      all_mean, all_std: of all architectures, likewise.
    """

    dataset: str
    top: int
    best: int
    best_values: dict[str, Float[np.ndarray, " stages"]]
    mean: dict[str, Float[np.ndarray, " stages"]]
    std: dict[str, Float[np.ndarray, " stages"]]
    all_mean: dict[str, Float[np.ndarray, " stages"]]
    all_std: dict[str, Float[np.ndarray, " stages"]]


@dataclass(frozen=True, eq=False)
class Spread(Summarized):
    """How much of the errors' spread is the architectures' (Figure 10). Errors are fractions.

    Attributes:
      dataset: name.
      between: standard deviation between architectures, without what repeats add to it; with a single repeat what it
        adds is inside.
      within: standard deviation between repeats of an architecture; nan without repeats.
      counting: standard deviation of counting errors on so few test images, sqrt(e (1 - e) / images) at the mean error.
      icc: share of the variance of one repeat's error that is the architectures'.
      quantiles: of the mean errors, at 0, .25, .5, .75 and 1.
    """

    dataset: str
    between: float
    within: float
    counting: float
    icc: Estimate
    quantiles: tuple[float, float, float, float, float]


@dataclass(frozen=True, eq=False)
class MatrixAgreement(Summarized):
    """Two matrices of the same data sets (Mantel's test).

    Attributes:
      datasets: names.
      spearman, pearson: correlation of the two matrices' entries below the diagonal; no interval; p is the one-sided
        permutation p of a correlation at least as large, n the number of data sets that have a pair in both.
      permutations: how many orders of the data sets were compared; exact: whether those were all.
      mean_absolute_difference: of the entries.
    """

    datasets: tuple[str, ...]
    spearman: Estimate
    pearson: Estimate
    permutations: int
    exact: bool
    mean_absolute_difference: float


@dataclass(frozen=True, eq=False)
class SourceAgreement(Summarized):
    """Random weights against training.

    Attributes:
      per_dataset: correlation of the two errors on each data set, by name.
      carried: mean over targets of the correlation of random-weight errors on the target with trained errors on it;
        architectures resampled.
      carried_by_base: the same with trained errors on the base in place of random weights on the target.
      matrices: the two matrices of all those data sets.
      unrelated: the two matrices of the base and the targets alone. Versions of the base are made of its images, so
        they go together by any score, and a test that counts them finds that, too.
    """

    per_dataset: dict[str, Estimate]
    carried: Estimate
    carried_by_base: Estimate
    matrices: MatrixAgreement
    unrelated: MatrixAgreement

    @property
    def versions_count(self) -> bool:
        """Whether the first comparison has data sets that the second leaves out."""
        return self.matrices.datasets != self.unrelated.datasets


@dataclass(frozen=True, eq=False)
class LongerTraining(Summarized):
    """Ranks after longer training (Figure 9).

    Attributes:
      dataset: name.
      factor: times as many epochs.
      spearman: of the errors after both.
      mean_error, longer_error: means over the same architectures.
    """

    dataset: str
    factor: int
    spearman: Estimate
    mean_error: float
    longer_error: float


@dataclass(frozen=True, eq=False)
class TopFive(Summarized):
    """Top-1 against top-5 error (Figure 11).

    Attributes:
      dataset: name.
      kendall: tau-b of the two: 1 if one is a monotone function of the other.
      discordant: share of pairs of architectures that the two order differently, ties left out.
    """

    dataset: str
    kendall: Estimate
    discordant: float


@dataclass(frozen=True, eq=False)
class Pretraining(Summarized):
    """A data set with weights that were trained on the base first (Figure 12).

    Attributes:
      dataset: name.
      from_scratch, pretrained: correlation of the errors with those on the base.
      change: the second minus the first, on the same resamples.
      mean_error, pretrained_error: means over the same architectures.
    """

    dataset: str
    from_scratch: Estimate
    pretrained: Estimate
    change: Estimate
    mean_error: float
    pretrained_error: float


@dataclass(frozen=True, eq=False)
class HeldOut(Summarized):
    """What recommending for a data set would have cost, had its trained errors been unknown.

    Attributes:
      dataset: name.
      weights: of each component of the mixture, chosen on the other data sets, by name (`base`, `matched`, `random`).
      regret: error of the recommended architecture minus that of the best, by way of choosing: `mixture`, each
        component's name alone, and `chance` (its expectation).
      spearman: correlation of each way's ranking with the trained errors, likewise without `chance`.
    """

    dataset: str
    weights: dict[str, float]
    regret: dict[str, float]
    spearman: dict[str, float]


@dataclass(frozen=True, eq=False)
class Recommendation(Summarized):
    """Ranking architectures for a data set without training on it.

    Attributes:
      components: names of what is mixed: `base` (trained errors on the base), `matched` (on the class-matched member)
        and `random` (random-weight errors on the data set itself), those there are.
      held_out: leave-one-data-set-out, one for each target.
      mean_regret: over targets, by way of choosing as in `HeldOut`; targets resampled, n counts them; p is of the
        chance that random picks have so low a mean (`chance.chance_p`), nan for `chance` itself.
      weights: chosen on all targets, for a data set that is none of them.
      target: name of the data set that is recommended for; None without.
      ranking: numbers of the architectures, the recommended ones first; empty without a target.
      scores: the mixture of each, in the order of `ranking`: mean rank share, 0 the best.
    """

    components: tuple[str, ...]
    held_out: tuple[HeldOut, ...]
    mean_regret: dict[str, Estimate]
    weights: dict[str, float]
    target: str | None
    ranking: tuple[int, ...]
    scores: Float[np.ndarray, " a"]


@dataclass(frozen=True, eq=False)
class SourceAnalysis(Summarized):
    """Everything that one source of scores says.

    Attributes:
      apr: the matrix.
      class_matched: Table 3 and Figure 4; None without targets or without a smaller member of the family.
      drivers, tops, spreads: one for each data set, in the matrix's order.
      distributions: of the mean errors, likewise; left out of the summary.
    """

    apr: AprMatrix
    class_matched: ClassMatched | None
    drivers: tuple[Driver, ...]
    tops: tuple[TopConfigurations, ...]
    spreads: tuple[Spread, ...]
    distributions: tuple[ErrorDistribution, ...] = ()


@dataclass(frozen=True, eq=False)
class TransferAnalysis(Summarized):
    """Everything.

    Attributes:
      trained, random: by source; None where a source was left out.
      agreement: of the two; None where one was left out.
      longer, top_five, pretraining: empty where not made.
      recommendation: None where it cannot be made (fewer than two targets, or no trained errors).
      notes: what a reader has to know beside the numbers.
    """

    trained: SourceAnalysis | None
    random: SourceAnalysis | None
    agreement: SourceAgreement | None
    longer: tuple[LongerTraining, ...]
    top_five: tuple[TopFive, ...]
    pretraining: tuple[Pretraining, ...]
    recommendation: Recommendation | None
    notes: tuple[str, ...]

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it, by topic; a source that was left out is null."""

        def by_source(of: Callable[[SourceAnalysis], Any]) -> dict[str, Any]:
            sources = {"trained": self.trained, "random": self.random}
            return {name: None if s is None else of(s) for name, s in sources.items()}

        def by_dataset(of: Sequence[Driver | TopConfigurations | Spread]) -> dict[str, Any]:
            return {one.dataset: one.to_summary() for one in of}

        def apr(source: SourceAnalysis) -> dict[str, Any]:
            return {k: v for k, v in source.apr.to_summary().items() if k != "reliability"}

        return {
            "apr": by_source(apr),
            "class_matched": by_source(
                lambda s: s.class_matched.to_summary() if s.class_matched else None
            ),
            "drivers": by_source(lambda s: by_dataset(s.drivers)),
            "reliability": by_source(
                lambda s: {name: r.to_summary() for name, r in s.apr.reliability.items()}
            ),
            "random_vs_trained": self.agreement.to_summary() if self.agreement else None,
            "recommendation": self.recommendation.to_summary() if self.recommendation else None,
            "longer": [one.to_summary() for one in self.longer],
            "top_five": [one.to_summary() for one in self.top_five],
            "pretraining": [one.to_summary() for one in self.pretraining],
            "tops": by_source(lambda s: by_dataset(s.tops)),
            "spread": by_source(lambda s: by_dataset(s.spreads)),
            "notes": list(self.notes),
        }
