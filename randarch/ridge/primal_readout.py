"""The readout in the primal form: one pass for Gram matrices, one for leverages, one for test."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from randarch.ridge.features import Features, padded_width
from randarch.ridge.gram import (
    EPS32,
    Moments,
    add_moments,
    measure,
    no_moments,
    solve_dtype,
)
from randarch.ridge.primal import (
    Normal,
    Spectrum,
    apply_primal,
    left_out_residuals,
    normal_equations,
    primal_cholesky,
    primal_solution,
    primal_spectrum,
)
from randarch.ridge.scores import Problem, Solved, a_few, lambda_path, solved
from randarch.ridge.settings import RidgeSettings
from randarch.ridge.targets import Encoded, Tally, tally

HELD_BACK = 10
"""One row in this many is held back where no eigendecomposition is affordable."""


class Plan(NamedTuple):
    """One problem on its way: its seeds, equations (float64 but for precision float32), path."""

    problem: Problem
    normal: Normal
    path: Float[np.ndarray, " l"]
    dtype: str
    mean_square: float  # of a (centred) row: the mean diagonal of the kernel


class Solution(NamedTuple):
    """The choice and its coefficients, with what centring took from features and targets."""

    choice: Solved
    coefficients: Float[Array, "d c"]
    mean: Float[Array, " d"]


def solve_primal_problems(
    train: Features,
    test: Features,
    encoded: Encoded,
    problems: list[Problem],
    settings: RidgeSettings,
) -> list[Solved]:
    """Solves ridge problems of one training set, each on the features of some seeds.

    Either all of them can be eigendecomposed (`settings.max_eigh`) or none.
    """
    center = settings.intercept
    sums_in = "float32" if settings.precision == "float32" else "float64"
    widest = max(len(problem) for problem in problems) * train.width
    shift, everything = sum_moments(train, encoded, problems, center, sums_in, 1)
    plans = make_plans(problems, everything, shift, train.samples, settings)
    if widest > settings.max_eigh:
        _, held = sum_moments(train, encoded, problems, center, sums_in, HELD_BACK, shift)
        solutions = choose_held_back(train, encoded, plans, everything, held, shift, center)
    else:
        solutions = choose_left_out(train, encoded, plans, settings)
    decisions: list[list[np.ndarray]] = [[] for _ in problems]
    for samples, block in test.by_rows():
        for k, (problem, solution) in enumerate(zip(problems, solutions, strict=True)):
            values = apply_primal(
                side_by_side(block, problem), solution.mean, solution.coefficients
            )
            decisions[k].append(np.asarray(values)[: samples.stop - samples.start])
    return [
        replace(
            solution.choice,
            decision=np.concatenate(decision).astype(np.float64) + encoded.offset,
            certificate=float(residual(plan.normal, solution.coefficients, penalty(solution))),
        )
        for plan, solution, decision in zip(plans, solutions, decisions, strict=True)
    ]


def penalty(solution: Solution) -> float:
    return float(solution.choice.lambdas[solution.choice.index])


@jax.jit
def residual(
    normal: Normal, coefficients: Float[Array, "d c"], chosen: float | Float[Array, ""]
) -> Float[Array, ""]:
    """|(A + lambda I) B - r| / |r|."""
    error = normal.gram @ coefficients + chosen * coefficients - normal.cross
    return jnp.linalg.norm(error) / jnp.maximum(jnp.linalg.norm(normal.cross), 1e-30)


def side_by_side(block: tuple[Array, ...], problem: Problem) -> Float[Array, "b d"]:
    """These seeds' features as the columns of one matrix."""
    return block[problem[0]] if len(problem) == 1 else concatenate([block[s] for s in problem])


@jax.jit
def concatenate(parts: list[Float[Array, "_ _"]]) -> Float[Array, "b d"]:
    return jnp.concatenate(parts, axis=1)


