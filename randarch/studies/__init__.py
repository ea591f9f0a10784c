"""One module a study: a frozen config with presets, the published numbers, and `run`."""

from randarch.store import RunFolderError
from randarch.studies import random_conv_sweep, rfm_correlation

__all__ = ["RunFolderError", "random_conv_sweep", "rfm_correlation"]
