"""The page of a sweep in a real browser: drawn, silent, and asking for nothing."""

from pathlib import Path

import pytest

from randarch.report import render_sweep_page
from tests.analysis.sweep_examples import make_sweep
from tests.report.reading import read
from tests.report.sweep_reports import make_sweep_report
from tests.report.test_browser import CHROMIUM, NAMES, open_in_browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} starts")


def test_the_page_is_drawn_in_silence(tmp_path: Path) -> None:
    table = make_sweep(120)
    report = make_sweep_report(table.assign(throughput=table["predicted_throughput"]))
    page = tmp_path / "report.html"
    page.write_text(render_sweep_page(report), encoding="utf-8")
    document, console = open_in_browser(page, tmp_path / "profile")
    assert console == []
    assert document.count('<path class="point"') == 120 + len(report.analysis.pareto)
    assert document.count('<figure class="chart live"') == 1
    assert all(r.startswith(("#", "data:")) for r in read(document).references)
