"""Convolution forms on this device: XLA's own, windows x banded matrix with 1 to 8 columns at once, and Winograd's.

  python -m benchmarks.convolution --out=benchmarks/results/convolution.json
  python -m benchmarks.convolution --outside_loops --out=benchmarks/results/convolution_outside_loops.json

For each layer shape: milliseconds of the forward pass, and of forward and gradient inside `lax.scan`, batch 32. The
choices in `randarch.layers` (columns by channels, where Winograd's form pays) and `randarch.engine` (map or vmap over
seeds on a CPU) rest on it. XLA's own convolution inside a scan is measured for narrow shapes alone: it is that slow.
With `--outside_loops` on one core, as in populations beside each other, batch 128: forward, gradient, and what
compiling both takes; `randarch.layers.conv_outside_loops` rests on that.
"""

import functools
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags
from jax import lax

from benchmarks import measure
from randarch.layers.convolution import (
    DIMENSION_NUMBERS,
    conv_general_dilated,
    conv_outside_loops,
)
from randarch.layers.patches import patches_matmul
from randarch.layers.winograd import winograd

FLAGS = flags.FLAGS
BATCH, STEPS, NARROW = 32, 8, 16
# (height and width, channels in, channels out, kernel): what conv chains from 3 and from 24 channels have.
SHAPES = (
    (32, 3, 4, 5),
    (32, 6, 6, 5),
    (16, 9, 13, 3),
    (16, 9, 13, 5),
    (32, 12, 15, 5),
    (32, 16, 20, 3),
    (32, 16, 20, 5),
    (8, 16, 20, 3),
    (8, 28, 42, 5),
    (32, 24, 30, 3),
    (32, 24, 30, 5),
    (16, 46, 58, 5),
    (8, 90, 113, 3),
    (8, 90, 113, 5),
    (4, 140, 175, 3),
    (4, 140, 175, 5),
)
FORMS = ("xla", 1, 2, 4, 8, "winograd")
SIZES, CHANNELS, KERNELS = (
    (32, 16, 8, 4, 2),
    (16, 32),
    ((1, 1), (3, 1), (3, 2), (5, 1), (5, 2), (7, 1)),
)
"""Of the measurement outside of loops; kernels with their dilation."""


def main(argv: list[str]) -> None:
    del argv
    if FLAGS.outside_loops:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        rows = [
            row
            for channels, size, (kernel, dilation) in itertools.product(CHANNELS, SIZES, KERNELS)
            for row in measure_outside_loops(size, channels, kernel, dilation)
        ]
        _write({"layers": rows})
        return
    rows = [row for shape in SHAPES for row in measure_shape(*shape)]
    seeds = [measure_seeds(*shape) for shape in SHAPES]
    _write({"layers": rows, "seeds": seeds})


def _write(found: dict[str, Any]) -> None:
    about = {"machine": measure.machine(), "command": measure.command("benchmarks.convolution")}
    if FLAGS.out:
        measure.write({**about, **found}, Path(FLAGS.out))


def measure_shape(size: int, channels: int, features: int, kernel: int) -> list[dict[str, Any]]:
    """One row a form."""
    x, w = draw(size, channels, features, kernel)
    rows = []
    for form in FORMS:
        forward = jax.jit(functools.partial(apply, form))
        row: dict[str, Any] = {
            "shape": [size, channels, features, kernel],
            "form": form,
            "forward_ms": 1e3 * median(forward, x, w),
        }
        if form != "xla" or channels <= NARROW:
            train = jax.jit(functools.partial(gradient_steps, form))
            row["gradient_in_scan_ms"] = 1e3 * median(train, x, w) / STEPS
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def measure_outside_loops(
    size: int, channels: int, kernel: int, dilation: int
) -> list[dict[str, Any]]:
    """One row a form: XLA's own, ours for loops, and what is chosen."""
    x, w = draw(size, channels, channels, kernel, 4 * BATCH)
    spread = (dilation, dilation)
    rows = []
    for name, form in (
        ("xla", functools.partial(lax.conv_general_dilated, dimension_numbers=DIMENSION_NUMBERS)),
        ("ours", conv_general_dilated),
        ("chosen", conv_outside_loops),
    ):

        def forward(x: jax.Array, w: jax.Array, form: Any = form) -> jax.Array:
            return form(x, w, (1, 1), "SAME", rhs_dilation=spread)

        def backward(x: jax.Array, w: jax.Array, g: jax.Array, forward: Any = forward) -> Any:
            return jax.vjp(forward, x, w)[1](g)

        start = time.perf_counter()
        there = jax.jit(forward).lower(x, w).compile()
        back = jax.jit(backward).lower(x, w, x).compile()
        compiling = time.perf_counter() - start
        row = {
            "shape": [size, channels, channels, kernel],
            "dilation": dilation,
            "form": name,
            "forward_ms": 1e3 * median(there, x, w),
            "gradient_ms": 1e3 * median(back, x, w, x),
            "compile_s": compiling,
        }
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def measure_seeds(size: int, channels: int, features: int, kernel: int) -> dict[str, Any]:
    """Three seeds in one program, vectorised or in turn."""
    x, w = draw(size, channels, features, kernel)
    xs, ws = jnp.stack([x] * 3), jnp.stack([w] * 3)

    def own(x: jax.Array, w: jax.Array) -> jax.Array:
        return conv_general_dilated(x, w, (1, 1), "SAME")

    vectorised = jax.jit(jax.vmap(own))
    in_turn = jax.jit(lambda xs, ws: lax.map(lambda one: own(*one), (xs, ws)))
    row = {
        "shape": [size, channels, features, kernel],
        "vmap_ms": 1e3 * median(vectorised, xs, ws),
        "map_ms": 1e3 * median(in_turn, xs, ws),
    }
    print(json.dumps(row), flush=True)
    return row


def draw(
    size: int, channels: int, features: int, kernel: int, batch: int = BATCH
) -> tuple[jax.Array, jax.Array]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, size, size, channels), np.float32)
    w = rng.standard_normal((kernel, kernel, channels, features), np.float32)
    return jnp.asarray(x), jnp.asarray(w * np.float32(0.1))


def apply(form: str | int, x: jax.Array, w: jax.Array) -> jax.Array:
    if form == "xla":
        return lax.conv_general_dilated(
            x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
    pad = (w.shape[0] - 1) // 2
    pads = ((pad, w.shape[0] - 1 - pad),) * 2
    if form == "winograd":
        return winograd(x, w, pads)
    return patches_matmul(x, w, (1, 1), pads, (1, 1), columns=int(form))


def gradient_steps(form: str | int, x: jax.Array, w: jax.Array) -> jax.Array:
    def step(
        carry: tuple[jax.Array, jax.Array], _: None
    ) -> tuple[tuple[jax.Array, jax.Array], None]:
        x, w = carry
        dx, dw = jax.grad(lambda x, w: jnp.square(apply(form, x, w)).sum(), argnums=(0, 1))(x, w)
        return (x - 1e-9 * dx, w - 1e-9 * dw), None

    return lax.scan(step, (x, w), None, length=STEPS)[0][1]


def median(function: Any, *args: jax.Array) -> float:
    return measure.median_seconds(lambda: jax.block_until_ready(function(*args)), 5)


if __name__ == "__main__":
    flags.DEFINE_bool("outside_loops", False, "Measure programs without loops, on one core.")
    flags.DEFINE_string("out", "", "JSON file to write.")
    app.run(main)
