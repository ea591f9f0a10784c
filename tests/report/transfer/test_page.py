"""The page of the study of data sets: complete without a network, honest about what is missing, safe."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from randarch.analysis.results import Estimate
from randarch.analysis.transfer.errors import Errors
from randarch.report.transfer import (
    TransferReport,
    comparison_tables,
    findings,
    render_page,
    tables,
)
from randarch.report.transfer.cards import LARGEST, cards, shrunk
from randarch.report.transfer.figures import _drawn
from randarch.report.transfer.heat_maps import SHADES, gene_map, gene_name, matrix_map
from randarch.report.transfer.report import SOURCES
from randarch.report.transfer.scatter import PairPoints, first_pair
from tests.report.reading import (
    EVIL,
    EVIL_RUN,
    Page,
    assert_escaped,
    assert_hover_escaped,
    charts,
    read,
)
from tests.report.transfer.examples import BASE, make_report

NOT_FOR_READERS = re.compile(r"\b(nan|none|null|inf|infinity)\b", re.IGNORECASE)
SECTIONS = (
    *("datasets", "apr", "classes", "drivers", "tops", "distributions", "spread", "random"),
    *("recommendation", "variations", "deviations", "run"),
)


def bare(report: TransferReport) -> TransferReport:
    """Errors and their matrix alone, without repeats of which anything is known."""
    assert report.analysis.trained is not None
    trained = replace(report.analysis.trained, class_matched=None, drivers=(), tops=(), spreads=())
    analysis = replace(
        report.analysis,
        trained=trained,
        random=None,
        agreement=None,
        longer=(),
        top_five=(),
        pretraining=(),
        recommendation=None,
        notes=(),
    )
    empty: dict[str, Any] = {"published_rows": (), "published_drivers": (), "datasets": ()}
    empty |= {"config": {}, "engine": {}, "deviations": (), "seconds": {}, "versions": {}}
    return replace(report, analysis=analysis, random=None, notes=(), **empty)


LITTLE = {"datasets", "apr", "drivers", "tops", "distributions", "spread", "random", "variations"}
REPORTS: dict[str, tuple[Callable[[TransferReport], TransferReport], set[str]]] = {
    "everything": (lambda full: full, set(SECTIONS)),
    "nothing optional": (bare, {"apr", "distributions", "deviations", "run"}),
    "trained": (
        lambda full: make_report(8, targets=2, members=2, without=("random",)),
        set(SECTIONS) - {"random"},
    ),
    "random weights": (
        lambda full: make_report(8, targets=2, members=2, without=("trained",)),
        set(SECTIONS) - {"random", "recommendation", "variations"},
    ),
    "two data sets, one repeat": (
        lambda full: make_report(5, targets=1, members=1, repeats=1),
        {*LITTLE, "deviations", "run"},
    ),
    "one data set": (
        lambda full: make_report(5, targets=0, members=1),
        {*LITTLE, "deviations", "run"},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _blank() -> Iterator[None]:
    """Figures are named for the page, but not drawn, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "randarch.report.transfer.page.transfer_images",
            lambda report: dict.fromkeys(_drawn(report), "data:,"),
        )
        yield


@pytest.fixture(scope="module", params=REPORTS.values(), ids=REPORTS)
def rendered(
    request: pytest.FixtureRequest, report: TransferReport
) -> tuple[TransferReport, str, Page, set[str]]:
    make, sections = request.param
    shown = make(report)
    html = render_page(shown)
    return shown, html, read(html), sections


@pytest.fixture(scope="module")
def page(report: TransferReport) -> Page:
    return read(render_page(report))


def test_nothing_unknown_is_shown_as_a_number(
    rendered: tuple[TransferReport, str, Page, set[str]],
) -> None:
    _, html, page, _ = rendered
    assert NOT_FOR_READERS.findall(page.text.replace("None is recorded.", "")) == []
    assert page.unclosed == []
    assert all(r.startswith(("#", "data:")) for r in page.references)
    for title in re.findall(r'title="([^"]*)"', html):
        assert not NOT_FOR_READERS.search(title)


