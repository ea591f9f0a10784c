"""CNN architectures as data, scored with random weights and a ridge readout, and by training.

An architecture is an `ArchSpec`, an immutable graph of operations; the network, the shapes, the
counts, the receptive fields and the digest are interpreters of that one graph.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("randarch")
except PackageNotFoundError:  # a source tree on the path that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
