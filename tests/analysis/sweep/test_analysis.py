"""The analysis of a whole sweep: known effects are found, awkward tables are survived."""

import json
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from randarch.analysis import SweepAnalysis, analyze_sweep, fitness, pareto_mask
from tests.analysis.sweep.examples import FIRST, GENES, SLOPES, make_sweep


def analyze(table: pd.DataFrame, **options: object) -> SweepAnalysis:
    settings: dict[str, object] = {"resamples": 100} | options
    return analyze_sweep(table, GENES, rng=np.random.default_rng(0), **settings)


@pytest.fixture(scope="module")
def sweep() -> tuple[pd.DataFrame, SweepAnalysis]:
    table = make_sweep(3000)
    return table, analyze(table)


def test_counts_and_distributions(sweep: tuple[pd.DataFrame, SweepAnalysis]) -> None:
    table, found = sweep
    kept = table[table["kept"]]
    assert (found.n, found.kept, found.among) == (3000, len(kept), "kept")
    assert (found.cluster, found.clusters, found.effect_trials) == (FIRST, 36, 1)
    for key, values in (
        ("all", table["test_accuracy"]),
        ("first", table["test_accuracy_seed0"]),
        ("kept", kept["test_accuracy"]),
    ):
        assert found.distributions[key].mean == pytest.approx(values.mean())
        assert found.distributions[key].sd == pytest.approx(values.std())
    # Noise 0.008 and the draws of first layers 0.01, a trial each.
    assert found.trial_sd == pytest.approx(np.hypot(0.008, 0.01), rel=0.1)


def test_the_best_are_the_most_accurate_of_the_kept(
    sweep: tuple[pd.DataFrame, SweepAnalysis],
) -> None:
    table, found = sweep
    kept = table[table["kept"]].sort_values("test_accuracy", ascending=False)
    assert [n.digest for n in found.best] == kept["digest"].head(10).tolist()
    best, row = found.best[0], kept.iloc[0]
    assert best.genome == row["genome"] and best.genome_text == row["genome_text"]
    assert best.accuracy.value == pytest.approx(row["test_accuracy"]) and best.accuracy.n == 5
    assert best.accuracy.low < best.accuracy.value < best.accuracy.high
    assert (best.lowest, best.highest) == (row["test_accuracy_min"], row["test_accuracy_max"])
    scores = fitness(kept["test_accuracy"].to_numpy(), kept["throughput"].to_numpy())
    assert best.fitness == pytest.approx(scores[0])


def test_the_front_is_that_of_the_kept_on_measured_throughput(
    sweep: tuple[pd.DataFrame, SweepAnalysis],
) -> None:
    table, found = sweep
    kept = table[table["kept"]]
    on = pareto_mask(kept["test_accuracy"].to_numpy(), kept["throughput"].to_numpy())
    assert found.speed == "measured"
    assert {n.digest for n in found.pareto} == set(kept["digest"][on])
    accuracies = [n.accuracy.value for n in found.pareto]
    assert accuracies == sorted(accuracies, reverse=True)
    assert found.pareto[0].digest == found.best[0].digest


def test_effects_that_were_put_in_are_found(sweep: tuple[pd.DataFrame, SweepAnalysis]) -> None:
    _, found = sweep
    for e in found.effects:
        slope = SLOPES.get(e.gene, 0.0)
        expected = slope * (e.best - e.worst)
        assert e.adjusted_difference.value == pytest.approx(expected, abs=0.015)
        if slope:
            assert expected > 0
            assert e.difference.low > 0
    gene, other = "stride_2", "kernel_1"
    shares = {e.gene: e.share for e in found.effects}
    assert set(sorted(shares, key=lambda g: -shares[g])[:2]) == {gene, other}
    assert found.correlations["all"].pearson.loc[gene, "test_accuracy"] < -0.2
    # No interaction was put in: what looks like one comes from the draws of the first layers.
    assert {found.interactions.pairs[0].first, found.interactions.pairs[0].second} <= set(FIRST)
    for pair in found.interactions.pairs:
        shared = {pair.first, pair.second} <= set(FIRST)
        assert (pair.by_chance > 0.02) == shared
        assert pair.share < 6 * pair.by_chance


def test_the_order_of_rows_does_not_matter(sweep: tuple[pd.DataFrame, SweepAnalysis]) -> None:
    table, found = sweep
    again = analyze(table.sample(frac=1, random_state=1))
    assert again.to_summary() == found.to_summary()


