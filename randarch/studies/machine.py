"""What this machine has: cores, memory, and how many architectures to work on at a time."""

import os
import sys

import jax


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def physical_memory() -> int:
    """Bytes of the machine; without bound where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return sys.maxsize


def peak_memory() -> int | None:
    """Bytes of main memory that this process has held at most so far; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def default_workers(cores: int) -> int:
    """Pieces at a time: one compiles while another computes; small networks leave cores idle."""
    return min(4, max(1, cores)) if jax.default_backend() == "cpu" else 2
