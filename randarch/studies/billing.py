"""What a piece of work is billed for in the store: seconds of compiling, and of all else."""

import time
from collections.abc import Callable

from randarch.engine import ProgramCache


def billed(cache: ProgramCache) -> Callable[[int], dict[str, float]]:
    """From now on in this thread: the seconds that each of so many networks took, by `compile` and `run`.

    Waiting for programs that other threads compile is neither.
    """
    before, start = cache.used(), time.perf_counter()

    def seconds(networks: int) -> dict[str, float]:
        used = cache.used() - before
        running = time.perf_counter() - start - used.program_seconds
        return {"compile": used.compile_seconds / networks, "run": running / networks}

    return seconds
