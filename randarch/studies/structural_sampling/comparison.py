"""The published numbers beside a run's, where they are of the same layers and classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.results import Correlations
from randarch.analysis.structure import (
    ClassComparison,
    StructureAnalysis,
    compare_class_table,
    compare_distribution,
)
from randarch.report.structure import PublishedClass, PublishedStructure
from randarch.spaces.layer_library import LIBRARY
from randarch.studies.structural_sampling import published


@dataclass(frozen=True)
class Comparison:
    """A run beside the paper.

    Attributes:
      layers: the cells of Table I; None where layers or positions are others.
      classes: Table II; None where classes are others.
    """

    layers: Correlations | None
    classes: ClassComparison | None


def compare(analysis: StructureAnalysis, bootstrap: Bootstrap) -> Comparison:
    """Correlations of a run's tables with the published ones."""
    layers = classes = None
    theirs = _table(published.TABLE_I, analysis.distribution.types)
    if theirs is not None and theirs.shape == analysis.distribution.counts.shape:
        layers = compare_distribution(analysis.distribution.counts, theirs, bootstrap)
    if set(analysis.sampled.classes) == set(published.TABLE_II):
        rows = [published.TABLE_II[name] for name in analysis.sampled.classes]
        classes = compare_class_table(
            analysis.classes,
            np.array([row.top for row in rows], float),
            np.array([row.mean for row in rows], float),
            np.array([row.distance for row in rows], float),
            bootstrap,
        )
    return Comparison(layers, classes)


def published_structure(types: Sequence[str], positions: int) -> PublishedStructure | None:
    """The published numbers for the page; None where layer types or positions are others."""
    counts = _table(published.TABLE_I, types)
    if counts is None or counts.shape[1] != positions:
        return None
    tables = {name: _table(counts, types) for name, counts in published.TABLE_III.items()}
    return PublishedStructure(
        dataset="CIFAR-100",
        networks=published.NETWORKS,
        best=published.BEST_ACCURACY,
        mean=published.MEAN_ACCURACY,
        top=published.TOP_NETWORKS,
        cutoff=published.CUTOFF,
        best_layers=published.BEST_NETWORK,
        types=tuple(types),
        counts=counts,
        classes={
            name: PublishedClass(float(row.top), float(row.mean), float(row.distance))
            for name, row in published.TABLE_II.items()
        },
        class_counts={name: table for name, table in tables.items() if table is not None},
        ranks_of_best=published.RANKS_OF_BEST_NETWORK,
        most_params=published.MOST_PARAMS,
        mean_params=published.MEAN_PARAMS,
        best_params=published.BEST_NETWORK_PARAMS,
        remarks=published.REMARKS,
    )


def _table(counts: Mapping[str, Sequence[int]], types: Sequence[str]) -> np.ndarray | None:
    """Counts [types, positions] in the order of a library; None for another library than the published one."""
    if set(types) != set(LIBRARY):
        return None
    return np.array([counts[name] for name in types], float)
