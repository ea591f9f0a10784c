"""Effects of genes: explicit resamples and refits as oracles, and coverage under shared weights."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from randarch.analysis import cluster_index, gene_effects
from randarch.analysis.sweep.clusters import MAX_CLUSTERS, ClusterSums
from tests.analysis.sweep.examples import FIRST, GENES, make_sweep


def coded(genes: pd.DataFrame) -> np.ndarray:
    levels = [np.unique(genes[name], return_inverse=True)[1] for name in genes.columns]
    return np.stack(levels, axis=1)


def refit(genes: pd.DataFrame, y: np.ndarray, like: pd.DataFrame) -> dict[tuple[str, float], float]:
    """Additive least squares on `genes`; the mean prediction over `like` with one gene set."""

    def dummies(of: pd.DataFrame) -> np.ndarray:
        columns = [of[g] == v for g in genes.columns for v in np.unique(like[g])[1:]]
        return np.column_stack([np.ones(len(of)), *columns]).astype(float)

    fitted = np.linalg.lstsq(dummies(genes), y, rcond=None)[0]
    return {
        (g, v): float((dummies(like.assign(**{g: v})) @ fitted).mean())
        for g in genes.columns
        for v in np.unique(like[g])
    }


@pytest.fixture(scope="module")
def small() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Two genes of the first layer, one of the second; four first layers, three trials."""
    table = make_sweep(3000, all_trials=True, trials=3)
    table = table[(table["kernel_1"] <= 5) & (table["stride_1"] <= 2) & (table["dilation_1"] == 1)]
    table = table.head(60).reset_index(drop=True)
    genes = table[["kernel_1", "stride_1", "kernel_2"]]
    accuracy = table[[f"test_accuracy_seed{s}" for s in range(3)]].to_numpy()
    cluster = cluster_index(table, ["kernel_1", "stride_1"], np.random.default_rng(0))
    assert cluster.max() == 3
    return genes, accuracy, cluster


