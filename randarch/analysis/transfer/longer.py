"""Would longer training change the ranks? (Figures 8 and 9.)"""

from collections.abc import Mapping

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete, spearman
from randarch.analysis.transfer.errors import Errors
from randarch.analysis.transfer.results import LongerTraining


def longer_training(
    trained: Errors, longer: Mapping[int, Errors], bootstrap: Bootstrap
) -> tuple[LongerTraining, ...]:
    """Errors after longer training against those after the usual one.

    Args:
      trained: after the usual training.
      longer: by how many times as long; the same architectures in the same order, nan where not made.
      bootstrap: how intervals are made.

    Returns:
      One for each factor and data set where any architecture has both errors, by data set and then by factor.
    """
    found = []
    for name in trained.datasets:
        for factor in sorted(longer):
            if not longer[factor].has(name):
                continue
            usual, after = trained.mean(name), longer[factor].mean(name)
            both = complete(usual, after)
            if not both.any():
                continue
            found.append(
                LongerTraining(
                    dataset=name,
                    factor=factor,
                    spearman=spearman(usual, after, bootstrap),
                    mean_error=float(usual[both].mean()),
                    longer_error=float(after[both].mean()),
                )
            )
    return tuple(found)
