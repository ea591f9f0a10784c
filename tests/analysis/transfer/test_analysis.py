"""The whole analysis: what is there, what is left out, and that parts do not touch each other."""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from randarch.analysis.transfer import (
    Errors,
    Family,
    TransferAnalysis,
    analyze_transfer,
    apr_matrix,
)
from tests.analysis.transfer.examples import bootstrap, population_of
from tests.analysis.transfer.examples import noisy_errors as noisy_errors_on

pytestmark = pytest.mark.filterwarnings("error")
A = 10
DATASETS = ("base", "base:2", "t2", "t8")
FAMILY = Family("base", {"base": 100, "base:2": 2}, None, {"t2": 2, "t8": 8})
WITH_NEW = dataclasses.replace(FAMILY, untrained={"new": 7})


def noisy_errors(architectures: int, seed: int = 0, **options: Any) -> Errors:
    return noisy_errors_on(architectures, seed, **({"datasets": DATASETS} | options))


def analyzed(
    trained: Errors | None,
    random: Errors | None = None,
    *,
    family: Family = FAMILY,
    **parts: Any,
) -> TransferAnalysis:
    architectures = next((e.values.shape[1] for e in (trained, random) if e is not None), A)
    defaults: dict[str, Any] = {
        "train_errors": None,
        "longer": {},
        "top_five": {},
        "pretrained": None,
        "target": None,
        "resamples": 40,
        "top": 3,
    }
    return analyze_transfer(
        trained,
        random,
        population_of(architectures, stages=1),
        family,
        rng_of=lambda stream: np.random.default_rng([7, stream]),
        **(defaults | parts),
    )


def test_everything_at_once() -> None:
    trained = noisy_errors(A)
    random = noisy_errors(A, 1, datasets=(*DATASETS, "new"), source="random")
    found = analyzed(
        trained,
        random,
        family=WITH_NEW,
        train_errors=noisy_errors(A, 2),
        longer={3: noisy_errors(A, 3, datasets=("t2",))},
        top_five={"base": (trained.mean("base"), trained.mean("base") ** 2)},
        pretrained=noisy_errors(A, 4),
        target="new",
    )
    assert found.trained is not None and found.random is not None
    np.testing.assert_array_equal(
        found.trained.apr.spearman,
        apr_matrix(trained, bootstrap(40)).spearman,
    )
    assert [d.dataset for d in found.random.drivers] == [*DATASETS, "new"]
    assert [d.dataset for d in found.trained.distributions] == list(DATASETS)
    assert found.trained.drivers[0].train_depth is not None
    assert found.random.drivers[0].train_depth is None
    assert [one.dataset for one in found.longer] == ["t2"]
    assert [one.dataset for one in found.pretraining] == list(DATASETS[1:])
    assert found.recommendation is not None and len(found.recommendation.ranking) == A
    assert found.agreement is not None and found.agreement.matrices.spearman.n == 4

    text = json.dumps(found.to_summary(), allow_nan=False)
    summary = json.loads(text)
    assert list(summary) == [
        "apr",
        "class_matched",
        "drivers",
        "reliability",
        "random_vs_trained",
        "recommendation",
        "longer",
        "top_five",
        "pretraining",
        "tops",
        "spread",
        "notes",
    ]
    assert "reliability" not in summary["apr"]["trained"]
    assert summary["reliability"]["random"]["new"]["repeats"] == 2
    assert summary["drivers"]["trained"]["t2"]["genes"]["depth_1"]["n"] == A
    assert summary["tops"]["random"]["new"]["top"] == 3
    assert summary["class_matched"]["trained"]["mean_gain"]["n"] == A
    assert summary["recommendation"]["target"] == "new"


def test_a_part_says_the_same_whatever_else_is_there() -> None:
    trained, random = noisy_errors(A), noisy_errors(A, 1, source="random")
    alone = analyzed(trained).to_summary()
    more = analyzed(
        trained,
        random,
        train_errors=noisy_errors(A, 2),
        longer={2: random},
        pretrained=random,
        top_five={"t2": (trained.mean("t2"), random.mean("t2"))},
    ).to_summary()
    only_random = analyzed(None, random).to_summary()
    for part in ("apr", "class_matched", "reliability", "tops", "spread"):
        assert alone[part]["trained"] == more[part]["trained"]
        assert only_random[part]["random"] == more[part]["random"]
    for name, driver in alone["drivers"]["trained"].items():
        assert driver | {"train_depth": 0} == more["drivers"]["trained"][name] | {"train_depth": 0}
    assert only_random["drivers"]["random"] == more["drivers"]["random"]
    assert alone["apr"]["random"] is None and only_random["random_vs_trained"] is None
    assert only_random["recommendation"] is None


