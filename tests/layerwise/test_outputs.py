"""What layers give, batch by batch, against one pass over all images; batch norm calibrated on its images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from randarch.layers import average_to
from randarch.layerwise import curves, saturation, untrained_variables
from randarch.layerwise.outputs import BATCH, layer_outputs
from randarch.networks import GraphModule, Variables
from randarch.spec import Activation, ArchSpec, BatchNorm, Conv, GlobalPool, Linear, sequential
from randarch.training import TrainingImages

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
ARCH = sequential(
    [
        Conv(5, 3),
        BatchNorm(),
        Activation("relu"),
        Conv(6, 3, stride=2),
        GlobalPool("avg"),
        Linear(3),
    ]
)
CONVOLUTIONS = [1, 4]
COUNT = BATCH + 30


@pytest.fixture(scope="module")
def images() -> TrainingImages:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 2 * COUNT)
    x = np.clip(rng.normal(60 + 60 * y[:, None, None, None], 40, (2 * COUNT, 9, 9, 3)), 0, 255)
    x = x.astype(np.uint8)
    return TrainingImages(x[:COUNT], y[:COUNT], x[COUNT:], y[COUNT:], 3, MEAN, STD)


@pytest.fixture(scope="module")
def variables(images: TrainingImages) -> Variables:
    return untrained_variables(ARCH, images, 0, "pytorch")


def whole(
    arch: ArchSpec, variables: Variables, x: np.ndarray, nodes: list[int]
) -> list[np.ndarray]:
    pixels = ((x / 255 - np.array(MEAN)) / np.array(STD)).astype(np.float32)
    found = GraphModule(arch.nodes[1:], tuple(nodes), "running").apply(
        variables, jnp.asarray(pixels)
    )
    return [np.asarray(value) for value in jax.device_get(found)]


def test_batches_give_what_one_pass_gives(images: TrainingImages, variables: Variables) -> None:
    x = np.asarray(images.x_train)
    found = layer_outputs(ARCH, variables, x, CONVOLUTIONS, mean=MEAN, std=STD)
    for values, features, covariance in zip(
        whole(ARCH, variables, x, CONVOLUTIONS), found.features, found.covariances, strict=True
    ):
        pooled = np.asarray(average_to(jnp.asarray(values), 4)).reshape(COUNT, -1)
        np.testing.assert_allclose(features, pooled, rtol=1e-4, atol=1e-5)
        samples = values.reshape(-1, values.shape[-1]).astype(np.float64)
        assert covariance.count == len(samples)
        scale = np.cov(samples.T, ddof=0) * len(samples)
        np.testing.assert_allclose(covariance.scatter, scale, rtol=1e-3, atol=1e-2)


def test_calibrated_batch_norm_gives_channels_of_mean_0_and_variance_1(
    images: TrainingImages, variables: Variables
) -> None:
    (normalised,) = whole(ARCH, variables, np.asarray(images.x_train), [2])
    np.testing.assert_allclose(normalised.mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(normalised.var((0, 1, 2)), 1, rtol=2e-3)


@pytest.mark.parametrize("trained", [True, False])
def test_curves_have_a_value_a_layer(
    trained: bool, images: TrainingImages, variables: Variables
) -> None:
    found = curves(ARCH, variables, images, CONVOLUTIONS, trained=trained)
    assert len(found.saturation) == len(found.probe_accuracy) == 2
    assert min(found.probe_accuracy) > 0.8  # the classes differ in brightness
    assert len(found.probe_gradient) == (2 if trained else 0)
    own = layer_outputs(
        ARCH, variables, np.asarray(images.x_train), CONVOLUTIONS, mean=MEAN, std=STD
    )
    assert found.saturation == tuple(saturation(c) for c in own.covariances)
    nothing = curves(ARCH, variables, images, CONVOLUTIONS, saturations=False, probes=False)
    assert not nothing
