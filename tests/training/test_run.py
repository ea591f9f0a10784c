"""Trainings from the first epoch to the last prediction, several seeds, and failures."""

import dataclasses

import jax
import numpy as np
import pytest

from randarch.engine import ProgramCache
from randarch.geometry import analyze
from randarch.networks import node_key
from randarch.spec import Activation, ArchSpec, Conv, Identity, Zero, sequential
from randarch.training import (
    EVALUATION_BATCH,
    Augmentation,
    Training,
    TrainingImages,
    TrainingSettings,
    initial_state,
    train,
)
from tests.training.small import IMAGES, MEAN, NET, PLAIN, STD, images, normalized

# --- several seeds ---


def test_seeds_together_are_the_seeds_one_by_one() -> None:
    settings = dataclasses.replace(PLAIN, batch_size=16, augment="pad_crop_flip", seeds=(0, 5))
    together = train(NET, IMAGES, settings)
    for place, seed in enumerate(settings.seeds):
        alone = train(NET, IMAGES, dataclasses.replace(settings, seeds=(seed,)))
        np.testing.assert_allclose(together.train_loss[place], alone.train_loss[0], rtol=1e-3)
    assert not np.allclose(together.train_loss[0], together.train_loss[1])


def arrays(result: Training) -> dict[str, np.ndarray]:
    values = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    del values["seconds"]
    weights = jax.tree.leaves_with_path(values.pop("variables"))
    return values | {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in weights}


@pytest.mark.parametrize("augment", ["pad_crop_flip", "trivial_augment_wide"])
def test_the_same_training_twice_is_equal_to_the_last_bit(augment: Augmentation) -> None:
    settings = dataclasses.replace(PLAIN, batch_size=16, augment=augment, epochs=2)
    one, other = (arrays(train(NET, IMAGES, settings)) for _ in range(2))
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name])


def test_programs_can_be_shared_and_counted() -> None:
    cache = ProgramCache()
    settings = dataclasses.replace(PLAIN, epochs=2)
    first = train(NET, IMAGES, settings, compile=cache.get)
    assert cache.total.programs == 2  # an epoch, and predictions
    second = train(NET, IMAGES, settings, compile=cache.get)
    assert cache.total.programs == 2
    np.testing.assert_array_equal(first.train_loss, second.train_loss)


def test_the_caller_is_billed_for_the_programs_of_several_seeds() -> None:
    cache = ProgramCache()
    train(NET, IMAGES, dataclasses.replace(PLAIN, epochs=2, seeds=(0, 1, 2)), compile=cache.get)
    assert cache.used().programs == cache.total.programs == 2


# --- outcomes ---


def test_a_separable_task_is_learnt() -> None:
    data = images(count=96, test=60, noise=20.0)
    settings = TrainingSettings(epochs=8, batch_size=16, seeds=(0, 1))
    result = train(NET, data, settings)
    assert result.test_accuracy.min() > 0.9
    assert (result.train_loss[:, -1] < 0.5 * result.train_loss[:, 0]).all()
    assert not result.dead.any()
    assert not result.diverged.any()
    np.testing.assert_allclose(result.test_accuracy, result.test_accuracy_by_epoch[:, -1])


def test_a_network_without_signal_is_dead() -> None:
    result = train(sequential([Conv(4), Zero()]), IMAGES, PLAIN)
    assert result.dead.tolist() == [True]
    assert result.diverged.tolist() == [False]
    counts = np.bincount(np.asarray(IMAGES.y_test), minlength=3)
    assert result.test_accuracy[0] in counts / counts.sum()


@pytest.mark.parametrize("arch", [NET, sequential([Conv(4, 3), Activation()])])
@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_training_that_explodes_has_diverged(arch: ArchSpec, clip: float) -> None:
    settings = dataclasses.replace(
        PLAIN, batch_size=16, learning_rate=1e30, gradient_clip=clip, seeds=(0, 1)
    )
    result = train(arch, IMAGES, settings)
    assert result.diverged.tolist() == [True, True]
    assert result.dead.tolist() == [False, False]


def test_no_epochs_score_the_weights_as_drawn() -> None:
    result = train(sequential([Identity()]), IMAGES, dataclasses.replace(PLAIN, epochs=0))
    _, state = initial_state(sequential([Identity()]), IMAGES, PLAIN)
    layer = state.params[node_key(1)]["layer"]
    x = normalized(IMAGES.x_test).reshape(len(IMAGES.y_test), -1)
    logits = x @ np.asarray(layer["kernel"][0], np.float64) + np.asarray(layer["bias"][0])
    assert result.test_accuracy[0] == pytest.approx((logits.argmax(1) == IMAGES.y_test).mean())
    for values in (result.train_loss, result.train_accuracy, result.test_accuracy_by_epoch):
        assert values.shape == (1, 0)
    assert not result.diverged.any()


def test_more_test_images_than_a_prediction_takes() -> None:
    data = images(count=48, test=EVALUATION_BATCH + 7)
    result = train(sequential([Identity()]), data, dataclasses.replace(PLAIN, epochs=1))
    assert result.test_accuracy[0] * len(data.y_test) == pytest.approx(
        round(result.test_accuracy[0] * len(data.y_test)), abs=1e-6
    )
    half = TrainingImages(
        data.x_train, data.y_train, data.x_test[-7:], data.y_test[-7:], 3, MEAN, STD
    )
    rest = TrainingImages(
        data.x_train, data.y_train, data.x_test[:-7], data.y_test[:-7], 3, MEAN, STD
    )
    parts = [
        train(sequential([Identity()]), d, dataclasses.replace(PLAIN, epochs=1)).test_accuracy[0]
        for d in (half, rest)
    ]
    total = (parts[0] * 7 + parts[1] * EVALUATION_BATCH) / (EVALUATION_BATCH + 7)
    assert result.test_accuracy[0] == pytest.approx(total)


def test_each_epoch_is_announced_and_may_stop_the_training() -> None:
    class Enough(Exception):
        pass

    seen: list[int] = []

    def stop(epoch: int) -> None:
        seen.append(epoch)
        if epoch == 2:
            raise Enough

    with pytest.raises(Enough):
        train(NET, IMAGES, PLAIN, on_epoch=stop)
    assert seen == [1, 2]


# --- weights ---


def test_the_classifier_has_geometry_s_parameters() -> None:
    _, state = initial_state(NET, IMAGES, dataclasses.replace(PLAIN, seeds=(0, 1, 2)))
    shapes = analyze(NET, (6, 6, 3))
    assert state.params[node_key(4)]["layer"]["kernel"].shape == (3, shapes.output_size, 3)
    kernels = np.asarray(state.params[node_key(0)]["layer"]["kernel"])
    assert np.abs(kernels[0] - kernels[1]).max() > 0


def test_a_batch_holds_no_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="batch_size 49 with 48 training images"):
        train(NET, IMAGES, dataclasses.replace(PLAIN, batch_size=49))
