"""Shared by the benchmarks: time, machine, and where results are written."""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import jax

RESULT = "RESULT "


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call, which must wait for its results."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], Any], repeats: int) -> float:
    """Median over calls, after one that is not counted."""
    work()
    return median(seconds(work) for _ in range(repeats))


def in_child(
    module: str, part: str, options: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Any:
    """What a part of a benchmark found in a process of its own, so that it starts cold and with nothing in memory.

    Args:
      module: the benchmark, which takes `--part` and hands its result to `report`.
      part: its name.
      options: flags to pass on.
      environment: variables beside those of this process.
    """
    line = [sys.executable, "-m", module, f"--part={part}"]
    line += [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run(
        line, capture_output=True, text=True, env={**os.environ, **(environment or {})}
    )
    if done.returncode:
        raise RuntimeError(f"part {part} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.rpartition(RESULT)[2])


def report(result: Any) -> None:
    """Hands the result of a part to `in_child`."""
    print(RESULT + json.dumps(result))


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
