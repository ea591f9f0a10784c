"""What the readout is asked to do, and the checks of it."""

import math
from dataclasses import dataclass
from typing import Literal

Targets = Literal["sign", "one_hot"]
Precision = Literal["auto", "float32", "float64"]

# In units of the mean diagonal of the centred kernel, so that scaling the features by a constant
# changes nothing. With few images and many features the best value is about 1 to 100; with 50,000
# images and few features it falls towards the lower end, which then costs nothing to include.
RELATIVE_LAMBDAS: tuple[float, ...] = tuple(10.0 ** (-3 + k / 2) for k in range(15))


@dataclass(frozen=True)
class RidgeSettings:
    """How features become scores.

    Attributes:
        targets: ``"sign"`` (+1 for the class, -1 for the others, as scikit-learn's
            `RidgeClassifier`) or ``"one_hot"`` (1 and 0).
        intercept: Fit an unpenalised constant (features and targets are centred).
        lambdas: Penalties, absolute (they are added to X'X or XX' as it is). One value fixes
            lambda; None is `RELATIVE_LAMBDAS` times the mean diagonal of the centred kernel.
        precision: Of the factorisation. ``"auto"`` is float64 unless rounding in float32
            (n * eps * a bound on the largest eigenvalue) is far below the smallest lambda.
            ``"float64"`` also forms every product in float64; ``"float32"`` none.
        max_eigh: Largest matrix that is eigendecomposed. Past it a Cholesky factorisation at a
            few lambdas is judged on a held-back tenth, and the result says ``"cholesky"``.
        keep_predictions: Keep the test decision values and predicted classes.

    Raises:
        ValueError: for values outside the choices above, an empty path, or a negative,
            infinite or NaN lambda.
    """

    targets: Targets = "sign"
    intercept: bool = True
    lambdas: tuple[float, ...] | None = None
    precision: Precision = "auto"
    max_eigh: int = 16_000
    keep_predictions: bool = False

    def __post_init__(self) -> None:
        if self.targets not in ("sign", "one_hot"):
            raise ValueError(f"targets is {self.targets!r}: expected 'sign' or 'one_hot'.")
        if self.precision not in ("auto", "float32", "float64"):
            raise ValueError(
                f"precision is {self.precision!r}: expected 'auto', 'float32' or 'float64'."
            )
        if self.max_eigh < 1:
            raise ValueError(f"max_eigh is {self.max_eigh}: expected a matrix size of at least 1.")
        if self.lambdas is not None:
            if not self.lambdas:
                raise ValueError("lambdas is empty: give at least one value, or None for the path.")
            for value in self.lambdas:
                if not (math.isfinite(value) and value >= 0):
                    raise ValueError(f"lambda is {value}: expected a finite number >= 0.")


PAPER_READOUT = RidgeSettings(targets="one_hot", intercept=False, lambdas=(0.7,))
"""Evans et al.: beta = (lambda I + H'H)^-1 H'T, T one-hot, lambda = 0.7, H as it is."""