@jax.jit
def block_mean(block: Float[Array, "b d"], valid: Bool[Array, " b"]) -> Float[Array, " d"]:
    """Mean of the valid rows, in float64."""
    return jnp.where(valid[:, None], block.astype(jnp.float64), 0).sum(axis=0) / valid.sum()


@partial(jax.jit, static_argnames="width")
def seed_moments(
    moments: Moments, shift: Float[Array, " d"], start: Int[Array, ""], *, width: int
) -> tuple[Moments, Float[Array, " width"]]:
    """The sums and shift of the seed whose columns start there, out of the concatenated ones."""
    gram = jax.lax.dynamic_slice(moments.gram, (start, start), (width, width))
    cross = jax.lax.dynamic_slice_in_dim(moments.cross, start, width)
    total = jax.lax.dynamic_slice_in_dim(moments.total, start, width)
    own = Moments(gram, cross, total, moments.target_total, moments.rows)
    return own, jax.lax.dynamic_slice_in_dim(shift, start, width)


def padded(
    encoded: Encoded, samples: slice, rows: int
) -> tuple[Float[np.ndarray, "b c"], Int[np.ndarray, " b"], Bool[np.ndarray, " b"]]:
    """Targets, labels and validity of a block's rows."""
    count = samples.stop - samples.start
    values = np.zeros((rows, encoded.values.shape[1]))
    labels = np.zeros(rows, encoded.labels.dtype)
    values[:count], labels[:count] = encoded.values[samples], encoded.labels[samples]
    return values, labels, np.arange(rows) < count


def sum_moments(
    train: Features,
    encoded: Encoded,
    problems: list[Problem],
    center: bool,
    dtype: str,
    every: int,
    shifts: list[Float[Array, " _"]] | None = None,
) -> tuple[list[Float[Array, " _"]], list[Moments]]:
    """Shift and sums of each problem, from one pass.

    Where all seeds stand side by side in one problem, every seed's Gram matrix is a diagonal block
    of that problem's.
    """
    largest = max(problems, key=len)
    passed = [largest] if len(largest) > 1 else problems
    known = dict(zip(problems, shifts, strict=True)) if shifts is not None else {}
    sums: dict[Problem, Moments] = {}
    for samples, block in train.by_rows():
        values, _, valid = padded(encoded, samples, block[0].shape[0])
        for problem in passed:
            x = side_by_side(block, problem)
            if problem not in sums:
                sums[problem] = no_moments(x.shape[1], values.shape[1], dtype)
            if problem not in known:
                zero = jnp.asarray(np.zeros(x.shape[1]))
                known[problem] = (block_mean(x, valid) if center else zero).astype(dtype)
            sums[problem] = add_moments(
                sums[problem], x, known[problem], values, valid, every=every
            )
    width = padded_width(train.width)
    for problem in problems:
        if problem not in sums:
            start = largest.index(problem[0]) * width
            sums[problem], known[problem] = seed_moments(
                sums[largest], known[largest], jnp.asarray(start), width=width
            )
    return [known[problem] for problem in problems], [sums[problem] for problem in problems]


def make_plans(
    problems: list[Problem],
    sums: list[Moments],
    shifts: list[Float[Array, " _"]],
    n: int,
    settings: RidgeSettings,
) -> list[Plan]:
    """Equations, lambdas (relative to the mean diagonal of the kernel, trace / n) and precision."""
    normals = [
        normal_equations(moments, shift, center=settings.intercept)
        for moments, shift in zip(sums, shifts, strict=True)
    ]
    sizes = jax.device_get([measure(normal.gram) for normal in normals])
    plans = []
    for problem, normal, size in zip(problems, normals, sizes, strict=True):
        mean_square = float(size.trace) / n
        path = lambda_path(settings, mean_square)
        dtype = solve_dtype(
            settings.precision, normal.gram.shape[0], float(size.norm), float(path.min())
        )
        plans.append(Plan(problem, normal, path, dtype, mean_square))
    return plans


