"""Errors, populations and families."""

import numpy as np
import pytest

from randarch.analysis.transfer import Errors, Family
from tests.analysis.transfer.examples import FAMILY, errors_of, population_of

pytestmark = pytest.mark.filterwarnings("error")


def test_repeats_that_were_not_made_are_no_repeats() -> None:
    errors = errors_of({"a": [[0.1, 0.3], [0.2, 0.2]], "b": [0.5, 0.6]})
    assert errors.repeats("a").shape == (2, 2)
    assert errors.repeats("b").tolist() == [[0.5], [0.6]]
    assert errors.mean("a") == pytest.approx([0.2, 0.2])


def test_a_failed_repeat_leaves_no_mean() -> None:
    errors = errors_of({"a": [[0.1, 0.3], [0.2, np.nan]]})
    assert errors.mean("a")[0] == pytest.approx(0.2)
    assert np.isnan(errors.mean("a")[1])
    assert errors.has("a") and not errors.has("b")


def test_a_data_set_without_errors_has_none() -> None:
    errors = Errors("trained", ("a",), np.full((1, 3, 2), np.nan), (10,))
    assert errors.repeats("a").shape == (3, 0)
    assert np.isnan(errors.mean("a")).all()
    assert not errors.has("a")


def test_the_papers_targets_get_the_closest_member() -> None:
    members = {"N": 1000, "N-100": 100, "N-10": 10, "N-5": 5, "N-2": 2}
    targets = {"Concrete": 2, "MLC2008": 9, "HAM10000": 7, "Insects": 291, "Natural": 6}
    family = Family("N", members, None, targets, {"new": 600})
    assert [family.matched(t) for t in targets] == ["N-2", "N-10", "N-5", "N-100", "N-5"]
    assert family.matched("new") == "N"


def test_of_two_as_close_the_one_with_fewer_classes() -> None:
    assert Family("N", {"N": 10, "N-2": 2}, None, {"six": 6}).matched("six") == "N-2"


def test_a_family_within_one_source() -> None:
    errors = errors_of(
        {"base": [0.1, 0.2], "base:2": [np.nan, np.nan], "base:10": [0.1, 0.1], "t2": [0.1, 0.4]}
    )
    left = FAMILY.within(errors)
    assert left.members == {"base": 100, "base:10": 10}
    assert left.control is None
    assert left.targets == {"t2": 2}


def test_cumulative_depth_and_width() -> None:
    population = population_of(5)
    assert population.depth == pytest.approx(population.depths @ np.ones(4))
    assert population.width == pytest.approx(population.widths @ np.ones(4))
    assert list(population.by_stage) == ["depth", "width", "bottleneck", "group_width"]


@pytest.mark.parametrize(
    ("names", "images"), [(("a",), (5, 5)), (("a", "b"), (5,)), (("a", "a"), (5, 5))]
)
def test_every_data_set_has_a_name_errors_and_images(names: tuple, images: tuple) -> None:
    with pytest.raises(ValueError, match="expected one of each"):
        Errors("trained", names, np.zeros((2, 3, 1)), images)


def test_an_error_of_guessing_for_every_data_set_or_none() -> None:
    with pytest.raises(ValueError, match="1 errors of guessing for 2 data sets"):
        Errors("trained", ("a", "b"), np.zeros((2, 3, 1)), (10, 10), (0.5,))
