"""The readout against scikit-learn: one readout a seed, one on all seeds' features."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV

from randarch.ridge import PAPER_READOUT, RELATIVE_LAMBDAS, RidgeSettings, certify, readout

CLASSES = 4
PATH = tuple(float(value) for value in np.geomspace(1e-3, 1e4, 15))
# (n, d, how the seeds and how the ensemble of 3 are solved)
SHAPES = {
    "n<d": (60, 90, "dual", "dual"),
    "n>d": (300, 20, "primal", "primal"),
    "n=d": (70, 70, "dual", "dual"),
    "mixed": (70, 60, "primal", "dual"),
}


def draw(n, d, *, m=400, s=3, dtype=np.float32, noise=1.0, seed=0):
    """Features of s seeds whose first columns carry the class, and both splits' labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, n + m)
    labels[:CLASSES] = range(CLASSES)
    signal = rng.standard_normal((s, CLASSES, d))[:, labels]
    x = np.maximum(signal + noise * rng.standard_normal((s, n + m, d)) + 0.5, 0) * 3
    x = x.astype(dtype)
    return x[:, :n], labels[:n], x[:, n:], labels[n:]


def kept(predictions: np.ndarray | None) -> np.ndarray:
    """Predictions that the settings asked to keep."""
    assert predictions is not None
    return predictions


def classifiers(train, y_train, lambdas, intercept=True):
    """scikit-learn's choice for every seed and, last, for the seeds side by side."""
    stacks = [*train, np.concatenate(train, axis=1)]
    return [
        RidgeClassifierCV(lambdas, fit_intercept=intercept).fit(x.astype(np.float64), y_train)
        for x in stacks
    ]


def scored(scores, which):
    """(chosen lambda, LOO error, test accuracy, predictions) of one seed, or of the ensemble."""
    part = scores.ensemble if which == "ensemble" else scores.seeds
    k = () if which == "ensemble" else which
    return (
        float(part.chosen_lambda[k]),
        float(part.loo_error[k]),
        float(part.test_accuracy[k]),
        kept(part.predicted)[k],
    )


@pytest.mark.parametrize(
    ("shape", "intercept"),
    [*((shape, True) for shape in SHAPES), ("n<d", False), ("n>d", False)],
)
def test_agrees_with_ridge_classifier_cv(shape, intercept):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64)
    lambdas = PATH
    ours = readout(
        train,
        y_train,
        test,
        y_test,
        num_classes=CLASSES,
        settings=RidgeSettings(lambdas=lambdas, intercept=intercept, keep_predictions=True),
    )
    assert (ours.seeds.method, ours.ensemble.method) == SHAPES[shape][2:]
    tests = [*test, np.concatenate(test, axis=1)]
    theirs = classifiers(train, y_train, lambdas, intercept)
    for which, model, x in zip([0, 1, 2, "ensemble"], theirs, tests, strict=True):
        chosen, error, accuracy, predicted = scored(ours, which)
        assert chosen == pytest.approx(model.alpha_)
        assert error == pytest.approx(-model.best_score_, rel=1e-6)
        np.testing.assert_array_equal(predicted, model.predict(x))
        assert accuracy == pytest.approx(model.score(x, y_test))
    wanted = np.where(y_test[:, None] == np.arange(CLASSES), 1.0, -1.0)
    np.testing.assert_allclose(
        kept(ours.ensemble.decision), theirs[-1].decision_function(tests[-1])
    )
    expected = ((wanted - theirs[-1].decision_function(tests[-1])) ** 2).mean()
    assert float(ours.ensemble.test_error) == pytest.approx(expected)


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_float32_features_give_float64_predictions(shape):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, noise=4.0)
    ours = readout(
        jnp.asarray(train),
        y_train,
        jnp.asarray(test),
        y_test,
        num_classes=CLASSES,
        settings=RidgeSettings(keep_predictions=True),
    )
    same = []
    for k, x in enumerate([*zip(train, test, strict=True), (np.concatenate(train, axis=1),) * 2]):
        part = ours.ensemble if k == 3 else ours.seeds
        index = () if k == 3 else k
        fitted, asked = x[0], (np.concatenate(test, axis=1) if k == 3 else x[1])
        model = RidgeClassifierCV(part.lambdas[index]).fit(fitted.astype(np.float64), y_train)
        assert float(part.chosen_lambda[index]) == pytest.approx(model.alpha_)
        same.append(model.predict(asked.astype(np.float64)) == kept(part.predicted)[index])
    assert np.mean(same) >= 0.999
    assert ours.seeds.certificate.max() < 1e-4 and ours.ensemble.certificate < 1e-4


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_float32_throughout_agrees_for_999_in_1000(shape):
    n, d, *_ = SHAPES[shape]
    data = draw(n, d)
    options = RidgeSettings(lambdas=(10.0,), precision="float32", keep_predictions=True)
    rough = readout(*data, num_classes=CLASSES, settings=options)
    model = RidgeClassifier(alpha=10.0, solver="svd").fit(data[0][0].astype(np.float64), data[1])
    assert rough.seeds.precision == ("float32",) * 3
    assert np.mean(kept(rough.seeds.predicted)[0] == model.predict(data[2][0])) >= 0.999


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_constant_and_duplicated_columns(shape):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64)
    for x in (train, test):
        x[:, :, 0] = 2.5
        x[:, :, 5:9] = x[:, :, 9:13]
    lambdas = PATH
    options = RidgeSettings(lambdas=lambdas, keep_predictions=True)
    ours = readout(train, y_train, test, y_test, num_classes=CLASSES, settings=options)
    theirs = RidgeClassifierCV(lambdas).fit(train[0], y_train)
    assert float(ours.seeds.chosen_lambda[0]) == theirs.alpha_
    assert float(ours.seeds.loo_error[0]) == pytest.approx(-theirs.best_score_, rel=1e-6)
    np.testing.assert_array_equal(kept(ours.seeds.predicted)[0], theirs.predict(test[0]))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("targets", ["sign", "one_hot"])
