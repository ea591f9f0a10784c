"""Gene-result correlations against SciPy; what is constant or missing is nan."""

import numpy as np
import pytest
from scipy import stats

from randarch.analysis import correlation_matrix, fitness
from randarch.analysis.sweep.correlations import RESULTS
from tests.analysis.sweep.examples import GENES, make_sweep


def test_every_entry_is_scipys() -> None:
    table = make_sweep(80).drop(columns="predicted_throughput")
    found = correlation_matrix(table, GENES)
    assert list(found.pearson.index) == [*GENES, "ratio", *RESULTS]
    assert list(found.pearson.columns) == list(found.spearman.columns) == list(RESULTS)
    assert found.networks == 80
    accuracy, speed = (table[c].to_numpy() for c in ("test_accuracy", "throughput"))
    columns = table.assign(fitness=fitness(accuracy, speed))
    for row in found.pearson.index:
        for result in RESULTS:
            both = columns[row].notna() & columns[result].notna()
            x, y = (columns.loc[both, name].to_numpy(dtype=float) for name in (row, result))
            assert found.pearson.loc[row, result] == pytest.approx(stats.pearsonr(x, y).statistic)
            assert found.spearman.loc[row, result] == pytest.approx(stats.spearmanr(x, y).statistic)


def test_constant_and_missing_columns_are_nan() -> None:
    table = make_sweep(40).drop(columns=["fit_seconds", "throughput", "predicted_throughput"])
    # Means over trials may differ in the last bit only.
    table["train_accuracy"] = np.where(np.arange(40) % 2, 0.3, 0.1 + 0.2)
    table["kernel_1"] = 3
    found = correlation_matrix(table, GENES)
    for matrix in (found.pearson, found.spearman):
        for name in ("train_accuracy", "fit_seconds", "throughput", "fitness"):
            assert matrix[name].isna().all()
        assert matrix.loc["kernel_1"].isna().all()
        assert np.isfinite(matrix.loc["kernel_2", "test_accuracy"])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_networks_define_nothing(n: int) -> None:
    found = correlation_matrix(make_sweep(10).head(n), GENES)
    assert found.networks == n
    assert found.pearson.isna().all(axis=None) and found.spearman.isna().all(axis=None)
