"""What tests of several studies share."""

import pytest

from randarch.studies.random_conv_sweep import result as sweep
from randarch.studies.structural_sampling import result as structures


@pytest.fixture
def tables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs draw nothing: half of a small run's time, where a test asks for numbers alone."""
    for module in (sweep, structures):
        monkeypatch.setattr(module, "write_figures", lambda report, folder: None)
        monkeypatch.setattr(module, "render_page", lambda report: "")
