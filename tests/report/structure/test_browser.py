"""The page in a real browser: drawn, silent, asking for nothing; its table sorts and its picker picks."""

import json
import re

import pytest

from randarch.report.structure import StructureReport
from randarch.report.structure.class_table import class_maps
from tests.report.chromium import needs_chromium, open_in_browser
from tests.report.reading import read

pytestmark = needs_chromium

# What a reader would do, and what comes of it.
READER = """
<script>
setTimeout(() => {
  const table = document.querySelector("table.sortable");
  const names = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
  const sorts = () => [...table.tHead.rows[0].cells].map((head) => head.getAttribute("aria-sort"));
  const buttons = table.querySelectorAll("thead button");
  const done = { first: names() };
  buttons[0].click();
  done.byName = names();
  buttons[3].click();
  done.byMean = names();
  buttons[3].click();
  done.byMeanRising = [names(), sorts()[3]];
  buttons[10].click();
  done.byPublished = names();
  const picker = document.querySelector(".picker");
  const cells = (part) => [...picker.querySelectorAll(`[data-part="${part}"] tbody td`)];
  done.counts = cells("counts").map((cell) => cell.textContent);
  const select = picker.querySelector("select");
  select.value = "1";
  select.dispatchEvent(new Event("change"));
  done.text = picker.querySelector('[data-part="text"]').textContent;
  done.picked = cells("counts").map((cell) => cell.textContent);
  done.difference = cells("difference").map((cell) => cell.textContent);
  done.background = cells("counts")[0].style.background;
  done.hidden = picker.hidden;
  const pre = document.createElement("pre");
  pre.id = "done";
  pre.textContent = JSON.stringify(done);
  document.body.append(pre);
}, 1500);
</script>
</body>"""


@pytest.fixture(scope="module")
def opened(html: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    folder = tmp_path_factory.mktemp("page")
    page = folder / "report.html"
    assert html.count("</body>") == 1
    page.write_text(html.replace("</body>", READER), encoding="utf-8")
    return open_in_browser(page, folder / "profile")


@pytest.fixture(scope="module")
def done(opened: tuple[str, list[str]]) -> dict:
    found = re.search(r'<pre id="done">(.*?)</pre>', opened[0], re.S)
    assert found is not None, opened[1]
    result: dict = json.loads(read(found.group()).text)
    return result


def test_the_page_is_drawn_in_silence(
    opened: tuple[str, list[str]], report: StructureReport
) -> None:
    document, console = opened
    assert console == []
    assert document.count('<path class="point"') == report.analysis.n + 1
    assert document.count('<figure class="chart live"') == 1
    assert all(r.startswith(("#", "data:")) for r in read(document).references)


def test_a_click_on_a_head_sorts(done: dict, report: StructureReport) -> None:
    results = report.analysis.classes.classes
    shown = {c.name: c.name.replace("_", " ") for c in results}
    by_distance = sorted(results, key=lambda c: -c.distance)
    assert done["first"] == [shown[c.name] for c in by_distance]
    assert done["byName"] == sorted(shown.values())
    means = {shown[c.name]: c.mean for c in results}
    falling = [means[name] for name in done["byMean"]]
    assert falling == sorted(falling, reverse=True)
    rising, direction = done["byMeanRising"]
    assert rising == done["byMean"][::-1] and direction == "ascending"
    # What is not known comes last.
    assert done["byPublished"][-1] == shown[results[-1].name]


def flat(rows: list[list[float]]) -> list[float]:
    return [value for row in rows for value in row]


def test_the_picker_shows_the_class(done: dict, report: StructureReport) -> None:
    maps = class_maps(report)
    first, second = maps["classes"][maps["first"]], maps["classes"][1]
    # JavaScript rounds halves up.
    assert [float(t) for t in done["counts"]] == pytest.approx(flat(first["counts"]), abs=0.51)
    assert [float(t) for t in done["picked"]] == pytest.approx(flat(second["counts"]), abs=0.51)
    difference = [float(t.replace("\N{MINUS SIGN}", "-")) for t in done["difference"]]
    assert difference == pytest.approx(flat(second["difference"]), abs=0.51)
    assert done["text"] == second["text"]
    assert done["background"].startswith("rgb(") and not done["hidden"]
