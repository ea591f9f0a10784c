"""Features against the whole network as one Flax module, statistics against NumPy."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from randarch.engine import EvaluationSettings, Evaluator, Forward, ProgramCache, cut
from randarch.engine.forward import (
    BATCH_MODE_IMAGES,
    _run_stage,
    _StageKey,
)
from randarch.geometry import analyze
from randarch.layers import average_to
from randarch.networks import Variables, draw_weights, gather_variables, network, node_key
from randarch.spec import (
    Activation,
    Add,
    ArchSpec,
    BatchNorm,
    Conv,
    GlobalPool,
    GraphBuilder,
    Pool,
    sequential,
)
from tests.engine.small import (
    NORMALIZATION,
    WITH_BATCH_NORM,
    chain,
    normalized,
    residual,
    small_images,
)
from tests.graphs import inception_block, spatial_attention, squeeze_and_excitation

pytestmark = pytest.mark.usefixtures("compiled_plainly")

IMAGES = small_images()
SEEDS = (0, 7)
CALIBRATION = 30  # not a multiple of the batch


@pytest.fixture(scope="module")
def cache() -> ProgramCache:
    return ProgramCache()


def evaluator(cache: ProgramCache, batch: int = 16, **settings: Any) -> Evaluator:
    defaults = {"seeds": SEEDS, "calibration_images": CALIBRATION}
    return Evaluator(IMAGES, EvaluationSettings(**{**defaults, **settings}), cache, batch)


def weights(arch: ArchSpec, seed: int) -> Variables:
    """The whole network's variables, drawn as the evaluator draws them."""
    shapes = [node.shape for node in analyze(arch, (6, 6, 3)).nodes]
    gathered = gather_variables(draw_weights(arch, shapes, (seed,), shared=False), 1, len(arch) - 1)
    return jax.tree.map(lambda leaf: leaf[0], gathered)


def apply_whole(arch: ArchSpec, mode: str, variables: Variables, x: np.ndarray) -> Any:
    module = network(arch, batch_norm=mode, precision="highest")
    mutable = ["batch_stats", "intermediates"]
    return jax.jit(partial(module.apply, mutable=mutable))(variables, jnp.asarray(x))


def calibrated(arch: ArchSpec, variables: Variables, x: np.ndarray) -> Variables:
    """Sets each norm to NumPy's moments of what it reads, with all of x as one batch."""
    _, changed = apply_whole(arch, "batch", variables, x)
    values = {**changed["intermediates"], "input": x}
    statistics = {}
    for index, node in enumerate(arch.nodes):
        if isinstance(node.op, BatchNorm):
            source = node.inputs[0]
            read = np.asarray(values[arch.label(source) if source else "input"], np.float64)
            moments = {"mean": read.mean(axis=(0, 1, 2)), "var": read.var(axis=(0, 1, 2))}
            statistics[node_key(index - 1)] = {k: v.astype(np.float32) for k, v in moments.items()}
    return {**variables, "batch_stats": statistics}


def whole_features(arch: ArchSpec, batch_norm: str, seed: int) -> np.ndarray:
    """Features of the training images by the whole network, in one go."""
    variables, x = weights(arch, seed), normalized(IMAGES.x_train)
    mode = {"calibrated": "running"}.get(batch_norm, batch_norm)
    if batch_norm == "calibrated":
        variables = calibrated(arch, variables, x[:CALIBRATION])
    (y,), _ = apply_whole(arch, mode, variables, x)
    return np.asarray(y).reshape(len(x), -1)


