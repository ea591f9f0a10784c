"""What a sample refuses, and which rows count as one architecture."""

import dataclasses

import numpy as np
import pytest

from randarch.analysis.structure import Sampled
from tests.analysis.structure.examples import make_sampled, sampled_from


def test_overall_accuracy_weighs_classes_by_their_images() -> None:
    sampled = dataclasses.replace(
        sampled_from(np.zeros((2, 3), int), np.array([[0.5, 0.1], [0.2, 0.9]])),
        class_images=np.array([30, 10]),
    )
    np.testing.assert_allclose(sampled.accuracy, [0.4, (6 + 9) / 40])


def test_equal_numbers_of_images_are_equal_accuracies() -> None:
    """Sums in floating point depend on their order; ties must not."""
    rng = np.random.default_rng(0)
    parts = rng.permuted(np.tile(rng.integers(100, size=21) / 100, (200, 1)), axis=1)
    sampled = sampled_from(np.zeros((200, 2), int), parts)
    assert len(np.unique(parts @ np.full(21, 1 / 21))) > 1
    assert len(np.unique(sampled.accuracy)) == 1


def test_clusters_are_counted_without_gaps() -> None:
    sampled = sampled_from(
        np.zeros((4, 2), int), np.full((4, 1), 0.5), architecture=np.array([70, 3, 70, 12])
    )
    assert sampled.cluster.tolist() == [2, 0, 2, 1]


def test_failed_rows_take_their_scores_along() -> None:
    sampled = make_sampled(5, failed=2)
    sound, scores = sampled.sound_scores(np.arange(5.0))
    assert len(sound) == 3 and scores.tolist() == [2, 3, 4]
    assert np.isfinite(sound.accuracy).all()
    with pytest.raises(ValueError, match="expected one a network"):
        sampled.sound_scores(np.arange(4.0))
    with pytest.raises(ValueError, match="at least one that did not"):
        make_sampled(3, failed=3).sound_scores(np.zeros(3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": np.full((4, 4), 5)}, "expected 0 to 4"),
        ({"layers": np.full((4, 4), -1)}, "expected 0 to 4"),
        ({"class_images": np.array([100, 0])}, "class 1 has no test images"),
        ({"class_accuracy": np.full((4, 2), 1.5)}, "no fraction"),
        ({"class_accuracy": np.full((4, 2), np.nan)}, "no fraction"),
        ({"architecture": np.array([0, 1, 2, 1])}, "architecture 1 have unlike accuracies"),
        ({"classes": ("one",)}, "expected one of each a class"),
    ],
)
def test_what_does_not_go_together_is_refused(change: dict[str, object], message: str) -> None:
    good = make_sampled(4, 2)
    values = {field.name: getattr(good, field.name) for field in dataclasses.fields(good)}
    with pytest.raises(ValueError, match=message):
        Sampled(**(values | change))


def test_networks_that_call_every_image_the_same_are_dead() -> None:
    accuracy = np.array([[1.0, 0, 0], [0, 0.9, 0], [1, 0.1, 0], [0, 0, 0], [np.nan] * 3])
    failed = np.array([False] * 4 + [True])
    sampled = sampled_from(np.zeros((5, 2), int), accuracy, failed=failed)
    assert sampled.dead.tolist() == [True, False, False, False, False]
    assert sampled.live.tolist() == [1, 2, 3]
    assert sampled.rows([0, 4]).live.tolist() == [0]
    single = sampled_from(np.zeros((2, 2), int), np.array([[1.0], [0.5]]))
    assert not single.dead.any()
