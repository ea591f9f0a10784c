"""Run-time shape checks, hypothesis profile and memory bounds for every test.

Nothing here chooses a JAX platform: the suite runs on whatever the machine has.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

from tests.commands import Forks

# Workers share the machine: each takes its part of the cores, and of a GPU's memory what it needs.
# (XLA's CPU client reads NPROC for the size of its thread pools.) Has to be set before JAX starts.
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _workers > 1:
    _threads = str(max(1, (os.cpu_count() or 1) // _workers))
    for _name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_name, _threads)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

os.environ.setdefault("MPLBACKEND", "Agg")  # no test opens a window

# The annotations of randarch are checked on every call. That works on modules imported from now on
# only, so an earlier import would silently switch the checks off.
if "randarch" in sys.modules:
    raise pytest.UsageError(
        "randarch was imported before tests/conftest.py could install the shape checks; "
        "remove the plugin (-p) or the conftest.py that imports it."
    )
install_import_hook("randarch", "beartype.beartype")

# The first example of a property often compiles, so time per example says nothing. In CI the same
# examples are drawn each time; elsewhere new ones.
settings.register_profile(
    "randarch",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("randarch")


@pytest.fixture(scope="module", autouse=True)
def _bounded_compilation_cache() -> Iterator[None]:
    """Drop JAX's compiled programs after each test file: its caches never shrink by themselves."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Commands without the seconds that each takes to start."""
    with Forks(tmp_path_factory.mktemp("forks")) as started:
        yield started


@pytest.fixture(scope="module")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For files that compile the same networks again and again: from the second time on from disk.

    Where they compute is not touched. On CPUs alone: a GPU's compiler measures and chooses, and that what it chose the
    second time gives the same numbers is part of what such files ask.
    """
    import jax
    from jax.experimental.compilation_cache.compilation_cache import reset_cache

    if jax.default_backend() != "cpu":
        yield
        return
    changes = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("programs")),
        "jax_persistent_cache_min_compile_time_secs": 0.02,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {name: getattr(jax.config, name) for name in changes}

    def configure(values: dict[str, Any]) -> None:
        for name, value in values.items():
            jax.config.update(name, value)
        reset_cache()  # JAX looks once whether there is a folder

    configure(changes)
    yield
    configure(before)


@pytest.fixture(scope="module")
def compiled_plainly() -> Iterator[None]:
    """For files of small networks held against an oracle, whose programs run for less time than they are optimised.

    What the compiler's last passes make of a program is not what such files ask; that it is done on CPUs alone leaves
    other platforms' compilers as users have them.
    """
    import jax

    from randarch.engine import programs

    if jax.default_backend() != "cpu":
        yield
        return
    options, name = dict(programs.CPU_OPTIONS), "jax_disable_most_optimizations"
    before = jax.config.read(name)
    programs.CPU_OPTIONS["xla_backend_optimization_level"] = 0
    jax.config.update(name, True)
    yield
    programs.CPU_OPTIONS.update(options)
    jax.config.update(name, before)
