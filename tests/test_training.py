"""Training against SGD written out by hand, and what it does when training fails."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from randarch.engine import ProgramCache
from randarch.geometry import analyze
from randarch.networks import node_key
from randarch.spec import (
    Activation,
    ArchSpec,
    BatchNorm,
    Conv,
    GlobalPool,
    Identity,
    Zero,
    sequential,
)
from randarch.training import (
    EVALUATION_BATCH,
    Training,
    TrainingImages,
    TrainingSettings,
    initial_state,
    train,
)

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
NET = sequential([Conv(4, 3), Activation(), BatchNorm(), GlobalPool()])


def images(count: int = 48, test: int = 30, size: int = 6, noise: float = 60.0) -> TrainingImages:
    """Noise whose mean colour is that of the class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, count + test).astype(np.int32)
    y[:3] = range(3)
    colours = np.array([[150, 90, 90], [90, 150, 90], [90, 90, 150]])
    x = rng.normal(0, noise, (count + test, size, size, 3)) + colours[y][:, None, None, :]
    x = np.clip(x, 0, 255).astype(np.uint8)
    return TrainingImages(x[:count], y[:count], x[count:], y[count:], 3, MEAN, STD)


IMAGES = images()
PLAIN = TrainingSettings(epochs=4, batch_size=48, augment=False, learning_rate=0.2)


def normalized(x: Any) -> np.ndarray:
    return (np.asarray(x, np.float64) / 255 - np.array(MEAN)) / np.array(STD)


def rate(settings: TrainingSettings, step: int, steps: int) -> float:
    """PyTorch's CosineAnnealingLR over T_max steps (Loshchilov and Hutter 2017, equation 5)."""
    low, high = settings.final_learning_rate, settings.learning_rate
    return low + (high - low) * (1 + np.cos(np.pi * step / steps)) / 2


# --- the recipe ---


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"gradient_clip": 0.0},
        {"gradient_clip": 0.05},
        {"momentum": 0.0, "gradient_clip": 0.0},
        {"weight_decay": 0.3, "gradient_clip": 0.0},
        {"weight_decay": 0.3, "gradient_clip": 0.05},
        {"final_learning_rate": 0.2},
        {"epochs": 1},
    ],
    ids=str,
)
def test_softmax_regression_by_hand(change: dict[str, Any]) -> None:
    """A linear classifier on the pixels, all images a step, its gradient in closed form."""
    settings = dataclasses.replace(PLAIN, **change)
    arch = sequential([Identity()])
    _, state = initial_state(arch, IMAGES, settings)
    layer = state.params[node_key(1)]["layer"]
    weights = [np.asarray(layer[name][0], np.float64) for name in ("kernel", "bias")]
    velocity = [np.zeros_like(w) for w in weights]
    x = normalized(IMAGES.x_train).reshape(48, -1)
    targets = np.eye(3)[IMAGES.y_train]
    losses, accuracies = [], []
    for step in range(settings.epochs):
        logits = x @ weights[0] + weights[1]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        share = odds / odds.sum(axis=1, keepdims=True)
        losses.append(-np.log((share * targets).sum(axis=1)).mean())
        accuracies.append((logits.argmax(axis=1) == IMAGES.y_train).mean())
        error = (share - targets) / len(x)
        gradient = [x.T @ error, error.sum(axis=0)]
        norm = np.sqrt(sum((g**2).sum() for g in gradient))
        if settings.gradient_clip:
            gradient = [g * min(1, settings.gradient_clip / norm) for g in gradient]
        for w, v, g in zip(weights, velocity, gradient, strict=True):
            v *= settings.momentum
            v += g + settings.weight_decay * w
            w -= rate(settings, step, settings.epochs) * v
    result = train(arch, IMAGES, settings)
    np.testing.assert_allclose(result.train_loss[0], losses, rtol=1e-4)
    np.testing.assert_allclose(result.train_accuracy[0], accuracies, atol=1e-6)
    test = normalized(IMAGES.x_test).reshape(len(IMAGES.y_test), -1)
    right = ((test @ weights[0] + weights[1]).argmax(axis=1) == IMAGES.y_test).mean()
    assert result.test_accuracy[0] == pytest.approx(right, abs=1e-6)
    assert result.test_accuracy_by_epoch[0, -1] == pytest.approx(right, abs=1e-6)


