"""The page of a sweep in a real browser: drawn, silent, and asking for nothing."""

from pathlib import Path

from randarch.report.sweep import render_page
from tests.analysis.sweep.examples import make_sweep
from tests.report.chromium import needs_chromium, open_in_browser
from tests.report.reading import read
from tests.report.sweep.examples import make_sweep_report

pytestmark = needs_chromium


def test_the_page_is_drawn_in_silence(tmp_path: Path) -> None:
    table = make_sweep(120)
    report = make_sweep_report(table.assign(throughput=table["predicted_throughput"]))
    page = tmp_path / "report.html"
    page.write_text(render_page(report), encoding="utf-8")
    document, console = open_in_browser(page, tmp_path / "profile")
    assert console == []
    assert document.count('<path class="point"') == 120 + len(report.analysis.pareto)
    assert document.count('<figure class="chart live"') == 1
    assert all(r.startswith(("#", "data:")) for r in read(document).references)
