"""Convolutions in groups on a CPU: a product a group, as wider products with zeros, or as multiply-adds of whole maps.

  python -m benchmarks.grouped --out=benchmarks/results/grouped.json

For each map size, number of channels and group width: milliseconds of forward and gradient of a 3 x 3 convolution
inside `lax.scan`, batch 32, on one core, and seconds to compile that. `randarch.layers.grouped` rests on it.
"""

import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags
from jax import lax

from benchmarks import measure
from randarch.layers.convolution import conv_general_dilated
from randarch.layers.grouped import one_by_one, with_zeros

FLAGS = flags.FLAGS
BATCH, STEPS = 32, 20
MAPS = ((32, 16), (16, 32), (16, 64), (8, 64), (4, 128))
"""Height and width, and channels."""
WIDTHS = (1, 4, 16)
PADS = ((1, 1), (1, 1))

Form = Callable[[jax.Array, jax.Array, int], jax.Array]


def main(argv: list[str]) -> None:
    del argv
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = [measured(*shape, width) for shape in MAPS for width in WIDTHS]
    about = {"machine": measure.machine(), "command": measure.command("benchmarks.grouped")}
    if FLAGS.out:
        measure.write({**about, "layers": rows}, Path(FLAGS.out))


def measured(size: int, channels: int, width: int) -> dict[str, Any]:
    """Every form that is for groups of so many channels."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.standard_normal((BATCH, size, size, channels), np.float32))
    kernel = jnp.asarray(0.1 * rng.standard_normal((3, 3, width, channels), np.float32))
    forms: dict[str, Form] = {"product a group": a_product_each, "with zeros": wider}
    if width == 1:
        forms["multiply-adds"] = lambda x, kernel, _: one_by_one(x, kernel, (1, 1), PADS, (1, 1))
    row: dict[str, Any] = {"map": size, "channels": channels, "group_width": width}
    for name, form in forms.items():
        program = jax.jit(functools.partial(gradient_steps, form, channels // width))
        start = time.perf_counter()
        compiled = program.lower(x, kernel).compile()
        compiling = time.perf_counter() - start
        seconds = measure.median_seconds(functools.partial(finished, compiled, x, kernel), 5)
        row[name] = {"ms": 1e3 * seconds / STEPS, "compile_s": compiling}
    print(json.dumps(row), flush=True)
    return row


def finished(compiled: Callable[..., jax.Array], *args: jax.Array) -> jax.Array:
    return jax.block_until_ready(compiled(*args))


def a_product_each(x: jax.Array, kernel: jax.Array, groups: int) -> jax.Array:
    """Windows of the images times the kernel, a product batched over groups."""
    n, height, width, _ = x.shape
    x = jnp.pad(x, ((0, 0), *PADS, (0, 0)))
    taps = [x[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    windows = jnp.stack(taps, axis=3).reshape(n, height, width, 9, groups, -1)
    weights = kernel.reshape(9, kernel.shape[2], groups, -1)
    return jnp.einsum("nhwkgc,kcgo->nhwgo", windows, weights).reshape(n, height, width, -1)


def wider(x: jax.Array, kernel: jax.Array, groups: int) -> jax.Array:
    del groups
    return with_zeros(x, kernel, lambda x, kernel: conv_general_dilated(x, kernel, (1, 1), PADS))


def gradient_steps(form: Form, groups: int, x: jax.Array, kernel: jax.Array) -> jax.Array:
    def step(carry: tuple[jax.Array, jax.Array], _: None) -> tuple[Any, None]:
        x, kernel = carry
        dx, dk = jax.grad(
            lambda x, kernel: jnp.square(form(x, kernel, groups)).sum(), argnums=(0, 1)
        )(x, kernel)
        return (x - 1e-9 * dx, kernel - 1e-9 * dk), None

    return lax.scan(step, (x, kernel), None, length=STEPS)[0][1]


if __name__ == "__main__":
    flags.DEFINE_string("out", "", "Where to write JSON.")
    app.run(main)
