"""The arithmetic of the paper's tables."""

import itertools
import json

import pytest

from randarch.analysis.transfer import (
    TABLE_3,
    TABLE_3_AVERAGE,
    TABLE_4,
    Family,
    published_summary,
    table_3_mean,
)


def test_every_printed_difference_is_that_of_its_row() -> None:
    for row in TABLE_3:
        assert row.difference == pytest.approx(row.with_matched - row.with_base)


def test_printed_and_computed_averages() -> None:
    assert round(table_3_mean("with_base"), 2) == TABLE_3_AVERAGE["with_base"] == 0.19
    assert table_3_mean("with_matched") == pytest.approx(0.5)
    assert table_3_mean("difference") == pytest.approx(0.310, abs=5e-4)
    printed = TABLE_3_AVERAGE["with_matched"] - TABLE_3_AVERAGE["with_base"]
    assert printed == pytest.approx(TABLE_3_AVERAGE["difference"])
    assert round(table_3_mean("with_matched") / table_3_mean("with_base"), 1) == 2.6
    assert round(TABLE_3_AVERAGE["with_matched"] / TABLE_3_AVERAGE["with_base"], 1) == 2.7


def test_one_target_loses_by_matching() -> None:
    assert [row.dataset for row in TABLE_3 if row.difference < 0] == ["Insects"]


def test_members_are_the_most_classes_first_and_not_monotone() -> None:
    assert [row.classes for row in TABLE_4] == [1000, 100, 10, 5, 2]
    depth, width = ([getattr(row, name) for row in TABLE_4] for name in ("depth", "width"))
    assert [b > a for a, b in itertools.pairwise(depth)] == [True, True, True, False]
    assert [b > a for a, b in itertools.pairwise(width)] == [False, True, True, True]


def test_targets_match_members_as_in_the_paper() -> None:
    family = Family(
        "ImageNet",
        {row.dataset: row.classes for row in TABLE_4},
        None,
        {row.dataset: row.classes for row in TABLE_3},
    )
    assert {row.dataset: family.matched(row.dataset) for row in TABLE_3} == {
        "Concrete": "ImageNet-2",
        "MLC2008": "ImageNet-10",
        "HAM10000": "ImageNet-5",
        "Powerline": "ImageNet-2",
        "Insects": "ImageNet-100",
        "Natural": "ImageNet-5",
        "Cifar10": "ImageNet-10",
        "Cifar100": "ImageNet-100",
    }


def test_the_summary_is_json() -> None:
    summary = json.loads(json.dumps(published_summary()))
    assert summary["table_3"][3]["with_base"] == -0.436
    assert summary["table_3_average_printed"]["with_matched"] == 0.507
    assert summary["table_4"][0]["width"] == -0.511
