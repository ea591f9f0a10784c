"""What the best architectures of a data set look like, stage by stage (Figure 13)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from randarch.analysis.transfer.errors import Errors, Population
from randarch.analysis.transfer.results import TopConfigurations

ByStage = dict[str, Float[np.ndarray, " stages"]]


def top_configurations(
    errors: Errors, dataset: str, population: Population, top: int = 15
) -> TopConfigurations:
    """The best architectures beside all of them; equals in the order that they are numbered.

    Args:
      errors: of one source.
      dataset: its name.
      population: the same architectures.
      top: how many are the best.

    Returns:
      Standard deviations are of these architectures (divided by their number).

    Raises:
      ValueError: top below 1.
    """
    if top < 1:
        raise ValueError(f"top is {top}; expected 1 or more architectures")
    error = errors.mean(dataset)
    order = np.argsort(error, kind="stable")[: min(top, int(np.isfinite(error).sum()))]

    def of(rows: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> ByStage:
        return {
            name: statistic(values[rows].astype(float)) if len(rows) else _unknown(values)
            for name, values in population.by_stage.items()
        }

    everyone = np.arange(len(error))
    return TopConfigurations(
        dataset=dataset,
        top=len(order),
        best=int(order[0]) if len(order) else -1,
        best_values=of(order[:1], _mean),
        mean=of(order, _mean),
        std=of(order, _std),
        all_mean=of(everyone, _mean),
        all_std=of(everyone, _std),
    )


def _mean(values: Float[np.ndarray, "n stages"]) -> Float[np.ndarray, " stages"]:
    return values.mean(axis=0)


def _std(values: Float[np.ndarray, "n stages"]) -> Float[np.ndarray, " stages"]:
    return values.std(axis=0)


def _unknown(values: Float[np.ndarray, "n stages"]) -> Float[np.ndarray, " stages"]:
    return np.full(values.shape[1], np.nan)
