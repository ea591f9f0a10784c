"""Compiled programs, shared by evaluation and training: compiled once, counted, bounded."""

import functools
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import jax

Program = Callable[..., Any]
CPU_OPTIONS: dict[str, Any] = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""On a CPU the work is in matrix products, which are library calls: the first two halve the compile time
of a training program (6.6 to 3.3 s) and change its run time by less than 3 %. The third keeps a program in
one piece, which takes fewer memory mappings (a layer 26 instead of 63) and no more time. They are XLA's own
and may go: then programs compile without."""

MAPPINGS = 0.85
"""Share of the memory mappings that a process may have (65,530 by default on Linux) from which on programs are
dropped: LLVM aborts the process when it gets no more."""
LARGEST_PROGRAM = 1000
"""Mappings, at most; trainings of deep networks take some 450."""


@dataclass(frozen=True)
class Usage:
    """What was compiled and run.

    Attributes:
      programs: compilations.
      hits: calls served by a program that was there.
      compile_seconds: spent tracing and compiling, added up over threads.
      run_seconds: spent running, likewise (measured by the callers, around blocks of calls).
      wait_seconds: spent waiting for programs that other threads were compiling, likewise.
    """

    programs: int = 0
    hits: int = 0
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    wait_seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(mine + theirs for mine, theirs in self._with(other)))

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(*(mine - theirs for mine, theirs in self._with(other)))

    def _with(self, other: "Usage") -> Iterator[tuple[Any, Any]]:
        return zip(astuple(self), astuple(other), strict=True)

    @property
    def program_seconds(self) -> float:
        """Until programs were there, by own work or another's."""
        return self.compile_seconds + self.wait_seconds


class _Meter(threading.local):
    """What the current thread has used, so that work running beside it is not billed to it."""

    def __init__(self) -> None:
        self.used = Usage()


class ProgramCache:
    """Compiles each (function, static arguments, shapes) once; safe to share between threads.

    Args:
      capacity: programs kept; past it the least recently used is dropped (and compiled again if
        needed).
    """

    def __init__(self, capacity: int = 500) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; expected at least 1")
        self._capacity = capacity
        self._programs: OrderedDict[Hashable, Program] = OrderedDict()
        self._pending: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self._meter = _Meter()
        self._total = Usage()
        self._until_look = 1

    def __len__(self) -> int:
        return len(self._programs)

    @property
    def total(self) -> Usage:
        """Of all threads since the cache was made."""
        with self._lock:
            return self._total

    def used(self) -> Usage:
        """Of the calling thread since the cache was made; subtract two readings to bill work."""
        return self._meter.used

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts the block's time, less what it compiles or waits for programs, as run time.

        The block must wait for its results.
        """
        start, before = time.perf_counter(), self.used()
        try:
            yield
        finally:
            programs = (self.used() - before).program_seconds
            self._add(Usage(run_seconds=time.perf_counter() - start - programs))

    def get(self, function: Callable[..., Any], static: Hashable, *args: Any) -> Program:
        """`function(static, *args)` compiled for these arguments' shapes; call it with `*args`.

        `function` must be a module-level function: its identity is part of the key.
        """
        key = _key(function, static, args)
        while True:
            with self._lock:
                if key in self._programs:
                    self._programs.move_to_end(key)
                    self._add_locked(Usage(hits=1))
                    return self._programs[key]
                done = self._pending.get(key)
                if done is None:
                    self._pending[key] = threading.Event()
                    break
            start = time.perf_counter()
            done.wait()
            self._add(Usage(wait_seconds=time.perf_counter() - start))
        try:
            program = self._compile(function, static, args)
            with self._lock:
                self._programs[key] = program
                while len(self._programs) > self._capacity:
                    self._programs.popitem(last=False)
            return program
        finally:
            with self._lock:
                self._pending.pop(key).set()

    def retire(self, function: Callable[..., Any], static: Hashable, *args: Any) -> None:
        """Says that a program, as for `get`, will not be needed again: when there is no room, it goes first."""
        key = _key(function, static, args)
        with self._lock:
            if key in self._programs:
                self._programs.move_to_end(key, last=False)

    def _compile(
        self, function: Callable[..., Any], static: Hashable, args: tuple[Any, ...]
    ) -> Program:
        start = time.perf_counter()
        self._relieve()
        # A partial of its own for each program: through `static_argnums` JAX would keep every
        # executable alive in a cache of its own, whatever is dropped here.
        lowered = jax.jit(functools.partial(function, static)).lower(*args)
        program = _compile_for_cpu(lowered) if jax.default_backend() == "cpu" else lowered.compile()
        self._add(Usage(programs=1, compile_seconds=time.perf_counter() - start))
        return program

    def _relieve(self) -> None:
        """Frees compiled code, JAX's own too, before the system's limit on mappings is hit."""
        with self._lock:
            self._until_look -= 1
            if self._until_look > 0:
                return
            self._until_look = 1  # until the new number is known, every thread looks
        limit, held = _mapping_limit(), _mappings()
        if held > MAPPINGS * limit:
            with self._lock:
                for _ in range(-(-len(self._programs) // 2)):
                    self._programs.popitem(last=False)
            jax.clear_caches()
            held = _mappings()
        with self._lock:
            self._until_look = max(1, (limit - held) // (2 * LARGEST_PROGRAM))

    def _add(self, used: Usage) -> None:
        with self._lock:
            self._add_locked(used)

    def _add_locked(self, used: Usage) -> None:
        self._meter.used += used
        self._total += used


def _key(function: Callable[..., Any], static: Hashable, args: tuple[Any, ...]) -> Hashable:
    leaves, tree = jax.tree.flatten(args)
    return function, static, tree, tuple((leaf.shape, leaf.dtype.name) for leaf in leaves)


def _compile_for_cpu(lowered: jax.stages.Lowered) -> Program:
    try:
        return lowered.compile(compiler_options=CPU_OPTIONS)
    except jax.errors.JaxRuntimeError as error:
        if "compile option" not in str(error):
            raise
        return lowered.compile()


def _mappings() -> int:
    try:
        return Path("/proc/self/maps").read_bytes().count(b"\n")
    except OSError:
        return 0


def _mapping_limit() -> int:
    try:
        return int(Path("/proc/sys/vm/max_map_count").read_text())
    except (OSError, ValueError):
        return sys.maxsize
