"""Ridge regression on arrays, for one set of features: every lambda, coefficients and all."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from randarch.ridge.dual import dual_path
from randarch.ridge.primal import left_out_residuals, primal_coefficients, primal_spectrum


@dataclass(frozen=True)
class RidgeModel:
    """A fitted linear map.

    Attributes:
        coefficients: One column a target.
        intercept: Zeros when none was fitted.
    """

    coefficients: Float[np.ndarray, "d c"]
    intercept: Float[np.ndarray, " c"]

    def predict(
        self, x: Float[np.ndarray, "m d"] | Float[Array, "m d"]
    ) -> Float[np.ndarray, "m c"]:
        """Decision values."""
        return np.asarray(x, self.coefficients.dtype) @ self.coefficients + self.intercept


@dataclass(frozen=True)
class RidgePath:
    """Solutions for every lambda.

    Attributes:
        lambdas: Penalties, absolute.
        coefficients: Of each.
        intercepts: Of each.
        residuals: Left-out residuals, y - prediction of the model fitted without that sample.
    """

    lambdas: Float[np.ndarray, " l"]
    coefficients: Float[np.ndarray, "l d c"]
    intercepts: Float[np.ndarray, "l c"]
    residuals: Float[np.ndarray, "l n c"]

    @property
    def loo_error(self) -> Float[np.ndarray, " l"]:
        """Mean squared left-out residual over samples and targets."""
        return (self.residuals**2).mean(axis=(1, 2))

    def model(self, index: int) -> RidgeModel:
        """The fitted map of one lambda."""
        return RidgeModel(self.coefficients[index], self.intercepts[index])


def solve(
    x: Float[np.ndarray, "n d"] | Float[Array, "n d"],
    y: Float[np.ndarray, "n c"] | Float[Array, "n c"],
    lambdas: tuple[float, ...],
    *,
    form: Literal["primal", "dual"],
    intercept: bool = True,
    dtype: Literal["float32", "float64"] = "float64",
) -> RidgePath:
    """Ridge for every lambda in one form: argmin |y - x b - a|^2 + lambda |b|^2.

    Args:
        x: Features.
        y: Targets.
        lambdas: Penalties >= 0.
        form: ``"primal"`` decomposes X'X, ``"dual"`` XX'. Both are exact for any shape.
        intercept: Whether to fit a constant a, unpenalised.
        dtype: Precision of everything.
    """
    with jax.enable_x64(True):
        features, targets = jnp.asarray(np.asarray(x), dtype), jnp.asarray(np.asarray(y), dtype)
        n, d = features.shape
        mean = features.mean(axis=0) if intercept else jnp.zeros(d, dtype)
        target_mean = targets.mean(axis=0) if intercept else jnp.zeros(targets.shape[1], dtype)
        centered, aims = features - mean, targets - target_mean
        path = jnp.asarray(lambdas, dtype)
        if form == "dual":
            kernel = jnp.matmul(centered, centered.T, precision="highest")
            dual = dual_path(kernel, aims, path, centered=intercept)
            residuals = dual.residuals
            coefficients = jnp.einsum("nd,lnc->ldc", centered, dual.weights, precision="highest")
        else:
            gram = jnp.matmul(centered.T, centered, precision="highest")
            cross = jnp.matmul(centered.T, aims, precision="highest")
            spectrum = primal_spectrum(gram, cross, path)
            coefficients = primal_coefficients(spectrum)
            residuals = left_out_residuals(
                features, aims, mean, float(n), spectrum, centered=intercept, products=dtype
            )
        intercepts = target_mean - jnp.einsum("d,ldc->lc", mean, coefficients, precision="highest")
        return RidgePath(
            np.asarray(lambdas, np.float64),
            np.asarray(coefficients),
            np.asarray(intercepts),
            np.asarray(residuals),
        )