def test_sections_are_those_of_the_analysis(
    rendered: tuple[TransferReport, str, Page, set[str]],
) -> None:
    _, html, _, sections = rendered
    assert set(re.findall(r'<section id="(\w+)"', html)) == sections
    assert set(re.findall(r'href="#(\w+)"', html)) == sections


def test_what_was_found_is_said(rendered: tuple[TransferReport, str, Page, set[str]]) -> None:
    report, _, page, _ = rendered
    said = (findings.headline(report), findings.reading(), *findings.details(report))
    assert all(text in page.text for text in said)
    assert all(text.endswith(".") and text[0] != " " for text in said)


def test_a_cell_says_what_the_matrix_has(report: TransferReport) -> None:
    for source, analysis in report.sources.items():
        shown, apr = matrix_map(report, source), analysis.apr
        for i, (_, cells) in enumerate(shown.rows):
            for j, cell in enumerate(cells):
                if i == j:
                    assert cell.text == "" and cell.row == "" and "reliability" in cell.title
                    continue
                value, e = apr.spearman[i, j], apr.pair(cell.row, cell.column).spearman
                assert e.value == value
                text = cell.text.strip("()").replace("\N{MINUS SIGN}", "-")
                assert float(text) == pytest.approx(value, abs=0.0051)
                assert cell.text.startswith("(") == e.contains_zero
                assert ("not shown to differ from 0" in cell.title) == e.contains_zero
                assert "freed of the noise of repeats" in cell.title
                assert cell.style == SHADES.style(value)
                assert SOURCES[source] in cell.title and "n = 24" in cell.title


def test_the_colours_of_the_matrix_are_white_at_zero() -> None:
    middle = SHADES.colours[SHADES.step(0.0)]
    assert all(int(middle[i : i + 2], 16) > 240 for i in (1, 3, 5))
    # Blue is positive, red is negative.
    positive, negative = (SHADES.colours[SHADES.step(v)] for v in (0.8, -0.8))
    assert int(positive[5:], 16) > int(positive[1:3], 16)
    assert int(negative[1:3], 16) > int(negative[5:], 16)


def test_the_scatter_holds_every_architecture_once(report: TransferReport) -> None:
    html = render_page(report)
    traces = charts(html)["apr-scatter"]["data"]
    row, column = first_pair(report, "trained")
    assert column == BASE and row in report.family.targets
    assert report.trained is not None
    y = sorted(v for trace in traces for v in trace["y"])
    np.testing.assert_allclose(y, sorted(100 * report.trained.mean(row)), atol=1e-3)
    _, best, worst = traces
    assert len(best["y"]) == len(worst["y"]) == 6
    assert max(best["y"]) <= min(traces[0]["y"]) <= max(traces[0]["y"]) <= min(worst["y"])
    for trace in traces:
        for x, value, text in zip(trace["x"], trace["y"], trace["hovertext"], strict=True):
            assert f"mnist: {value:.2f} %" in text and f"cifar100: {x:.2f} %" in text


def test_architectures_without_an_error_are_left_out(report: TransferReport) -> None:
    assert report.trained is not None
    values = report.trained.values.copy()
    values[0, 3] = np.nan
    errors = Errors("trained", report.trained.datasets, values, report.trained.test_images)
    points = PairPoints.of(errors, errors.datasets[-1], errors.datasets[0])
    assert 3 not in points.rows and len(points.x) == 23
    html = render_page(replace(report, trained=errors))
    found = re.search(r'id="apr-errors">(.*?)</script>', html, re.S)
    assert found is not None
    payload = json.loads(found.group(1))
    assert payload["sources"]["trained"][errors.datasets[0]][3] is None
    assert len(payload["texts"]) == 24


