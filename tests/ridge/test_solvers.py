"""Both forms against scikit-learn and explicit refits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier

from randarch.ridge import RidgeModel, solve
from randarch.ridge.dual import fast_dual_path

LAMBDAS = (1e-3, 1.0, 1e3)


def draw(case: str) -> tuple[np.ndarray, np.ndarray]:
    """Features with a large mean, and labels of three classes that depend on them."""
    rng = np.random.default_rng(7)
    n, d = {"n<d": (24, 40), "n>d": (60, 12), "n=d": (30, 30), "n=d+1": (31, 30)}.get(
        case, (40, 20)
    )
    x = rng.standard_normal((n, d)) * rng.uniform(0.3, 3, d) + rng.uniform(-2, 5, d)
    if case == "constant":
        x[:, [0, 7]] = [4.0, 0.0]
    if case == "duplicated":
        x[:, 10:] = x[:, :10]
    y = (x @ rng.standard_normal((d, 3)) + rng.standard_normal((n, 3))).argmax(axis=1)
    y[:3] = range(3)
    return x, y


CASES = ["n<d", "n>d", "n=d", "n=d+1", "constant", "duplicated"]


def refitted(x: np.ndarray, y: np.ndarray, penalty: float, intercept: bool) -> np.ndarray:
    """Left-out residuals by leaving out, with scikit-learn."""
    rows = np.arange(len(x))
    left_out = []
    for i in rows:
        model = Ridge(alpha=penalty, fit_intercept=intercept, solver="svd")
        model.fit(x[rows != i], y[rows != i])
        left_out.append(y[i] - model.predict(x[i : i + 1])[0])
    return np.array(left_out)


@pytest.mark.parametrize("form", ["primal", "dual"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_scikit_learn(case, intercept, form):
    x, labels = draw(case)
    y = np.where(labels[:, None] == np.arange(3), 1.0, -1.0)
    path = solve(x, y, LAMBDAS, form=form, intercept=intercept)
    for k, penalty in enumerate(LAMBDAS):
        theirs = RidgeClassifier(alpha=penalty, fit_intercept=intercept, solver="svd")
        theirs.fit(x, labels)
        scale = np.abs(theirs.coef_).max()
        np.testing.assert_allclose(path.coefficients[k].T, theirs.coef_, atol=1e-4 * scale, rtol=0)
        if intercept:
            np.testing.assert_allclose(path.intercepts[k], theirs.intercept_, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(path.model(k).predict(x).argmax(axis=1), theirs.predict(x))


@pytest.mark.parametrize("form", ["primal", "dual"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_left_out_residuals_are_those_of_refits(case, intercept, form):
    x, labels = draw(case)
    y = np.where(labels[:, None] == np.arange(3), 1.0, 0.0)
    path = solve(x, y, LAMBDAS, form=form, intercept=intercept)
    for k, penalty in enumerate(LAMBDAS):
        expected = refitted(x, y, penalty, intercept)
        np.testing.assert_allclose(path.residuals[k], expected, rtol=1e-5, atol=1e-6)
        assert path.loo_error[k] == pytest.approx((expected**2).mean(), rel=1e-5)


@pytest.mark.parametrize("penalty", [1e-6, 1e-9])
def test_small_lambda_does_not_hide_the_error_behind_the_constant_direction(penalty):
    """Without removing that direction from G's diagonal the estimate tends to 0 with lambda."""
    x, labels = draw("n<d")
    y = np.where(labels[:, None] == np.arange(3), 1.0, -1.0)
    path = solve(x, y, (penalty,), form="dual")
    expected = refitted(x, y, penalty, intercept=True)
    np.testing.assert_allclose(path.residuals[0], expected, rtol=1e-4, atol=1e-5)
    centered = x - x.mean(axis=0)
    inverse = np.linalg.inv(centered @ centered.T + penalty * np.eye(len(x)))
    naive = (inverse @ (y - y.mean(axis=0))) / np.diag(inverse)[:, None]
    assert (naive**2).mean() < 1e-3 * (expected**2).mean()  # the trap is there to fall into


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("case", ["n<d", "duplicated"])
def test_tridiagonal_reduction_gives_what_the_eigenvalues_give(case, centered):
    x, labels = draw(case)
    x = x - x.mean(axis=0) if centered else x
    y = np.where(labels[:, None] == np.arange(3), 1.0, -1.0)
    y = y - y.mean(axis=0) if centered else y
    with jax.enable_x64(True):
        lambdas = jnp.asarray([1e-6, 1e-2, 1e4])
        fast = fast_dual_path(jnp.asarray(x @ x.T), jnp.asarray(y), lambdas, centered=centered)
        for k, penalty in enumerate(lambdas):
            inverse = np.linalg.inv(x @ x.T + float(penalty) * np.eye(len(x)))
            expected = inverse @ y
            scale = np.abs(expected).max()
            np.testing.assert_allclose(fast.weights[k], expected, rtol=0, atol=1e-6 * scale)
            left_out = refitted(x, y, float(penalty), intercept=centered)
            np.testing.assert_allclose(fast.residuals[k], left_out, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_lambda_zero_is_least_squares_of_least_norm(form):
    x, labels = draw("n>d")
    x = np.concatenate([x, x[:, :2]], axis=1)
    y = np.where(labels[:, None] == np.arange(3), 1.0, -1.0)
    path = solve(x, y, (0.0,), form=form)
    centered = x - x.mean(axis=0)
    expected = np.linalg.pinv(centered) @ (y - y.mean(axis=0))
    np.testing.assert_allclose(path.coefficients[0], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_float32_is_float32(form):
    x, labels = draw("n>d")
    y = np.where(labels[:, None] == np.arange(3), 1.0, -1.0)
    rough = solve(x, y, (1.0,), form=form, dtype="float32")
    exact = solve(x, y, (1.0,), form=form)
    assert rough.coefficients.dtype == np.float32
    np.testing.assert_allclose(rough.coefficients, exact.coefficients, rtol=1e-2, atol=1e-4)


def test_a_model_predicts_in_its_own_precision():
    model = RidgeModel(np.eye(2), np.array([1.0, -1.0]))
    out = model.predict(np.ones((3, 2), np.float32))
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, np.tile([2.0, 0.0], (3, 1)))
