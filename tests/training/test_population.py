"""Populations against each network trained alone, failures beside each other, and what programs are shared."""

import dataclasses

import jax
import numpy as np
import pytest

from randarch import geometry
from randarch.engine import ProgramCache
from randarch.spaces import LayerLibrary
from randarch.spec import (
    Activation,
    Add,
    ArchSpec,
    BatchNorm,
    Conv,
    GlobalPool,
    GraphBuilder,
    Identity,
    Linear,
    Pool,
    append,
    sequential,
)
from randarch.training import Training, TrainingImages, TrainingSettings, train, train_population
from randarch.training.stages import cut
from tests.graphs import squeeze_and_excitation
from tests.training.small import IMAGES, NET, images

pytestmark = pytest.mark.usefixtures("compiled_plainly")

SETTINGS = TrainingSettings(epochs=2, batch_size=16, learning_rate=0.05, init_name="he_prelu")
DEEP = sequential(
    [
        Conv(4, 5),
        Activation("prelu"),
        Pool("max", 3, 2),
        Conv(4, 3, dilation=2),
        Activation("prelu"),
        Conv(4, 3),
        Activation("prelu"),
        Pool("avg", 3, 2),
        GlobalPool(),
    ]
)
BARE = sequential([GlobalPool()])
CHAIN = sequential([Conv(3, 3), Activation(), BatchNorm(), Pool(), Conv(5, 3), Activation()])


def skipping() -> ArchSpec:
    graph = GraphBuilder()
    x = graph.add(Conv(4, 3), graph.input)
    y = graph.chain([BatchNorm(), Activation(), Conv(4, 3), BatchNorm()], x)
    graph.add(Add(), graph.chain([Conv(4, 1)], x), y)
    return graph.build()


NETWORKS = {
    "deep": DEEP,
    "bare": BARE,
    "skips": skipping(),
    "attention": squeeze_and_excitation(4, 2),
}
RECIPES = {
    "clipped": dataclasses.replace(SETTINGS, gradient_clip=0.1),
    "free": dataclasses.replace(SETTINGS, gradient_clip=0.0, schedule="steps", drop_after=(0.5,)),
    "adamw": dataclasses.replace(
        SETTINGS, optimizer="adamw", learning_rate=0.003, augment="none", weight_decay=0.01
    ),
}


CACHE = ProgramCache()


def population(
    archs: list[ArchSpec],
    data: TrainingImages = IMAGES,
    settings: TrainingSettings = SETTINGS,
    width: int = 1,
) -> list[Training]:
    return train_population(archs, data, settings, width=width, compile=CACHE.get)


def alone(
    arch: ArchSpec, data: TrainingImages = IMAGES, settings: TrainingSettings = SETTINGS
) -> Training:
    return train(arch, data, settings, compile=CACHE.get)


def close(ours: Training, theirs: Training) -> None:
    np.testing.assert_allclose(ours.train_loss, theirs.train_loss, rtol=2e-3)
    mine, other = (jax.tree.leaves_with_path(t.variables) for t in (ours, theirs))
    assert [path for path, _ in mine] == [path for path, _ in other]
    for (path, a), (_, b) in zip(mine, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=0.02, atol=2e-3, err_msg=jax.tree_util.keystr(path))
    assert np.abs(ours.test_accuracy - theirs.test_accuracy).max() <= 0.07  # 2 of 30


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_a_population_is_the_network_trained_alone(name: str) -> None:
    (ours,) = population([NETWORKS[name]])
    close(ours, alone(NETWORKS[name]))


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_the_same_in_a_population(recipe: str) -> None:
    (ours,) = population([CHAIN], settings=RECIPES[recipe])
    close(ours, alone(CHAIN, settings=RECIPES[recipe]))


@pytest.mark.parametrize("width", [1, 4])
def test_others_beside_it_change_nothing(width: int) -> None:
    archs = [DEEP, CHAIN, BARE, *others()]
    for arch, ours in zip(archs, population(archs, width=width), strict=True):
        (lonely,) = population([arch])
        if width == 1:
            np.testing.assert_array_equal(ours.train_loss, lonely.train_loss)
            np.testing.assert_array_equal(ours.predicted, lonely.predicted)
        close(ours, lonely)


def others() -> list[ArchSpec]:
    """Three that begin as `DEEP` does, so that stages are equal and shapes are not."""
    begin = [Conv(4, 5), Activation("prelu")]
    return [
        sequential([*begin, Conv(4, 3), Activation("prelu"), GlobalPool()]),
        sequential([*begin, Pool("max", 3, 2), Conv(4, 3), Activation("prelu"), GlobalPool()]),
        sequential([*begin, Pool("max", 2, 2), Conv(4, 3), Activation("prelu"), GlobalPool()]),
    ]


def test_seeds_are_trainings_of_their_own() -> None:
    both = dataclasses.replace(SETTINGS, seeds=(3, 8))
    (ours,) = population([DEEP], settings=both)
    close(ours, alone(DEEP, settings=both))
    assert ours.predicted.shape == (2, 30)
    assert not np.array_equal(ours.train_loss[0], ours.train_loss[1])


