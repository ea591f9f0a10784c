"""Freed memory is kept, or goes back to the system."""

import ctypes
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from randarch import memory


def resident() -> int:
    """Bytes."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="needs glibc",
)


@glibc
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


# In a process of its own: what glibc keeps is set once and for all.
KEEPING = """
import ctypes, resource, sys
from randarch import memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
if sys.argv[1] == "keep":
    memory.keep_freed()
size = 64 * 2**20
for turn in range(4):
    before = faults()
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    ctypes.memset(block, 1, size)
    libc.free(block)
    last = faults() - before
print(last)
"""


@glibc
@pytest.mark.parametrize(("how", "kept"), [("keep", True), ("leave", False)])
def test_large_values_are_kept_when_asked(how: str, kept: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KEEPING, how], capture_output=True, text=True, check=True
    )
    assert (int(done.stdout) < 10) is kept


def test_other_systems_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    memory._of_c_library.cache_clear()
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    memory.give_back()
    memory.keep_freed()
    assert memory._of_c_library("mallopt") is None
    memory._of_c_library.cache_clear()
