"""The page in a real browser: drawn, silent, and asking for nothing."""

import re
from pathlib import Path

import pytest

from randarch.report.rfm import render_page
from tests.report.chromium import needs_chromium, open_in_browser
from tests.report.reading import read
from tests.report.rfm.examples import fail, make_depth, make_report, make_table

pytestmark = needs_chromium

GENOME = "5x5 <b>&amp; \"1.5\" & 'x'"
HOVER = """
<script>
setTimeout(() => {
  const target = document.querySelector("#scatter-3-ensemble .interactive");
  Plotly.Fx.hover(target, [{ curveNumber: 0, pointNumber: 0 }]);
}, 1500);
</script>
</body>"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    folder = tmp_path_factory.mktemp("page")
    depths = (
        make_depth(fail(make_table(24, 3), 2, 1).assign(genome_text=GENOME), 3),
        make_depth(make_table(12, 9), 9),
    )
    page, html = folder / "report.html", render_page(make_report(*depths))
    assert html.count("</body>") == 1
    page.write_text(html.replace("</body>", HOVER), encoding="utf-8")
    return open_in_browser(page, folder / "profile")


def test_every_point_is_drawn(opened: tuple[str, list[str]]) -> None:
    document, _ = opened
    # 23 of 24 have a trained accuracy at depth 3, 12 of 12 at depth 9; two charts each.
    assert document.count('<path class="point"') == 2 * 23 + 2 * 12
    assert document.count('<figure class="chart live"') == 4


def test_the_console_stays_empty(opened: tuple[str, list[str]]) -> None:
    assert opened[1] == []


def test_nothing_is_fetched(opened: tuple[str, list[str]]) -> None:
    # Any request would also break the page's own policy and show in the console.
    page = read(opened[0])
    assert page.references
    assert all(r.startswith(("#", "data:")) for r in page.references)
    assert not re.search(r"url\(\s*['\"]?(https?:)?//", page.styles)


def test_hover_shows_the_genome_as_it_is_written(opened: tuple[str, list[str]]) -> None:
    layer = re.search(r'<g class="hovertext".*?</g>', opened[0], re.S)
    assert layer is not None
    text = read(layer.group()).text
    assert GENOME in text
    assert "final size" in text and "digest" in text


def test_the_console_check_notices_a_forbidden_request(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    html = render_page(make_report(make_depth(make_table(3))))
    foreign = '<img src="https://example.org/pixel.png"></body>'
    page.write_text(html.replace("</body>", foreign), encoding="utf-8")
    _, console = open_in_browser(page, tmp_path / "profile")
    assert any("Content Security Policy" in line for line in console)
