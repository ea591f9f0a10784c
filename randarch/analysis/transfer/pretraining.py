"""Does training on the base first bring a data set's ranking closer to the base's? (Figure 12.)"""

import numpy as np

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete, spearman, spearman_gain
from randarch.analysis.transfer.errors import Errors
from randarch.analysis.transfer.results import Pretraining


def pretraining(
    trained: Errors, pretrained: Errors, base: str, bootstrap: Bootstrap
) -> tuple[Pretraining, ...]:
    """Errors with and without weights from the base, against errors on the base.

    Args:
      trained: from scratch.
      pretrained: of the same architectures, from weights that were trained on the base.
      base: its name.
      bootstrap: how intervals are made.

    Returns:
      One for each data set but the base that any architecture has both errors on. All three errors are of the same
      architectures.
    """
    if base not in trained.datasets:
        return ()
    found = []
    for name in trained.datasets:
        if name == base or name not in pretrained.datasets:
            continue
        errors = (trained.mean(name), pretrained.mean(name), trained.mean(base))
        keep = complete(*errors)
        if not keep.any():
            continue
        scratch, after, on_base = (np.where(keep, e, np.nan) for e in errors)
        found.append(
            Pretraining(
                dataset=name,
                from_scratch=spearman(scratch, on_base, bootstrap),
                pretrained=spearman(after, on_base, bootstrap),
                change=spearman_gain(after, scratch, on_base, bootstrap),
                mean_error=float(scratch[keep].mean()),
                pretrained_error=float(after[keep].mean()),
            )
        )
    return tuple(found)
