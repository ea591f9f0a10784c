"""The page of a sweep: complete without a network, honest about what is missing, safe."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from randarch.analysis import compare_trained
from randarch.report.numbers import percent
from randarch.report.sweep import SweepReport, render_page, words
from randarch.report.sweep.gene_tables import effects_table
from randarch.report.sweep.hover import MAX_MARKS, chosen_marks, omitted, sweep_chart, undrawn
from randarch.report.sweep.scatter import SweepPoints
from randarch.report.sweep.tables import hand_picked_table
from randarch.report.tables import engine_table
from tests.analysis.sweep.examples import make_sweep
from tests.report.reading import (
    EVIL,
    EVIL_RUN,
    Page,
    assert_escaped,
    assert_hover_escaped,
    charts,
    read,
)
from tests.report.sweep.examples import confirmed, make_bare_report, make_sweep_report

NOT_FOR_READERS = re.compile(r"\b(nan|none|null|inf|infinity)\b", re.IGNORECASE)
MINUS = "\N{MINUS SIGN}"

REPORTS: dict[str, Callable[[], SweepReport]] = {
    "everything": lambda: make_sweep_report(make_sweep(300)),
    "one network": lambda: make_bare_report(make_sweep(1, threshold=0.0)),
    "nothing kept": lambda: make_sweep_report(make_sweep(80, threshold=1.1)),
    "no throughput": lambda: make_bare_report(
        make_sweep(80).assign(throughput=np.nan, predicted_throughput=np.nan)
    ),
    "columns missing": lambda: make_bare_report(
        make_sweep(50, trials=1).drop(
            columns=[
                *("train_accuracy", "test_accuracy_min", "test_accuracy_max", "fit_seconds"),
                *("throughput", "predicted_throughput", "test_accuracy_seed0"),
            ]
        )
    ),
    "independent, and few are trained": lambda: make_sweep_report(
        make_sweep(60),
        cluster=(),
        trained=compare_trained(confirmed(make_sweep(60), 2), rng=_rng()),
    ),
}


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module", params=REPORTS.values(), ids=REPORTS)
def rendered(request: pytest.FixtureRequest) -> tuple[SweepReport, str, Page]:
    report: SweepReport = request.param()
    html = render_page(report)
    return report, html, read(html)


def test_nothing_unknown_is_shown_as_a_number(rendered: tuple[SweepReport, str, Page]) -> None:
    _, _, page = rendered
    assert len(page.text) > 2000
    # "None" is a sentence of the page where no deviation is recorded.
    assert not NOT_FOR_READERS.search(page.text.replace("None is recorded", ""))


def test_the_page_is_well_formed_and_refers_to_nothing_outside(
    rendered: tuple[SweepReport, str, Page],
) -> None:
    _, html, page = rendered
    assert html.startswith("<!DOCTYPE html>")
    assert page.unclosed == []
    assert page.tags.count("h1") == 1
    ids = re.findall(r'<\w+[^>]* id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert all(r.startswith(("#", "data:")) for r in page.references)
    assert {r[1:] for r in page.references if r.startswith("#")} <= set(ids)
    assert not re.search(r"url\(|@import", page.styles)
    assert "default-src 'none'" in html


def test_the_chart_holds_every_network(rendered: tuple[SweepReport, str, Page]) -> None:
    report, html, _ = rendered
    found = charts(html)
    assert set(found) == {"sweep-scatter"}
    traces = found["sweep-scatter"]["data"]
    assert all(len(t["x"]) == len(t["y"]) == len(t["hovertext"]) for t in traces)
    points = SweepPoints.of(report)
    *marks, front = traces
    assert sum(len(t["x"]) for t in marks) == len(points.x)
    assert len(front["x"]) == len(report.analysis.pareto)
    assert front["x"] == sorted(front["x"])


def test_the_headline_has_the_numbers(rendered: tuple[SweepReport, str, Page]) -> None:
    report, _, page = rendered
    text = words.headline(report)
    assert text in page.text and words.caution(report) in page.text
    best = report.analysis.best[0]
    assert f"{report.valid:,} are valid" in text and f"{report.analysis.n:,} were evaluated" in text
    assert best.genome_text in text and f"{100 * best.accuracy.value:.1f}" in text
    assert ("31.28" in text) == (report.published.best_accuracy is not None)
    assert all(detail in page.text for detail in words.details(report))


def test_what_the_first_pass_did_to_those_it_kept_is_said() -> None:
    table = make_sweep(60)
    assert "is one of the trials" in words.filtered(make_sweep_report(table))
    mean = table[table["kept"]]["test_accuracy"].mean()
    apart = table.assign(first_test_accuracy=table["test_accuracy"] + 0.01)
    text = words.filtered(make_sweep_report(apart))
    assert f"{percent(mean + 0.01, 2)} in the first pass" in text
    assert f"{percent(mean, 2)} in their trials" in text


def test_optional_parts_are_left_out(rendered: tuple[SweepReport, str, Page]) -> None:
    report, html, _ = rendered
    assert ('id="published"' in html) == (report.hand_picked is not None)
    assert ('id="trained"' in html) == (report.trained is not None)
    assert ("The engine's counters" in read(html).text) == bool(report.engine)


def test_hover_says_all_of_a_network() -> None:
    table = make_sweep(40)
    report = make_bare_report(table)
    traces = sweep_chart(report)["data"]
    best = report.analysis.best[0]
    texts = [t for t in traces[0]["hovertext"] if best.genome_text in t]
    assert len(texts) == 1
    (row,) = table[table["digest"] == best.digest].to_dict("records")
    for expected in (
        f"accuracy {100 * best.accuracy.value:.1f}",
        f"({100 * row['test_accuracy_min']:.1f} to {100 * row['test_accuracy_max']:.1f} in 5 trials)",
        f"{row['throughput']:,.0f} images/s (measured)",
        f"{row['predicted_throughput']:,.0f} images/s (predicted)",
        f"ratio {row['ratio']:.3f}",
        f"{row['params']:,} parameters",
    ):
        assert expected in texts[0]


def test_measured_and_predicted_throughput_are_not_mixed() -> None:
    table = make_sweep(60)
    report = make_bare_report(table)
    points = SweepPoints.of(report)
    assert points.x.tolist() == table.loc[table["throughput"].notna(), "throughput"].tolist()
    assert "measured" in sweep_chart(report)["layout"]["xaxis"]["title"]["text"]
    unkept = (~table["kept"]).sum()
    assert undrawn(report) == f"Not drawn, for want of a measured throughput: {unkept} networks."
    everywhere = table.assign(throughput=table["predicted_throughput"])
    assert undrawn(make_bare_report(everywhere)) == ""


def test_without_throughput_the_page_says_what_it_shows_instead(
    rendered: tuple[SweepReport, str, Page],
) -> None:
    report, html, page = rendered
    macs = report.analysis.speed == "macs"
    assert ("No throughput was measured or predicted" in page.text) == macs
    chart = charts(html)["sweep-scatter"]
    assert ("MACs" in chart["layout"]["xaxis"]["title"]["text"]) == macs
    if macs:
        drawn = sorted(x for t in chart["data"][:-1] for x in t["x"])
        assert drawn == pytest.approx(sorted(report.table["macs"]), rel=1e-4)


@pytest.fixture(scope="module")
def large() -> SweepReport:
    table = make_sweep(8000, threshold=0.27)
    return make_bare_report(table.assign(throughput=table["predicted_throughput"]))


def test_a_large_sweep_is_thinned_and_says_so(large: SweepReport) -> None:
    points = SweepPoints.of(large)
    chosen = chosen_marks(points)
    assert len(points.x) == 8000 and len(chosen) == MAX_MARKS
    assert len(np.unique(chosen)) == MAX_MARKS
    for must in (points.front, points.coloured):
        assert must[chosen].sum() == must.sum() > 0
    html = render_page(large)
    assert f"{MAX_MARKS:,} of 8,000 networks: the kept ones whole" in read(html).text
    marks = charts(html)["sweep-scatter"]["data"][:2]
    assert sum(len(t["x"]) for t in marks) == MAX_MARKS
    assert omitted(points.pick(np.arange(100))) == ""


def test_more_kept_than_marks_are_thinned_too(large: SweepReport) -> None:
    table = large.table.assign(kept=True)
    points = SweepPoints.of(make_bare_report(table))
    chosen = chosen_marks(points)
    assert len(chosen) == MAX_MARKS and points.front[chosen].sum() == points.front.sum()
    assert "a random subset of the others" in omitted(points)
    points = SweepPoints.of(make_bare_report(large.table.assign(kept=np.arange(8000) > 100)))
    assert "a random subset of the kept ones" in omitted(points)
    assert points.coloured[chosen_marks(points)].all()


def test_published_and_ours_stand_side_by_side() -> None:
    report = make_sweep_report(make_sweep(300))
    text = read(render_page(report)).text
    for published in ("32,629", "1,760", "31.28", "0.90", "0.15", f"{MINUS}0.32"):
        assert published in text
    table = hand_picked_table(report)
    assert table is not None and len(table.rows) == 9
    assert "Not evaluated in this run: 1 of 9." in table.note
    compared = report.hand_picked
    assert compared is not None
    for row, shown in zip(compared.rows[:8], table.rows, strict=False):
        assert shown[0] == row.genome_text
        assert shown[2].startswith(f"{100 * row.accuracy.value:.1f}")
        assert f"{100 * row.published_accuracy:.2f}" in shown[1]
    assert "310.5" in text and "programs, compiled" in text and "1,869" in text
    assert "Shapes instead of STL-10." in text and "36 min 55 s" in text


def test_effects_show_both_intervals() -> None:
    report = make_sweep_report(make_sweep(600))
    table = effects_table(report)
    for effect, row in zip(report.analysis.effects, table.rows, strict=True):
        assert row[1] == f"{effect.best:g} over {effect.worst:g}"
        clustered, naive = row[3], row[4]
        assert f"{100 * effect.difference.low:.1f}".replace("-", MINUS) in clustered
        assert f"{100 * effect.naive_difference.high:.1f}".replace("-", MINUS) in naive


def test_counters_are_unfolded() -> None:
    table = engine_table({"a": {"b": {"c": 12345}}, "x": 0.000123456, "y": True, "z": float("nan")})
    assert table is not None
    values = dict(table.rows)
    assert values == {"a, b, c": "12,345", "x": "0.0001235", "y": "yes", "z": "\u2013"}
    assert engine_table({}) is None


def test_text_from_outside_is_escaped() -> None:
    table = make_sweep(30).assign(genome_text=[f"{EVIL}{i}" for i in range(30)])
    report = make_bare_report(
        table,
        **EVIL_RUN,
        engine={EVIL: EVIL},
        kept_rule=EVIL,
        trained=compare_trained(confirmed(table, 3), rng=_rng()),
    )
    html = render_page(report)
    page = read(html)
    clean = read(render_page(make_bare_report(make_sweep(30))))
    assert_escaped(page, clean)
    assert page.text.count(EVIL) > 20
    for trace in charts(html)["sweep-scatter"]["data"]:
        for text in trace["hovertext"]:
            assert_hover_escaped(text)


def test_the_page_repeats_itself() -> None:
    report = make_sweep_report(make_sweep(30))
    assert render_page(report) == render_page(report)


def test_bad_reports_are_refused() -> None:
    report = make_bare_report(make_sweep(20))
    with pytest.raises(ValueError, match="no column macs"):
        replace(report, table=report.table.drop(columns="macs"))
    with pytest.raises(ValueError, match=r"19 networks .* and its analysis 20"):
        replace(report, table=pd.DataFrame(report.table.head(19)))
