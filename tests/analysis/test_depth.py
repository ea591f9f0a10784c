"""The analysis of one depth: known relations come out, degenerate tables do not crash."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from randarch.analysis import DepthAnalysis, analyze_depth


def make_table(n: int, seed: int = 0, rfm_seeds: int = 3, trained_seeds: int = 2) -> pd.DataFrame:
    """Accuracies that depend on quality and size; the ensemble score has less noise."""
    rng = np.random.default_rng(seed)
    channels = rng.integers(3, 40, size=n)
    quality = 0.5 + 0.004 * channels + 0.05 * rng.normal(size=n)

    def seeds(mean: np.ndarray, noise: float, k: int) -> np.ndarray:
        return np.clip(mean[:, None] + noise * rng.normal(size=(n, k)), 0, 1)

    rfm = seeds(0.6 * quality, 0.04, rfm_seeds)
    trained = seeds(quality, 0.02, trained_seeds)
    table = pd.DataFrame(
        {
            "draw": 0,
            "genome": [str(i) for i in range(n)],
            "digest": [f"{i:04x}" for i in rng.permutation(n)],
            "final_size": 64 * channels,
            "params": 1000 * channels + rng.integers(0, 9000, size=n),
            "macs": 10**6 * channels + rng.integers(0, 10**7, size=n),
            "rfm_accuracy": rfm.mean(axis=1),
            "rfm_loo_accuracy": seeds(rfm.mean(axis=1), 0.01, 1)[:, 0],
            "ensemble_accuracy": seeds(0.7 * quality, 0.005, 1)[:, 0],
            "ensemble_loo_accuracy": seeds(0.7 * quality, 0.006, 1)[:, 0],
            "trained_accuracy": trained.mean(axis=1),
            "dead": False,
            "diverged": False,
        }
    )
    for name, values in (("rfm", rfm), ("trained", trained)):
        for s in range(values.shape[1]):
            table[f"{name}_accuracy_seed{s}"] = values[:, s]
    return table


def analyze(table: pd.DataFrame, resamples: int = 100, **options) -> DepthAnalysis:
    rng = np.random.default_rng(0)
    return analyze_depth(table, depth=9, resamples=resamples, rng=rng, **options)


def test_statistics_are_scipys_on_the_columns() -> None:
    table = make_table(60)
    result = analyze(table, top_k=(3, 5))
    trained = table["trained_accuracy"]
    for analysis in (result.rfm, result.ensemble):
        score = table[analysis.score]
        assert analysis.all.pearson.value == pytest.approx(stats.pearsonr(score, trained).statistic)
        assert analysis.all.kendall.value == pytest.approx(
            stats.kendalltau(score, trained).statistic
        )
        assert analysis.final_size_spearman.value == pytest.approx(
            stats.spearmanr(table["final_size"], score).statistic
        )
        loo = table[analysis.score.replace("accuracy", "loo_accuracy")]
        assert analysis.loo.spearman.value == pytest.approx(stats.spearmanr(loo, trained).statistic)
        assert [t.k for t in analysis.top_k] == [3, 5]
        assert list(analysis.partial_spearman) == [
            "log_final_size",
            "log_params",
            "log_macs",
            "all",
        ]
    assert result.trained_final_size_spearman.value == pytest.approx(
        stats.spearmanr(table["final_size"], trained).statistic
    )
    assert result.ensemble_gain.value == pytest.approx(
        result.ensemble.all.spearman.value - result.rfm.all.spearman.value
    )
    assert (result.depth, result.n, result.dead, result.diverged) == (9, 60, 0, 0)
    # Without dead networks the two groups are the same (their resamples are not).
    assert result.rfm.alive.pearson.value == result.rfm.all.pearson.value


def test_size_alone_leaves_no_partial_correlation() -> None:
    table = make_table(200)
    rng = np.random.default_rng(1)
    for name in ("rfm_accuracy", "trained_accuracy"):
        table[name] = 0.3 + table["final_size"] / 10_000 + 0.03 * rng.normal(size=200)
    result = analyze(table).rfm
    assert result.all.spearman.value > 0.7
    # Independent given the size: a standard error of 1 / sqrt(200) = 0.07.
    assert abs(result.partial_spearman["log_final_size"].value) < 0.3


def test_noise_is_what_the_ceiling_says() -> None:
    result = analyze(make_table(200))
    assert result.rfm.reliability.repeats == 3
    assert result.trained_reliability.repeats == 2
    assert result.rfm.reliability.single.value < result.rfm.reliability.of_mean.value < 1
    product = result.rfm.reliability.of_mean.value * result.trained_reliability.of_mean.value
    assert result.rfm.ceiling.value == pytest.approx(np.sqrt(product))
    assert result.rfm.ceiling_uses == ("score", "trained")
    assert result.rfm.disattenuated.value == pytest.approx(
        result.rfm.all.pearson.value / result.rfm.ceiling.value
    )
    assert not result.ensemble.reliability.single.defined
    assert result.ensemble.ceiling_uses == ("trained",)
    assert result.ensemble_gain.low > 0


def test_rows_in_another_order_give_the_same_result() -> None:
    table = make_table(30)
    shuffled = table.sample(frac=1, random_state=0)
    assert analyze(table) == analyze(shuffled)


def test_dead_and_diverged_networks_are_counted_and_set_apart() -> None:
    table = make_table(40)
    table.loc[:3, ["dead", "trained_accuracy", "trained_accuracy_seed0"]] = [True, 0.1, 0.1]
    table.loc[4, ["diverged", "trained_accuracy", "trained_accuracy_seed0"]] = [
        True,
        np.nan,
        np.nan,
    ]
    result = analyze(table)
    assert (result.n, result.dead, result.diverged, result.rfm.missing) == (40, 4, 1, 1)
    assert (result.rfm.all.pearson.n, result.rfm.alive.pearson.n) == (39, 35)
    rest = table[~(table["dead"] | table["diverged"])]
    expected = stats.pearsonr(rest["rfm_accuracy"], rest["trained_accuracy"]).statistic
    assert result.rfm.alive.pearson.value == pytest.approx(expected)
    assert result.rfm.all.pearson.value != pytest.approx(expected)
    assert result.trained_reliability.single.n == 39


def test_the_summary_is_strict_json_with_the_promised_keys() -> None:
    table = make_table(24, trained_seeds=1)
    summary = analyze(table).to_summary()
    again = json.loads(json.dumps(summary, allow_nan=False))
    assert again == summary
    for group in (summary, summary["alive"], summary["ensemble"], summary["ensemble"]["alive"]):
        for name in ("pearson", "spearman", "kendall"):
            assert {"value", "low", "high", "p"} <= set(group[name])
    assert summary["num_architectures"] == 24
    assert summary["dead"] == 0
    assert set(summary["final_size_spearman"]) == {"trained", "rfm", "ensemble"}
    assert set(summary["partial_spearman"]) == {"log_final_size", "log_params", "log_macs", "all"}
    assert len(summary["by_bin"]) == 20
    assert sum(b["n"] for b in summary["by_bin"]) == 24
    assert summary["reliability"]["rfm"]["repeats"] == 3
    assert summary["reliability"]["trained"]["single"]["value"] is None


def test_the_frame_lists_the_headline_estimates() -> None:
    result = analyze(make_table(24))
    frame = result.to_frame().set_index(["score", "statistic"])
    row = frame.loc[("ensemble_accuracy", "Spearman")]
    assert row["value"] == result.ensemble.all.spearman.value
    assert row["n"] == 24
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_few_architectures_do_not_crash(n: int) -> None:
    result = analyze(make_table(n))
    assert result.n == n
    assert result.rfm.all.pearson.n == n
    assert result.rfm.all.pearson.defined == (n >= 3)
    assert result.rfm.all.pearson.contains_zero
    json.dumps(result.to_summary(), allow_nan=False)


def test_all_dead() -> None:
    table = make_table(12)
    columns = [c for c in table.columns if c.startswith("trained")]
    table[columns], table["dead"] = 0.1, True
    result = analyze(table)
    assert (result.dead, result.rfm.all.spearman.n, result.rfm.alive.spearman.n) == (12, 12, 0)
    assert not result.rfm.all.kendall.defined
    assert not result.trained_reliability.of_mean.defined
    assert result.rfm.top_k[0].regret == 0
    json.dumps(result.to_summary(), allow_nan=False)


def test_all_the_same_size() -> None:
    table = make_table(12)
    table["final_size"] = 192
    result = analyze(table)
    assert not result.rfm.final_size_spearman.defined
    assert [b.n for b in result.rfm.by_bin] == [12]
    # Given a constant, the partial correlation is the plain one.
    partial = result.rfm.partial_spearman["log_final_size"]
    assert partial.value == pytest.approx(result.rfm.all.spearman.value)
    assert partial.p == pytest.approx(result.rfm.all.spearman.p)


accuracy = st.sampled_from([0.0, 0.1, 0.1 + 1e-17, 0.2, 0.9, 1.0, 5e-324, np.nan])


@settings(max_examples=30)
@given(st.data(), st.integers(0, 8))
def test_any_table_gives_a_valid_summary(data: st.DataObject, n: int) -> None:
    table = make_table(n, trained_seeds=data.draw(st.integers(1, 2)))
    for name in [c for c in table.columns if "accuracy" in c]:
        table[name] = data.draw(st.lists(accuracy, min_size=n, max_size=n))
    for name in ("final_size", "params", "macs"):
        table[name] = data.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    for name in ("dead", "diverged"):
        marks = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
        table[name] = np.array(marks, dtype=bool)
    result = analyze(table, resamples=40)
    json.dumps(result.to_summary(), allow_nan=False)
    for analysis in (result.rfm, result.ensemble):
        for group in (analysis.all, analysis.alive, analysis.loo):
            for estimate in (group.pearson, group.spearman, group.kendall):
                assert estimate.n <= n
                assert not estimate.defined or -1 <= estimate.value <= 1
                assert np.isnan(estimate.low) or -1 <= estimate.low <= estimate.high <= 1
        assert sum(b.n for b in analysis.by_bin) == n - analysis.missing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="macs"), "no column macs"),
        (lambda t: t.drop(columns="rfm_accuracy_seed0"), "no column rfm_accuracy_seed0"),
        (lambda t: t.assign(digest="same"), "same occurs more than once"),
        (lambda t: t.assign(trained_accuracy=57.0), "not percent"),
        (lambda t: t.assign(rfm_accuracy_seed1=-0.1), "rfm_accuracy_seed1 holds -0.1"),
        (lambda t: t.assign(final_size=0), "final_size"),
        (lambda t: t.assign(dead=0), "expected bool"),
    ],
)
def test_a_bad_table_is_refused(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analyze(change(make_table(6)))


@pytest.mark.parametrize("options", [{"top_k": (0,)}, {"resamples": 5}])
def test_bad_options_are_refused(options: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        analyze(make_table(6), **options)