def test_a_convolutional_network_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    settings = dataclasses.replace(PLAIN, weight_decay=0.01, gradient_clip=0.5)
    _, state = initial_state(NET, IMAGES, settings)
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(4),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    )
    conv, dense = (state.params[node_key(i)]["layer"] for i in (0, 4))
    with torch.no_grad():
        theirs[0].weight.copy_(torch.tensor(np.asarray(conv["kernel"][0]).transpose(3, 2, 0, 1)))
        theirs[0].bias.copy_(torch.tensor(np.asarray(conv["bias"][0])))
        theirs[5].weight.copy_(torch.tensor(np.asarray(dense["kernel"][0]).T))
        theirs[5].bias.copy_(torch.tensor(np.asarray(dense["bias"][0])))
    optimizer = torch.optim.SGD(
        theirs.parameters(), settings.learning_rate, settings.momentum, weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, settings.epochs, settings.final_learning_rate
    )
    x = torch.tensor(normalized(IMAGES.x_train).astype(np.float32)).permute(0, 3, 1, 2)
    y = torch.tensor(np.asarray(IMAGES.y_train)).long()
    losses = []
    for _ in range(settings.epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(theirs(x), y)
        losses.append(float(loss.detach()))
        loss.backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        optimizer.step()
        schedule.step()
    np.testing.assert_allclose(train(NET, IMAGES, settings).train_loss[0], losses, rtol=1e-3)


def test_an_epoch_takes_each_image_at_most_once() -> None:
    # With a rate of zero the loss of an epoch is the mean over the images that it took, and of
    # batches of one there is no incomplete one: so all of them, once.
    settings = dataclasses.replace(
        PLAIN, epochs=2, batch_size=1, learning_rate=0.0, final_learning_rate=0.0
    )
    arch = sequential([Identity()])
    whole = train(arch, IMAGES, dataclasses.replace(settings, batch_size=48))
    one = train(arch, IMAGES, settings)
    np.testing.assert_allclose(one.train_loss, whole.train_loss, rtol=1e-5)


# --- several seeds ---


def test_seeds_together_are_the_seeds_one_by_one() -> None:
    settings = dataclasses.replace(PLAIN, batch_size=16, augment=True, seeds=(0, 5))
    together = train(NET, IMAGES, settings)
    for place, seed in enumerate(settings.seeds):
        alone = train(NET, IMAGES, dataclasses.replace(settings, seeds=(seed,)))
        np.testing.assert_allclose(together.train_loss[place], alone.train_loss[0], rtol=1e-3)
    assert not np.allclose(together.train_loss[0], together.train_loss[1])


def arrays(result: Training) -> dict[str, np.ndarray]:
    values = dataclasses.asdict(result)
    del values["seconds"]
    return values


def test_the_same_training_twice_is_equal_to_the_last_bit() -> None:
    settings = dataclasses.replace(PLAIN, batch_size=16, augment=True, epochs=2)
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


# --- weights and settings ---


def test_the_classifier_has_geometry_s_parameters() -> None:
    _, state = initial_state(NET, IMAGES, dataclasses.replace(PLAIN, seeds=(0, 1, 2)))
    shapes = analyze(NET, (6, 6, 3))
    assert state.params[node_key(4)]["layer"]["kernel"].shape == (3, shapes.output_size, 3)
    kernels = np.asarray(state.params[node_key(0)]["layer"]["kernel"])
    assert np.abs(kernels[0] - kernels[1]).max() > 0


def test_a_batch_holds_no_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="batch_size 49 with 48 training images"):
        train(NET, IMAGES, dataclasses.replace(PLAIN, batch_size=49))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": -1}, "epochs -1"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"seeds": ()}, "0 seeds"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"final_learning_rate": float("inf")}, "final_learning_rate is inf"),
        ({"momentum": -1.0}, "momentum is -1"),
        ({"weight_decay": -1e-4}, "weight_decay is -0.0001"),
        ({"gradient_clip": -1.0}, "gradient_clip is -1"),
    ],
    ids=str,
)
def test_bad_settings_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingSettings(**change)
