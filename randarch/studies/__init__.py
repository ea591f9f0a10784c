"""One module a study: a frozen config with presets, the published numbers, and `run`."""

from randarch.store import RunFolderError
from randarch.studies import rfm_correlation

__all__ = ["RunFolderError", "rfm_correlation"]
