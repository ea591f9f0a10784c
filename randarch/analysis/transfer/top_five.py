"""Does it matter whether the right class has to be the first or among the first five? (Figure 11.)"""

import math

import numpy as np
from jaxtyping import Float

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import complete, kendall
from randarch.analysis.transfer.results import TopFive


def top_five(
    dataset: str,
    top_one_error: Float[np.ndarray, " a"],
    top_five_error: Float[np.ndarray, " a"],
    bootstrap: Bootstrap,
) -> TopFive:
    """Whether the two errors order architectures alike; those that miss one are left out."""
    return TopFive(
        dataset=dataset,
        kendall=kendall(top_one_error, top_five_error, bootstrap),
        discordant=discordant(top_one_error, top_five_error),
    )


def discordant(x: Float[np.ndarray, " a"], y: Float[np.ndarray, " a"]) -> float:
    """Share of the pairs, untied in both, that `x` and `y` order differently; nan without such a pair."""
    keep = complete(x, y)
    x, y = x[keep], y[keep]
    i, j = np.tril_indices(len(x), -1)
    same = np.sign(x[i] - x[j]) * np.sign(y[i] - y[j])
    untied = int((same != 0).sum())
    return float((same < 0).sum() / untied) if untied else math.nan
