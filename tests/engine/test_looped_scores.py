"""Random-weight scores on several data sets: those of `Evaluator`, whatever they are filled up with."""

import dataclasses

import numpy as np
import pytest

from randarch.engine import (
    EvaluationSettings,
    Evaluator,
    Images,
    LoopedSettings,
    Normalization,
    ProgramCache,
    RandomScores,
    score_looped,
)
from randarch.ridge import RidgeSettings
from randarch.spec import Activation, BatchNorm, Conv, GlobalPool, sequential

pytestmark = pytest.mark.usefixtures("compiled_plainly")

ARCH = sequential([*([Conv(6), BatchNorm(), Activation()] * 3), GlobalPool()])
SEEDS = (4, 9)
SETTINGS = LoopedSettings(columns=6, outputs=3, init_name="he", calibration_images=40)


def images(count: int = 40, classes: int = 3, side: int = 6, seed: int = 0) -> Images:
    rng = np.random.default_rng(seed)
    y = (np.arange(count + 30) % classes).astype(np.int32)
    colours = rng.integers(60, 200, (classes, 3))
    x = np.clip(rng.normal(0, 40, (count + 30, side, side, 3)) + colours[y][:, None, None], 0, 255)
    x = x.astype(np.uint8)
    normalization = Normalization((0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
    return Images(x[:count], y[:count], x[count:], y[count:], classes, normalization)


def scores(some: Images, settings: LoopedSettings, cache: ProgramCache) -> RandomScores:
    found = score_looped(ARCH, some, SEEDS, settings, cache.get)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def cache() -> ProgramCache:
    return ProgramCache()


def test_scores_are_those_of_the_evaluator(cache: ProgramCache) -> None:
    some = images()
    found = scores(some, SETTINGS, cache)
    settings = EvaluationSettings(
        seeds=SEEDS,
        init_name="he",
        calibration_images=40,
        readout=RidgeSettings(keep_predictions=True),
    )
    expected = Evaluator(some, settings).evaluate(ARCH).scores
    assert expected is not None and expected.ensemble.decision is not None
    np.testing.assert_allclose(found.decision, expected.ensemble.decision, atol=2e-3)
    np.testing.assert_allclose(found.seed_accuracy, expected.seeds.test_accuracy, atol=0.04)
    assert found.loo_accuracy == pytest.approx(float(expected.ensemble.loo_accuracy), abs=0.03)
    assert found.seed_accuracy.mean() > 0.6


def test_room_for_more_columns_and_classes_changes_nothing(cache: ProgramCache) -> None:
    some = images()
    wide = dataclasses.replace(SETTINGS, columns=20, outputs=11)
    one, other = (scores(some, settings, cache) for settings in (SETTINGS, wide))
    assert one.decision.shape == other.decision.shape == (30, 3)
    np.testing.assert_allclose(one.decision, other.decision, atol=1e-4)
    np.testing.assert_array_equal(one.seed_accuracy, other.seed_accuracy)


def test_two_programs_serve_all_data_sets(cache: ProgramCache) -> None:
    scores(images(), SETTINGS, cache)
    before = cache.total.programs
    for count, classes in ((25, 2), (33, 3)):
        scores(images(count, classes, seed=count), SETTINGS, cache)
    assert cache.total.programs == before == 2


def test_features_that_are_not_finite_give_no_score() -> None:
    arch = sequential([*([Conv(4), Activation()] * 2), GlobalPool()])
    some = dataclasses.replace(
        images(), normalization=Normalization((0.5,) * 3, (1e-38, 1e-38, 1e-38))
    )
    settings = dataclasses.replace(SETTINGS, columns=4)
    assert score_looped(arch, some, SEEDS, settings, ProgramCache().get) is None


@pytest.mark.parametrize("change", [{"columns": 5}, {"outputs": 2}])
def test_what_has_no_room_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="6 features and 3 classes"):
        score_looped(
            ARCH, images(), SEEDS, dataclasses.replace(SETTINGS, **change), ProgramCache().get
        )