def assert_close(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.shape == theirs.shape
    scale = np.abs(theirs).max()
    assert scale > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("batch_norm", ["calibrated", "batch", "identity"])
@pytest.mark.parametrize("name", WITH_BATCH_NORM)
def test_stages_compute_the_whole_network(name: str, batch_norm: Any, cache: ProgramCache) -> None:
    assert len(IMAGES.x_train) <= BATCH_MODE_IMAGES  # so `batch` takes them all at once
    arch = WITH_BATCH_NORM[name]
    features, _ = evaluator(cache, batch_norm=batch_norm).features(arch)
    for place, seed in enumerate(SEEDS):
        assert_close(features[place], whole_features(arch, batch_norm, seed))


WITHOUT_BATCH_NORM = {
    "convolutions": sequential([Conv(4), Activation(), Conv(3, 5, stride=2)]),
    "paths": inception_block(),
    "attention": spatial_attention(4),
    "squeeze and excitation": squeeze_and_excitation(4, 2),
    "no weights": sequential([Pool("avg", 2, 2), GlobalPool()]),
    "pooling first": sequential([Pool("max", 2, 2), Conv(4)]),
}


@pytest.mark.parametrize("name", WITHOUT_BATCH_NORM)
def test_graphs_without_batch_norm(name: str, cache: ProgramCache) -> None:
    arch = WITHOUT_BATCH_NORM[name]
    features, _ = evaluator(cache).features(arch)
    assert features.shape[0] == len(SEEDS)
    for place, seed in enumerate(SEEDS):
        assert_close(features[place], whole_features(arch, "identity", seed))


def norm_of_the_images() -> ArchSpec:
    return sequential([BatchNorm(), Conv(4), Activation(), BatchNorm()])


def norm_of_the_images_in_a_branch() -> ArchSpec:
    graph = GraphBuilder()
    left = graph.add(Conv(3, 3), graph.input)
    right = graph.chain([BatchNorm(), Activation()], graph.input)
    graph.add(Add(), left, right)
    return graph.build()


@pytest.mark.parametrize(
    "arch",
    [
        norm_of_the_images(),
        norm_of_the_images_in_a_branch(),
        sequential([Pool("max", 2, 2), BatchNorm(), Conv(4)]),
    ],
    ids=["first", "in a branch", "behind a pooling"],
)
def test_batch_norm_before_any_convolution(arch: ArchSpec, cache: ProgramCache) -> None:
    features, _ = evaluator(cache).features(arch)
    for place, seed in enumerate(SEEDS):
        assert_close(features[place], whole_features(arch, "calibrated", seed))


# --- calibration ---


@pytest.mark.parametrize("count", [8, 16, 21])  # less than a batch, one, and one with a rest
def test_statistics_are_those_of_exactly_the_first_images(count: int, cache: ProgramCache) -> None:
    arch = residual()
    forward = Forward(cache, NORMALIZATION, seeds=2, calibration_images=count, batch=16)
    shapes = [node.shape for node in analyze(arch, (6, 6, 3)).nodes]
    drawn = draw_weights(arch, shapes, SEEDS, shared=False)
    prepared = forward.prepare(arch, drawn, IMAGES.x_train)
    for place, seed in enumerate(SEEDS):
        x = normalized(IMAGES.x_train[:count])
        wanted = calibrated(arch, weights(arch, seed), x)["batch_stats"]
        found = {
            node_key(stage.first - 1 + int(key.removeprefix("node."))): statistics
            for stage, variables in zip(prepared.stages, prepared.variables, strict=True)
            for key, statistics in variables["batch_stats"].items()
        }
        assert found.keys() == wanted.keys()
        for key, moments in wanted.items():
            for moment, value in moments.items():
                np.testing.assert_allclose(
                    found[key][moment][place], value, rtol=1e-4, atol=1e-5 * np.abs(value).max()
                )


def test_drawn_weights_are_left_as_they_are(cache: ProgramCache) -> None:
    arch = chain(3)
    shapes = [node.shape for node in analyze(arch, (6, 6, 3)).nodes]
    drawn = draw_weights(arch, shapes, SEEDS)
    Forward(cache, NORMALIZATION, seeds=2, batch=16).prepare(arch, drawn, IMAGES.x_train)
    np.testing.assert_array_equal(drawn[3]["batch_stats"]["mean"], 0)


# --- features ---


@pytest.mark.parametrize("pool", [1, 2, 3])
def test_features_are_averaged_last_maps(pool: int, cache: ProgramCache) -> None:
    arch = chain(3)
    whole, _ = evaluator(cache).features(arch)
    pooled, _ = evaluator(cache, feature_pool=pool).features(arch)
    maps = average_to(jnp.asarray(whole).reshape(2, -1, 6, 6, 4), pool)
    assert pooled.shape == (2, len(IMAGES.x_train), pool * pool * 4)
    np.testing.assert_allclose(pooled, maps.reshape(pooled.shape), rtol=1e-4, atol=1e-5)


def test_batch_statistics_do_not_hang_on_the_batch_size(cache: ProgramCache) -> None:
    arch = chain(3)
    one, other = (evaluator(cache, n, batch_norm="batch").features(arch)[0] for n in (8, 64))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("batch_norm", ["calibrated", "batch", "identity"])
@pytest.mark.parametrize(
    "arch",
    [residual(), sequential([Pool("max", 2, 2), BatchNorm(), Conv(4)])],
    ids=["residual", "no weights in the first stage"],
)
def test_seeds_vectorised_or_in_turn_agree(arch: ArchSpec, batch_norm: Any) -> None:
    """The two ways of accelerators and of CPUs, both on the machine that there is."""
    stages = cut(arch)
    shapes = [node.shape for node in analyze(arch, (6, 6, 3)).nodes]
    drawn = draw_weights(arch, shapes, SEEDS)
    x = jnp.asarray(normalized(IMAGES.x_train[:5]))
    results: list[Any] = []
    for way in ("map", "vmap"):
        values: tuple[jax.Array, ...] = (x,)
        found = []
        for index, stage in enumerate(stages):
            pool = 2 if index == len(stages) - 1 else None
            key = _StageKey(stage.program, batch_norm, "highest", len(SEEDS), way, index == 0, pool)
            own = gather_variables(drawn, stage.first, len(stage.program.nodes))
            values, moments = jax.jit(partial(_run_stage, key))(own, values, np.int32(4))
            found.append((values, moments))
        results.append(found)
    for one, other in zip(*map(jax.tree.leaves, results), strict=True):
        assert one.shape[0] == len(SEEDS)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_graph_that_is_its_input_alone_is_refused(cache: ProgramCache) -> None:
    with pytest.raises(ValueError, match="at least one operation"):
        evaluator(cache).features(sequential([]))


def test_an_unknown_batch_norm_mode_is_refused(cache: ProgramCache) -> None:
    mode: Any = "frozen"
    with pytest.raises(Exception, match=r"frozen"):
        Forward(cache, NORMALIZATION, seeds=2, batch_norm=mode)