def choose_left_out(
    train: Features, encoded: Encoded, plans: list[Plan], settings: RidgeSettings
) -> list[Solution]:
    """The whole path of each problem, its choice, and the coefficients there."""
    n = encoded.labels.size
    spectra = [
        primal_spectrum(p.normal.gram.astype(p.dtype), p.normal.cross.astype(p.dtype), p.path)
        for p in plans
    ]
    products = [leverage_products(train, plan, settings) for plan in plans]
    sums: list[Tally | None] = [None] * len(plans)
    for samples, block in train.by_rows():
        values, labels, valid = padded(encoded, samples, block[0].shape[0])
        for k, (plan, spectrum) in enumerate(zip(plans, spectra, strict=True)):
            residuals = left_out_residuals(
                side_by_side(block, plan.problem),
                values,
                plan.normal.mean,
                float(n),
                spectrum,
                centered=settings.intercept,
                products=products[k],
            )
            part = tally(residuals, values, encoded.offset, encoded.present, labels, valid)
            before = sums[k]
            sums[k] = part if before is None else jax.tree.map(jnp.add, before, part)
    solutions = []
    for plan, spectrum, total in zip(plans, spectra, sums, strict=True):
        assert total is not None
        host = jax.device_get(total)
        choice = solved("primal", plan.dtype, plan.path, host, n, encoded)
        wide = Spectrum(*(part.astype(plan.normal.gram.dtype) for part in spectrum))
        coefficients = primal_solution(wide, jnp.asarray(choice.index))
        solutions.append(Solution(choice, coefficients, plan.normal.mean))
    return solutions


def leverage_products(train: Features, plan: Plan, settings: RidgeSettings) -> str:
    """float32 where it moves no leverage by more than about 3e-4 and leverages stay below 1.

    With at least twice as many rows as columns the mean leverage is at most one half.
    """
    if settings.precision != "auto":
        return settings.precision
    width = len(plan.problem) * train.width
    error = 2 * EPS32 * np.sqrt(width * plan.mean_square / max(float(plan.path.min()), 1e-300))
    safe = train.dtype == "float32" and 2 * width <= train.samples and error <= 3e-4
    return "float32" if safe else "float64"


def choose_held_back(
    train: Features,
    encoded: Encoded,
    plans: list[Plan],
    everything: list[Moments],
    held: list[Moments],
    shifts: list[Float[Array, " _"]],
    center: bool,
) -> list[Solution]:
    """A few lambdas judged on a held-back tenth, then the chosen one fitted on all rows."""
    kept = [
        normal_equations(jax.tree.map(jnp.subtract, a, b), shift, center=center)
        for a, b, shift in zip(everything, held, shifts, strict=True)
    ]
    fits = [
        [primal_cholesky(normal.gram, normal.cross, value) for value in a_few(plan.path)]
        for normal, plan in zip(kept, plans, strict=True)
    ]
    sums: list[list[Tally]] = [[] for _ in plans]
    judged = 0
    for samples, block in train.by_rows():
        values, labels, valid = padded(encoded, samples, block[0].shape[0])
        valid = valid & (np.arange(valid.size) % HELD_BACK == HELD_BACK - 1)
        judged += int(valid.sum())
        for k, (plan, normal) in enumerate(zip(plans, kept, strict=True)):
            x = side_by_side(block, plan.problem)
            residuals = jnp.stack(
                [values - normal.target_mean - apply_primal(x, normal.mean, b) for b in fits[k]]
            )
            sums[k].append(tally(residuals, values, encoded.offset, encoded.present, labels, valid))
    solutions = []
    for plan, tallies in zip(plans, sums, strict=True):
        total = jax.tree.map(lambda *parts: np.sum(parts, axis=0), *jax.device_get(tallies))
        precision = str(plan.normal.gram.dtype)
        choice = solved("cholesky", precision, a_few(plan.path), total, judged, encoded)
        chosen = choice.lambdas[choice.index]
        coefficients = primal_cholesky(plan.normal.gram, plan.normal.cross, chosen)
        solutions.append(Solution(choice, coefficients, plan.normal.mean))
    return solutions