@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_a_class_missing_from_training_is_never_predicted(shape, targets, intercept):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64)
    y_train = np.where(y_train == 2, 0, y_train)
    lambdas = PATH
    options = RidgeSettings(
        targets=targets, intercept=intercept, lambdas=lambdas, keep_predictions=True
    )
    ours = readout(train, y_train, test, y_test, num_classes=CLASSES, settings=options)
    assert (
        not (kept(ours.seeds.predicted) == 2).any()
        and not (kept(ours.ensemble.predicted) == 2).any()
    )
    assert (y_test == 2).any() and float(ours.seeds.test_accuracy.max()) < (
        y_test != 2
    ).mean() + 0.01
    if targets == "sign":
        theirs = RidgeClassifierCV(lambdas, fit_intercept=intercept).fit(train[0], y_train)
        assert float(ours.seeds.chosen_lambda[0]) == theirs.alpha_
        assert float(ours.seeds.loo_error[0]) == pytest.approx(-theirs.best_score_, rel=1e-6)
        np.testing.assert_array_equal(kept(ours.seeds.predicted)[0], theirs.predict(test[0]))


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_leave_one_out_accuracy_is_that_of_refits(shape):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64, noise=3.0)
    ours = readout(
        train, y_train, test, y_test, num_classes=CLASSES, settings=RidgeSettings(lambdas=PATH)
    )
    rows = np.arange(n)
    for k in (4, 10):
        hits = []
        for i in rows:
            model = RidgeClassifier(alpha=PATH[k], solver="cholesky")
            model.fit(train[0, rows != i], y_train[rows != i])
            hits.append(model.predict(train[0, [i]])[0] == y_train[i])
        assert ours.seeds.path_loo_accuracy[0, k] == pytest.approx(np.mean(hits))


def test_one_seed_is_its_own_ensemble():
    train, y_train, test, y_test = draw(60, 90)
    ours = readout(
        train[:1], y_train, test[:1], y_test, num_classes=CLASSES, settings=RidgeSettings()
    )
    assert ours.ensemble.test_accuracy == ours.seeds.test_accuracy[0]
    assert ours.ensemble.chosen_lambda == ours.seeds.chosen_lambda[0]


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_the_papers_readout_is_its_formula(shape):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64)
    options = replace(PAPER_READOUT, keep_predictions=True)
    ours = readout(train, y_train, test, y_test, num_classes=CLASSES, settings=options)
    h, t = train[1], np.eye(CLASSES)[y_train]
    beta = np.linalg.solve(0.7 * np.eye(d) + h.T @ h, h.T @ t)
    np.testing.assert_allclose(kept(ours.seeds.decision)[1], test[1] @ beta, rtol=1e-6, atol=1e-8)
    assert not ours.seeds.at_edge.any()  # of a single lambda there is no edge


