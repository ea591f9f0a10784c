"""Published networks beside ours."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from randarch.analysis import compare_published
from tests.analysis.sweep.examples import make_sweep


def published_of(table: pd.DataFrame) -> pd.DataFrame:
    """The table's networks as the post writes them, three percent points better."""
    genes = [[", ".join(part.split(",")) for part in t.split(" - ")] for t in table["genome_text"]]
    return pd.DataFrame(genes, columns=["kernel_size", "stride", "dilation"]).assign(
        throughput=1000, accuracy=100 * table["test_accuracy"].to_numpy() + 3, ratio=0.5
    )


def test_networks_meet_by_their_genes() -> None:
    table = make_sweep(300).drop(columns="predicted_throughput")
    chosen = table[table["kept"]].head(4)
    absent = pd.DataFrame(
        {"kernel_size": ["11,3,3"], "stride": ["1,1,1"], "dilation": ["1,1,1"], "accuracy": [30.0]}
    )
    published = pd.concat([published_of(chosen), absent], ignore_index=True)
    found = compare_published(table.sample(frac=1, random_state=0), published)
    assert [row.genome_text for row in found.rows[:4]] == chosen["genome_text"].tolist()
    assert found.speed == "measured"
    for row, (_, ours) in zip(found.rows[:4], chosen.iterrows(), strict=True):
        trials = ours[[f"test_accuracy_seed{s}" for s in range(5)]].to_numpy(dtype=float)
        expected = stats.ttest_1samp(trials, 0).confidence_interval()
        assert row.accuracy.value == pytest.approx(ours["test_accuracy"])
        assert (row.accuracy.low, row.accuracy.high, row.accuracy.n) == pytest.approx(
            (expected.low, expected.high, 5)
        )
        assert row.difference == pytest.approx(-0.03)
        assert row.throughput == ours["throughput"] and row.ratio == ours["ratio"]
        assert (row.published_throughput, row.published_ratio) == (1000, 0.5)
    last = found.rows[4]
    assert last.genome_text == "11,3,3 - 1,1,1 - 1,1,1"
    assert not last.accuracy.defined and np.isnan([last.difference, last.throughput]).all()
    assert last.published_accuracy == 0.3
    assert found.difference.n == 4
    assert found.difference.value == pytest.approx(-0.03)
    assert found.ours == pytest.approx(chosen["test_accuracy"].mean())
    assert found.published == pytest.approx(chosen["test_accuracy"].mean() + 0.03)
    summary = json.dumps(found.to_summary(), allow_nan=False)
    assert summary.count("genome_text") == 5


def test_one_trial_has_a_mean_without_an_interval() -> None:
    table = make_sweep(100, trials=1)
    row = compare_published(table, published_of(table.head(1))).rows[0]
    assert row.accuracy.value == table["test_accuracy"].iloc[0]
    assert np.isnan(row.accuracy.low)
    bare = table.drop(columns="test_accuracy_seed0")
    again = compare_published(bare, published_of(table.head(1))).rows[0].accuracy
    assert (again.value, again.n) == (row.accuracy.value, 1)


def test_nothing_in_common() -> None:
    table = make_sweep(50)
    found = compare_published(table.tail(25), published_of(table.head(25)))
    assert not found.difference.defined and np.isnan([found.ours, found.published]).all()


def test_bad_tables_are_refused() -> None:
    table = make_sweep(20)
    published = published_of(table)
    with pytest.raises(ValueError, match="no column stride"):
        compare_published(table, published.drop(columns="stride"))
    with pytest.raises(ValueError, match="occurs twice"):
        compare_published(pd.concat([table, table.head(1)]), published)
