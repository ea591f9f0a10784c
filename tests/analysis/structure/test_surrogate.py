"""The additive model and its pairs: NumPy's least squares and explicit refits as oracles, planted effects."""

import json

import numpy as np
import pytest

from randarch.analysis.structure import Surrogate, fit_surrogate
from randarch.analysis.structure.pair_ridge import (
    PENALTIES,
    Fit,
    Moments,
    additive_columns,
    pair_columns,
)
from tests.analysis.structure.examples import TYPES, make_sampled, sampled_from


def fit(sampled: object, scores: np.ndarray, seed: int = 0, **settings: int) -> Surrogate:
    rng = np.random.default_rng(seed)
    return fit_surrogate(sampled, scores, rng=rng, **({"resamples": 100} | settings))


def contrasts(layers: np.ndarray) -> np.ndarray:
    """Intercept and sum-to-zero columns: the last type of a position is minus all others."""
    columns = [np.ones(len(layers))]
    for position in layers.T:
        last = position == len(TYPES) - 1
        columns += [(position == t) * 1.0 - last for t in range(len(TYPES) - 1)]
    return np.stack(columns, axis=1)


def test_effects_are_least_squares_with_sum_to_zero() -> None:
    sampled = make_sampled(150, positions=3)
    y, x = sampled.accuracy, contrasts(sampled.layers)
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    free = coefficients[1:].reshape(3, 4)
    effects = np.concatenate([free, -free.sum(axis=1, keepdims=True)], axis=1).T
    found = fit(sampled, y)
    np.testing.assert_allclose(found.effects, effects, atol=1e-10)
    assert found.intercept == pytest.approx(coefficients[0])
    left = y - x @ coefficients
    assert found.explained == pytest.approx(1 - left.var() / y.var())
    np.testing.assert_allclose(found.predict(sampled.layers), x @ coefficients)
    assert (found.parameters, found.rank, found.determined, found.notes) == (13, 13, True, ())


def test_errors_are_the_cluster_sandwich() -> None:
    sampled = make_sampled(90, positions=2, copies=2)
    y, x = sampled.accuracy, contrasts(sampled.layers)
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    sums = np.array([(x * left[:, None])[sampled.cluster == c].sum(axis=0) for c in range(90)])
    inverse = np.linalg.inv(x.T @ x)
    covariance = inverse @ (sums.T @ sums) @ inverse * (90 / 89) * (179 / (180 - x.shape[1]))
    free = np.sqrt(np.diag(covariance))[1:].reshape(2, 4)
    last = [np.sqrt(covariance[p : p + 4, p : p + 4].sum()) for p in (1, 5)]
    expected = np.concatenate([free, np.array(last)[:, None]], axis=1).T
    np.testing.assert_allclose(fit(sampled, y).errors, expected)


def test_errors_cover_the_truth() -> None:
    rng, hits = np.random.default_rng(0), []
    truth = np.array([0.02, -0.02, 0.01, 0.0, -0.01])
    for _ in range(60):
        layers = rng.integers(5, size=(80, 2))
        noise = rng.normal(size=80) * np.where(layers[:, 0] == 0, 0.03, 0.005)
        y = 0.3 + truth[layers].sum(axis=1) + noise
        found = fit(sampled_from(layers, y[:, None]), y, resamples=40)
        hits.append(np.abs(found.effects - truth[:, None]) < 1.96 * found.errors)
    # 600 intervals, unequal variances: 93 % at this size.
    assert 0.90 < np.mean(hits) < 0.98


@pytest.mark.parametrize("penalty", [0.0, 3.0, np.inf])
def test_a_fit_with_pairs_is_ridge_on_the_pairs(penalty: float) -> None:
    sampled = make_sampled(260, positions=3)
    own, pairs = additive_columns(sampled.layers, 5), pair_columns(sampled.layers, 5)
    x, y = np.hstack([own, pairs]), sampled.accuracy
    found = Fit.of(Moments.of(x, y), own.shape[1], np.array([penalty])).with_pairs[:, 0]
    if penalty == np.inf:
        expected = own @ np.linalg.lstsq(own, y, rcond=None)[0]
        assert not found[own.shape[1] :].any()
    else:
        expected = x @ ridge(x, y, own.shape[1], penalty)
    np.testing.assert_allclose(x @ found, expected, atol=1e-8)


def test_pair_columns_are_the_pairs_that_occur() -> None:
    columns = pair_columns(np.array([[0, 1, 1], [0, 1, 0], [2, 2, 2]]), 3)
    # (0,1) first; (1,1) and (1,0) second; (2,2) at both.
    assert columns.shape == (3, 5) and columns.sum(axis=1).tolist() == [2, 2, 2]
    assert sorted(columns.sum(axis=0).tolist()) == [1, 1, 1, 1, 2]


def test_unseen_networks_are_explained_as_the_truth_allows() -> None:
    rng = np.random.default_rng(0)
    layers = rng.integers(5, size=(900, 3))
    signal = np.linspace(-0.04, 0.04, 5)[layers].sum(axis=1)
    y = 0.4 + signal + rng.normal(0, signal.std(), size=900)
    found = fit(sampled_from(layers, y[:, None]), y)
    assert found.explained_unseen.low < 0.5 < found.explained_unseen.high
    assert found.explained > found.explained_unseen.value
    # Pairs explain what is there to fit, and nothing of what is not seen.
    assert found.pairs_explained >= found.explained
    assert found.pairs_gain.value < 0.01
    assert found.explained_unseen.n == 900 and found.folds == 10


