"""Freed memory goes back to the system."""

import ctypes
import resource
import sys
from pathlib import Path

import pytest

from randarch.engine import memory


def resident() -> int:
    """Bytes."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="needs glibc",
)
def test_holes_between_what_is_in_use_are_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    size = 64 * 1024  # small enough to come from the heap
    blocks = [ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size))) for _ in range(4000)]
    for block in blocks:
        ctypes.memset(block, 1, size)
    for block in blocks[::2]:
        libc.free(block)
    before = resident()
    memory.give_back()
    given = before - resident()
    for block in blocks[1::2]:
        libc.free(block)
    assert given > 0.5 * 2000 * size


def test_other_systems_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    memory._trim.cache_clear()
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    memory.give_back()
    assert memory._trim() is None
    memory._trim.cache_clear()
