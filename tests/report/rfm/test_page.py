"""The page: complete without a network, honest about what is not known, safe with any text."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from randarch.report.rfm import DepthReport, Published, StudyReport, render_page
from randarch.report.rfm.sentences import finding
from randarch.report.rfm.tables import architectures_table
from tests.report.reading import (
    EVIL,
    EVIL_RUN,
    Page,
    assert_escaped,
    assert_hover_escaped,
    charts,
    read,
)
from tests.report.rfm.examples import (
    PUBLISHED_9,
    fail,
    make_convergence,
    make_depth,
    make_report,
    make_table,
)

NOT_FOR_READERS = re.compile(r"\b(nan|none|null|inf|infinity)\b", re.IGNORECASE)


def constant_score() -> pd.DataFrame:
    table = make_table(12)
    table[[c for c in table.columns if str(c).startswith(("rfm_acc", "ensemble_acc"))]] = 0.2
    return table


def single_seeds() -> pd.DataFrame:
    return make_table(12, rfm_seeds=1, trained_seeds=1).assign(final_size=192)


# Made when a test asks: collecting the tests stays quick.
AWKWARD: dict[str, Callable[[], DepthReport]] = {
    "dead and diverged": lambda: make_depth(fail(make_table(24), 3, 2), published=PUBLISHED_9),
    "all dead": lambda: make_depth(fail(make_table(8), 8, 0)),
    "nothing trained": lambda: make_depth(fail(make_table(8), 0, 8)),
    "a constant score": lambda: make_depth(constant_score(), published=PUBLISHED_9),
    "single seeds, one final size": lambda: make_depth(single_seeds()),
    "three architectures": lambda: make_depth(make_table(3), published=PUBLISHED_9),
    "one architecture": lambda: make_depth(make_table(1)),
}


@pytest.fixture(scope="module", params=AWKWARD.values(), ids=AWKWARD.keys())
def rendered(request: pytest.FixtureRequest) -> tuple[DepthReport, str, Page]:
    depth = request.param()
    html = render_page(make_report(depth))
    return depth, html, read(html)


def test_nothing_unknown_is_shown_as_a_number(rendered: tuple[DepthReport, str, Page]) -> None:
    _, _, page = rendered
    assert len(page.text) > 2000
    assert not NOT_FOR_READERS.search(page.text)


def test_the_page_refers_to_nothing_outside(rendered: tuple[DepthReport, str, Page]) -> None:
    _, html, page = rendered
    assert page.references
    assert all(r.startswith(("#", "data:")) for r in page.references)
    assert not re.search(r"url\(|@import", page.styles)
    assert "default-src 'none'" in html


def test_the_page_is_well_formed(rendered: tuple[DepthReport, str, Page]) -> None:
    _, html, page = rendered
    assert page.unclosed == []
    assert page.tags.count("h1") == 1
    ids = re.findall(r'<\w+[^>]* id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {r[1:] for r in page.references if r.startswith("#")} <= set(ids)


def test_charts_hold_every_architecture_with_both_scores(
    rendered: tuple[DepthReport, str, Page],
) -> None:
    depth, html, _ = rendered
    complete = np.isfinite(depth.table["trained_accuracy"].to_numpy(dtype=float)).sum()
    found = charts(html)
    assert set(found) == {f"scatter-{depth.depth}-rfm", f"scatter-{depth.depth}-ensemble"}
    for chart in found.values():
        assert sum(len(trace["x"]) for trace in chart["data"]) == complete
        assert all(len(t["hovertext"]) == len(t["x"]) == len(t["y"]) for t in chart["data"])


def test_each_chart_is_a_picture_without_javascript(
    rendered: tuple[DepthReport, str, Page],
) -> None:
    depth, html, page = rendered
    for name in ("rfm", "ensemble"):
        holder = html.split(f'id="scatter-{depth.depth}-{name}"')[1].split("</figure>")[0]
        assert '<img src="data:image/svg+xml;base64,' in holder
    assert 'class="chart"' in html and "chart live" not in html.split("<script")[0]
    assert ".chart .interactive { display: none; }" in page.styles


def test_hover_text_is_complete() -> None:
    table = fail(make_table(6), 1, 0)
    html = render_page(make_report(make_depth(table)))
    traces = charts(html)["scatter-9-rfm"]["data"]
    assert [t["name"] for t in traces] == ["trained normally (5)", "dead (1)"]
    text = traces[1]["hovertext"][0]
    row = table.iloc[0]
    assert re.sub("</?b>|<br>", " ", text).split()[:9] == row["genome_text"].split()
    for expected in (
        f"{row['final_size']:,}",
        f"{row['params']:,} parameters",
        f"{100 * row['rfm_accuracy']:.1f}",
        f"{100 * row['ensemble_accuracy']:.1f}",
        "trained 10.0",
        row["digest"],
    ):
        assert expected in text
    assert traces[1]["x"] == [10.0]


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (make_table(60), "excludes 0"),
        (make_table(40, seed=5).assign(rfm_accuracy=np.tile([0.1, 0.3], 20)), "includes 0"),
        (constant_score(), "No correlation can be computed"),
        (make_table(4), "too few for an interval"),
        (
            make_table(40).assign(rfm_accuracy=lambda t: 0.9 - t["trained_accuracy"]),
            "the wrong way",
        ),
    ],
    ids=["related", "unrelated", "undefined", "few", "reversed"],
)
def test_the_headline_says_what_the_interval_allows(table: pd.DataFrame, verdict: str) -> None:
    depth = make_depth(table, published=PUBLISHED_9)
    found = finding(depth)
    text = found.headline
    assert text.startswith(f"Over n = {len(table)} architectures of 9 layers")
    assert "the published value is 0.739" in text
    assert verdict in found.verdict
    spearman = depth.analysis.rfm.all.spearman
    inside = spearman.low <= 0.73908 <= spearman.high
    if not math.isnan(spearman.low):
        assert f"lies {'inside' if inside else 'outside'} this interval" in text


def test_paper_and_ours_stand_side_by_side() -> None:
    depth = make_depth(make_table(40), published=PUBLISHED_9, convergence=make_convergence())
    text = read(render_page(make_report(depth))).text
    said = finding(depth)
    assert said.headline in text and said.verdict in text
    assert all(detail in text for detail in said.details)
    for published in ("0.747", "0.739", "0.872", "0.715", "85.23 ± 0.40", "84.75 ± 0.87"):
        assert published in text
    for b in PUBLISHED_9.bins:
        assert f"{b.spearman:.3f}" in text
    for ours in (
        depth.analysis.rfm.all.pearson,
        depth.analysis.rfm.all.kendall,
        depth.analysis.ensemble.all.spearman,
        depth.analysis.trained_final_size_spearman,
        depth.analysis.rfm.ceiling,
        *depth.analysis.rfm.partial_spearman.values(),
    ):
        assert f"{ours.value:.3f}".replace("-", "\N{MINUS SIGN}") in text
    assert "3,000 training images instead of 50,000." in text
    assert "3 min 34 s" in text


def test_several_depths_have_a_section_each_and_missing_published_values_a_dash() -> None:
    depths = [
        make_depth(make_table(12, d), d, published=p)
        for d, p in ((3, Published(spearman=0.675)), (5, Published()))
    ]
    html = render_page(make_report(*depths, notes=("The interval at 3 layers includes 0.",)))
    page = read(html)
    assert set(charts(html)) == {f"scatter-{d}-{s}" for d in (3, 5) for s in ("rfm", "ensemble")}
    assert "the published value is 0.675" in page.text
    assert "the paper has no value for this depth" in page.text
    assert "The interval at 3 layers includes 0." in page.text
    assert "Against depth" not in page.text and html.count("against the number of layers") == 2


def test_text_from_outside_is_escaped() -> None:
    table = make_table(8).assign(genome_text=EVIL)
    report = make_report(
        make_depth(table, convergence=make_convergence().assign(picked_by=EVIL)),
        **EVIL_RUN,
    )
    html = render_page(report)
    page = read(html)
    clean = read(render_page(make_report(make_depth(make_table(8)))))
    assert_escaped(page, clean)
    # Title twice, command, device, setting and value, deviation, note, version twice, step, table.
    assert page.text.count(EVIL) == 11 + 8 + 1
    hover = charts(html)["scatter-9-rfm"]["data"][0]["hovertext"][0]
    assert_hover_escaped(hover)


def test_a_long_list_is_cut_and_says_so() -> None:
    depth = make_depth(make_table(203))
    table = architectures_table(depth)
    assert table.note == "3 more are in the run's results file."
    best = depth.table.sort_values("trained_accuracy", ascending=False)["digest"].head(200)
    assert [row[1] for row in table.rows] == [d[:12] for d in best]


def test_the_page_repeats_itself() -> None:
    report = make_report(make_depth(make_table(6)))
    assert render_page(report) == render_page(report)


def test_bad_reports_are_refused() -> None:
    depth = make_depth(make_table(6))
    with pytest.raises(ValueError, match="no column genome_text"):
        replace(depth, table=depth.table.drop(columns="genome_text"))
    with pytest.raises(ValueError, match=r"5 rows and its analysis 6"):
        replace(depth, table=depth.table.head(5))
    with pytest.raises(ValueError, match=r"convergence table has no column rank"):
        replace(depth, convergence=make_convergence().drop(columns="rank"))
    with pytest.raises(ValueError, match=r"\[9, 9\]; expected at least one, each once"):
        make_report(depth, depth)
    with pytest.raises(ValueError, match=r"\[\]; expected at least one"):
        StudyReport(title="", depths=(), command="", device="")
