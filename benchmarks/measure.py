"""Shared by the benchmarks: time, machine, and where results are written."""

import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import jax


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call, which must wait for its results."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], Any], repeats: int) -> float:
    """Median over calls, after one that is not counted."""
    work()
    return median(seconds(work) for _ in range(repeats))


def machine() -> dict[str, Any]:
    """Device, cores, and versions of what was measured."""
    from importlib.metadata import PackageNotFoundError, version

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    device = jax.devices()[0]
    packages = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "torch", "scikit-learn")
    return {
        "device": device.device_kind,
        "platform": device.platform,
        "cores": os.cpu_count(),
        "load_at_start": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: installed(name) for name in packages},
        "date": time.strftime("%Y-%m-%d"),
    }


def command(module: str) -> str:
    """The line that was typed."""
    return shlex.join(["python", "-m", module, *sys.argv[1:]])


def write(result: dict[str, Any], path: Path) -> None:
    """JSON, indented."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