def test_weighted_sums_are_resampled_rows(
    small: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    genes, accuracy, cluster = small
    sums = ClusterSums.of(coded(genes), accuracy, cluster)
    clusters = np.array([[1.0, 1, 1, 1], [2, 0, 1, 1], [0, 3, 1, 2]])
    trials = np.array([[1.0, 1, 1], [0, 2, 1], [3, 0, 0]])
    means, adjusted = sums.means(clusters, trials), sums.adjusted_means(clusters, trials)
    names = [(g, v) for g in genes.columns for v in np.unique(genes[g])]
    assert means.shape == adjusted.shape == (3, len(names))
    for b in range(3):
        rows = np.repeat(np.arange(len(genes)), clusters[b].astype(int)[cluster])
        columns = np.repeat(np.arange(3), trials[b].astype(int))
        y = accuracy[np.ix_(rows, columns)].mean(axis=1)
        drawn = genes.iloc[rows]
        explicit = [y[(drawn[g] == v).to_numpy()] for g, v in names]
        expected = [group.mean() if len(group) else np.nan for group in explicit]
        np.testing.assert_allclose(means[b], expected)
        predicted = refit(drawn, y, genes)
        np.testing.assert_allclose(adjusted[b], [predicted[name] for name in names])


def test_a_resample_without_a_value_defines_no_adjusted_means(
    small: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    genes, accuracy, cluster = small
    sums = ClusterSums.of(coded(genes), accuracy, cluster)
    only = (np.arange(4) == cluster[0]).astype(float)[None]
    assert np.isnan(sums.adjusted_means(only, np.ones((1, 3)))).all()
    # Two values of each first-layer gene, one of which is left.
    assert np.isnan(sums.means(only, np.ones((1, 3)))[0, :4]).sum() == 2


def test_values_and_naive_intervals_are_the_textbooks() -> None:
    table = make_sweep(500, trials=1)
    y = table["test_accuracy"].to_numpy()
    effects = gene_effects(
        table[list(GENES)],
        y[:, None],
        cluster_index(table, FIRST, np.random.default_rng(0)),
        resamples=50,
        rng=np.random.default_rng(0),
    )
    assert [e.gene for e in effects] == list(GENES)
    for e in effects:
        groups = {v: y[table[e.gene].to_numpy() == v] for v in np.unique(table[e.gene])}
        assert [v.value for v in e.values] == list(groups)
        for of in e.values:
            group = groups[of.value]
            assert (of.mean.value, of.naive.value) == pytest.approx((group.mean(),) * 2)
            assert of.mean.n == len(group)
            inside = table[FIRST[0]].groupby([table[g] for g in FIRST]).ngroup()
            assert of.clusters == inside[table[e.gene] == of.value].nunique()
            expected = stats.ttest_1samp(group, 0).confidence_interval()
            assert (of.naive.low, of.naive.high) == pytest.approx((expected.low, expected.high))
        means = {v: g.mean() for v, g in groups.items()}
        assert (e.best, e.worst) == (max(means, key=means.get), min(means, key=means.get))
        welch = stats.ttest_ind(groups[e.best], groups[e.worst], equal_var=False)
        assert e.difference.value == pytest.approx(means[e.best] - means[e.worst])
        assert (e.naive_difference.low, e.naive_difference.high) == pytest.approx(
            tuple(welch.confidence_interval())
        )
        between = sum(len(g) * (g.mean() - y.mean()) ** 2 for g in groups.values())
        assert e.share == pytest.approx(between / np.sum((y - y.mean()) ** 2))


@pytest.mark.parametrize("trials", [1, 4])
def test_shared_weights_are_covered_where_naive_intervals_fail(trials: int) -> None:
    """36 first layers, each with draws of its own that move 16 networks together."""
    grid = np.array(list(itertools.product(range(4), range(3), range(3), range(4), range(4))))
    genes = pd.DataFrame(
        grid, columns=["kernel_1", "stride_1", "dilation_1", "kernel_2", "kernel_3"]
    )
    rng = np.random.default_rng(0)
    cluster = cluster_index(genes, ["kernel_1", "stride_1", "dilation_1"], rng)
    mean = 0.25 + 0.01 * grid[:, 0] + 0.004 * grid[:, 3]
    truth = {
        "kernel_1": 0.25 + 0.006 + 0.01 * np.arange(4),
        "kernel_2": 0.265 + 0.004 * np.arange(4),
    }
    runs = 150
    hits = {kind: dict.fromkeys(truth, 0) for kind in ("mean", "adjusted", "naive")}
    gaps = {"difference": 0, "naive_difference": 0}
    for _ in range(runs):
        luck = 0.01 * rng.normal(size=(36, trials))
        y = mean[:, None] + luck[cluster] + 0.004 * rng.normal(size=(len(grid), trials))
        effects = gene_effects(genes, y, cluster, resamples=200, rng=rng)
        for e in effects:
            if e.gene in truth:
                for of, expected in zip(e.values, truth[e.gene], strict=True):
                    for kind, count in hits.items():
                        interval = getattr(of, kind)
                        count[e.gene] += interval.low <= expected <= interval.high
            if e.gene == "kernel_1":
                for kind in gaps:
                    interval = getattr(e, kind)
                    gaps[kind] += interval.low <= 0.01 * (e.best - e.worst) <= interval.high
    for kind in ("mean", "adjusted"):
        for gene in truth:
            # The values of a gene in one run depend on each other, hence a loose count of 150.
            assert hits[kind][gene] / 4 >= stats.binom.ppf(1e-4, runs, 0.93)
    assert gaps["difference"] >= stats.binom.ppf(1e-4, runs, 0.93)
    assert hits["naive"]["kernel_1"] / 4 < 0.75 * runs
    assert gaps["naive_difference"] < 0.75 * runs


def test_independent_weights_make_both_intervals_agree() -> None:
    table = make_sweep(4000, cluster_sd=0.0, slopes={}, trials=1)
    rng = np.random.default_rng(0)
    cluster = cluster_index(table, (), rng)
    assert np.bincount(cluster).tolist() == [4000 // MAX_CLUSTERS] * MAX_CLUSTERS
    effects = gene_effects(
        table[list(GENES)], table[["test_accuracy"]].to_numpy(), cluster, resamples=2000, rng=rng
    )
    for e in effects:
        for of in e.values:
            width, naive = of.mean.high - of.mean.low, of.naive.high - of.naive.low
            # A standard error from 200 groups is known to 5 %; four of those.
            assert width == pytest.approx(naive, rel=0.25)


def test_one_first_layer_has_no_interval_and_one_value_no_difference() -> None:
    table = make_sweep(2000, trials=2, all_trials=True)
    table = table[(table[list(FIRST)] == [5, 2, 1]).all(axis=1)].reset_index(drop=True)
    assert len(table) > 20
    rng = np.random.default_rng(0)
    cluster = cluster_index(table, FIRST, rng)
    y = table[["test_accuracy_seed0", "test_accuracy_seed1"]].to_numpy()
    effects = {
        e.gene: e for e in gene_effects(table[list(GENES)], y, cluster, resamples=50, rng=rng)
    }
    second = effects["kernel_2"]
    assert second.difference.value > 0 and np.isnan(second.difference.low)
    assert np.isnan(second.values[0].mean.low) and np.isfinite(second.values[0].naive.low)
    assert not effects["kernel_1"].difference.defined
    assert effects["kernel_1"].best == effects["kernel_1"].worst == 5


def test_genes_that_cannot_be_told_apart_have_no_adjusted_means() -> None:
    table = make_sweep(200, trials=1)
    genes = table[["kernel_1", "kernel_2"]].assign(copy=table["kernel_2"])
    rng = np.random.default_rng(0)
    effects = gene_effects(
        genes,
        table[["test_accuracy"]].to_numpy(),
        cluster_index(table, FIRST, rng),
        resamples=50,
        rng=rng,
    )
    assert not any(of.adjusted.defined for e in effects for of in e.values)
    assert all(of.mean.defined for e in effects for of in e.values)


def test_equal_accuracies_and_a_single_network() -> None:
    table = make_sweep(50, trials=1)
    rng = np.random.default_rng(0)
    cluster = cluster_index(table, FIRST, rng)
    equal = gene_effects(table[list(GENES)], np.full((50, 1), 0.3), cluster, resamples=50, rng=rng)
    for e in equal:
        assert np.isnan(e.share)
        assert all(of.mean.value == pytest.approx(0.3) for of in e.values)
    (single, *_) = gene_effects(
        table[list(GENES)].head(1), np.array([[0.3]]), cluster[:1] * 0, resamples=50, rng=rng
    )
    assert single.values[0].mean.value == pytest.approx(0.3)
    assert np.isnan(single.values[0].mean.low) and not single.difference.defined
