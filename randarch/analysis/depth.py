"""The correlation analysis of one depth: a table of scores in, a `DepthAnalysis` out.

After Evans et al., "Exploring the Correlation Between Random Convolutional Architectures and the
Trained Equivalent", Tables II, IV and V, with intervals, confounders and noise accounted for.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from randarch.analysis.attenuation import ceiling, reliability
from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import (
    complete,
    correlate,
    partial_spearman,
    spearman,
    spearman_gain,
)
from randarch.analysis.results import DepthAnalysis, ScoreAnalysis
from randarch.analysis.selection import top_k as pick_top_k
from randarch.analysis.size import within_bins, within_classes

_SIZES = ("final_size", "params", "macs")
_MARKS = ("dead", "diverged")
_SCORES = {"rfm_accuracy": "rfm_loo_accuracy", "ensemble_accuracy": "ensemble_loo_accuracy"}
_TRAINED = "trained_accuracy"
_REQUIRED = (
    *("digest", *_SIZES, *_MARKS, *_SCORES.keys(), *_SCORES.values(), _TRAINED),
    *("rfm_accuracy_seed0", "trained_accuracy_seed0"),
)


def analyze_depth(
    table: pd.DataFrame,
    *,
    depth: int,
    top_k: Sequence[int] = (5,),
    resamples: int = 2000,
    rng: np.random.Generator,
) -> DepthAnalysis:
    """All statistics of one depth.

    The result does not depend on the order of the rows. The intervals take the architectures as
    independent draws; where they share random weights they are too narrow.

    Args:
      table: one row per distinct architecture, with columns `digest`, `final_size`, `params`,
        `macs` (counts), `rfm_accuracy` and `trained_accuracy` (means over seeds) and their
        `_seed0`, `_seed1`, ..., `rfm_loo_accuracy`, `ensemble_accuracy`, `ensemble_loo_accuracy`
        (fractions in [0, 1]; NaN where there is none), `dead`, `diverged` (bool).
      depth: number of convolutional layers, carried into the result.
      top_k: how many to pick, for each of which a `TopK` is made.
      resamples: bootstrap resamples of the architectures for each interval.
      rng: source of the resamples.

    Raises:
      ValueError: a column is missing, an architecture occurs twice, a size is below 1 or missing,
        an accuracy lies outside [0, 1], a mark is not a bool, `top_k` below 1 or too few resamples.
    """
    _check(table)
    table = table.sort_values("digest", kind="stable")
    bootstrap = Bootstrap(resamples, rng)
    trained, trained_seeds = _column(table, _TRAINED), _seeds(table, _TRAINED)
    rfm, ensemble = _column(table, "rfm_accuracy"), _column(table, "ensemble_accuracy")
    size = table["final_size"].to_numpy(dtype=np.int64)
    # The ensemble score uses all seeds at once: it has no repeats of its own.
    return DepthAnalysis(
        depth=depth,
        n=len(table),
        dead=int(table["dead"].sum()),
        diverged=int(table["diverged"].sum()),
        rfm=_analyze_score(table, "rfm_accuracy", _seeds(table, "rfm_accuracy"), top_k, bootstrap),
        ensemble=_analyze_score(table, "ensemble_accuracy", ensemble[:, None], top_k, bootstrap),
        ensemble_gain=spearman_gain(ensemble, rfm, trained, bootstrap),
        trained_final_size_spearman=spearman(size, trained, bootstrap),
        trained_reliability=reliability(trained_seeds, bootstrap),
    )


def _analyze_score(
    table: pd.DataFrame,
    name: str,
    seeds: Float[np.ndarray, "n k"],
    top_k: Sequence[int],
    bootstrap: Bootstrap,
) -> ScoreAnalysis:
    score, trained = _column(table, name), _column(table, _TRAINED)
    size, params, macs = (table[c].to_numpy(dtype=np.int64) for c in _SIZES)
    alive = ~table[list(_MARKS)].to_numpy(dtype=bool).any(axis=1)
    # Ranks do not see the logarithm, so the sizes serve as they are.
    given = {
        "log_final_size": [size],
        "log_params": [params],
        "log_macs": [macs],
        "all": [size, params, macs],
    }
    limit = ceiling(score, seeds, trained, _seeds(table, _TRAINED), bootstrap)
    return ScoreAnalysis(
        score=name,
        all=correlate(score, trained, bootstrap),
        alive=correlate(score[alive], trained[alive], bootstrap),
        missing=int((~complete(score, trained)).sum()),
        loo=correlate(_column(table, _SCORES[name]), trained, bootstrap),
        partial_spearman={
            key: partial_spearman(score, trained, covariates, bootstrap)
            for key, covariates in given.items()
        },
        final_size_spearman=spearman(size, score, bootstrap),
        by_bin=within_bins(size, score, trained, bootstrap),
        by_class=within_classes(size, score, trained, bootstrap),
        reliability=reliability(seeds, bootstrap),
        ceiling=limit.ceiling,
        ceiling_uses=limit.uses,
        disattenuated=limit.disattenuated,
        top_k=tuple(pick_top_k(score, trained, k) for k in top_k),
    )


def _column(table: pd.DataFrame, name: str) -> Float[np.ndarray, " n"]:
    return table[name].to_numpy(dtype=float)


def _seed_names(table: pd.DataFrame, name: str) -> list[str]:
    return [c for c in table.columns if re.fullmatch(rf"{name}_seed\d+", str(c))]


def _seeds(table: pd.DataFrame, name: str) -> Float[np.ndarray, "n k"]:
    return table[_seed_names(table, name)].to_numpy(dtype=float)


def _check(table: pd.DataFrame) -> None:
    missing = [c for c in _REQUIRED if c not in table.columns]
    if missing:
        raise ValueError(
            f"the table has no column {', '.join(missing)}; expected all of {', '.join(_REQUIRED)}"
        )
    twice = table["digest"][table["digest"].duplicated()]
    if len(twice):
        raise ValueError(
            f"architecture {twice.iloc[0]} occurs more than once ({len(twice)} surplus rows); "
            "expected one row per digest: drop the duplicates first"
        )
    for name in _SIZES:
        if not (table[name] >= 1).all():
            raise ValueError(f"column {name} has a value below 1 or missing; expected counts")
    for name in _MARKS:
        if len(table) and not pd.api.types.is_bool_dtype(table[name]):
            raise ValueError(f"column {name} is {table[name].dtype}; expected bool: cast it")
    accuracies = [*_SCORES.keys(), *_SCORES.values(), _TRAINED]
    seeds = [c for name in ("rfm_accuracy", _TRAINED) for c in _seed_names(table, name)]
    for name in accuracies + seeds:
        values = _column(table, name)
        outside = values[(values < 0) | (values > 1)]
        if len(outside):
            raise ValueError(
                f"column {name} holds {outside[0]}; expected fractions in [0, 1], not percent"
            )
