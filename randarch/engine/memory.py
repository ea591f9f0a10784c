"""Memory that was freed and that the process keeps all the same."""

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Hands freed memory back to the system, where the C library can (glibc: `malloc_trim`).

    Values of many sizes come and go in a sweep, and leave holes that glibc keeps: half a GiB, and more the longer it
    runs. After each part this takes a tenth of a second.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library, or another system
        return None
    return found