def test_tables_have_the_numbers(report: TransferReport, page: Page) -> None:
    trained = report.sources["trained"]
    assert trained.class_matched is not None and report.analysis.recommendation is not None
    matched, driver = trained.class_matched, trained.drivers[0]
    tables_of = (tables.matched_table, tables.subsampling_table, tables.drivers_table)
    first, smaller, drivers = (made(report, "trained") for made in tables_of)
    assert first is not None and smaller is not None and drivers is not None
    for row, column, number in (
        (first.rows[-1], 2, matched.mean_with_base.value),
        (first.rows[0], 4, matched.targets[0].with_matched.value),
        (smaller.rows[0], 2, next(iter(matched.subsampling.values())).value),
        (drivers.rows[0], 1, driver.depth.value),
    ):
        cell = f"{number:.2f}".replace("-", "\N{MINUS SIGN}")
        assert row[column].startswith(cell) and row[column] in page.text
    gene = f"{driver.genes['width_3'].value:.2f}".replace("-", "\N{MINUS SIGN}")
    cells = gene_map(report, "trained").rows[0][1]
    assert any(gene in one.text for one in cells) and gene in page.text
    for text in (
        *("\N{MINUS SIGN}0.436", "0.294", "+0.730", "\N{MINUS SIGN}0.511"),
        *("Recommended for", "5 times", "6.1", "Pretraining on cifar100"),
        *("24 architectures instead of 500.", "36 min 55 s", "programs, compiled"),
        report.population.texts[report.analysis.recommendation.ranking[0]],
    ):
        assert text in page.text


def test_intervals_decide_what_is_said(report: TransferReport) -> None:
    def said(low: float, high: float) -> tuple[str, str]:
        e = Estimate((low + high) / 2, low, high, np.nan, 24)
        trained = report.sources["trained"]
        assert trained.class_matched is not None
        matched = replace(trained.class_matched, mean_gain=e, mean_with_base=e)
        analysis = replace(report.analysis, trained=replace(trained, class_matched=matched))
        shown = replace(report, analysis=analysis)
        return findings.headline(shown), findings.class_matching(shown)

    assert "is not shown" in said(-0.1, 0.4)[0] and "is not shown" in said(-0.1, 0.4)[1]
    assert "not shown" not in said(0.1, 0.4)[0] and "classes helps" in said(0.1, 0.4)[1]
    assert "rather bad here" in said(-0.4, -0.1)[0] and "does harm" in said(-0.4, -0.1)[1]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.1, 0.4, "+0.15 [\N{MINUS SIGN}0.10, 0.40], which does not show"),
        (0.1, 0.4, "+0.25 [0.10, 0.40], so, of few images, those of fewer"),
        (
            -0.4,
            -0.1,
            "\N{MINUS SIGN}0.25 [\N{MINUS SIGN}0.40, \N{MINUS SIGN}0.10], so, of few images, those of all",
        ),
    ],
)
def test_the_control_has_a_verdict(
    low: float, high: float, words: str, report: TransferReport
) -> None:
    trained = report.sources["trained"]
    assert trained.class_matched is not None
    gain = Estimate((low + high) / 2, low, high, np.nan, 24)
    matched = replace(trained.class_matched, mean_gain_over_control=gain)
    analysis = replace(report.analysis, trained=replace(trained, class_matched=matched))
    text = findings.class_matching(replace(report, analysis=analysis))
    assert f"the difference is {words}" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_matrices_without_versions_of_the_base_are_told_apart(
    report: TransferReport, page: Page
) -> None:
    text = findings.without_training(report)
    assert (
        "; without the versions of cifar100 by 0.31 (Mantel test, one-sided p = 0.250, n = 3"
        in text
    )
    table = comparison_tables.mantel_table(report)
    assert table is not None
    assert [row[0] for row in table.rows] == ["All", "Without versions of cifar100"]
    assert table.rows[1][1:4] == ("3", "0.31 (0.250)", "0.31 (0.250)")
    assert "Without versions of cifar100" in page.text
    whole = report.analysis.agreement
    assert whole is not None
    same = replace(report.analysis, agreement=replace(whole, unrelated=whole.matrices))
    alone = replace(report, analysis=same)
    assert "without the versions" not in findings.without_training(alone)
    table = comparison_tables.mantel_table(alone)
    assert table is not None and len(table.rows) == 1 and "Versions" not in table.note