@pytest.mark.parametrize("shape", ["n>d", "mixed"])
def test_chunks_give_what_an_array_gives(shape):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d)

    def chunks(x, size):
        def again():
            for start in range(0, x.shape[1], size):
                assert jnp.zeros(1).dtype == jnp.float32  # made in the caller's number mode
                yield jnp.asarray(x[:, start : start + size])

        return again

    options = RidgeSettings(keep_predictions=True)
    whole = readout(train, y_train, test, y_test, num_classes=CLASSES, settings=options)
    parts = readout(
        chunks(train, 37), y_train, chunks(test, 33), y_test, num_classes=CLASSES, settings=options
    )
    for a, b in ((whole.seeds, parts.seeds), (whole.ensemble, parts.ensemble)):
        np.testing.assert_allclose(a.path_loo_error, b.path_loo_error, rtol=1e-4)
        np.testing.assert_allclose(a.chosen_lambda, b.chosen_lambda, rtol=1e-6)
        np.testing.assert_allclose(kept(a.decision), kept(b.decision), rtol=1e-4, atol=1e-4)
        assert np.mean(kept(a.predicted) == kept(b.predicted)) >= 0.999


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_twice_the_same_is_bit_identical(shape):
    n, d, *_ = SHAPES[shape]
    data = draw(n, d)
    options = RidgeSettings(keep_predictions=True)
    first, second = (readout(*data, num_classes=CLASSES, settings=options) for _ in range(2))
    np.testing.assert_array_equal(kept(first.seeds.decision), kept(second.seeds.decision))
    np.testing.assert_array_equal(first.ensemble.path_loo_error, second.ensemble.path_loo_error)


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
@given(scale=st.floats(1e-4, 1e4))
@settings(max_examples=5)
def test_the_default_path_follows_the_scale_of_the_features(shape, scale):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64)
    a = readout(train, y_train, test, y_test, num_classes=CLASSES, settings=RidgeSettings())
    b = readout(
        train * scale, y_train, test * scale, y_test, num_classes=CLASSES, settings=RidgeSettings()
    )
    np.testing.assert_allclose(a.seeds.lambdas * scale**2, b.seeds.lambdas, rtol=1e-6)
    np.testing.assert_allclose(a.seeds.path_loo_error, b.seeds.path_loo_error, rtol=1e-6)
    mean_square = ((train[0] - train[0].mean(axis=0)) ** 2).sum() / n
    np.testing.assert_allclose(a.seeds.lambdas[0], np.array(RELATIVE_LAMBDAS) * mean_square)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_past_max_eigh_a_held_back_tenth_decides(shape, intercept):
    n, d, *_ = SHAPES[shape]
    train, y_train, test, y_test = draw(n, d, dtype=np.float64, noise=2.0)
    options = RidgeSettings(
        lambdas=(1.0, 100.0), intercept=intercept, max_eigh=10, keep_predictions=True
    )
    ours = readout(train, y_train, test, y_test, num_classes=CLASSES, settings=options)
    assert ours.seeds.method == ours.ensemble.method == "cholesky"
    held = np.arange(n) % 10 == 9
    y = np.where(y_train[:, None] == np.arange(CLASSES), 1.0, -1.0)
    for place, penalty in enumerate((1.0, 100.0)):
        model = RidgeClassifier(alpha=penalty, fit_intercept=intercept, solver="svd")
        model.fit(train[1, ~held], y_train[~held])
        decision = model.decision_function(train[1, held])
        assert ours.seeds.path_loo_error[1, place] == pytest.approx(
            ((y[held] - decision) ** 2).mean()
        )
        assert ours.seeds.path_loo_accuracy[1, place] == model.score(train[1, held], y_train[held])
    k: Any
    for x, z, part, k in (
        (train[1], test[1], ours.seeds, 1),
        (np.concatenate(train, axis=1), np.concatenate(test, axis=1), ours.ensemble, ()),
    ):
        model = RidgeClassifier(
            alpha=float(part.chosen_lambda[k]), fit_intercept=intercept, solver="svd"
        )
        decision = model.fit(x, y_train).decision_function(z)
        np.testing.assert_allclose(kept(part.decision)[k], decision, rtol=1e-6, atol=1e-8)
        assert part.certificate[k] < 1e-8


