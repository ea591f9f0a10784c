"""The usual procedure, for comparison: PyTorch and scikit-learn, one network and one seed at a time."""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from torch import nn

from randarch import spec
from randarch.spec import ArchSpec

BATCH = 250


def chain(arch: ArchSpec, channels: int, threads: int, seed: int) -> nn.Sequential:
    """A sequential graph as a PyTorch module with PyTorch's default weights.

    Raises:
      ValueError: for an operation that the studied chains do not have.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for node in arch.nodes[1:]:
        match node.op:
            case spec.Conv(features=features, kernel=kernel, padding=("same" | "valid") as padding):
                pad = kernel // 2 if padding == "same" else 0
                layers.append(
                    nn.Conv2d(channels, features, kernel, node.op.stride, pad, node.op.dilation)
                )
                channels = features
            case spec.Activation(kind="relu"):
                layers.append(nn.ReLU())
            case spec.BatchNorm():
                layers.append(nn.BatchNorm2d(channels))
            case spec.Pool(kind="max", window=window, stride=stride):
                layers.append(nn.MaxPool2d(window, stride))
            case other:
                raise ValueError(
                    f"{other!r} is not supported; expected Conv, ReLU, BatchNorm or max pooling"
                )
    return nn.Sequential(*layers)


def images_to_torch(
    images: np.ndarray, mean: Sequence[float], std: Sequence[float]
) -> torch.Tensor:
    x = (images.astype(np.float32) / 255 - np.asarray(mean, np.float32)) / np.asarray(
        std, np.float32
    )
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def random_accuracy(
    module: nn.Sequential,
    train: torch.Tensor,
    y_train: np.ndarray,
    test: torch.Tensor,
    y_test: np.ndarray,
    lambdas: Sequence[float],
    calibration: int = 1000,
) -> float:
    """Test accuracy of a ridge classifier on the random network's features, batch norm calibrated first."""

    def features(x: torch.Tensor) -> np.ndarray:
        return torch.cat(
            [module(x[i : i + BATCH]).flatten(1) for i in range(0, len(x), BATCH)]
        ).numpy()

    with torch.inference_mode():
        x = train[:calibration]
        for layer in module:
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.running_mean is not None and layer.running_var is not None
                layer.running_mean.copy_(x.mean(dim=(0, 2, 3)))
                layer.running_var.copy_(x.var(dim=(0, 2, 3), unbiased=False))
                layer.eval()
            x = torch.cat([layer(x[i : i + BATCH]) for i in range(0, len(x), BATCH)])
        module.eval()
        h_train, h_test = features(train), features(test)
    return float(RidgeClassifierCV(alphas=lambdas).fit(h_train, y_train).score(h_test, y_test))


def sweep_accuracy(
    module: nn.Sequential,
    train: torch.Tensor,
    y_train: np.ndarray,
    test: torch.Tensor,
    y_test: np.ndarray,
) -> float:
    """As the published sweep: test accuracy of scikit-learn's default ridge classifier on the features."""
    with torch.inference_mode():
        h_train, h_test = (
            torch.cat(
                [module(x[i : i + BATCH]).flatten(1) for i in range(0, len(x), BATCH)]
            ).numpy()
            for x in (train, test)
        )
    return float(RidgeClassifier().fit(h_train, y_train).score(h_test, y_test))


class Trainer:
    """The study's training step: pad, crop and flip on the host, SGD with momentum, decay and clipping."""

    def __init__(
        self,
        module: nn.Sequential,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        batch: int,
    ) -> None:
        self._images = (
            torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float() / 255
        )
        self._labels = torch.from_numpy(labels).long()
        self._batch = batch
        with torch.no_grad():
            width = module(self._images[:2]).flatten(1).shape[1]
        self._module = nn.Sequential(*module, nn.Flatten(), nn.Linear(width, classes)).train()
        self._optimizer = torch.optim.SGD(
            self._module.parameters(), lr=0.1, momentum=0.9, weight_decay=4e-5
        )
        self._rng = torch.Generator().manual_seed(0)

    def steps(self, count: int) -> None:
        """Runs so many steps."""
        for _ in range(count):
            index = torch.randint(len(self._images), (self._batch,), generator=self._rng)
            x = torch.nn.functional.pad(self._images[index], (4, 4, 4, 4))
            size = self._images.shape[-1]
            top, left = torch.randint(0, 9, (2, self._batch), generator=self._rng).tolist()
            x = torch.stack(
                [im[:, t : t + size, s : s + size] for im, t, s in zip(x, top, left, strict=True)]
            )
            flip = torch.rand(self._batch, generator=self._rng) < 0.5
            x[flip] = x[flip].flip(-1)
            loss = nn.functional.cross_entropy(self._module((x - 0.47) / 0.2), self._labels[index])
            self._optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self._module.parameters(), 1.0)
            self._optimizer.step()
