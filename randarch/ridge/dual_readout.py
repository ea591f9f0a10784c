"""The readout in the dual form: kernels from blocks of columns, then every lambda at once."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from randarch.ridge.dual import apply_dual, dual_cholesky, dual_path, fast_dual_path
from randarch.ridge.features import Features
from randarch.ridge.gram import (
    add_kernel,
    float32_products_suffice,
    measure,
    mirror,
    resolves,
    solve_dtype,
)
from randarch.ridge.scores import Problem, Solved, a_few, lambda_path, solved
from randarch.ridge.settings import RidgeSettings
from randarch.ridge.targets import Encoded, tally

TRUSTED = 1e-4
"""A certificate above this sends float32 products back to be made in float64."""


def held_back(n: int) -> np.ndarray:
    """Every tenth sample, the last of each ten (the last of all where there are fewer)."""
    mask = np.arange(n) % 10 == 9
    if n < 10:
        mask[-1] = True
    return mask


def kernels(
    train: Features, problems: list[Problem], center: bool, products: str
) -> list[Float[Array, "n n"]]:
    """The kernel of each problem: a sum over its seeds, so each seed's is computed once."""
    n = train.samples
    sums: list[Array | None] = [None] * len(problems)
    for seed, columns in enumerate(train.by_columns()):
        kernel = jnp.zeros((n, n))
        for block in columns:
            kernel = add_kernel(kernel, block, center=center, products=products)
        for k, problem in enumerate(problems):
            if seed in problem:
                before = sums[k]
                sums[k] = kernel if before is None else before + kernel
    return [mirror(kernel) for kernel in sums if kernel is not None]


def solve_dual_problems(
    train: Features,
    test: Features,
    encoded: Encoded,
    problems: list[Problem],
    settings: RidgeSettings,
) -> list[Solved]:
    """Solves ridge problems of one training set, each on the features of some seeds."""
    if settings.precision == "auto":
        tries = ["float32", "float64"] if train.dtype == "float32" else ["float64"]
    else:
        tries = [settings.precision]
    results: list[Solved] = []
    for products in tries:
        matrices = kernels(train, problems, settings.intercept, products)
        sizes = jax.device_get([measure(kernel) for kernel in matrices])
        paths = [lambda_path(settings, float(size.trace) / train.samples) for size in sizes]
        if products != tries[-1] and not all(
            float32_products_suffice(train.samples, float(size.largest_diagonal), float(path.min()))
            for size, path in zip(sizes, paths, strict=True)
        ):
            continue
        dtypes = [
            solve_dtype(settings.precision, train.samples, float(size.norm), float(path.min()))
            for size, path in zip(sizes, paths, strict=True)
        ]
        fits: list[tuple[Solved, Array]]
        if train.samples > settings.max_eigh:
            fits = [
                choose_held_back(kernel, path, dtype, encoded, settings.intercept)
                for kernel, path, dtype in zip(matrices, paths, dtypes, strict=True)
            ]
        else:
            norms = [float(size.norm) for size in sizes]
            fits = choose_left_out(matrices, norms, paths, dtypes, encoded, settings.intercept)
        weights = [fit[1] for fit in fits]
        applied = apply_weights(train, test, problems, weights, settings.intercept)
        results = [
            replace(
                fit,
                certificate=residual(fitted, dual, encoded, fit.lambdas[fit.index]),
                decision=decision + encoded.offset,
            )
            for (fit, dual), (fitted, decision) in zip(fits, applied, strict=True)
        ]
        if max(result.certificate for result in results) <= TRUSTED:
            break
    return results


def choose_left_out(
    matrices: list[Float[Array, "n n"]],
    norms: list[float],
    paths: list[Float[np.ndarray, " _"]],
    dtypes: list[str],
    encoded: Encoded,
    center: bool,
) -> list[tuple[Solved, Float[Array, "n c"]]]:
    """The whole path of each problem, its choice, and the dual weights there."""
    n = encoded.labels.size
    valid = np.ones(n, bool)
    out = []
    for kernel, norm, path, dtype in zip(matrices, norms, paths, dtypes, strict=True):
        # One at a time: the factorisation has all cores, two at once would fight for them.
        solve = fast_dual_path if resolves(dtype, n, norm, float(path.min())) else dual_path
        solution = solve(kernel.astype(dtype), encoded.values, path, centered=center)
        sums = jax.device_get(tally(solution.residuals, *encoded, valid))
        fit = solved("dual", dtype, path, sums, n, encoded)
        out.append((fit, solution.weights[fit.index].astype(jnp.float64)))
    return out


def choose_held_back(
    kernel: Float[Array, "n n"],
    path: Float[np.ndarray, " l"],
    dtype: str,
    encoded: Encoded,
    center: bool,
) -> tuple[Solved, Float[Array, "n c"]]:
    """A few lambdas judged on a held-back tenth, then the chosen one fitted on all samples."""
    few = a_few(path)
    n = encoded.labels.size
    held = held_back(n)
    kernel = kernel.astype(dtype)
    targets = jnp.asarray(encoded.values, dtype)
    sums = []
    for penalty in few:
        fit = dual_cholesky(kernel, targets, jnp.asarray(penalty, dtype), ~held, centered=center)
        residuals = (encoded.values - fit.decision)[None]
        sums.append(tally(residuals, *encoded, held))
    total = jax.tree.map(lambda *parts: jnp.concatenate(parts), *sums)
    choice = solved("cholesky", dtype, few, total, int(held.sum()), encoded)
    penalty = jnp.asarray(few[choice.index], dtype)
    final = dual_cholesky(kernel, targets, penalty, np.ones(n, bool), centered=center)
    return choice, final.weights.astype(jnp.float64)


def apply_weights(
    train: Features,
    test: Features,
    problems: list[Problem],
    weights: list[Float[Array, "n c"]],
    center: bool,
) -> list[tuple[Float[np.ndarray, "n c"], Float[np.ndarray, "m c"]]]:
    """K c and the test decisions of each problem, from one pass over the features."""
    c = weights[0].shape[1]
    fitted = [np.zeros((train.samples, c)) for _ in problems]
    decision = [np.zeros((test.samples, c)) for _ in problems]
    for seed, (own, other) in enumerate(zip(train.by_columns(), test.by_columns(), strict=True)):
        members = [k for k, problem in enumerate(problems) if seed in problem]
        stacked = jnp.concatenate([weights[k] for k in members], axis=1)
        parts = [apply_dual(x, z, stacked, center=center) for x, z in zip(own, other, strict=True)]
        for left, right in jax.device_get(parts):
            for place, k in enumerate(members):
                columns = slice(place * c, (place + 1) * c)
                fitted[k] += left[:, columns]
                decision[k] += right[:, columns]
    return list(zip(fitted, decision, strict=True))


def residual(
    fitted: Float[np.ndarray, "n c"],
    weights: Float[Array, "n c"],
    encoded: Encoded,
    penalty: float,
) -> float:
    """|(K + lambda I) c - y| / |y|."""
    error = fitted + penalty * np.asarray(weights) - encoded.values
    return float(np.linalg.norm(error)) / max(float(np.linalg.norm(encoded.values)), 1e-300)
