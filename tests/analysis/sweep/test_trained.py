"""Random against trained accuracy of a few networks: SciPy's exact permutation test as oracle."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from randarch.analysis import compare_trained, permutation_p
from randarch.analysis.sweep.trained import MAX_EXACT


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("n", [3, 4, 6, 7])
@pytest.mark.parametrize("ties", [False, True])
def test_p_counts_every_order(n: int, ties: bool) -> None:
    x, y = np.random.default_rng(n).normal(size=(2, n))
    if ties:
        x, y = np.round(x), np.round(y)
    a, b = stats.rankdata(x), stats.rankdata(y)
    centred = (a - a.mean()) @ (b - b.mean())
    orders = [(a - a.mean()) @ (np.array(p) - b.mean()) for p in itertools.permutations(b)]
    expected = np.mean(np.abs(orders) >= abs(centred) - 1e-9)
    assert permutation_p(x, y, rng()) == pytest.approx(expected)


def test_a_perfect_order_of_many_is_as_rare_as_can_be() -> None:
    x = np.arange(float(MAX_EXACT))
    assert permutation_p(x, x, rng()) == pytest.approx(2 / math.factorial(MAX_EXACT))
    assert permutation_p(x, -x, rng()) == pytest.approx(2 / math.factorial(MAX_EXACT))


def test_random_orders_agree_with_the_t_test() -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 40))
    y += 0.3 * x
    assert permutation_p(x, y, rng()) == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.01)
    assert permutation_p(x, x, rng()) == 1e-5


def confirmed() -> pd.DataFrame:
    random = np.linspace(0.28, 0.32, 8)
    noise = np.random.default_rng(1).normal(size=16)
    return pd.DataFrame(
        {
            "genome_text": [f"n{i % 8}" for i in range(16)],
            "channels": np.repeat([128, 32], 8),
            "random_accuracy": np.tile(random, 2),
            "trained_accuracy": np.tile(random, 2) + 0.2 + 0.01 * noise,
            "published_trained_accuracy": [*np.tile(random, 2)[:15] + 0.25, math.nan],
        }
    )


def test_each_width_by_itself() -> None:
    table = confirmed()
    found = compare_trained(table, rng=rng())
    assert [g.channels for g in found.groups] == [32, 128]
    for g in found.groups:
        of = table[table["channels"] == g.channels]
        x, y = of["random_accuracy"].to_numpy(), of["trained_accuracy"].to_numpy()
        assert g.spearman.n == 8 and g.exact
        assert g.spearman.value == pytest.approx(stats.spearmanr(x, y).statistic)
        assert g.spearman.p == permutation_p(x, y, rng())
        assert g.spearman.low <= g.spearman.value <= g.spearman.high
        difference = (of["trained_accuracy"] - of["published_trained_accuracy"]).mean()
        assert g.published_difference == pytest.approx(difference)
    assert set(json.loads(json.dumps(found.to_summary(), allow_nan=False))) == {"32", "128"}


def test_missing_constant_and_few() -> None:
    table = confirmed().drop(columns="published_trained_accuracy")
    table.loc[:5, "trained_accuracy"] = math.nan
    table.loc[8:, "random_accuracy"] = 0.3
    narrow, wide = compare_trained(table, rng=rng()).groups
    assert not narrow.spearman.defined and math.isnan(narrow.spearman.p) and narrow.spearman.n == 8
    assert not wide.spearman.defined and wide.spearman.n == 2
    assert math.isnan(narrow.published_difference)
    assert compare_trained(table.head(0), rng=rng()).groups == ()
    with pytest.raises(ValueError, match="no column channels"):
        compare_trained(table.drop(columns="channels"), rng=rng())
