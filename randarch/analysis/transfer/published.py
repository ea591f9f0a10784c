"""What "ImageNet as a Representative Basis for Deriving Generally Effective CNN Architectures" (Tuggener, Schmidhuber
and Stadelmann) prints, and where its numbers do not add up."""

from dataclasses import asdict, dataclass
from typing import Any

from randarch.analysis.json_ready import json_object

ARCHITECTURES = 500
TRAININGS = 7_500
GPU_DAYS = 85
MACS = (360e6, 400e6)
"""By section 4.1; see `SLIPS`."""


@dataclass(frozen=True)
class PublishedMatch:
    """A row of Table 3: Spearman's rho of errors.

    Attributes:
      dataset: name; classes: how many it has (Table 1).
      with_base, with_matched: with ImageNet, and with the closest of the ImageNet-X family.
      difference: as printed.
    """

    dataset: str
    classes: int
    with_base: float
    with_matched: float
    difference: float


@dataclass(frozen=True)
class PublishedDriver:
    """A row of Table 4: correlations of errors with cumulative block depth and width."""

    dataset: str
    classes: int
    depth: float
    width: float


TABLE_3 = (
    PublishedMatch("Concrete", 2, 0.001, 0.106, 0.105),
    PublishedMatch("MLC2008", 9, 0.476, 0.811, 0.335),
    PublishedMatch("HAM10000", 7, 0.517, 0.608, 0.091),
    PublishedMatch("Powerline", 2, -0.436, 0.294, 0.73),
    PublishedMatch("Insects", 291, 0.967, 0.95, -0.017),
    PublishedMatch("Natural", 6, -0.38, 0.186, 0.566),
    PublishedMatch("Cifar10", 10, -0.104, 0.45, 0.554),
    PublishedMatch("Cifar100", 100, 0.476, 0.595, 0.119),
)
TABLE_3_AVERAGE = {"with_base": 0.19, "with_matched": 0.507, "difference": 0.317}
"""The last row of Table 3, as printed."""

TABLE_4 = (
    PublishedDriver("ImageNet", 1000, -0.205, -0.511),
    PublishedDriver("ImageNet-100", 100, -0.022, -0.558),
    PublishedDriver("ImageNet-10", 10, 0.249, -0.457),
    PublishedDriver("ImageNet-5", 5, 0.51, -0.338),
    PublishedDriver("ImageNet-2", 2, 0.425, -0.179),
)

SLIPS = (
    "Table 3's column of correlations with ImageNet-X has the mean .500; .507 is printed, there and in the text",
    "Table 3's mean difference, printed .317, is .507 - .19; its column of differences has the mean .310",
    'the text sees "gain in correlation across all datasets"; Insects loses .017 (Table 3)',
    'the introduction\'s "2.5-fold improvement" of the mean correlation is 2.6-fold by the columns of Table 3, '
    "2.7-fold by their printed means",
    'Table 4: "with decreasing number of classes, the correlation coefficients increase" does not hold of depth from 5 '
    "to 2 classes (.51 to .425), nor of width from 1000 to 100 (-.511 to -.558)",
    "architectures have 360 to 400 mega flops in section 4.1, 340 to 400 in footnote 1",
    "Cifar10's errors lie between 18 and 40 % in appendix 6.1.1, while 6.1.3 and Figure 10 give its quartiles as 11.5, "
    "13.0 and 15.5 %",
    "appendix 6.1.4 speaks of three datasets with top-1 error that have top-5 error in Table 2",
)
"""Checked against the text: what a reader should know before comparing."""


def table_3_mean(column: str) -> float:
    """The mean of a column of Table 3, computed from its rows.

    Args:
      column: `with_base`, `with_matched` or `difference`.
    """
    values: list[float] = [getattr(row, column) for row in TABLE_3]
    return sum(values) / len(values)


def published_summary() -> dict[str, Any]:
    """As JSON takes it."""
    return json_object(
        {
            "architectures": ARCHITECTURES,
            "trainings": TRAININGS,
            "gpu_days": GPU_DAYS,
            "macs": MACS,
            "table_3": [asdict(row) for row in TABLE_3],
            "table_3_average_printed": TABLE_3_AVERAGE,
            "table_3_average": {column: table_3_mean(column) for column in TABLE_3_AVERAGE},
            "table_4": [asdict(row) for row in TABLE_4],
            "slips": SLIPS,
        }
    )
