"""Networks of a sweep beside what was published of them."""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.sweep.front import choose_speed, column
from randarch.analysis.sweep.trials import t_interval, trial_columns

_REQUIRED = ("kernel_size", "stride", "dilation", "accuracy")


@dataclass(frozen=True)
class PublishedNetwork:
    """One network, published and ours; nan for what either does not have.

    Attributes:
      genome_text: kernels, strides and dilations.
      published_accuracy: fraction.
      published_throughput: images/s on the author's machine.
      published_ratio: output size / input size.
      accuracy: ours, mean over trials (fraction) with Student's interval; undefined where the
        network was not evaluated.
      difference: ours minus published.
      throughput: ours, of the kind that `speed` of the comparison names.
      ratio: ours.
    """

    genome_text: str
    published_accuracy: float
    published_throughput: float
    published_ratio: float
    accuracy: Estimate
    difference: float
    throughput: float
    ratio: float


@dataclass(frozen=True)
class PublishedComparison:
    """All published networks beside ours.

    Attributes:
      rows: in the published order.
      speed: which throughput of ours is shown (`choose_speed`).
      published: mean published accuracy of the networks that we have.
      ours: mean of our means over the same networks.
      difference: ours minus published over them, with Student's interval over networks.
    """

    rows: tuple[PublishedNetwork, ...]
    speed: str
    published: float
    ours: float
    difference: Estimate

    def to_summary(self) -> dict[str, Any]:
        return json_object(
            {
                "published": self.published,
                "ours": self.ours,
                "difference": self.difference.to_summary(),
                "networks": [
                    {
                        "genome_text": row.genome_text,
                        "published_accuracy": row.published_accuracy,
                        "accuracy": row.accuracy.to_summary(),
                        "difference": row.difference,
                    }
                    for row in self.rows
                ],
            }
        )


def genome_text(kernel_size: str, stride: str, dilation: str) -> str:
    """`7, 3, 5` and so on, however spaced, as `7,3,5 - 2,1,2 - 1,3,1`."""
    return " - ".join(
        ",".join(re.findall(r"\d+", str(genes))) for genes in (kernel_size, stride, dilation)
    )


def compare_published(table: pd.DataFrame, published: pd.DataFrame) -> PublishedComparison:
    """Published networks beside those of `table` with the same genome.

    Args:
      table: a sweep's, as `analyze_sweep` takes it.
      published: columns `kernel_size`, `stride`, `dilation` (text, one number a layer),
        `accuracy` (percent), and where known `throughput` and `ratio`.

    Raises:
      ValueError: a column is missing, or a genome occurs twice in `table`.
    """
    missing = [c for c in _REQUIRED if c not in published.columns]
    if missing:
        raise ValueError(
            f"the published table has no column {', '.join(missing)}; "
            f"expected all of {', '.join(_REQUIRED)}"
        )
    texts = [
        genome_text(*genes) for genes in zip(*(published[c] for c in _REQUIRED[:3]), strict=True)
    ]
    speed, throughput = choose_speed(table)
    ours = table.assign(_speed=throughput)[table["genome_text"].isin(texts)]
    twice = ours["genome_text"][ours["genome_text"].duplicated()]
    if len(twice):
        raise ValueError(f"genome {twice.iloc[0]} occurs twice; expected one row a network")
    ours = ours.set_index("genome_text")
    trials = trial_columns(table)
    accuracies = column(published, "accuracy") / 100
    rows = []
    for i, text in enumerate(texts):
        mine = ours.loc[text] if text in ours.index else None
        accuracy = Estimate.undefined(0) if mine is None else accuracy_of(mine, trials)
        rows.append(
            PublishedNetwork(
                genome_text=text,
                published_accuracy=float(accuracies[i]),
                published_throughput=float(column(published, "throughput")[i]),
                published_ratio=float(column(published, "ratio")[i]),
                accuracy=accuracy,
                difference=accuracy.value - float(accuracies[i]),
                throughput=math.nan if mine is None else float(mine["_speed"]),
                ratio=math.nan if mine is None else float(mine["ratio"]),
            )
        )
    differences = np.array([row.difference for row in rows])
    both = np.isfinite(differences)
    return PublishedComparison(
        rows=tuple(rows),
        speed=speed,
        published=float(accuracies[both].mean()) if both.any() else math.nan,
        ours=float((accuracies + differences)[both].mean()) if both.any() else math.nan,
        difference=t_interval(differences),
    )


def accuracy_of(row: pd.Series, trials: list[str]) -> Estimate:
    """A network's mean test accuracy, its interval over the trials in the columns `trials`."""
    mean, values = float(row["test_accuracy"]), row[trials].to_numpy(dtype=float)
    over = t_interval(values)
    if not over.defined:
        return Estimate(mean, math.nan, math.nan, math.nan, int(row["trials"]))
    return over
