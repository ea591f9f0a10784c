"""Our tables beside published ones: do they order layers and classes alike?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import correlate
from randarch.analysis.results import Correlations
from randarch.analysis.structure.classes import ClassAnalysis


@dataclass(frozen=True)
class ClassComparison:
    """Table II beside ours, correlations over the classes; `n` of each estimate is their number.

    Attributes:
      top: of the highest accuracy in each class.
      mean: of the mean accuracy.
      distance: of the distance from the best of all.
    """

    top: Correlations
    mean: Correlations
    distance: Correlations

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "top": self.top.to_summary(),
            "mean": self.mean.to_summary(),
            "distance": self.distance.to_summary(),
        }


def compare_distribution(
    ours: Float[np.ndarray, "types positions"],
    theirs: Float[np.ndarray, "types positions"],
    bootstrap: Bootstrap,
) -> Correlations:
    """Correlations of two tables of counts over their cells; Spearman's rho is the one to read.

    Cells of a column sum to the same in both tables, and many are 0 in both, so the intervals, which resample cells as
    if they were independent, and the p values are a rough guide. `n` is the number of cells.

    Args:
      ours: counts by layer type and position.
      theirs: the same, in the same order; cells that are nan are left out.
      bootstrap: how intervals are made.
    """
    return correlate(ours.ravel(), theirs.ravel(), bootstrap)


def compare_classes(
    ours: Float[np.ndarray, " c"], theirs: Float[np.ndarray, " c"], bootstrap: Bootstrap
) -> Correlations:
    """Correlations of a number a class, over the classes, which are resampled. `n` is their number.

    Args:
      ours: one number a class.
      theirs: the same, in the same order and in any unit; classes that are nan are left out.
      bootstrap: how intervals are made.
    """
    return correlate(ours, theirs, bootstrap)


def compare_class_table(
    ours: ClassAnalysis,
    top: Float[np.ndarray, " c"],
    mean: Float[np.ndarray, " c"],
    distance: Float[np.ndarray, " c"],
    bootstrap: Bootstrap,
) -> ClassComparison:
    """Table II beside ours.

    Args:
      ours: c classes.
      top, mean, distance: the published numbers in the order of our classes, in any unit; nan for none.
      bootstrap: how intervals are made.

    Raises:
      ValueError: not one number a class.
    """
    for name, published in (("top", top), ("mean", mean), ("distance", distance)):
        if len(published) != len(ours.classes):
            raise ValueError(
                f"{len(published)} published numbers ({name}) for {len(ours.classes)} classes; "
                "expected one a class, nan for none"
            )

    def compared(name: str, published: Float[np.ndarray, " c"]) -> Correlations:
        values = np.array([getattr(c, name) for c in ours.classes], dtype=float)
        return compare_classes(values, published, bootstrap)

    return ClassComparison(
        compared("top", top), compared("mean", mean), compared("distance", distance)
    )
