"""What a correlation analysis says: frozen results, and their JSON-ready summary.

`nan` marks a quantity that the data do not define (a constant score, fewer than three
architectures, a single repeat). Every estimate carries its own number of architectures.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from randarch.analysis.json_ready import json_object


@dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % bootstrap interval.

    Attributes:
      value: the statistic on the data, nan where undefined.
      low: lower end of the interval, nan where there is none, -inf where unbounded.
      high: upper end of the interval, nan where there is none, inf where unbounded.
      p: two-sided p value of "the statistic is 0", nan where no test is made.
      n: number of architectures that entered.
    """

    value: float
    low: float
    high: float
    p: float
    n: int

    @classmethod
    def undefined(cls, n: int) -> "Estimate":
        return cls(math.nan, math.nan, math.nan, math.nan, n)

    @property
    def defined(self) -> bool:
        return not math.isnan(self.value)

    @property
    def contains_zero(self) -> bool:
        """Whether the data leave 0 possible; True too where there is no interval."""
        return not (self.low > 0 or self.high < 0)

    def to_summary(self) -> dict[str, Any]:
        return json_object(dataclasses.asdict(self))

    def __str__(self) -> str:
        if not self.defined:
            return f"undefined (n = {self.n})"
        if math.isnan(self.low):
            return f"{_fixed(self.value)} (n = {self.n})"
        return f"{_fixed(self.value)} [{_fixed(self.low)}, {_fixed(self.high)}] (n = {self.n})"


def _fixed(value: float) -> str:
    """Three decimals, and no minus before a zero."""
    return f"{round(value, 3) + 0.0:.3f}"


@dataclass(frozen=True)
class Correlations:
    """Pearson's r, Spearman's rho and Kendall's tau-b of the same two variables."""

    pearson: Estimate
    spearman: Estimate
    kendall: Estimate

    def to_summary(self) -> dict[str, Any]:
        return {
            "pearson": self.pearson.to_summary(),
            "spearman": self.spearman.to_summary(),
            "kendall": self.kendall.to_summary(),
        }


@dataclass(frozen=True)
class SizeBin:
    """Correlations among architectures of similar final size.

    Attributes:
      low: lower end; exclusive for a bin of the table, inclusive for a size class.
      high: upper end, inclusive.
      n: number of architectures inside with both scores.
      pearson: Pearson's r of score and trained accuracy inside.
      spearman: Spearman's rho of score and trained accuracy inside.
      label: `low`, `medium` or `high` for a size class, empty for a bin of the table.
    """

    low: float
    high: float
    n: int
    pearson: Estimate
    spearman: Estimate
    label: str = ""

    def to_summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = {"label": self.label} if self.label else {}
        return summary | {
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "pearson": self.pearson.to_summary(),
            "spearman": self.spearman.to_summary(),
        }


@dataclass(frozen=True)
class Reliability:
    """How well a score repeats when its random seed changes.

    Attributes:
      repeats: number of seeds k; with one, every estimate is undefined.
      single: Pearson's r between two seeds, the mean over all pairs of seeds.
      of_mean: reliability of the mean over the k seeds, by Spearman-Brown from `single`.
      spearman_single: Spearman's rho between two seeds, the mean over all pairs.
      spearman_of_mean: the Spearman-Brown formula applied to `spearman_single`.
    """

    repeats: int
    single: Estimate
    of_mean: Estimate
    spearman_single: Estimate
    spearman_of_mean: Estimate

    def to_summary(self) -> dict[str, Any]:
        return {
            "repeats": self.repeats,
            "single": self.single.to_summary(),
            "of_mean": self.of_mean.to_summary(),
            "spearman_single": self.spearman_single.to_summary(),
            "spearman_of_mean": self.spearman_of_mean.to_summary(),
        }


@dataclass(frozen=True)
class TopK:
    """What is lost by training only the k best by a score. Ties: the mean over their orders.

    Attributes:
      k: how many are picked (all of them where there are fewer).
      n: number of architectures with both scores.
      overlap: share of the picked that are among the k best by trained accuracy.
      expected_overlap: the same for a random pick, min(k, n) / n.
      regret: best trained accuracy minus the best one among the picked.
      expected_regret: the same for a random pick.
      mean_picked: mean trained accuracy of the picked.
      mean_all: mean trained accuracy of all.
      best: the best trained accuracy.
    """

    k: int
    n: int
    overlap: float
    expected_overlap: float
    regret: float
    expected_regret: float
    mean_picked: float
    mean_all: float
    best: float

    def to_summary(self) -> dict[str, Any]:
        return json_object(dataclasses.asdict(self))


