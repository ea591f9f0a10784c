"""Reports that the tests of page and figures share."""

import pytest

from randarch.report.transfer import TransferReport
from tests.report.transfer.examples import make_report


@pytest.fixture(scope="session")
def report() -> TransferReport:
    """Everything, on few data sets: the base, two versions, the control and two others."""
    return make_report(24, targets=2, members=3)