def test_cross_validation_is_refits_without_the_fold() -> None:
    """The residuals of the additive model over all folds, recomputed from the folds that the generator gives."""
    sampled = make_sampled(70, positions=2, copies=2)
    y, x = sampled.accuracy, contrasts(sampled.layers)
    part = np.random.default_rng(3).permutation(np.arange(70) % 5)[sampled.cluster]
    left, spread = np.empty(140), np.empty(140)
    for f in range(5):
        seen, out = part != f, part == f
        left[out] = y[out] - x[out] @ np.linalg.lstsq(x[seen], y[seen], rcond=None)[0]
        spread[out] = y[out] - y[seen].mean()
    found = fit(sampled, y, seed=3, folds=5)
    assert found.explained_unseen.value == pytest.approx(1 - (left**2).sum() / (spread**2).sum())


def ridge(x: np.ndarray, y: np.ndarray, free: int, penalty: float) -> np.ndarray:
    """Coefficients with all but the first `free` columns penalised, as least squares on more rows."""
    if penalty == np.inf:
        below = np.linalg.lstsq(x[:, :free], y, rcond=None)[0]
        return np.append(below, np.zeros(x.shape[1] - free))
    rows = np.sqrt(penalty) * np.eye(x.shape[1])[free:]
    target = np.append(y, np.zeros(len(rows)))
    return np.linalg.lstsq(np.concatenate([x, rows]), target, rcond=None)[0]


def test_penalties_are_chosen_on_a_fold_that_is_not_reported() -> None:
    """Every fold's pairs, recomputed with a plain loop; noise, so that choices matter."""
    sampled = make_sampled(150, positions=3, images=20)
    y = sampled.accuracy
    own, pairs = contrasts(sampled.layers), pair_columns(sampled.layers, 5)
    x, free = np.hstack([own, pairs]), own.shape[1]
    part = np.random.default_rng(3).permutation(np.arange(150) % 4)
    left, spread, losses = np.empty(150), np.empty(150), np.zeros((4, len(PENALTIES)))
    for f in range(4):
        out, choose = part == f, part == (f + 1) % 4
        inner, seen = ~out & ~choose, ~out
        for i, penalty in enumerate(PENALTIES):
            found = ridge(x[inner], y[inner], free, penalty)
            losses[f, i] = ((y[choose] - x[choose] @ found) ** 2).sum()
        found = ridge(x[seen], y[seen], free, PENALTIES[np.argmin(losses[f])])
        left[out] = y[out] - x[out] @ found
        spread[out] = y[out] - y[seen].mean()
    ours = fit(sampled, y, seed=3, folds=4)
    expected = 1 - (left**2).sum() / (spread**2).sum()
    assert ours.pairs_explained_unseen.value == pytest.approx(expected)
    assert ours.pairs_penalty == PENALTIES[np.argmin(losses.sum(axis=0))]
    assert len(np.unique(losses.argmin(axis=1))) > 1


def test_pairs_are_found_where_there_are_some() -> None:
    rng = np.random.default_rng(0)
    layers = rng.integers(5, size=(600, 3))
    pair = ((layers[:, :-1] == 1) & (layers[:, 1:] == 3)).any(axis=1)
    y = 0.3 + 0.1 * pair + rng.normal(0, 0.005, size=600)
    found = fit(sampled_from(layers, y[:, None]), y)
    assert found.pairs_gain.low > 0.3
    assert found.pairs_explained_unseen.value > 0.9 > found.explained_unseen.high
    assert np.isfinite(found.pairs_penalty) and found.pairs_parameters == 32


def test_copies_do_not_leak_between_folds() -> None:
    """Noise alone, each architecture in six rows: with copies on both sides, pairs would explain it."""
    rng = np.random.default_rng(0)
    layers, noise = rng.integers(5, size=(120, 4)), rng.random(120)
    which = np.repeat(np.arange(120), 6)
    y = noise[which]
    together = sampled_from(layers[which], y[:, None], architecture=which)
    apart = sampled_from(layers[which], y[:, None])
    assert fit(together, y).pairs_explained_unseen.value < 0.05
    assert fit(apart, y).pairs_explained_unseen.value > 0.4


def test_a_type_that_never_occurs_has_no_effect() -> None:
    sampled = make_sampled(100, positions=2)
    layers = np.where(sampled.layers == [4, 9], 0, sampled.layers)
    sampled = sampled_from(layers, sampled.class_accuracy)
    found = fit(sampled, sampled.accuracy)
    missing = np.isnan(found.effects)
    assert missing.sum() == 1 and missing[4, 0] and np.isnan(found.errors[4, 0])
    assert not np.isnan(found.errors[~missing]).any()
    np.testing.assert_allclose(np.nansum(found.effects, axis=0), 0, atol=1e-12)
    assert (found.rank, found.parameters, found.determined) == (8, 9, False)
    assert len(found.notes) == 1 and "8 of the 9" in found.notes[0]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 20])
def test_small_samples_say_so(n: int) -> None:
    sampled = make_sampled(n, positions=5)
    found = fit(sampled, sampled.accuracy)
    assert found.rank <= n and not found.determined and np.isnan(found.errors).all()
    assert f"determine {found.rank} of the 21" in found.notes[0]
    assert found.explained_unseen.defined == (n >= 3)
    assert any("too few to leave some out" in note for note in found.notes) == (n < 3)
    json.dumps(found.to_summary(), allow_nan=False)


def test_equal_accuracies_have_nothing_to_explain() -> None:
    layers = np.random.default_rng(0).integers(5, size=(60, 2))
    found = fit(sampled_from(layers, np.full((60, 1), 0.3)), np.full(60, 0.3))
    assert np.isnan(found.explained) and not found.explained_unseen.defined
    np.testing.assert_allclose(found.effects, 0, atol=1e-12)


def test_few_folds_are_refused() -> None:
    sampled = make_sampled(20)
    with pytest.raises(ValueError, match="at least 3"):
        fit(sampled, sampled.accuracy, folds=2)
