"""The page of receptive fields: complete without a network, honest about what is not known, safe with any text."""

import dataclasses
import math
import re
from collections.abc import Callable

import pytest

from randarch.analysis import Curves, Trainings
from randarch.report.numbers import percent
from randarch.report.receptive_field import FieldReport, render_page
from randarch.report.receptive_field.tables import agreement_table, stem_table, truncation_table
from tests.report.reading import EVIL, EVIL_RUN, Page, assert_escaped, read
from tests.report.receptive_field.examples import make_network_report, make_report

STEM = [make_network_report(name) for name in ("resnet18", "resnet18_no_stem")]
NOT_FOR_READERS = re.compile(r"\b(nan|none|null|inf|infinity)\b", re.IGNORECASE)

# Made when a test asks: collecting the tests stays quick.
AWKWARD: dict[str, Callable[[], FieldReport]] = {
    "trained": lambda: make_report(),
    "not trained": lambda: make_report(make_network_report(trained=False)),
    "two paths, trained": lambda: make_report(make_network_report("mpnet18")),
    "no border": lambda: make_report(make_network_report("resnet18_no_stem")),
    "attention": lambda: make_report(make_network_report("resnet18_cbam")),
    "one training": lambda: make_report(make_network_report(trials=1)),
    "failed trainings": lambda: make_report(
        make_network_report(
            trainings=Trainings((0.1, 0.1), (True, True)),
            truncated_trainings=Trainings((0.1, 0.7), (True, False)),
        )
    ),
    "a classifier that found nothing": lambda: make_report(
        dataclasses.replace(
            make_network_report(), trained=Curves((math.nan,) * 13, (math.nan,) * 13)
        )
    ),
    "saturation alone": lambda: make_report(
        dataclasses.replace(make_network_report(), trained=Curves((0.5,) * 13), untrained=None)
    ),
    "several": lambda: make_report(*map(make_network_report, ("vgg11", "resnet18", "mpnet36"))),
    "many": lambda: make_report(*(make_network_report(f"vgg{n}") for n in (11, 13, 16, 19)), *STEM),
}


@pytest.fixture(scope="module", params=AWKWARD.values(), ids=AWKWARD.keys())
def rendered(request: pytest.FixtureRequest) -> tuple[str, Page]:
    html = render_page(request.param())
    return html, read(html)


def test_nothing_unknown_is_shown_as_a_number(rendered: tuple[str, Page]) -> None:
    _, page = rendered
    assert len(page.text) > 2000
    assert not NOT_FOR_READERS.search(page.text)


def test_the_page_is_complete_and_well_formed(rendered: tuple[str, Page]) -> None:
    html, page = rendered
    assert page.unclosed == []
    assert all(r.startswith(("#", "data:")) for r in page.references)
    assert "default-src 'none'" in html


def test_many_networks_are_introduced_together() -> None:
    names = ("vgg11", "vgg13", "vgg16", "vgg19")
    report = make_report(*map(make_network_report, names), *STEM)
    page = read(render_page(report))
    wasted = [n.analysis.unproductive_macs / n.analysis.geometry.macs for n in report.networks[:5]]
    assert "At 32 pixels 5 of 6 networks have convolutions that read windows" in page.text
    assert f"{percent(min(wasted))} to {percent(max(wasted))} of their multiply-adds" in page.text


def test_text_from_outside_is_escaped() -> None:
    network = dataclasses.replace(make_network_report(), name=EVIL, dot=EVIL, shown_in=EVIL)
    page = read(render_page(make_report(network, **EVIL_RUN)))
    clean = read(render_page(make_report()))
    assert_escaped(page, clean)
    assert page.text.count(EVIL) > 20


def test_truncation_says_both_accuracies_and_their_difference() -> None:
    network = make_network_report(trials=3)
    table = truncation_table(make_report(network))
    assert table is not None
    (row,) = table.rows
    assert row[1:4] == (
        "71.00\N{NO-BREAK SPACE}% [70.00, 72.00] (n = 3)",
        "73.00\N{NO-BREAK SPACE}% [72.00, 74.00] (n = 3)",
        "2.0\N{NO-BREAK SPACE}points [\N{MINUS SIGN}0.3,\N{NO-BREAK SPACE}4.3]",
    )
    assert truncation_table(make_report(make_network_report(trained=False))) is None


def test_failed_trainings_are_counted_and_left_out() -> None:
    network = make_network_report(
        trainings=Trainings((0.1, 0.7, 0.8), (True, False, False)),
        truncated_trainings=Trainings((0.1, 0.1, 0.1), (True, True, True)),
    )
    table = truncation_table(make_report(network))
    assert table is not None
    whole, truncated, difference = table.rows[0][1:4]
    assert whole == "75.00\N{NO-BREAK SPACE}% [70.00, 80.00] (n = 2, 1 failed)"
    assert truncated.endswith("(n = 0, 3 failed)") and difference == "\N{EN DASH}"


def test_the_stem_is_compared_where_both_networks_are_there() -> None:
    both = [make_network_report(name) for name in ("resnet18", "resnet18_no_stem")]
    table = stem_table(make_report(*both))
    assert table is not None
    assert [row[:2] for row in table.rows] == [
        ("resnet18", "84.61\N{NO-BREAK SPACE}%"),
        ("resnet18_no_stem", "91.95\N{NO-BREAK SPACE}%"),
    ]
    assert table.rows[1][4] == "\N{EN DASH}"
    assert stem_table(make_report(both[0])) is None


def test_the_agreement_has_a_row_for_trained_and_for_random_weights() -> None:
    table = agreement_table(make_report())
    assert table is not None
    assert [row[1:3] for row in table.rows] == [("trained", "8"), ("random", "8")]
    assert agreement_table(make_report(make_network_report(trained=False))) is None