@pytest.mark.parametrize("width", [1, 4])
def test_a_network_that_diverges_harms_no_other(width: int) -> None:
    wild = dataclasses.replace(SETTINGS, learning_rate=30.0, gradient_clip=0.0, momentum=0.0)
    deep, deeper = (
        sequential([*[Conv(16, 3), Activation("prelu")] * depth, GlobalPool()]) for depth in (3, 4)
    )
    found = population([deep, BARE, deeper], settings=wild, width=width)
    assert [bool(t.diverged[0]) for t in found] == [True, False, True]
    assert not found[0].dead.any()  # a kind of failure of its own
    (lonely,) = population([BARE], settings=wild)
    np.testing.assert_allclose(found[1].train_loss, lonely.train_loss, rtol=1e-5)


def test_equal_stages_are_compiled_once() -> None:
    cache = ProgramCache()
    train_population([DEEP], IMAGES, SETTINGS, compile=cache.get)
    before = cache.total.programs
    # The same layers in another depth: what comes new is its last stage, on a map of another size.
    shorter = sequential([*(node.op for node in DEEP.nodes[1:6]), GlobalPool()])
    train_population([shorter], IMAGES, SETTINGS, compile=cache.get)
    known = cache.total.programs
    assert known - before <= 5  # classifier: training, evaluation, update, norm
    train_population([DEEP, shorter], IMAGES, SETTINGS, compile=cache.get)
    assert cache.total.programs == known


def test_a_last_batch_of_test_images_is_not_counted_twice() -> None:
    few = images(count=32, test=21)
    (ours,) = population([NET], few)
    assert ours.predicted.shape == (1, 21)
    assert ours.test_accuracy == pytest.approx((ours.predicted == few.y_test).mean(axis=1))
    np.testing.assert_allclose(ours.test_accuracy_by_epoch[:, -1], ours.test_accuracy)


def test_no_epoch_leaves_the_weights_as_they_were_drawn() -> None:
    none = dataclasses.replace(SETTINGS, epochs=0)
    (ours,) = population([DEEP], settings=none)
    close(ours, alone(DEEP, settings=none))
    assert ours.train_loss.shape == (1, 0)


def test_epochs_are_reported_and_may_end_the_training() -> None:
    seen = []

    def stop(number: int) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_population([BARE], IMAGES, SETTINGS, on_epoch=stop)
    assert seen == [1]


def test_what_cannot_be_trained_together_is_refused() -> None:
    with pytest.raises(ValueError, match="2 architectures, some of them equal"):
        train_population([NET, NET], IMAGES, SETTINGS)
    with pytest.raises(ValueError, match="width is 0"):
        train_population([NET], IMAGES, SETTINGS, width=0)
    with pytest.raises(ValueError, match="batch_size 49 with 48 training images"):
        train_population([NET], IMAGES, dataclasses.replace(SETTINGS, batch_size=49))
    assert train_population([], IMAGES, SETTINGS) == []


def per_pixel() -> TrainingImages:
    x = np.asarray(IMAGES.x_train).copy()
    x[:, 0, 0, 0] = 7  # constant
    return dataclasses.replace(IMAGES, x_train=x, per_pixel=True)


def test_pixels_are_normalised_one_by_one() -> None:
    data = per_pixel()
    x = np.asarray(data.x_train, np.float64)
    std = x.std(axis=0)
    std[0, 0, 0] = 1
    scaled = x * np.asarray(data.pixels.scale, np.float64) + np.asarray(data.pixels.shift)
    np.testing.assert_allclose(scaled, (x - x.mean(axis=0)) / std, atol=1e-4)


def test_pixels_normalised_one_by_one_come_before_augmentation() -> None:
    data = per_pixel()
    (ours,) = population([NET], data)
    close(ours, alone(NET, data))
    with pytest.raises(ValueError, match="trivial_augment_wide changes pixels from 0 to 255"):
        train(NET, data, dataclasses.replace(SETTINGS, augment="trivial_augment_wide"))


@pytest.mark.parametrize("name", NETWORKS)
def test_stages_hold_every_node_once_and_end_behind_convolutions(name: str) -> None:
    arch = NETWORKS[name]
    stages = cut(arch)
    assert [s.first for s in stages] == list(np.cumsum([1, *(len(s.nodes) for s in stages[:-1])]))
    assert sum(len(s.nodes) for s in stages) == len(arch) - 1
    for stage in stages[:-1]:
        assert isinstance(stage.nodes[-1].op, Conv)
    for stage in stages:
        assert all(source >= 0 for node in stage.nodes for source in node.inputs)


def test_paths_beside_each_other_stay_in_one_stage() -> None:
    stages = cut(skipping())
    assert [len(s.nodes) for s in stages] == [1, 6]
    assert len(cut(sequential([Identity()]))) == 1


@pytest.mark.parametrize(
    ("networks", "expected"),
    [(64, 81), (1000, 277), pytest.param(10_000, 681, marks=pytest.mark.slow)],
)
def test_how_many_stages_random_networks_have(networks: int, expected: int) -> None:
    """The numbers of the README and of `population`."""
    space, found = LayerLibrary(), set()
    for genome in {*map(space.canonical, space.draw(networks, np.random.default_rng(0)))}:
        whole = append(space.decode(genome), Linear(100))
        shapes = [node.shape for node in geometry.analyze(whole, (32, 32, 3)).nodes]
        found |= {(s.nodes, shapes[s.first - 1], s.first == 1) for s in cut(whole)}
    assert len(found) == expected