def test_only_the_ensemble_may_be_past_max_eigh():
    n, d, *_ = SHAPES["n>d"]
    data = draw(n, d, dtype=np.float64)
    ours = readout(*data, num_classes=CLASSES, settings=RidgeSettings(max_eigh=30))
    assert (ours.seeds.method, ours.ensemble.method) == ("primal", "cholesky")
    assert ours.seeds.lambdas.shape == (3, 15) and ours.ensemble.lambdas.shape == (5,)


def test_precision_follows_lambda():
    """float32 only where n * eps * norm is far below the smallest lambda."""
    data = draw(60, 90)
    small = RidgeSettings(lambdas=(1e-2,))
    large = RidgeSettings(lambdas=(1e6,))
    assert readout(*data, num_classes=CLASSES, settings=small).seeds.precision == ("float64",) * 3
    assert readout(*data, num_classes=CLASSES, settings=large).seeds.precision == ("float32",) * 3


def test_a_lambda_that_float32_products_cannot_resolve_gets_float64_ones():
    train, y_train, test, y_test = draw(60, 90, noise=0.5)
    train, test = train + 300, test + 300
    lambdas = (1e-3, 1e-2)
    ours = readout(
        train, y_train, test, y_test, num_classes=CLASSES, settings=RidgeSettings(lambdas=lambdas)
    )
    theirs = RidgeClassifierCV(lambdas).fit(train[0].astype(np.float64), y_train)
    assert float(ours.seeds.loo_error[0]) == pytest.approx(-theirs.best_score_, rel=1e-6)


@pytest.mark.parametrize("shape", ["n<d", "n>d"])
def test_certify_compares_with_float64(shape):
    n, d, *_ = SHAPES[shape]
    data = draw(n, d)
    options = RidgeSettings()
    scores = readout(*data, num_classes=CLASSES, settings=options)
    found = certify(scores, *data, num_classes=CLASSES, settings=options)
    assert found.same_lambda and found.loo_error < 1e-3 and found.test_accuracy == 0
    error = scores.seeds.path_loo_error.copy()
    error[1, 3] *= 1.5
    tampered = replace(scores, seeds=replace(scores.seeds, path_loo_error=error))
    worse = certify(tampered, *data, num_classes=CLASSES, settings=options)
    assert worse.loo_error == pytest.approx(0.5, rel=1e-2)


def test_dead_features_predict_the_commonest_class():
    train, y_train, test, y_test = draw(60, 90)
    y_train[:30] = 1
    ours = readout(
        np.zeros_like(train),
        y_train,
        np.zeros_like(test),
        y_test,
        num_classes=CLASSES,
        settings=RidgeSettings(keep_predictions=True),
    )
    assert (kept(ours.seeds.predicted) == 1).all() and (kept(ours.ensemble.predicted) == 1).all()
    shares = np.bincount(y_train, minlength=CLASSES) / 60  # every prediction is these, whatever l.
    one_hot = np.eye(CLASSES)[y_train]
    left_out = ((one_hot - shares) * 2 * 60 / 59) ** 2
    np.testing.assert_allclose(ours.seeds.path_loo_error, left_out.mean(), rtol=1e-5)


@pytest.mark.parametrize(("n", "widths"), [(60, (1100, 1164)), (300, (20, 30))])
def test_a_new_width_compiles_next_to_nothing(n, widths):
    """Only the cutting into blocks knows d: one program for training and one for test."""
    compiled: list[str] = []

    def note(event: str, duration_secs: float, **_: str | int) -> None:
        if "backend_compile" in event:
            compiled.append(event)

    for d in widths:
        train, y_train, test, y_test = draw(n, d)
        on_device = jnp.asarray(train), jnp.asarray(test)
        if d == widths[-1]:
            jax.monitoring.register_event_duration_secs_listener(note)
        readout(
            on_device[0],
            y_train,
            on_device[1],
            y_test,
            num_classes=CLASSES,
            settings=RidgeSettings(),
        )
    assert 1 <= len(compiled) <= 3
