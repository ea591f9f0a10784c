"""Do random weights say what training says: of each data set, and of how data sets are related?"""

import math

import numpy as np

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import spearman
from randarch.analysis.transfer.errors import Errors, Family
from randarch.analysis.transfer.mantel import mantel
from randarch.analysis.transfer.mean_correlation import Pair, mean_spearman
from randarch.analysis.transfer.results import AprMatrix, MatrixAgreement, SourceAgreement


def source_agreement(
    trained: Errors,
    random: Errors,
    trained_apr: AprMatrix,
    random_apr: AprMatrix,
    family: Family,
    bootstrap: Bootstrap,
    orders: np.random.Generator,
) -> SourceAgreement:
    """Random weights against training, on the data sets that have both.

    Args:
      trained, random: errors of the same architectures.
      trained_apr, random_apr: their matrices.
      family: what the targets are.
      bootstrap: how intervals are made.
      orders: source of random orders of the data sets, where all are too many.

    Returns:
      `carried` and `carried_by_base` are means over the same targets: those where each of the two is defined (where the
      base has no trained errors, those where the first is).
    """
    names = [name for name in trained.datasets if name in random.datasets]
    per_dataset = {
        name: spearman(random.mean(name), trained.mean(name), bootstrap) for name in names
    }
    carried, by_base = _carried(trained, random, family, bootstrap)
    matrices = _matrices(trained_apr, random_apr, names, orders)
    unrelated = [name for name in names if name == family.base or name in family.targets]
    return SourceAgreement(
        per_dataset=per_dataset,
        carried=mean_spearman(carried, bootstrap),
        carried_by_base=mean_spearman(by_base, bootstrap),
        matrices=matrices,
        # Drawn orders differ: the same data sets shall not have two p values.
        unrelated=matrices
        if unrelated == names
        else _matrices(trained_apr, random_apr, unrelated, orders),
    )


def _matrices(
    trained: AprMatrix, random: AprMatrix, names: list[str], orders: np.random.Generator
) -> MatrixAgreement:
    first, second = _entries(trained, names), _entries(random, names)
    test = mantel(first, second, orders)
    differences = np.abs(first - second)[np.tril_indices(len(names), -1)]
    differences = differences[np.isfinite(differences)]
    return MatrixAgreement(
        datasets=tuple(names),
        spearman=test.spearman,
        pearson=test.pearson,
        permutations=test.permutations,
        exact=test.exact,
        mean_absolute_difference=float(differences.mean()) if len(differences) else math.nan,
    )


def _carried(
    trained: Errors, random: Errors, family: Family, bootstrap: Bootstrap
) -> tuple[list[Pair], list[Pair]]:
    """Pairs of what is carried over and trained errors, by random weights on the target and by the base."""
    with_base = trained.has(family.base)
    carried, by_base = [], []
    for name in family.targets:
        if not (trained.has(name) and random.has(name)):
            continue
        own = trained.mean(name)
        pairs = [(random.mean(name), own)]
        if with_base:
            pairs.append((trained.mean(family.base), own))
        if all(_defined(pair) for pair in pairs):
            carried.append(pairs[0])
            by_base.extend(pairs[1:])
    return carried, by_base


def _defined(pair: Pair) -> bool:
    x, y = (v[np.isfinite(pair[0]) & np.isfinite(pair[1])] for v in pair)
    return len(x) >= 3 and bool(np.ptp(x) > 0 and np.ptp(y) > 0)


def _entries(apr: AprMatrix, names: list[str]) -> np.ndarray:
    rows = [apr.datasets.index(name) for name in names]
    return apr.spearman[np.ix_(rows, rows)]
