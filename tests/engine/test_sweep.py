"""A sweep gives the scores that each network has alone, whatever is shared, kept or computed again."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from randarch import ridge
from randarch.engine import BudgetError, EvaluationSettings, Evaluator, ProgramCache, Sweep, Swept
from randarch.engine.footprint import Footprint
from randarch.engine.sweep import BATCH
from randarch.engine.walk import Batches
from randarch.geometry import analyze
from randarch.spaces import ConvGrid
from randarch.spec import ArchSpec
from tests.engine.small import WITH_BATCH_NORM, chain, small_images

IMAGES = small_images(train=130, test=1000)
SETTINGS = EvaluationSettings(
    seeds=(0, 1),
    calibration_images=50,
    shared_weights=True,
    readout=ridge.RidgeSettings(lambdas=(1.0,)),
)
GRID = ConvGrid(layers=3, kernels=(1, 3), strides=(1, 2), dilations=(1,), channels=4)
ARCHS = [GRID.decode(g) for g in GRID.valid((6, 6, 3), 8.0)]


def swept(
    archs: list[ArchSpec], *, cache: ProgramCache | None = None, part: int = 5, **changes: Any
) -> list[Swept]:
    """All networks of a sweep, in their order."""
    sweep = Sweep(IMAGES, dataclasses.replace(SETTINGS, **changes), archs, cache, part=part)
    found = [one for p in sweep.parts for one in sweep.run(p)]
    return sorted(found, key=lambda one: one.position)


def assert_agrees(found: Swept, arch: ArchSpec, cache: ProgramCache, **changes: Any) -> None:
    """With the network evaluated alone: at most one prediction in a thousand differs (design)."""
    settings = dataclasses.replace(SETTINGS, **changes)
    scores = Evaluator(IMAGES, settings, cache).evaluate(arch).scores
    assert scores is not None
    for name in ("loo_error", "test_error"):
        np.testing.assert_allclose(getattr(found, name), getattr(scores.seeds, name), rtol=1e-4)
    np.testing.assert_allclose(found.test_accuracy, scores.seeds.test_accuracy, atol=1e-3)
    np.testing.assert_allclose(found.loo_accuracy, scores.seeds.loo_accuracy, atol=1.01 / 130)
    assert abs(found.ensemble_test_accuracy - float(scores.ensemble.test_accuracy)) <= 1e-3
    assert found.geometry == analyze(arch, (6, 6, 3))
    assert found.digest == arch.digest
    assert found.certificate < 1e-6


def assert_identical(one: list[Swept], other: list[Swept]) -> None:
    for a, b in zip(one, other, strict=True):
        for field in dataclasses.fields(Swept):
            if field.name != "fit_seconds":
                np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name))


@pytest.fixture(scope="module")
def cache() -> ProgramCache:
    return ProgramCache()


@pytest.fixture(scope="module")
def usual(cache: ProgramCache) -> list[Swept]:
    return swept(ARCHS, cache=cache)


def test_every_network_scores_as_if_alone(usual: list[Swept], cache: ProgramCache) -> None:
    assert [one.position for one in usual] == list(range(len(ARCHS)))
    for position in range(0, len(ARCHS), 7):
        assert_agrees(usual[position], ARCHS[position], cache)


@pytest.mark.parametrize("batch_norm", ["calibrated", "batch", "identity"])
def test_graphs_with_batch_norm_and_branches(batch_norm: str, cache: ProgramCache) -> None:
    archs = [*WITH_BATCH_NORM.values(), chain(3, 3), chain(3)]
    found = swept(archs, cache=cache, batch_norm=batch_norm)
    for one, arch in zip(found, archs, strict=True):
        assert_agrees(one, arch, cache, batch_norm=batch_norm)


@pytest.mark.parametrize("pool", [1, 2])
def test_pooled_features(pool: int, cache: ProgramCache) -> None:
    (one,) = swept([ARCHS[0]], cache=cache, feature_pool=pool)
    assert one.feature_size == 4 * pool**2
    assert_agrees(one, ARCHS[0], cache, feature_pool=pool)


def test_independent_weights_share_nothing(cache: ProgramCache) -> None:
    sweep = Sweep(IMAGES, dataclasses.replace(SETTINGS, shared_weights=False), ARCHS[:4], cache)
    for part in sweep.parts:
        for one in sweep.run(part):
            assert_agrees(one, ARCHS[one.position], cache, shared_weights=False)
    assert sweep.work.macs == sweep.work.macs_alone


def test_a_path_of_lambdas_is_chosen_by_leave_one_out(cache: ProgramCache) -> None:
    readout = ridge.RidgeSettings()
    found = swept(ARCHS[:3], cache=cache, readout=readout)
    for one, arch in zip(found, ARCHS[:3], strict=True):
        assert_agrees(one, arch, cache, readout=readout)
        assert np.isnan(one.train_accuracy).all()


def test_a_sampled_share_is_solved_again_in_float64(cache: ProgramCache) -> None:
    few = ARCHS[:8]
    assert all(one.resolved is None for one in swept(few, cache=cache, certified_share=0.0))
    for lambdas in ((1.0,), (0.1, 1.0, 10.0)):  # in batches, and one by one
        settings = ridge.RidgeSettings(lambdas=lambdas)
        for one in swept(few, cache=cache, certified_share=1.0, readout=settings):
            assert one.resolved is not None
            assert 0 <= one.resolved.loo_error < 1e-4
            assert one.resolved.test_accuracy <= 1e-3
    found = swept(ARCHS, cache=cache, certified_share=0.3)
    wanted = [ridge.sampled(arch.digest, 0.3) for arch in ARCHS]
    assert [one.resolved is not None for one in found] == wanted and 0 < sum(wanted) < len(wanted)


def test_parts_change_nothing(usual: list[Swept], cache: ProgramCache) -> None:
    for part in (1, 1000):
        assert_identical(usual, swept(ARCHS, cache=cache, part=part))


def test_memory_budgets_change_the_work_and_not_the_scores(
    usual: list[Swept], cache: ProgramCache
) -> None:
    roomy = Sweep(IMAGES, SETTINGS, ARCHS, cache)
    sizes = Footprint.of(IMAGES, SETTINGS, BATCH // len(SETTINGS.seeds))
    least = Batches.bytes(IMAGES) + max(sizes.needed((root,)) for root in roomy.plan.roots)
    tight = Sweep(IMAGES, dataclasses.replace(SETTINGS, memory_budget=least), ARCHS, cache)
    for sweep in (roomy, tight):
        found = [one for p in sweep.parts for one in sweep.run(p)]
        assert_identical(usual, sorted(found, key=lambda one: one.position))
    assert roomy.work.macs == roomy.plan.macs * 2 * 1130
    assert roomy.work.macs < tight.work.macs <= tight.work.macs_alone == roomy.work.macs_alone


def test_a_budget_below_the_largest_network_is_refused_with_the_number() -> None:
    with pytest.raises(
        BudgetError, match=r"0\.06 GiB.*needs 0\.\d\d GiB with 2 seeds, 1 at a time"
    ):
        Sweep(IMAGES, dataclasses.replace(SETTINGS, memory_budget=2**26), ARCHS)


def test_threads_change_nothing(usual: list[Swept], cache: ProgramCache) -> None:
    sweep = Sweep(IMAGES, SETTINGS, ARCHS, cache, workers=2, part=5)
    with ThreadPoolExecutor(2) as pool:
        found = [one for part in pool.map(sweep.run, sweep.parts) for one in part]
    assert_identical(usual, sorted(found, key=lambda one: one.position))


def test_a_part_that_was_stopped_can_be_run_again(usual: list[Swept], cache: ProgramCache) -> None:
    sweep = Sweep(IMAGES, SETTINGS, ARCHS, cache, part=1000)
    steps = iter(range(1000))

    def stop() -> None:
        if next(steps) == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep.run(sweep.parts[0], stop)
    again = sorted(sweep.run(sweep.parts[0]), key=lambda one: one.position)
    assert_identical(usual, again)


def test_programs_compiled_ahead_are_those_that_run() -> None:
    cache = ProgramCache()
    sweep = Sweep(IMAGES, SETTINGS, ARCHS[:9], cache)
    sweep.compile(sweep.plan.steps())
    before = cache.total
    sweep.run(sweep.parts[0])
    after = cache.total - before
    # What is left are programs that no step has: normalisation of images, for each size of features flattening and
    # kernels, and the solution.
    shapes = {one.geometry.output_shape for one in sweep.run(sweep.parts[0])}
    assert after.programs <= 1 + 2 * len(shapes) + 1
    assert after.hits > len(list(sweep.plan.steps()))


def test_overflowing_features_have_no_score(cache: ProgramCache) -> None:
    images = dataclasses.replace(
        IMAGES, normalization=dataclasses.replace(IMAGES.normalization, std=(1e-38,) * 3)
    )
    sweep = Sweep(images, SETTINGS, ARCHS[:1], cache)
    (one,) = sweep.run(sweep.parts[0])
    assert np.isnan(one.test_accuracy).all()
    assert np.isnan(one.ensemble_test_accuracy)


def test_nothing_to_evaluate_is_refused() -> None:
    with pytest.raises(ValueError, match="no architectures"):
        Sweep(IMAGES, SETTINGS, [])
