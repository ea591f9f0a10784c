"""Mixtures of rankings, and what following them costs."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.transfer import Family, recommend
from randarch.analysis.transfer.chance import chance_p
from randarch.analysis.transfer.mixture import (
    RankedTarget,
    agreement_on_grid,
    best_weights,
    rank_shares,
    simplex,
)
from tests.analysis.transfer.examples import FAMILY, bootstrap, errors_of, noisy_errors

pytestmark = pytest.mark.filterwarnings("error")
# Of the base alone, with two targets.
ALONE = Family("base", {"base": 10}, None, {"a": 3, "b": 4})


def test_rank_shares_run_from_0_to_1() -> None:
    shares = rank_shares(np.array([[0.3, 0.1, 0.2, 0.3, 0.9], [1.0, 2, 3, 4, np.nan]]))
    np.testing.assert_allclose(shares[0, :4], np.array([2.5, 0, 1, 2.5]) / 3)
    np.testing.assert_allclose(shares[1, :4], np.arange(4) / 3)
    assert np.isnan(shares[:, 4]).all()
    assert rank_shares(np.full((2, 3), 0.4)).tolist() == [[0.5] * 3] * 2


@pytest.mark.parametrize(("components", "size"), [(1, 1), (2, 11), (3, 66)])
def test_the_grid_is_the_simplex_in_tenths(components: int, size: int) -> None:
    grid = simplex(components)
    assert grid.shape == (size, components) and len(np.unique(grid, axis=0)) == size
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    np.testing.assert_allclose(10 * grid, np.rint(10 * grid))


def test_agreement_of_every_mixture() -> None:
    rng = np.random.default_rng(0)
    errors, trained = rng.random((2, 9)), rng.random(9)
    trained[4] = np.nan
    target = RankedTarget("x", rank_shares(errors), trained)
    grid, keep = simplex(2), np.arange(9) != 4
    expected = [
        stats.spearmanr(np.round(w @ target.shares[:, keep], 9), trained[keep]).statistic
        for w in grid
    ]
    np.testing.assert_allclose(agreement_on_grid(target, grid), expected)


def test_a_mixture_that_ranks_nothing_agrees_with_nothing() -> None:
    target = RankedTarget("x", np.array([[0.0, 0.5, 1], [1, 0.5, 0]]), np.array([0.1, 0.2, 0.3]))
    assert agreement_on_grid(target, simplex(2))[5] == 0


def test_equally_good_weights_are_as_equal_as_can_be() -> None:
    assert best_weights([np.zeros(11)], simplex(2)).tolist() == [0.5, 0.5]
    assert sorted(best_weights([np.ones(66)], simplex(3))) == pytest.approx([0.3, 0.3, 0.4])
    agreement = np.zeros(11)
    agreement[[1, 8]] = 0.7
    assert best_weights([agreement, agreement], simplex(2)) == pytest.approx([0.8, 0.2])


def test_regret_by_hand() -> None:
    trained = errors_of(
        {"base": [0.1, 0.2, 0.3, 0.4], "a": [0.30, 0.20, 0.50, 0.40], "b": [0.1, 0.3, 0.4, 0.4]}
    )
    found = recommend(trained, None, ALONE, None, bootstrap())
    assert found is not None and found.components == ("base",)
    a, b = found.held_out
    assert (a.dataset, b.dataset) == ("a", "b")
    assert a.weights == {"base": 1.0}
    # The base picks number 0; a random pick costs mean - best.
    assert a.regret == pytest.approx({"mixture": 0.1, "base": 0.1, "chance": 0.15})
    assert b.regret == pytest.approx({"mixture": 0, "base": 0, "chance": 0.2})
    assert a.spearman == pytest.approx({"mixture": 0.6, "base": 0.6})
    assert found.mean_regret["base"].value == pytest.approx(0.05)
    assert found.mean_regret["chance"].value == pytest.approx(0.175)
    # Of the 16 pairs of picks, number 0 or 1 for a with number 0 for b regret as little.
    assert found.mean_regret["mixture"].p == pytest.approx(2 / 16, abs=0.01)
    assert np.isnan(found.mean_regret["chance"].p)
    assert found.mean_regret["mixture"].n == 2 and np.isnan(found.mean_regret["mixture"].low)
    assert found.weights == {"base": 1.0}
    assert (found.target, found.ranking, len(found.scores)) == (None, (), 0)


def test_ties_of_the_ranking_count_by_their_expectation() -> None:
    trained = errors_of({"base": [0.1, 0.1, 0.3], "a": [0.2, 0.6, 0.1], "b": [0.1, 0.2, 0.3]})
    found = recommend(trained, None, ALONE, None, bootstrap())
    assert found is not None
    assert found.held_out[0].regret["base"] == pytest.approx((0.1 + 0.5) / 2)


def test_weights_are_those_of_the_other_targets() -> None:
    rng = np.random.default_rng(0)
    base, noise = rng.random(30), rng.random((2, 30))
    # What random weights say is right on b alone, what the base says on a alone.
    trained = errors_of({"base": base, "a": base**2, "b": noise[0]})
    random = errors_of({"a": noise[1], "b": noise[0]}, "random")
    found = recommend(trained, random, ALONE, None, bootstrap())
    assert found is not None and found.components == ("base", "random")
    a, b = found.held_out
    assert a.weights["random"] > 0.8 and b.weights["base"] > 0.8
    assert a.regret["base"] == 0 and b.regret["random"] == 0
    assert a.spearman["base"] == pytest.approx(1)
    assert a.spearman["random"] == pytest.approx(stats.spearmanr(noise[1], base).statistic)


def test_a_component_that_knows_gets_the_weight_and_ranks_a_new_data_set() -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.random(20) for name in ("base", "base:2", "a", "b", "c")}
    family = Family("base", {"base": 9, "base:2": 2}, None, {"a": 9, "b": 2, "c": 2}, {"new": 2})
    new = rng.random(20)
    random = errors_of(
        {"a": values["a"] / 2, "b": values["b"] / 2, "c": values["c"] / 2, "new": new}, "random"
    )
    found = recommend(errors_of(values), random, family, "new", bootstrap())
    assert found is not None and found.components == ("base", "matched", "random")
    assert found.weights["random"] >= 0.8 and sum(found.weights.values()) == pytest.approx(1)
    assert found.target == "new" and sorted(found.ranking) == list(range(20))
    shares = rank_shares(np.stack([values["base"], values["base:2"], new]))
    mixture = np.array(list(found.weights.values())) @ shares
    np.testing.assert_allclose(found.scores, np.sort(mixture), atol=1e-9)
    np.testing.assert_allclose(mixture[list(found.ranking)], found.scores, atol=1e-9)


def test_components_that_cannot_be_had_are_left_out() -> None:
    trained, random = noisy_errors(12), noisy_errors(12, 1, source="random")

    def components(family=FAMILY, target=None, of=random) -> tuple[str, ...]:
        found = recommend(trained, of, family, target, bootstrap())
        assert found is not None
        return found.components

    assert components() == ("base", "matched", "random")
    assert components(of=None) == ("base", "matched")
    assert components(dataclasses.replace(FAMILY, members={"base": 100})) == ("base", "random")
    assert components(dataclasses.replace(FAMILY, base="x", members={"x": 999, "base:2": 2})) == (
        "matched",
        "random",
    )
    # A new data set without a number of classes, and without errors with random weights.
    assert components(target="new") == ("base",)
    assert components(dataclasses.replace(FAMILY, untrained={"new": 3}), "new") == (
        "base",
        "matched",
    )


def test_architectures_without_a_component_are_not_ranked() -> None:
    trained, random = noisy_errors(12), noisy_errors(12, 1, source="random")
    trained.values[0, 3] = np.nan
    random = dataclasses.replace(
        random,
        datasets=(*random.datasets, "new"),
        values=np.concatenate([random.values, random.values[:1]]),
        test_images=(*random.test_images, 1000),
    )
    found = recommend(trained, random, FAMILY, "new", bootstrap())
    assert found is not None
    assert len(found.ranking) == 11 and 3 not in found.ranking
    assert len(found.to_summary()["scores"]) == 11


@pytest.mark.parametrize("bad", [0.5, np.nan])
def test_one_target_is_too_few(bad: float) -> None:
    trained = noisy_errors(10, datasets=("base", "a", "b"))
    assert recommend(trained, None, ALONE, None, bootstrap()) is not None
    trained.values[2] = bad
    assert recommend(trained, None, ALONE, None, bootstrap()) is None
    one = dataclasses.replace(ALONE, targets={"a": 3})
    assert recommend(trained, None, one, None, bootstrap()) is None
    assert recommend(noisy_errors(2), None, FAMILY, None, bootstrap()) is None
    without = errors_of({"a": np.arange(5.0), "b": np.arange(5.0)})
    assert recommend(without, None, ALONE, None, bootstrap()) is None


def test_intervals_resample_targets() -> None:
    names = tuple("abcdefgh")
    trained = noisy_errors(20, datasets=("base", *names))
    family = Family("base", {"base": 10}, None, dict.fromkeys(names, 5))
    found = recommend(trained, None, family, None, bootstrap(200))
    assert found is not None
    mean = found.mean_regret["mixture"]
    assert mean.low <= mean.value <= mean.high and mean.n == 8
    assert mean.value == pytest.approx(np.mean([h.regret["mixture"] for h in found.held_out]))
    assert mean.p < 0.05


def test_chance_by_enumeration() -> None:
    errors = [np.array([0.1, 0.3, 0.7]), np.array([0.2, 0.2, 0.5, 0.9])]
    regrets = [(a - 0.1 + b - 0.2) / 2 for a, b in itertools.product(*errors)]
    for found in (0.0, 0.1, 0.3, 0.65):
        expected = np.mean(np.array(regrets) <= found + 1e-9)
        assert chance_p(errors, found, np.random.default_rng(0)) == pytest.approx(
            expected, abs=0.01
        )


def test_random_picks_are_called_better_as_rarely_as_they_should_be() -> None:
    """Of skewed errors, where most picks lie below the mean."""
    rng = np.random.default_rng(0)
    rejected = 0
    for _ in range(300):
        errors = [np.exp(rng.normal(size=20)) for _ in range(4)]
        found = np.mean([rng.choice(own) - own.min() for own in errors])
        rejected += chance_p(errors, float(found), rng) < 0.05
    assert rejected <= stats.binom.ppf(0.999, 300, 0.05)
