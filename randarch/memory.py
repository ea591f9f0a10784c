"""Memory that was freed: kept by the process for what comes next, or handed back to the system (glibc alone)."""

import ctypes
import functools
from collections.abc import Callable

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGEST = 2**31 - 1
"""Bytes that `mallopt` takes."""


def give_back() -> None:
    """Hands freed memory back to the system, where the C library can (`malloc_trim`).

    Values of many sizes come and go in a sweep, and leave holes that glibc keeps: half a GiB, and more the longer it
    runs. After each part this takes a tenth of a second.
    """
    trim = _of_c_library("malloc_trim")
    if trim is not None:
        trim(0)


def keep_freed() -> None:
    """From now on keeps freed memory for the next value of the process, large ones too, where the C library can.

    By default glibc maps large values anew, hands them back when they are freed, and the system clears each page at its
    first use. Trainings stage by stage, whose values live for a part of a step, take a tenth more time by it (10
    networks of 32 channels, 128 images a step, two cores: 18.4 s and 16.8). `give_back` hands back what is kept.
    """
    option = _of_c_library("mallopt")
    if option is not None:
        option(M_MMAP_THRESHOLD, LARGEST)
        option(M_TRIM_THRESHOLD, LARGEST)


@functools.cache
def _of_c_library(name: str) -> Callable[..., int] | None:
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library, or another system
        return None
    return found
