"""Analyses that the tests of page and figures share: they take longer than what is shown of them."""

from collections.abc import Iterator

import pytest

from randarch.analysis import StructureAnalysis
from randarch.report.structure import StructureReport, render_page
from tests.report.structure.examples import analyse, make_report, simulate


@pytest.fixture(scope="session")
def analysis() -> StructureAnalysis:
    return analyse(simulate(600, failed=3))


@pytest.fixture(scope="session")
def few() -> StructureAnalysis:
    """Fewer networks than are to be best, and no simulations."""
    return analyse(simulate(12), simulations=0)


@pytest.fixture(scope="session")
def report(analysis: StructureAnalysis) -> StructureReport:
    return make_report(analysis)


@pytest.fixture(scope="session")
def html(report: StructureReport) -> str:
    """The page with everything and real figures."""
    return render_page(report)


@pytest.fixture(scope="module")
def blank() -> Iterator[None]:
    """Figures are drawn for the page, but not stored as images, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("randarch.report.structure.figures.to_data_uri", lambda figure: "data:,")
        yield
