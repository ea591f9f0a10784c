"""Scores of networks by how many of their convolutions are unproductive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from randarch.analysis.json_ready import json_object


@dataclass(frozen=True)
class FieldGroup:
    """Networks with equally many unproductive convolutions.

    Attributes:
      unproductive: how many each has.
      n: networks.
      known: how many of them have each score.
      means: of each score, over those that have it.
      sds: its standard deviation (n - 1) over them; NaN for fewer than two.
    """

    unproductive: int
    n: int
    known: Mapping[str, int]
    means: Mapping[str, float]
    sds: Mapping[str, float]

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        scores = {
            name: {"n": self.known[name], "mean": self.means[name], "sd": self.sds[name]}
            for name in self.means
        }
        return json_object({"unproductive": self.unproductive, "n": self.n, **scores})


def by_unproductive(
    unproductive: Sequence[int], scores: Mapping[str, Sequence[float]]
) -> tuple[FieldGroup, ...]:
    """Groups networks, fewest unproductive convolutions first.

    Args:
      unproductive: convolutions of each network.
      scores: of each network, by name; NaN where it has none.

    Raises:
      ValueError: scores of another number of networks.
    """
    counts = np.asarray(unproductive, int)
    values = {name: np.asarray(column, np.float64) for name, column in scores.items()}
    for name, column in values.items():
        if len(column) != len(counts):
            raise ValueError(
                f"{len(column)} networks have a {name}, but {len(counts)} a receptive field; expected as many"
            )
    found = []
    for count in np.unique(counts):
        own = {name: column[counts == count] for name, column in values.items()}
        known = {name: column[np.isfinite(column)] for name, column in own.items()}
        found.append(
            FieldGroup(
                int(count),
                int(np.sum(counts == count)),
                {name: len(c) for name, c in known.items()},
                {name: float(c.mean()) if len(c) else np.nan for name, c in known.items()},
                {name: float(c.std(ddof=1)) if len(c) > 1 else np.nan for name, c in known.items()},
            )
        )
    return tuple(found)