def test_notes_on_failures_counting_and_repeats() -> None:
    trained = noisy_errors(A, repeats=1)
    trained.values[2, :3] = np.nan  # t2
    trained.values[3] = 0.25  # t8
    trained.values[1] = np.nan  # base:2
    trained = dataclasses.replace(trained, test_images=(4, *(10**6,) * 3))
    found = analyzed(trained, top=5, target="new")
    assert found.trained is not None
    between = found.trained.spreads[0].between
    mean = trained.mean("base").mean()
    counting = math.sqrt(mean * (1 - mean) / 4)
    assert found.notes == (
        "trained: base:2 has no errors of any architecture with all its repeats",
        "trained: 3 of 10 architectures failed on t2 and are left out there",
        "trained: all architectures have the same error on t8: it has no correlation with anything",
        "trained: the spread between architectures is less than what counting so few test images leaves to chance, in "
        f"points: base ({100 * between:.1f} and {100 * counting:.1f})",
        "trained: a single repeat on base; t2; t8: no reliability there, and no correlation freed of noise",
        "trained: the 5 best are half of the 10 architectures or more: they say little about what is good",
        "trained: base:2 has no errors, and matches no target's classes",
        "no recommendation for new: it takes trained errors on two or more targets, of three or more architectures "
        "that differ",
    )


def test_a_note_on_errors_that_guessing_could_have() -> None:
    trained = noisy_errors(A)
    trained.values[3] = [[0.7]] * 4 + [[0.66]] * 2 + [[0.64]] * (A - 6)  # t8
    trained.values[2] = 0.95  # t2: worse than guessing
    guessing = [0.99, 0.99, 0.5, 0.7]
    # Two guesses of 100 test images err less than .7 - 1.645 * .0324 = .647 once in 20 times.
    sized = dataclasses.replace(
        trained, test_images=(100,) * len(guessing), guessing=tuple(guessing)
    )
    (note,) = (n for n in analyzed(sized, top=5).notes if "guessing" in n)
    assert note == (
        "trained: not shown to be better than guessing, of 10 architectures: 10 on t2; 6 on t8"
    )
    assert not any("guessing" in n for n in analyzed(trained, top=5).notes)


def test_notes_on_targets_without_correlations() -> None:
    trained = noisy_errors(A)
    trained.values[3] = 0.25
    note = "trained: t8 has no correlation with base or with base:2: it is left out of the means over targets"
    assert note in analyzed(trained).notes


def test_notes_on_the_recommendation() -> None:
    trained, random = noisy_errors(A), noisy_errors(A, 1, source="random")
    trained.values[0, 0] = np.nan
    not_ranked = "1 of 10 architectures miss an error that the recommendation takes, and are not ranked for new"
    assert analyzed(trained, random, family=WITH_NEW, target="new").notes[-2:] == (
        "the recommendation is without random weights: a target has no errors with them",
        not_ranked,
    )
    assert analyzed(trained, target="new").notes[-2:] == (
        "the recommendation is without class-matched members: how many classes new has is not known",
        not_ranked,
    )


@pytest.mark.parametrize("architectures", [1, 2, 4])
def test_few_architectures_are_no_error(architectures: int) -> None:
    trained = noisy_errors(architectures)
    found = analyzed(
        trained,
        noisy_errors(architectures, 1, source="random"),
        longer={2: trained},
        pretrained=trained,
        top_five={"base": (trained.mean("base"), trained.mean("t2"))},
    )
    needed = "a correlation takes 3" if architectures < 3 else "an interval takes 6"
    assert any(needed in note for note in found.notes)
    json.dumps(found.to_summary(), allow_nan=False)
    assert (found.recommendation is None) == (architectures < 3)


@pytest.mark.parametrize("bad", [0.5, np.nan])
def test_nothing_but_bad_data_sets_is_no_error(bad: float) -> None:
    trained = noisy_errors(8)
    trained.values[:] = bad
    found = analyzed(
        trained,
        dataclasses.replace(trained, source="random"),
        longer={2: trained},
        pretrained=trained,
        train_errors=trained,
        target="new",
    )
    assert found.agreement is not None and not found.agreement.matrices.spearman.defined
    assert found.recommendation is None
    json.dumps(found.to_summary(), allow_nan=False)


def test_one_data_set_alone() -> None:
    found = analyzed(noisy_errors(8, datasets=("base",)))
    assert found.trained is not None
    assert found.trained.apr.pairs == () and found.trained.class_matched is None
    assert found.to_summary()["class_matched"] == {"trained": None, "random": None}


def test_no_source_at_all() -> None:
    summary = analyzed(None).to_summary()
    assert summary["apr"] == {"trained": None, "random": None}


def test_other_architectures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"longer\[3\] has errors of 5 architectures"):
        analyzed(noisy_errors(6), longer={3: noisy_errors(5)})
