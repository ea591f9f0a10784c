"""The recipes against SGD and AdamW written out by hand, and against PyTorch."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from randarch.networks import node_key
from randarch.spec import Identity, sequential
from randarch.training import TrainingSettings, initial_state, train
from tests.training.small import IMAGES, NET, PLAIN, normalized

ADAMW = dataclasses.replace(
    PLAIN, optimizer="adamw", schedule="constant", learning_rate=0.003, weight_decay=0.01
)


def rate(settings: TrainingSettings, step: int, steps: int) -> float:
    """PyTorch's CosineAnnealingLR over T_max steps (Loshchilov and Hutter 2017, equation 5); its StepLR by thirds."""
    low, high = settings.final_learning_rate, settings.learning_rate
    if settings.schedule == "constant":
        return high
    if settings.schedule == "steps":
        return high * 0.1 ** sum(step >= round(share * steps) for share in settings.drop_after)
    return low + (high - low) * (1 + np.cos(np.pi * step / steps)) / 2


def sgd(settings: TrainingSettings) -> Callable[..., None]:
    """One step of PyTorch's SGD, in place."""
    velocity: dict[int, np.ndarray] = {}

    def step(place: int, weight: np.ndarray, gradient: np.ndarray, number: int) -> None:
        velocity[place] = (
            settings.momentum * velocity.get(place, 0.0) + gradient + settings.weight_decay * weight
        )
        weight -= rate(settings, number, settings.epochs) * velocity[place]

    return step


def adamw(settings: TrainingSettings) -> Callable[..., None]:
    """One step of Loshchilov and Hutter (2019), algorithm 2, as PyTorch has it, in place."""
    moments: dict[int, list[Any]] = {}

    def step(place: int, weight: np.ndarray, gradient: np.ndarray, number: int) -> None:
        first, second = moments.get(place, [0.0, 0.0])
        moments[place] = [0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2]
        mean = moments[place][0] / (1 - 0.9 ** (number + 1))
        spread = np.sqrt(moments[place][1] / (1 - 0.999 ** (number + 1)))
        weight -= rate(settings, number, settings.epochs) * (
            mean / (spread + 1e-8) + settings.weight_decay * weight
        )

    return step


@pytest.mark.parametrize(
    ("start", "change"),
    [
        (PLAIN, {}),
        (PLAIN, {"gradient_clip": 0.0}),
        (PLAIN, {"gradient_clip": 0.05}),
        (PLAIN, {"momentum": 0.0, "gradient_clip": 0.0}),
        (PLAIN, {"weight_decay": 0.3, "gradient_clip": 0.0}),
        (PLAIN, {"weight_decay": 0.3, "gradient_clip": 0.05}),
        (PLAIN, {"final_learning_rate": 0.2}),
        (PLAIN, {"schedule": "constant"}),
        (PLAIN, {"schedule": "steps", "epochs": 9}),
        (PLAIN, {"schedule": "steps", "drop_after": (0.5,), "epochs": 6}),
        (PLAIN, {"epochs": 1}),
        (ADAMW, {}),
        (ADAMW, {"weight_decay": 30.0, "gradient_clip": 0.05}),
        (ADAMW, {"schedule": "cosine"}),
    ],
    ids=lambda one: one.optimizer if isinstance(one, TrainingSettings) else str(one),
)
def test_softmax_regression_by_hand(start: TrainingSettings, change: dict[str, Any]) -> None:
    """A linear classifier on the pixels, all images a step, its gradient in closed form."""
    settings = dataclasses.replace(start, **change)
    arch = sequential([Identity()])
    _, state = initial_state(arch, IMAGES, settings)
    layer = state.params[node_key(1)]["layer"]
    weights = [np.asarray(layer[name][0], np.float64) for name in ("kernel", "bias")]
    update = {"sgd": sgd, "adamw": adamw}[settings.optimizer](settings)
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
        for place, (w, g) in enumerate(zip(weights, gradient, strict=True)):
            update(place, w, g, step)
    result = train(arch, IMAGES, settings)
    np.testing.assert_allclose(result.train_loss[0], losses, rtol=1e-4)
    np.testing.assert_allclose(result.train_accuracy[0], accuracies, atol=1e-6)
    test = normalized(IMAGES.x_test).reshape(len(IMAGES.y_test), -1)
    right = ((test @ weights[0] + weights[1]).argmax(axis=1) == IMAGES.y_test).mean()
    assert result.test_accuracy[0] == pytest.approx(right, abs=1e-6)
    assert result.test_accuracy_by_epoch[0, -1] == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_convolutional_network_against_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    settings = dataclasses.replace(
        PLAIN if name == "sgd" else ADAMW, weight_decay=0.01, gradient_clip=0.5, epochs=6
    )
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
    rate, decay = settings.learning_rate, settings.weight_decay
    schedule = None
    if name == "sgd":
        optimizer = torch.optim.SGD(
            theirs.parameters(), rate, settings.momentum, weight_decay=decay
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, settings.epochs, settings.final_learning_rate
        )
    else:
        optimizer = torch.optim.AdamW(theirs.parameters(), rate, weight_decay=decay)
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
        if schedule:
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


def test_each_augmentation_shows_other_images() -> None:
    settings = dataclasses.replace(
        PLAIN, epochs=1, learning_rate=0.0, final_learning_rate=0.0, batch_size=16
    )
    arch = sequential([Identity()])
    losses = [
        train(arch, IMAGES, dataclasses.replace(settings, augment=name)).train_loss[0, 0]
        for name in ("none", "pad_crop_flip", "trivial_augment_wide")
    ]
    assert len(set(losses)) == 3