def test_the_summary_is_json(sweep: tuple[pd.DataFrame, SweepAnalysis]) -> None:
    _, found = sweep
    summary = json.loads(json.dumps(found.to_summary(), allow_nan=False))
    assert set(summary) == {"best", "pareto", "gene_correlations", "effects", "interactions"}
    assert set(summary["gene_correlations"]) == {*GENES, "ratio"}
    expected = found.correlations["kept"].pearson.loc["stride_1", "throughput"]
    assert summary["gene_correlations"]["stride_1"]["throughput"] == pytest.approx(expected)
    assert len(summary["best"]) == 10
    assert summary["pareto"]["speed"] == "measured"
    assert set(summary["effects"]["kernel_1"]["values"]) == {"3", "5", "7", "9"}


AWKWARD: dict[str, Callable[[], pd.DataFrame]] = {
    "one network": lambda: make_sweep(1),
    "two networks": lambda: make_sweep(2, trials=1),
    "equal accuracies": lambda: make_sweep(60, trials=2, all_trials=True).assign(
        **dict.fromkeys(
            ["test_accuracy", "test_accuracy_seed0", "test_accuracy_seed1", "train_accuracy"], 0.3
        )
    ),
    "nothing kept": lambda: make_sweep(60, threshold=1.1),
    "no throughput": lambda: make_sweep(60).assign(throughput=np.nan, predicted_throughput=np.nan),
    "only what is needed": lambda: make_sweep(60, trials=1)[
        [
            *("genome", "genome_text", "digest", *GENES, "ratio", "params", "macs", "trials"),
            *("test_accuracy", "kept"),
        ]
    ],
    "accuracies missing": lambda: make_sweep(60).assign(
        test_accuracy=lambda t: t["test_accuracy"].where(t.index > 3)
    ),
}


@pytest.mark.parametrize("make", AWKWARD.values(), ids=AWKWARD)
def test_awkward_tables_are_survived(make: Callable[[], pd.DataFrame]) -> None:
    table = make()
    found = analyze(table)
    json.dumps(found.to_summary(), allow_nan=False)
    assert found.n == table["test_accuracy"].notna().sum()
    assert found.best and found.pareto
    assert len(found.effects) == len(GENES)


def test_nothing_kept_ranks_all() -> None:
    table = make_sweep(60, threshold=1.1)
    found = analyze(table)
    assert (found.kept, found.among, found.speed) == (0, "all", "predicted")
    assert found.best[0].accuracy.value == table["test_accuracy"].max()
    assert found.correlations["kept"].networks == 0
    kernels = found.to_summary()["gene_correlations"]["kernel_1"]
    assert set(kernels.values()) == {None}


def test_without_throughput_few_multiply_adds_count() -> None:
    table = make_sweep(60).assign(throughput=np.nan).drop(columns="predicted_throughput")
    found = analyze(table)
    kept = table[table["kept"]]
    on = pareto_mask(kept["test_accuracy"].to_numpy(), -kept["macs"].to_numpy(dtype=float))
    assert found.speed == "macs"
    assert {n.digest for n in found.pareto} == set(kept["digest"][on])
    assert all(np.isnan([n.throughput, n.fitness]).all() for n in found.best)


def test_trials_of_all_enter_the_effects() -> None:
    assert analyze(make_sweep(200, trials=3, all_trials=True)).effect_trials == 3


def test_independent_networks_are_clusters_of_their_own() -> None:
    found = analyze(make_sweep(150), cluster=())
    assert (found.cluster, found.clusters) == ((), 150)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="ratio"), "no column ratio"),
        (lambda t: t.drop(columns="kernel_2"), "no column kernel_2"),
        (lambda t: t.assign(test_accuracy=30.0), "not percent"),
        (lambda t: t.assign(kept=1), "expected bool"),
        (lambda t: pd.concat([t, t.head(1)]), "occurs twice"),
        (lambda t: t.assign(test_accuracy=np.nan), "at least one evaluated"),
        (lambda t: t.head(0), "at least one evaluated"),
    ],
)
def test_bad_tables_are_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        analyze(change(make_sweep(10)))


def test_genes_without_a_first_layer_need_clusters() -> None:
    table = make_sweep(10).rename(columns={"kernel_1": "a"})
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="cluster="):
        analyze_sweep(table, ["a", "kernel_2"], rng=rng)
    assert analyze_sweep(table, ["a"], rng=rng, cluster=["a"], resamples=50).cluster == ("a",)


@pytest.mark.slow
def test_the_whole_grid_takes_seconds() -> None:
    table = make_sweep(46_656)
    start = time.process_time()
    found = analyze_sweep(table, GENES, rng=np.random.default_rng(0))
    assert time.process_time() - start < 20
    assert found.clusters == 36