def test_targets_are_grouped_by_their_intervals(report: TransferReport) -> None:
    trained = report.sources["trained"]
    first, second = report.family.targets
    ends = {first: (0.2, 0.6), second: (-0.6, -0.2)}
    pairs = tuple(
        replace(p, spearman=Estimate(sum(ends[p.second]) / 2, *ends[p.second], np.nan, 24))
        if p.first == BASE and p.second in ends
        else p
        for p in trained.apr.pairs
    )
    changed = replace(trained, apr=replace(trained.apr, pairs=pairs))
    text = findings.carried_over(
        replace(report, analysis=replace(report.analysis, trained=changed))
    )
    assert "Shown for mnist (0.40" in text and "reversed on cifar10 (\N{MINUS SIGN}0.40" in text
    assert "not shown" not in text.lower()


def test_a_single_repeat_says_so() -> None:
    report = make_report(6, targets=1, members=1, repeats=1)
    assert "scored once" in findings.noise(report)
    assert "noise of repeats unknown" in render_page(report)


def test_text_from_outside_is_escaped() -> None:
    clean = make_report(6, targets=2, members=2)
    evil = make_report(6, targets=2, members=2, end=EVIL)
    population = replace(evil.population, texts=(EVIL,) * 6)
    evil = replace(evil, **EVIL_RUN, population=population, engine={EVIL: EVIL})
    evil = replace(evil, published_rows=((EVIL, 0.1, 0.2),), published_drivers=((EVIL, 0.1, 0.2),))
    html = render_page(evil)
    page = read(html)
    assert_escaped(page, read(render_page(clean)))
    assert page.text.count(EVIL) > 10
    for trace in charts(html)["apr-scatter"]["data"]:
        for text in [*trace["hovertext"], trace["name"]]:
            assert_hover_escaped(text)
    found = re.search(r'id="apr-errors">(.*?)</script>', html, re.S)
    assert found is not None
    payload = json.loads(found.group(1))
    for text in [*payload["texts"], *payload["names"].values()]:
        assert_hover_escaped(text)


def test_cards_do_not_grow_the_page() -> None:
    images = np.zeros((9, 224, 150, 3), dtype=np.uint8)
    images[:, :5, :5] = 255
    small = shrunk(images)
    assert max(small.shape[1:3]) <= LARGEST and small[0, 0, 0, 0] == 255
    assert shrunk(images[:, :32, :32]).shape == (9, 32, 32, 3)
    report = make_report(5, targets=2, members=1)
    named = tuple(replace(card, examples=images) for card in report.datasets)
    shown = cards(replace(report, datasets=named))
    assert [card.count for card in shown] == [6] * 3
    assert shown[0].role.startswith("the base") and "10 epochs" in shown[0].caption
    none = replace(named[0], examples=images[:0], epochs=0)
    (shown_none,) = cards(replace(report, datasets=(none,)))
    assert shown_none.image == "" and "epoch" not in shown_none.caption


def test_genes_have_names() -> None:
    assert gene_name("group_width_2") == "group width 2" and gene_name("depth_1") == "depth 1"


def test_bad_reports_are_refused(report: TransferReport) -> None:
    with pytest.raises(ValueError, match="errors without an analysis"):
        replace(report, trained=None)
    with pytest.raises(ValueError, match="no source"):
        nothing = replace(report.analysis, trained=None, random=None)
        replace(report, analysis=nothing, trained=None, random=None)
    with pytest.raises(ValueError, match="errors of 24 architectures and a population of 5"):
        replace(report, population=make_report(5, targets=1, members=1).population)
    with pytest.raises(ValueError, match="no errors on"):
        assert report.trained is not None
        some = replace(report.trained, datasets=tuple(f"x{i}" for i in range(6)))
        replace(report, trained=some)


def test_the_page_repeats_itself(report: TransferReport) -> None:
    assert render_page(report) == render_page(report)


def test_notes_and_deviations_have_short_names(report: TransferReport) -> None:
    full, short = ("; ".join(names) for names in (report.names, report.names.values()))
    assert BASE in full and BASE not in short
    text = read(render_page(replace(report, notes=(full,), deviations=(f"Not {full}",)))).text
    assert short in text and f"Not {short}" in text
