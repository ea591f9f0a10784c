"""How many programs JAX has compiled in this process, by its own account."""

import functools
import threading
from typing import Any

import jax

EVENT = "/jax/core/compile/backend_compile_duration"
"""What `jax.monitoring` reports of every program that is compiled, those of single operations outside of `jit` too."""


class Compilations:
    """Counts from the time it was made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count, self._seconds = 0, 0.0
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, duration_secs: float, **_: Any) -> None:
        if event == EVENT:
            with self._lock:
                self._count += 1
                self._seconds += duration_secs

    @property
    def count(self) -> int:
        """Programs compiled."""
        with self._lock:
            return self._count

    @property
    def seconds(self) -> float:
        """Spent in the compiler, added up over threads; tracing is not in it."""
        with self._lock:
            return self._seconds


@functools.cache
def compilations() -> Compilations:
    """That of this process, which counts from the first call on: listeners cannot be taken back."""
    return Compilations()
