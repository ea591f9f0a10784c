"""Do repeated trainings of a network end at the same place? The paper: "they tend to converge to the same (or very
close) parameter values over repeated trainings from scratch"."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import stats

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.sweep.trials import t_interval

RELIABLE = 0.75
"""An intraclass correlation from here on is called good (Koo and Li, 2016)."""
_EQUAL = 1e-24
CLOSE = 0.1
"""Parameters whose distance is less than this share of their norm are called very close."""


@dataclass(frozen=True, eq=False)
class Repeats:
    """Networks trained several times from different starts. Accuracies are fractions.

    Attributes:
      networks: how many, with all trainings.
      trainings: of each.
      left_out: networks without one of their trainings (it failed).
      mean: accuracy over networks and trainings.
      within: standard deviation of the accuracy between trainings of a network.
      between: standard deviation between networks, without what the trainings add to it; 0 if that is more.
      icc: intraclass correlation ICC(1): share of the variance of one training's accuracy that is the network's. F
        interval (McGraw and Wong, 1996), p of F; its n is the number of networks.
      class_within: as `within`, for each class; empty if unknown.
      class_icc: as `icc` without interval, for each class; empty if unknown.
      distance: between the parameters of two trainings, relative to their norm, mean over networks with Student's
        interval. Channels may be permuted without a change of the function: whether they were matched is up to the
        caller.
      start_distance: the same before the training.
      distance_ratio: `distance` / `start_distance`, mean over networks: below 1 trainings bring parameters together.
      agreement: share of the test images on which two trainings decide alike, mean over networks.
    """

    networks: int
    trainings: int
    left_out: int
    mean: float
    within: float
    between: float
    icc: Estimate
    class_within: Float[np.ndarray, " c"]
    class_icc: Float[np.ndarray, " c"]
    distance: Estimate
    start_distance: Estimate
    distance_ratio: Estimate
    agreement: Estimate

    @property
    def accuracy_repeats(self) -> str:
        """`yes` if the interval of `icc` is above 0.75, `no` if it is below, `unclear` otherwise."""
        if self.icc.low > RELIABLE:
            return "yes"
        return "no" if self.icc.high < RELIABLE else "unclear"

    @property
    def parameters_repeat(self) -> str:
        """`yes`: closer than a tenth of their norm, as the paper says. `closer`: brought together, but not that
        close. `no`: as far apart as they started, or farther. `apart`: not close, and the intervals leave open
        whether closer than they started. `unclear` where even that is open.
        """
        if self.distance.high < CLOSE:
            return "yes"
        if not self.distance.low >= CLOSE:
            return "unclear"
        if self.distance_ratio.high < 1:
            return "closer"
        return "no" if self.distance_ratio.low >= 1 else "apart"

    @property
    def verdict(self) -> str:
        """Both in a sentence."""
        accuracy = {
            "yes": "a network's accuracy is its own",
            "no": "a good part of the differences in accuracy is the training's, not the network's",
            "unclear": "too few trainings to say whether a network's accuracy is its own",
        }[self.accuracy_repeats]
        parameters = {
            "yes": "its parameters end very close together",
            "closer": "its parameters end closer together than they start, but not close",
            "no": "its parameters end as far apart as they start, or farther",
            "apart": "its parameters do not end close together, and whether closer than they start is open",
            "unclear": "whether its parameters end close together is open",
        }[self.parameters_repeat]
        return (
            f"{accuracy}; {parameters}, channel by channel as they are numbered ({self.networks} networks, "
            f"{self.trainings} trainings each)"
        )

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        ready = {
            name: value.to_summary() if isinstance(value, Estimate) else value
            for name, value in values.items()
        }
        classes = {
            "class_within": self.class_within.tolist(),
            "class_icc": self.class_icc.tolist(),
        }
        verdicts = {
            "accuracy_repeats": self.accuracy_repeats,
            "parameters_repeat": self.parameters_repeat,
            "verdict": self.verdict,
        }
        return json_object(ready | classes | verdicts)


def analyze_repeats(
    accuracy: Float[np.ndarray, "n trainings"],
    *,
    class_accuracy: Float[np.ndarray, "n trainings c"] | None = None,
    distance: Float[np.ndarray, " n"] | None = None,
    start_distance: Float[np.ndarray, " n"] | None = None,
    agreement: Float[np.ndarray, " n"] | None = None,
) -> Repeats:
    """How far trainings of a network repeat.

    Args:
      accuracy: nan for a training that failed; its network is left out of everything.
      class_accuracy: by class.
      distance: of each network: mean distance between the parameters of two trainings, relative to their norm.
      start_distance: the same of their starts.
      agreement: of each network: mean share of the test images on which two trainings decide alike.

    Raises:
      ValueError: fewer than two trainings.
    """
    if accuracy.shape[1] < 2:
        raise ValueError(f"{accuracy.shape[1]} training of each network; expected at least 2")
    kept = np.isfinite(accuracy).all(axis=1)
    values, k = accuracy[kept], accuracy.shape[1]
    between, within = _mean_squares(values)
    classes: list[tuple[float, float]] = []
    if class_accuracy is not None:
        classes = [
            _mean_squares(class_accuracy[kept, :, c]) for c in range(class_accuracy.shape[2])
        ]
    parts = {"distance": distance, "start_distance": start_distance, "agreement": agreement}
    known = {name: part[kept] for name, part in parts.items() if part is not None}
    means = {name: t_interval(part) for name, part in known.items()}
    ratio = Estimate.undefined(0)
    if "distance" in known and "start_distance" in known:
        start = known["start_distance"]
        ratio = t_interval(known["distance"] / np.where(start > 0, start, np.nan))
    return Repeats(
        networks=len(values),
        trainings=k,
        left_out=int((~kept).sum()),
        mean=float(values.mean()) if len(values) else math.nan,
        within=math.sqrt(within),
        between=math.nan if math.isnan(between) else math.sqrt(max(0.0, (between - within) / k)),
        icc=icc(values),
        class_within=np.sqrt(np.array([w for _, w in classes])),
        class_icc=np.array([_ratio(b, w, k) for b, w in classes], dtype=float),
        **{name: means.get(name, Estimate.undefined(0)) for name in parts},
        distance_ratio=ratio,
    )


def icc(values: Float[np.ndarray, "n k"], level: float = 0.95) -> Estimate:
    """Intraclass correlation ICC(1) of one training, one-way random effects, with its F interval.

    (MSB - MSW) / (MSB + (k - 1) MSW), mean squares between and within networks (Shrout and Fleiss, 1979).

    Args:
      values: k repeats of n networks.
      level: of the interval.

    Returns:
      Undefined for fewer than two networks or repeats, and where nothing varies.
    """
    n, k = values.shape
    between, within = _mean_squares(values)
    value = _ratio(between, within, k)
    if math.isnan(value):
        return Estimate.undefined(n)
    if within == 0:
        return Estimate(value, value, value, 0.0, n)
    f, freedom = between / within, (n - 1, n * (k - 1))
    tail = (1 + level) / 2
    low = f / stats.f.ppf(tail, *freedom)
    high = f * stats.f.ppf(tail, *freedom[::-1])
    ends = [float((end - 1) / (end + k - 1)) for end in (low, high)]
    return Estimate(value, ends[0], ends[1], float(stats.f.sf(f, *freedom)), n)


def _mean_squares(values: Float[np.ndarray, "n k"]) -> tuple[float, float]:
    """Between and within networks; each nan where it has no degree of freedom."""
    n, k = values.shape
    if not n or k < 2:
        return math.nan, math.nan
    means = values.mean(axis=1)
    between = k * float(np.var(means, ddof=1)) if n > 1 else math.nan
    within = float(((values - means[:, None]) ** 2).sum() / (n * (k - 1)))
    # Equal values differ by rounding.
    return 0.0 if between <= _EQUAL else between, 0.0 if within <= _EQUAL else within


def _ratio(between: float, within: float, k: int) -> float:
    total = between + (k - 1) * within
    return (between - within) / total if total > 0 else math.nan
