"""The usual procedure, for comparison: PyTorch and scikit-learn, one network and one seed at a time."""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from torch import nn

from randarch import spec
from randarch.spec import ArchSpec

BATCH = 250


class SamePool(nn.Module):
    """Pooling that leaves ceil(size / stride) pixels, an odd extra one of padding at the bottom and right.

    Averages count only pixels inside the image.
    """

    def __init__(self, kind: str, window: int, stride: int) -> None:
        super().__init__()
        self.kind, self.window, self.stride = kind, window, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        window, stride = self.window, self.stride
        overhang = [max((-(-n // stride) - 1) * stride + window - n, 0) for n in x.shape[2:]]
        # With ceil_mode the last window may go over the edge: that is the extra pixel.
        padding = [pixels // 2 for pixels in overhang]
        if self.kind == "max":
            return nn.functional.max_pool2d(x, window, stride, padding, ceil_mode=True)
        return nn.functional.avg_pool2d(
            x, window, stride, padding, ceil_mode=True, count_include_pad=False
        )


def chain(arch: ArchSpec, channels: int, threads: int, seed: int) -> nn.Sequential:
    """A sequential graph as a PyTorch module with PyTorch's default weights.

    A linear layer is supported on one pixel, after global pooling; there it gives `[batch, features]`.

    Raises:
      ValueError: for an operation that the studied chains do not have.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    before: spec.Operation = spec.Input()
    for node in arch.nodes[1:]:
        match node.op:
            case spec.Conv(features=features, padding=("same" | "valid") as padding) as op if (
                padding == "valid" or op.stride == 1
            ):
                layers.append(
                    nn.Conv2d(
                        channels,
                        features,
                        op.kernel,
                        op.stride,
                        padding,
                        op.dilation,
                        op.groups,
                        op.bias,
                    )
                )
                channels = features
            case spec.Activation(kind="relu"):
                layers.append(nn.ReLU())
            case spec.Activation(kind="prelu"):
                layers.append(nn.PReLU(channels))
            case spec.BatchNorm():
                layers.append(nn.BatchNorm2d(channels))
            case spec.Pool(kind=kind, window=window, stride=stride, padding="same") if (
                stride > 1 or window % 2
            ):
                layers.append(SamePool(kind, window, stride))
            case spec.Pool(kind=kind, window=window, stride=stride, padding="valid"):
                pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
                layers.append(pool(window, stride))
            case spec.GlobalPool(kind="avg"):
                layers.append(nn.AdaptiveAvgPool2d(1))
            case spec.Linear(features=features, bias=bias) if isinstance(before, spec.GlobalPool):
                layers += [nn.Flatten(), nn.Linear(channels, features, bias)]
            case other:
                raise ValueError(
                    f"{other!r} is not supported here; expected Conv ('valid', or 'same' with stride 1),"
                    " ReLU, PReLU, BatchNorm, Pool ('valid' or 'same'), or GlobalPool('avg') and then Linear"
                )
        before = node.op
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
    """The study's training step: pad, crop and flip on the host, SGD with momentum, decay and clipping (0: none)."""

    def __init__(
        self,
        module: nn.Sequential,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        batch: int,
        rate: float = 0.1,
        decay: float = 4e-5,
        clip: float = 1.0,
    ) -> None:
        self._images = (
            torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float() / 255
        )
        self._labels = torch.from_numpy(labels).long()
        self._batch, self._clip = batch, clip
        with torch.no_grad():
            width = module(self._images[:2]).flatten(1).shape[1]
        self._module = nn.Sequential(*module, nn.Flatten(), nn.Linear(width, classes)).train()
        self._optimizer = torch.optim.SGD(
            self._module.parameters(), lr=rate, momentum=0.9, weight_decay=decay
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
            if self._clip:
                nn.utils.clip_grad_norm_(self._module.parameters(), self._clip)
            self._optimizer.step()

    def classes(self, images: torch.Tensor) -> np.ndarray:
        """What the network says of images that are normalised already."""
        with torch.inference_mode():
            parts = [
                self._module(images[i : i + BATCH]).argmax(1) for i in range(0, len(images), BATCH)
            ]
        return torch.cat(parts).numpy()
