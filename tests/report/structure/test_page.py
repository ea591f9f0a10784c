"""The page of structurally randomized networks: complete without a network, honest about what is missing, safe."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from randarch.analysis import Estimate, Sampled, StructureAnalysis
from randarch.receptive_field import UNPRODUCTIVE
from randarch.report.numbers import interval, percent, points_interval
from randarch.report.structure import StructureReport, findings, render_page, sentences
from randarch.report.structure.hover import MAX_MARKS, chosen_marks, omitted
from randarch.report.structure.scatter import NetworkPoints
from tests.report.reading import (
    EVIL,
    EVIL_RUN,
    Page,
    assert_escaped,
    assert_hover_escaped,
    charts,
    read,
)
from tests.report.structure.examples import (
    CLASSES,
    NOTHING,
    analyse,
    make_bare_report,
    make_examples,
    make_repeats,
    make_report,
    make_table,
    simulate,
)

pytestmark = pytest.mark.usefixtures("blank")

NOT_FOR_READERS = re.compile(r"\b(nan|none|null|inf|infinity)\b", re.IGNORECASE)
OPTIONAL = ("random", "specialists", "repeats", "published")

REPORTS: dict[str, Callable[[StructureReport, StructureAnalysis], StructureReport]] = {
    "everything": lambda full, few: full,
    "nothing optional": lambda full, few: make_bare_report(full.analysis),
    "fewer than are to be best": lambda full, few: make_report(few),
    "one network": lambda full, few: make_bare_report(analyse(simulate(1), simulations=0)),
    "other images": lambda full, few: replace(full, comparable=False, dataset="shapes"),
}


@pytest.fixture(scope="module", params=REPORTS.values(), ids=REPORTS)
def rendered(
    request: pytest.FixtureRequest, report: StructureReport, few: StructureAnalysis
) -> tuple[StructureReport, str, Page]:
    shown: StructureReport = request.param(report, few)
    html = render_page(shown)
    return shown, html, read(html)


def test_nothing_unknown_is_shown_as_a_number(rendered: tuple[StructureReport, str, Page]) -> None:
    report, html, page = rendered
    assert len(page.text) > 2000
    # "None" is a sentence of the page where no deviation is recorded.
    assert not NOT_FOR_READERS.search(page.text.replace("None is recorded", ""))
    assert "  " not in findings.headline(report) and " ." not in page.text
    for name in ("NaN", "Infinity"):
        assert name not in re.findall(r'<script type="application/json">(.*?)</script>', html)[0]


def test_the_page_is_well_formed_and_refers_to_nothing_outside(
    rendered: tuple[StructureReport, str, Page],
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


def test_optional_parts_are_left_out(rendered: tuple[StructureReport, str, Page]) -> None:
    report, html, page = rendered
    for name in OPTIONAL:
        there = getattr(report, name) is not None
        assert (f'id="{name}"' in html) == (f'href="#{name}"' in html) == there
    assert ("The engine's counters" in page.text) == bool(report.engine)
    assert ("Unproductive convolutions" in page.text) == (UNPRODUCTIVE in report.table.columns)
    assert ("A few images of each" in page.text) == bool(report.examples)


@pytest.mark.parametrize("name", OPTIONAL)
def test_each_optional_part_disappears_by_itself(report: StructureReport, name: str) -> None:
    html = render_page(replace(report, **{name: None}))
    assert f'id="{name}"' not in html and f'href="#{name}"' not in html
    for other in set(OPTIONAL) - {name}:
        assert f'id="{other}"' in html


def test_the_chart_holds_every_network(rendered: tuple[StructureReport, str, Page]) -> None:
    report, html, _ = rendered
    found = charts(html)
    assert set(found) == {"accuracy-params"}
    *shown, best = found["accuracy-params"]["data"]
    assert sum(len(t["x"]) for t in shown) == report.analysis.n
    assert all(len(t["x"]) == len(t["y"]) == len(t["hovertext"]) for t in shown)
    a = report.analysis
    assert best["x"] == [a.sampled.params[a.best]]
    assert best["y"] == pytest.approx([100 * a.best_accuracy], abs=1e-3)
    assert " - ".join(a.best_layers) in best["hovertext"][0] and "rank 1 of" in best["hovertext"][0]


def test_the_headline_has_the_numbers(rendered: tuple[StructureReport, str, Page]) -> None:
    report, _, page = rendered
    a, text = report.analysis, findings.headline(report)
    assert text in page.text
    assert f"{a.n:,} network" in text and " - ".join(a.best_layers) in text
    assert percent(a.best_accuracy, 2) in text and percent(a.mean, 2) in text
    assert ("36.84" in text) == (report.published is not None and report.comparable)
    said = (*findings.cautions(report), *findings.details(report))
    assert all(sentence in page.text for sentence in said)
    for note in a.notes:
        assert note[1:] in page.text


def test_the_page_has_the_numbers_of_the_analysis(report: StructureReport, html: str) -> None:
    a, text = report.analysis, read(html).text
    pattern = a.patterns.of(findings.SANDWICH)
    for value in (
        percent(pattern.share_top.value),
        percent(pattern.share_sample),
        percent(a.cutoff, 2),
        percent(a.surrogate.explained_unseen.value),
        f"{a.pairs[0].first} - {a.pairs[0].second}",
        f"{a.accuracy_and_params.value:.2f}",
        "33.83",
        "192,000",
        "10,000 training images instead of 50,000.",
        "36 min 55 s",
        "programs, compiled",
        "average 23.95 %",
    ):
        assert value in text
    assert report.random is not None and report.specialists is not None
    assert f"{report.random.against_trained.spearman.value:.3f}" in text
    for ensemble in report.specialists.ensembles:
        assert percent(ensemble.accuracy.value) in text
    assert report.repeats is not None and report.repeats.verdict in text


def test_accuracies_of_other_images_are_not_compared(
    rendered: tuple[StructureReport, str, Page],
) -> None:
    report, _, page = rendered
    other = report.published is not None and not report.comparable
    assert ("of another protocol (CIFAR-100)" in page.text) == other
    assert ("accuracies cannot be compared" in page.text) == other


def test_what_is_not_shown_is_not_claimed(few: StructureAnalysis) -> None:
    report = make_bare_report(few)
    said = " ".join(findings.details(report))
    assert "the best are all networks here" in said
    assert "no simulations" in said
    assert "so it does show" not in said
    assert "half of them or more" in sentences.accuracies(report)
    assert "cannot be said of so few networks" in sentences.pairs(report)


def test_intervals_decide_what_is_said_of_a_pattern(analysis: StructureAnalysis) -> None:
    pattern = analysis.patterns.of(findings.SANDWICH)
    lift = replace(pattern.lift, value=2.0, low=1.2, high=3.0)

    def verdict(**ends: float) -> str:
        return findings.lift_verdict(analysis, replace(pattern, lift=replace(lift, **ends)))

    assert verdict() == "2.0 times as often [1.2,\N{NO-BREAK SPACE}3.0], so it does show"
    assert "the interval includes 1" in verdict(low=0.9)
    assert "so the best avoid it" in verdict(value=0.5, low=0.2, high=0.8)
    assert "too few networks for an interval" in verdict(low=np.nan, high=np.nan)
    assert "no network of the sample" in verdict(value=np.nan, low=np.nan, high=np.nan)


def test_planted_effects_are_found(analysis: StructureAnalysis) -> None:
    report = make_bare_report(analysis)
    assert "so it does show" in findings.sandwich(report)
    assert "chair" in findings.classes_differ(report)
    assert "they grow." in sentences.kernels(report)


def test_kernels_grow_only_where_the_difference_is_clear(few: StructureAnalysis) -> None:
    d = replace(few.distribution, top=12, n=100)
    counts = np.zeros_like(d.counts)
    row = {word: i for i, word in enumerate(d.types)}
    counts[row["conv3"]], counts[row["conv5"]] = 50.0, 50.0
    counts[row["conv3"], -1], counts[row["conv5"], -1] = 45.0, 55.0

    def said(last: float) -> str:
        counts[row["conv3"], -1], counts[row["conv5"], -1] = 100 - last, last
        found = replace(few, distribution=replace(d, counts=counts.copy()))
        return sentences.kernels(make_bare_report(found))

    # 12 networks, 4.0 pixels with a standard error of 1 / sqrt(11): a tenth more is not clear.
    assert "no trend is shown" in said(55) and "+0.1 [" in said(55)
    assert "they grow" in said(100) and "they shrink" in said(0)


def test_less_than_nothing_is_not_called_explained(analysis: StructureAnalysis) -> None:
    worse = replace(
        analysis.surrogate, explained_unseen=Estimate(-0.5, -0.9, -0.1, np.nan, analysis.n)
    )
    report = make_bare_report(replace(analysis, surrogate=worse))
    for text in (findings.layers_explain(report), sentences.effects(report)):
        assert "the mean of all predicts unseen networks better" in text
        assert "pairs of neighbouring" not in text


def test_repeats_say_what_of_a_class_is_training(analysis: StructureAnalysis) -> None:
    repeats = make_repeats()
    text = sentences.classes(make_bare_report(analysis, repeats=repeats))
    assert f"{np.nanmean(repeats.class_icc):.0%}".rstrip("%") in text and "single training" in text
    assert "single training" not in sentences.classes(make_bare_report(analysis))


def test_a_test_that_cannot_show_anything_says_so(analysis: StructureAnalysis) -> None:
    assert findings.blunt(make_bare_report(analysis)) == ""
    coarse = replace(analysis, classes=replace(analysis.classes, permutations=99))
    text = findings.blunt(make_bare_report(coarse))
    # 12 classes / 100 / 0.05 = 2.4
    assert "never below 0.01" in text and "at least 3 classes" in text
    assert text in sentences.classes(make_bare_report(coarse))


def test_extents_are_those_of_the_convolutions_alone() -> None:
    counts = np.array([[50.0, 100.0], [25.0, 0.0], [25.0, 0.0]])
    mean, error = sentences.mean_extents(("max2", "conv3", "conv5d2"), counts, 40)
    np.testing.assert_allclose(mean, [(3 + 9) / 2, np.nan])
    # Ten networks with 3 and ten with 9 pixels.
    deviation = np.std([3.0] * 10 + [9.0] * 10, ddof=1)
    np.testing.assert_allclose(error, [deviation / np.sqrt(20), np.nan])


def test_rounding_makes_no_digits() -> None:
    tiny = Estimate(0.1, 1e-17, 0.2, np.nan, 9)
    assert interval(tiny) == "[0.00,\N{NO-BREAK SPACE}0.20]"
    assert points_interval(tiny, 2) == "[0.00,\N{NO-BREAK SPACE}20.00]"


def test_text_from_outside_is_escaped(analysis: StructureAnalysis) -> None:
    names = tuple(f"{EVIL}{i} $x_$ \\frac" for i in range(len(CLASSES)))
    words = (*analysis.sampled.types[:-1], f"{EVIL}$^")
    evil = analyse(_renamed(simulate(60), names, words), kinds=_kinds(words))
    report = make_bare_report(evil)
    report = replace(
        report,
        **EVIL_RUN,
        dataset=EVIL,
        engine={EVIL: EVIL},
        examples=make_examples(evil, 1),
        table=make_table(evil.sampled, genome_text=f"{EVIL}"),
    )
    html = render_page(report)
    page = read(html)
    clean = analyse(simulate(60))
    assert_escaped(
        page, read(render_page(make_bare_report(clean, examples=make_examples(clean, 1))))
    )
    assert page.text.count(EVIL) > 40
    for trace in charts(html)["accuracy-params"]["data"]:
        for text in trace["hovertext"]:
            assert_hover_escaped(text)


def _renamed(sampled: Sampled, classes: tuple[str, ...], types: tuple[str, ...]) -> Sampled:
    return replace(sampled, classes=classes, types=types)


def _kinds(words: tuple[str, ...]) -> dict[str, str]:
    kinds = ("identity", *6 * ("conv",), "max", "max", "avg")
    return dict(zip(words, kinds, strict=True))


def test_a_large_sample_is_thinned_and_says_so(
    analysis: StructureAnalysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = make_bare_report(analysis)
    assert omitted(report) == "" and MAX_MARKS < 10_000
    monkeypatch.setattr("randarch.report.structure.hover.MAX_MARKS", 200)
    points = NetworkPoints.of(report)
    chosen = chosen_marks(points)
    assert len(chosen) == len(np.unique(chosen)) == 200
    assert points.best[chosen].sum() == points.best.sum() > 0
    html = render_page(report)
    assert f"shows 200 of {analysis.n:,} networks" in read(html).text
    *shown, _ = charts(html)["accuracy-params"]["data"]
    assert sum(len(t["x"]) for t in shown) == 200


def test_the_page_repeats_itself(few: StructureAnalysis) -> None:
    report = make_bare_report(few, examples=make_examples(few, 2))
    assert render_page(report) == render_page(report)


def test_bad_reports_are_refused(report: StructureReport, few: StructureAnalysis) -> None:
    with pytest.raises(ValueError, match="no column macs"):
        replace(report, table=report.table.drop(columns="macs"))
    with pytest.raises(ValueError, match="599 rows and the analysis 600"):
        replace(report, table=report.table.head(599))
    with pytest.raises(ValueError, match="other accuracies or failures"):
        replace(report, table=report.table.assign(accuracy=report.table["accuracy"] + 0.01))
    with pytest.raises(ValueError, match="other accuracies or failures"):
        replace(report, table=report.table.assign(failed=False))
    assert report.random is not None
    with pytest.raises(ValueError, match="not those that were trained"):
        replace(report, random=replace(report.random, analysis=few))
    with pytest.raises(ValueError, match="examples of unicorn"):
        replace(report, examples={"unicorn": np.zeros((1, 4, 4, 3), dtype=np.uint8)})
    with pytest.raises(ValueError, match="1 or 3 channels"):
        replace(report, examples={"chair": np.zeros((1, 4, 4, 2), dtype=np.uint8)})
    assert set(NOTHING) < {f for f in report.__dataclass_fields__}