@dataclass(frozen=True)
class ScoreAnalysis:
    """One score of the untrained networks against the trained accuracy.

    Attributes:
      score: the column of the score, e.g. `rfm_accuracy`.
      all: over all architectures (dead ones included; missing values left out in pairs).
      alive: without dead and diverged networks.
      missing: architectures left out of `all` because a value is NaN.
      loo: `all` for the leave-one-out accuracy of the same features instead.
      partial_spearman: given `log_final_size`, `log_params`, `log_macs`, and `all` three.
      final_size_spearman: final size with the score (Evans et al., Table IV).
      by_bin: 20 bins of final size (their Table V).
      by_class: low, medium and high final size (terciles).
      reliability: of the score over weight seeds; undefined for a score of all seeds together.
      ceiling: largest correlation that noise leaves possible, sqrt(reliability of the score
        x reliability of the trained accuracy).
      ceiling_uses: which of `score` and `trained` are in the ceiling. An unknown reliability
        counts as 1, so the ceiling stays an upper bound; empty if neither is known.
      disattenuated: Pearson's r divided by the ceiling; only where both reliabilities are known.
        It may exceed 1, and is unbounded where the data leave a reliability of 0 possible.
      top_k: one for each k asked for.
    """

    score: str
    all: Correlations
    alive: Correlations
    missing: int
    loo: Correlations
    partial_spearman: Mapping[str, Estimate]
    final_size_spearman: Estimate
    by_bin: tuple[SizeBin, ...]
    by_class: tuple[SizeBin, ...]
    reliability: Reliability
    ceiling: Estimate
    ceiling_uses: tuple[str, ...]
    disattenuated: Estimate
    top_k: tuple[TopK, ...]

    def to_summary(self) -> dict[str, Any]:
        return self.all.to_summary() | {
            "alive": self.alive.to_summary(),
            "missing": self.missing,
            "leave_one_out": self.loo.to_summary(),
            "partial_spearman": {k: e.to_summary() for k, e in self.partial_spearman.items()},
            "by_bin": [b.to_summary() for b in self.by_bin],
            "by_class": [b.to_summary() for b in self.by_class],
            "ceiling": self.ceiling.to_summary() | {"uses": list(self.ceiling_uses)},
            "disattenuated": self.disattenuated.to_summary(),
            "top_k": [t.to_summary() for t in self.top_k],
        }

    def estimates(self) -> Iterator[tuple[str, Estimate]]:
        """The headline estimates with their names, in reading order."""
        for name, group in (("", self.all), ("alive: ", self.alive)):
            yield f"{name}Pearson", group.pearson
            yield f"{name}Spearman", group.spearman
            yield f"{name}Kendall", group.kendall
        for given, estimate in self.partial_spearman.items():
            yield f"partial Spearman given {given}", estimate
        yield "Spearman of final size", self.final_size_spearman
        yield "reliability of one seed", self.reliability.single
        yield "reliability of the mean", self.reliability.of_mean
        yield "ceiling", self.ceiling
        yield "disattenuated Pearson", self.disattenuated


@dataclass(frozen=True)
class DepthAnalysis:
    """All statistics of one depth.

    Attributes:
      depth: number of convolutional layers.
      n: number of distinct architectures, dead and diverged ones included.
      dead: how many trained networks are marked dead.
      diverged: how many trained networks are marked diverged.
      rfm: the published score, the mean over seeds of the test accuracy.
      ensemble: one readout on the features of all seeds together.
      ensemble_gain: Spearman of `ensemble` minus Spearman of `rfm`, both with trained accuracy
        (paired interval, no p value).
      trained_final_size_spearman: final size with trained accuracy (Table IV).
      trained_reliability: of the trained accuracy over training seeds.
    """

    depth: int
    n: int
    dead: int
    diverged: int
    rfm: ScoreAnalysis
    ensemble: ScoreAnalysis
    ensemble_gain: Estimate
    trained_final_size_spearman: Estimate
    trained_reliability: Reliability

    def to_summary(self) -> dict[str, Any]:
        """The JSON-ready statistics: the published score on top, the ensemble beside it."""
        return (
            {"num_architectures": self.n, "dead": self.dead, "diverged": self.diverged}
            | self.rfm.to_summary()
            | {
                "ensemble": self.ensemble.to_summary(),
                "ensemble_gain": self.ensemble_gain.to_summary(),
                "final_size_spearman": {
                    "trained": self.trained_final_size_spearman.to_summary(),
                    "rfm": self.rfm.final_size_spearman.to_summary(),
                    "ensemble": self.ensemble.final_size_spearman.to_summary(),
                },
                "reliability": {
                    "rfm": self.rfm.reliability.to_summary(),
                    "trained": self.trained_reliability.to_summary(),
                },
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """The headline estimates of both scores, one row each, for a notebook."""
        return pd.DataFrame(
            [
                {
                    "score": analysis.score,
                    "statistic": statistic,
                    "value": estimate.value,
                    "low": estimate.low,
                    "high": estimate.high,
                    "p": estimate.p,
                    "n": estimate.n,
                }
                for analysis in (self.rfm, self.ensemble)
                for statistic, estimate in analysis.estimates()
            ]
        )

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, float_format="{:.3f}".format)
