"""How much of the errors' spread is the architectures', and how much is chance (Figure 10)."""

import math

import numpy as np

from randarch.analysis.results import Estimate
from randarch.analysis.structure.repeats import analyze_repeats
from randarch.analysis.transfer.errors import Errors
from randarch.analysis.transfer.results import Spread

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


def spread(errors: Errors, dataset: str) -> Spread:
    """One data set's, over the architectures that have all repeats.

    Args:
      errors: of one source.
      dataset: its name.
    """
    repeats = errors.repeats(dataset)
    means = errors.mean(dataset)
    means = means[np.isfinite(means)]
    images = errors.test_images[errors.index(dataset)]
    if repeats.shape[1] >= 2:
        parts = analyze_repeats(repeats)
        between, within, icc = parts.between, parts.within, parts.icc
    else:
        between = float(np.std(means, ddof=1)) if len(means) > 1 else math.nan
        within, icc = math.nan, Estimate.undefined(len(means))
    counting = math.nan
    quantiles = (math.nan, math.nan, math.nan, math.nan, math.nan)
    if len(means):
        error = float(means.mean())
        counting = math.sqrt(max(0.0, error * (1 - error)) / images) if images else math.nan
        low, first, middle, third, high = (float(q) for q in np.quantile(means, _QUANTILES))
        quantiles = (low, first, middle, third, high)
    return Spread(
        dataset=dataset,
        between=between,
        within=within,
        counting=counting,
        icc=icc,
        quantiles=quantiles,
    )
