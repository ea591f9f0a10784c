"""Scores of random networks: what they may and may not hang on, and what they cost."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from randarch import ridge
from randarch.engine import Evaluation, EvaluationSettings, Evaluator, ProgramCache
from randarch.engine.evaluate import chunked
from randarch.geometry import analyze
from randarch.spec import ArchSpec
from tests.engine.small import chain, residual, small_images

IMAGES = small_images(train=130, test=1000)
SETTINGS = EvaluationSettings(
    seeds=(0, 1), calibration_images=50, readout=ridge.RidgeSettings(keep_predictions=True)
)
ARCH = chain(3, 5)


def evaluator(cache: ProgramCache | None = None, batch: int = 50, **changes: Any) -> Evaluator:
    return Evaluator(IMAGES, dataclasses.replace(SETTINGS, **changes), cache, batch)


@pytest.fixture(scope="module")
def cache() -> ProgramCache:
    return ProgramCache()


@pytest.fixture(scope="module")
def usual(cache: ProgramCache) -> Evaluation:
    return evaluator(cache).evaluate(ARCH)


def present(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    return values


def assert_same_up_to_rounding(one: Evaluation, other: Evaluation) -> None:
    """Decision values agree to 1e-4, at most one prediction in a thousand differs (design)."""
    for name in ("seeds", "ensemble"):
        a, b = getattr(one.scores, name), getattr(other.scores, name)
        values = present(a.decision)
        assert np.abs(values - b.decision).max() <= 1e-4 * np.abs(values).max()
        assert (a.predicted != b.predicted).mean() <= 1e-3
        np.testing.assert_allclose(a.chosen_lambda, b.chosen_lambda, rtol=1e-3)


def assert_identical(one: Evaluation, other: Evaluation) -> None:
    for name in ("seeds", "ensemble"):
        a, b = getattr(one.scores, name), getattr(other.scores, name)
        for field in dataclasses.fields(a):
            np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name))


# --- what scores are ---


def test_scores_are_a_readout_of_the_features(usual: Evaluation, cache: ProgramCache) -> None:
    train, test = evaluator(cache).features(ARCH)
    assert train.shape == (2, 130, usual.feature_size)
    assert test.shape == (2, 1000, usual.feature_size)
    assert usual.feature_size == analyze(ARCH, (6, 6, 3)).output_size
    assert usual.digest == ARCH.digest
    assert not usual.streamed
    # An ensemble is one readout on the features side by side.
    side_by_side = [np.concatenate(list(x), axis=1)[None] for x in (train, test)]
    for features, scores in [
        ((train, test), usual.scores.seeds),
        (tuple(side_by_side), usual.scores.ensemble),
    ]:
        direct = ridge.readout(
            features[0],
            IMAGES.y_train,
            features[1],
            IMAGES.y_test,
            num_classes=3,
            settings=SETTINGS.readout,
        ).seeds
        decision = present(direct.decision)
        np.testing.assert_allclose(
            np.reshape(present(scores.decision), decision.shape),
            decision,
            atol=1e-4 * np.abs(decision).max(),
        )


def test_the_task_is_learnt(usual: Evaluation) -> None:
    # The classes differ in their mean colour, so that chance (1/3) is far below.
    assert usual.scores.seeds.test_accuracy.min() > 0.5
    assert usual.scores.ensemble.test_accuracy > 0.5


# --- what they do not hang on ---


@pytest.mark.parametrize("batch", [7, 130])
def test_batch_size(batch: int, usual: Evaluation, cache: ProgramCache) -> None:
    assert_same_up_to_rounding(usual, evaluator(cache, batch).evaluate(ARCH))


@pytest.mark.parametrize("arch", [ARCH, chain(3, features=1)], ids=["dual", "primal"])
def test_memory_budget(arch: ArchSpec, cache: ProgramCache) -> None:
    whole = evaluator(cache).evaluate(arch)
    streamed = evaluator(cache, memory_budget=1).evaluate(arch)
    assert (whole.streamed, streamed.streamed) == (False, True)
    assert_same_up_to_rounding(whole, streamed)


def test_a_budget_is_kept_to_the_byte(cache: ProgramCache) -> None:
    needed = evaluator(cache)._bytes(144)
    assert not evaluator(cache, memory_budget=needed).evaluate(ARCH).streamed
    assert evaluator(cache, memory_budget=needed - 1).evaluate(ARCH).streamed


def test_what_else_is_evaluated(usual: Evaluation) -> None:
    """Alone is the same, to the last bit, as in a sweep, before or after others."""
    sweep = evaluator(ProgramCache())
    others = [chain(5, 3), residual()]
    first = [sweep.evaluate(arch) for arch in (others[0], ARCH, others[1])]
    again = [sweep.evaluate(arch) for arch in (others[1], ARCH, others[0])]
    assert_identical(first[1], usual)
    assert_identical(again[1], usual)
    assert_identical(first[0], again[2])


def test_seeds_evaluated_beside(usual: Evaluation, cache: ProgramCache) -> None:
    alone = evaluator(cache, seeds=(1,)).evaluate(ARCH).scores
    decision = present(usual.scores.seeds.decision)[1]
    for values in (present(alone.seeds.decision)[0], alone.ensemble.decision):
        np.testing.assert_allclose(values, decision, atol=1e-4 * np.abs(decision).max())


def test_threads(usual: Evaluation) -> None:
    shared = evaluator(ProgramCache())
    architectures = [ARCH, chain(5, 3), ARCH, residual()]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.evaluate, architectures))
    assert [one.digest for one in found] == [arch.digest for arch in architectures]
    assert_same_up_to_rounding(usual, found[0])
    assert_same_up_to_rounding(usual, found[2])
    assert shared.cache.total.programs == sum(one.usage.programs for one in found)


@pytest.mark.parametrize("shared", [True, False])
def test_shared_weights_make_equal_beginnings_equal(shared: bool, cache: ProgramCache) -> None:
    weights = [
        evaluator(cache, shared_weights=shared)._network(arch, analyze(arch, (6, 6, 3)))
        for arch in (chain(3), chain(3, 1))
    ]
    kernels = [w.variables[0]["params"]["node.0"]["layer"]["kernel"] for w in weights]
    assert np.array_equal(*kernels) == shared


# --- what they cost ---


def test_programs_are_shared_and_counted() -> None:
    sweep = evaluator(ProgramCache())
    first = sweep.evaluate(chain(3, 5)).usage
    # Normalisation; convolution and ReLU; norm, convolution and ReLU; the last norm.
    assert first.programs == 4
    # Calibration sends 1 batch through 2 stages, 23 batches of features go through 3, and each
    # batch is normalised: 1 * (1 + 2) + 23 * (1 + 3) calls, of which 4 compiled.
    assert first.hits == 1 * (1 + 2) + 23 * (1 + 3) - 4
    # The same first layer, and a last norm of the same shape: one new program.
    assert sweep.evaluate(chain(3, 1)).usage.programs == 1
    assert sweep.evaluate(chain(3, 5)).usage.programs == 0
    total = sweep.cache.total
    assert total.programs == len(sweep.cache) == 5
    assert first.compile_seconds > 0
    assert first.run_seconds > 0


def test_widths_need_programs_of_their_own() -> None:
    sweep = evaluator(ProgramCache())
    sweep.evaluate(chain(3))
    # Convolution and norm; normalisation is shared.
    assert sweep.evaluate(chain(3, features=5)).usage.programs == 2


# --- chunks and settings ---


def test_chunks_hold_every_row_once_in_order() -> None:
    rng = np.random.default_rng(0)
    sizes = [3, 1, 1, 5, 2]
    width = 2**21  # 4 rows of 2 seeds are 64 MiB
    marks = rng.random((2, sum(sizes)))
    starts = np.cumsum([0, *sizes])
    parts = [
        np.broadcast_to(marks[:, a:b, None], (2, b - a, width)).astype(np.float32)
        for a, b in pairwise(starts)
    ]
    chunks = list(chunked(jnp.asarray(part) for part in parts))
    assert [chunk.shape[1] for chunk in chunks] == [4, 6, 2]
    joined = np.concatenate([np.asarray(chunk[:, :, 0]) for chunk in chunks], axis=1)
    np.testing.assert_array_equal(joined, marks.astype(np.float32))


@pytest.mark.parametrize(("pool", "size"), [(None, 144), (1, 4), (2, 16), (4, 64), (9, 144)])
def test_feature_sizes(pool: int | None, size: int, cache: ProgramCache) -> None:
    found = evaluator(cache, feature_pool=pool).evaluate(chain(3))
    assert found.feature_size == size


@pytest.mark.parametrize("seeds", [(), (0, 0), (1, 2, 1)])
def test_seeds_have_to_differ(seeds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one or more different integers"):
        EvaluationSettings(seeds=seeds)


def test_an_unknown_initialiser_is_refused(cache: ProgramCache) -> None:
    with pytest.raises(ValueError, match="'xavier'"):
        evaluator(cache, init_name="xavier").evaluate(ARCH)
