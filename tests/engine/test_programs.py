"""The cache of compiled programs: once each, counted, bounded, safe between threads."""

import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest

from randarch.engine import ProgramCache, Usage, programs

TRACES: list[int] = []


def scaled(factor: int, x: jax.Array) -> jax.Array:
    TRACES.append(factor)
    time.sleep(0.02)  # tracing takes a while, so that threads do meet here
    return factor * x


def slow_to_trace(_: None, x: jax.Array) -> jax.Array:
    time.sleep(0.2)
    return x + 1


def failing(_: None, x: jax.Array) -> jax.Array:
    raise ArithmeticError("no program")


def test_one_program_for_each_function_argument_and_shape() -> None:
    cache = ProgramCache()
    for factor, shape, dtype in [
        (2, (3,), np.float32),
        (2, (3,), np.float32),  # a hit
        (3, (3,), np.float32),
        (2, (4,), np.float32),
        (2, (3,), np.int32),
        (2, (3,), np.float32),  # a hit
    ]:
        x = np.ones(shape, dtype)
        np.testing.assert_array_equal(cache.get(scaled, factor, x)(x), factor * x)
    assert (cache.total.programs, cache.total.hits, len(cache)) == (4, 2, 4)
    assert cache.total.compile_seconds > 0


def test_a_bounded_cache_drops_the_least_recently_used() -> None:
    cache = ProgramCache(capacity=2)
    shapes = [1, 2, 1, 3, 1, 2]  # 3 drops 2, since 1 was used after it
    compiled = []
    for size in shapes:
        before = cache.total.programs
        cache.get(scaled, 2, np.ones(size, np.float32))
        compiled.append(cache.total.programs - before)
        assert len(cache) <= 2
    assert compiled == [1, 1, 0, 1, 0, 1]


def doubled_product(_: None, x: jax.Array) -> jax.Array:
    return 2 * x @ x.T


def test_what_a_bounded_cache_drops_is_freed() -> None:
    """A sweep compiles thousands of programs: those that the cache drops must not stay in JAX's."""
    client = jax.local_devices()[0].client
    gc.collect()
    before = len(client.live_executables())
    cache = ProgramCache(capacity=2)
    for size in range(1, 13):
        cache.get(doubled_product, None, np.ones((size, 3), np.float32))
    gc.collect()
    assert cache.total.programs == 12
    assert len(client.live_executables()) - before <= 2


def test_the_older_half_is_dropped_before_the_system_allows_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = ProgramCache()
    monkeypatch.setattr(programs, "_mapping_limit", lambda: 10_000)
    monkeypatch.setattr(programs, "_mappings", lambda: 1000 * len(cache))
    held = []
    for size in range(1, 31):
        cache.get(scaled, 2, np.ones(size, np.float32))
        held.append(len(cache))
    assert max(held) == 9 < 10  # above 8.5 thousand mappings it looks before each program
    before = cache.total.programs
    cache.get(scaled, 2, np.ones(30, np.float32))
    assert cache.total.programs == before  # the newest are there


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_cache_holds_something(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"capacity is {capacity}"):
        ProgramCache(capacity)


def at_once(count: int, work: Callable[[], object]) -> list[object]:
    barrier = threading.Barrier(count)

    def wait_then_work(_: int) -> object:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_then_work, range(count)))


def test_threads_that_ask_together_compile_once() -> None:
    cache, x = ProgramCache(), np.ones(5, np.float32)
    TRACES.clear()
    programs = at_once(8, lambda: cache.get(scaled, 5, x))
    assert len({id(program) for program in programs}) == 1
    assert TRACES == [5]
    assert (cache.total.programs, cache.total.hits) == (1, 7)
    assert cache.total.wait_seconds > 0


def test_waiting_for_another_threads_program_is_neither_compiling_nor_running() -> None:
    cache, x = ProgramCache(), np.ones(7, np.float32)

    def use() -> Usage:
        before = cache.used()
        with cache.running():
            cache.get(slow_to_trace, None, x)
        return cache.used() - before

    used = sorted(at_once(2, use), key=lambda one: one.programs)
    waited, compiled = used
    assert (waited.programs, compiled.programs) == (0, 1)
    assert waited.compile_seconds == 0 and waited.wait_seconds >= 0.1
    assert waited.run_seconds < 0.1 and compiled.compile_seconds >= 0.2
    assert waited.program_seconds == waited.wait_seconds


def test_a_failed_compilation_reaches_every_thread_and_leaves_nothing() -> None:
    cache, x = ProgramCache(), np.ones(5, np.float32)

    def attempt() -> bool:
        with pytest.raises(ArithmeticError):
            cache.get(failing, None, x)
        return True

    assert at_once(4, attempt) == [True] * 4
    assert len(cache) == 0
    assert cache.get(scaled, 2, x)(x).shape == (5,)


def test_each_thread_is_billed_for_its_own_use() -> None:
    cache = ProgramCache()

    def use(size: int) -> Usage:
        before = cache.used()
        with cache.running():
            cache.get(scaled, 2, np.ones(size, np.float32))
            cache.get(scaled, 2, np.ones(size, np.float32))
            time.sleep(0.02)
        return cache.used() - before

    with ThreadPoolExecutor(3) as pool:
        used = list(pool.map(use, range(1, 7)))
    assert all((u.programs, u.hits) == (1, 1) for u in used)
    assert (cache.total.programs, cache.total.hits) == (6, 6)
    for name in ("compile_seconds", "run_seconds"):
        total = sum(getattr(u, name) for u in used)
        assert getattr(cache.total, name) == pytest.approx(total)
    assert (cache.used().programs, cache.used().hits) == (0, 0)  # this thread did nothing


def test_run_time_leaves_compilation_out() -> None:
    cache = ProgramCache()
    start = time.perf_counter()
    with cache.running():
        cache.get(scaled, 777, np.ones(3, np.float32))  # what no test has traced before
        time.sleep(0.05)
    elapsed = time.perf_counter() - start
    used = cache.used()
    assert used.run_seconds >= 0.05
    assert used.compile_seconds >= 0.02
    assert used.run_seconds + used.compile_seconds <= elapsed + 1e-6
