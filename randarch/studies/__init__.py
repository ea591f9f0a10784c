"""One module a study: a frozen config with presets, the published numbers, and `run`."""

from randarch.engine import DEFAULT_MEMORY_BUDGET
from randarch.store import RunFolderError
from randarch.studies import (
    dataset_transfer,
    random_conv_sweep,
    receptive_field,
    rfm_correlation,
    structural_sampling,
)
from randarch.studies.session import Options, RunFailedError, new_workdir

__all__ = [
    "DEFAULT_MEMORY_BUDGET",
    "Options",
    "RunFailedError",
    "RunFolderError",
    "dataset_transfer",
    "new_workdir",
    "random_conv_sweep",
    "receptive_field",
    "rfm_correlation",
    "structural_sampling",
]
