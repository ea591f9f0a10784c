"""The page in a real browser: drawn, silent, asking for nothing; its matrix opens the scatter of a cell."""

import json
import re

import pytest
from matplotlib.figure import Figure

from randarch.report.transfer import TransferReport, render_page
from randarch.report.transfer.figures import _drawn, to_image
from randarch.report.transfer.heat_maps import pair_text
from randarch.report.transfer.scatter import PairPoints, pair_chart
from tests.report.chromium import needs_chromium, open_in_browser
from tests.report.reading import read

pytestmark = needs_chromium

# What a reader would do, and what comes of it.
READER = """
<script>
setTimeout(() => {
  const target = document.querySelector("#apr-scatter .interactive");
  const drawn = () => target.data.map(({ name, x, y, hovertext }) => ({ name, x, y, hovertext }));
  const titles = () => [target.layout.xaxis.title.text, target.layout.yaxis.title.text];
  const said = () => document.getElementById("apr-pair").textContent;
  const shown = () => [...document.querySelectorAll(".map")].filter((map) => !map.hidden).length;
  const table = (source) => document.querySelector(`table.apr[data-source="${source}"]`);
  const button = (source, i, j) => table(source).tBodies[0].rows[i].cells[j + 1].querySelector("button");
  const stops = (source) => [...table(source).querySelectorAll("button")].filter((b) => b.tabIndex === 0).length;
  const done = { maps: shown(), stops: stops("trained"), diagonal: button("trained", 0, 0) === null };
  const first = document.querySelector('#apr button[aria-pressed="true"]');
  first.click();
  done.first = [drawn(), titles(), said()];
  button("trained", 1, 2).click();
  done.clicked = [drawn(), titles(), said(), button("trained", 1, 2).getAttribute("aria-pressed")];
  button("trained", 1, 2).focus();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  // Row 2 of column 2 is the diagonal, which is stepped over.
  done.moved = document.activeElement === button("trained", 3, 2);
  document.querySelector('input[value="random"]').click();
  done.switched = [drawn(), titles(), said(), shown()];
  const pre = document.createElement("pre");
  pre.id = "done";
  pre.textContent = JSON.stringify(done);
  document.body.append(pre);
}, 1500);
</script>
</body>"""


@pytest.fixture(scope="module")
def opened(
    report: TransferReport, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[str]]:
    folder = tmp_path_factory.mktemp("page")
    # One small picture in all places: the policy has to allow its kind, and to draw all takes long.
    image = to_image(Figure(figsize=(1, 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "randarch.report.transfer.page.transfer_images",
            lambda report: dict.fromkeys(_drawn(report), image),
        )
        html = render_page(report)
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


def test_the_page_is_drawn_in_silence(opened: tuple[str, list[str]]) -> None:
    document, console = opened
    assert console == []
    assert document.count('<figure class="chart live"') == 1
    assert document.count('<path class="point"') == 24
    assert all(r.startswith(("#", "data:")) for r in read(document).references)


def test_one_matrix_is_shown_and_one_cell_a_stop(done: dict) -> None:
    assert done["maps"] == 1 and done["stops"] == 1 and done["diagonal"]


def test_the_script_draws_what_python_drew(done: dict, report: TransferReport) -> None:
    traces, titles, _ = done["first"]
    chart = pair_chart(report)
    for drawn, made in zip(traces, chart["data"], strict=True):
        assert drawn == {key: made[key] for key in ("name", "x", "y", "hovertext")}
    assert titles == [chart["layout"][axis]["title"]["text"] for axis in ("xaxis", "yaxis")]


@pytest.mark.parametrize(("step", "source"), [("clicked", "trained"), ("switched", "random")])
def test_a_cell_opens_its_scatter(
    done: dict, report: TransferReport, step: str, source: str
) -> None:
    traces, titles, said, last = done[step]
    names = report.sources[source].apr.datasets
    points = PairPoints.of(report.errors[source], names[1], names[2])
    for drawn, (positions, label, _, _) in zip(
        traces, points.groups(report.name(names[1])), strict=True
    ):
        assert drawn["name"] == label
        assert drawn["x"] == points.x[positions].tolist()
        assert drawn["y"] == points.y[positions].tolist()
    assert titles == [f"test error on {report.name(names[i])} (%)" for i in (2, 1)]
    assert said == pair_text(report, source, names[1], names[2])
    assert last == {"clicked": "true", "switched": 1}[step]


def test_arrow_keys_move_between_cells(done: dict) -> None:
    assert done["moved"]
