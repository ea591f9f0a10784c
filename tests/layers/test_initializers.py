"""Weight distributions against their densities, from both sources of random numbers."""

from collections.abc import Callable

import jax
import numpy as np
import pytest
from scipy import stats

from randarch import networks
from randarch.layers.initializers import (
    INITIALIZERS,
    PRELU_SLOPE,
    TRUNCATED_STD,
    JaxSource,
    NumPySource,
    Source,
    check_initializer,
    draw_bias,
    draw_kernel,
)
from randarch.spec import Activation

SHAPE = (3, 3, 32, 64)
FAN_IN = 3 * 3 * 32

Make = Callable[[int], Source]
SOURCES: dict[str, Make] = {
    "NumPy": lambda seed: NumPySource(np.random.default_rng(seed)),
    "JAX": lambda seed: JaxSource(jax.random.key(seed)),
}
DENSITIES = {
    "pytorch": stats.uniform(-(FAN_IN**-0.5), 2 * FAN_IN**-0.5),
    "he": stats.norm(0, (2 / FAN_IN) ** 0.5),
    "he_prelu": stats.norm(0, (2 / (1.0625 * FAN_IN)) ** 0.5),
    "lecun": stats.truncnorm(-2, 2, scale=FAN_IN**-0.5 / TRUNCATED_STD),
}
VARIANCES = {
    "pytorch": 1 / (3 * FAN_IN),
    "he": 2 / FAN_IN,
    "he_prelu": 2 / (1.0625 * FAN_IN),
    "lecun": 1 / FAN_IN,
}

both_sources = pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())


@both_sources
@pytest.mark.parametrize("name", DENSITIES)
def test_kernels_have_the_density_of_their_name(name: str, make: Make) -> None:
    kernel = np.asarray(draw_kernel(name, make(1), SHAPE))
    assert kernel.shape == SHAPE
    assert kernel.dtype == np.float32
    assert stats.kstest(kernel.ravel(), DENSITIES[name].cdf).pvalue > 1e-3


@both_sources
@pytest.mark.parametrize("name", VARIANCES)
def test_variance_follows_the_fan_in(name: str, make: Make) -> None:
    values = np.asarray(draw_kernel(name, make(2), SHAPE), np.float64).ravel()
    wanted = VARIANCES[name]
    # Five standard errors; the fourth moment of none of the densities is above the normal one's.
    error = 5 * wanted * (2 / values.size) ** 0.5
    assert values.var() == pytest.approx(wanted, abs=error)
    assert abs(values.mean()) < 5 * (wanted / values.size) ** 0.5


@both_sources
def test_he_before_prelu_keeps_the_mean_square(make: Make) -> None:
    """What it is for (He et al. 2015): a layer keeps the mean square, which `he` raises by 6 %."""
    fan_in, features = 16, 200_000
    x = np.ones(fan_in)  # of mean square 1
    for name, growth in (("he_prelu", 1.0), ("he", 1.0625)):
        y = x @ np.asarray(draw_kernel(name, make(9), (fan_in, features)), np.float64)
        z = np.maximum(y, 0) + PRELU_SLOPE * np.minimum(y, 0)
        # Five standard errors: the fourth moment is 6 (1 + a^4) / (1 + a^2)^2 squares of the second.
        error = 5 * growth * (4.34 / features) ** 0.5
        assert (z**2).mean() == pytest.approx(growth, abs=error), name
        assert error < 0.03


def test_prelu_begins_with_the_slope_that_its_initialiser_assumes() -> None:
    drawn = networks.draw_node(
        np.random.default_rng(0), Activation("prelu"), [(4, 4, 3)], "he_prelu"
    )
    np.testing.assert_array_equal(drawn["params"]["slope"], np.full(3, PRELU_SLOPE, np.float32))


def test_the_two_sources_agree_in_distribution() -> None:
    for name in INITIALIZERS:
        drawn = [np.asarray(draw_kernel(name, make(3), SHAPE)).ravel() for make in SOURCES.values()]
        assert stats.ks_2samp(*drawn).pvalue > 1e-3, name


@both_sources
def test_bounds_are_kept_and_reached(make: Make) -> None:
    bounds = {"pytorch": FAN_IN**-0.5, "lecun": 2 * FAN_IN**-0.5 / TRUNCATED_STD}
    for name, bound in bounds.items():
        largest = np.abs(np.asarray(draw_kernel(name, make(4), SHAPE))).max()
        assert 0.99 * bound < largest <= bound * (1 + 1e-6), name


@both_sources
@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (1, 1, 4, 16), (2, 2, 4, 16), (20, 5)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...], make: Make) -> None:
    matrix = np.asarray(draw_kernel("orthogonal", make(5), shape)).reshape(-1, shape[-1])
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(tall.T @ tall, np.eye(tall.shape[1]), atol=1e-5)


@both_sources
def test_orthogonal_kernels_are_uniform_over_the_group(make: Make) -> None:
    # Haar measure in 3 dimensions: each entry is uniform in [-1, 1] (Archimedes), and rotations
    # and reflections are equally likely.
    source = make(6)
    drawn = np.array([np.asarray(draw_kernel("orthogonal", source, (3, 3))) for _ in range(300)])
    for row, column in ((0, 0), (1, 1), (2, 1)):
        assert stats.kstest(drawn[:, row, column], stats.uniform(-1, 2).cdf).pvalue > 1e-3
    reflections = int((np.linalg.det(drawn) < 0).sum())
    assert stats.binomtest(reflections, len(drawn)).pvalue > 1e-3


@both_sources
def test_biases_are_uniform_for_pytorch_and_zero_else(make: Make) -> None:
    bias = np.asarray(draw_bias("pytorch", make(7), 5000, FAN_IN))
    assert stats.kstest(bias, DENSITIES["pytorch"].cdf).pvalue > 1e-3
    assert bias.dtype == np.float32
    for name in set(INITIALIZERS) - {"pytorch"}:
        np.testing.assert_array_equal(draw_bias(name, make(7), 5, FAN_IN), np.zeros(5))


def test_pytorch_draws_from_the_same_distribution() -> None:
    torch = pytest.importorskip("torch")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        conv = torch.nn.Conv2d(32, 64, 3)
        dense = torch.nn.Linear(FAN_IN, 5000)
    for values in (conv.weight, dense.weight, dense.bias):
        drawn = values.detach().numpy().ravel()[:20_000]
        assert stats.kstest(drawn, DENSITIES["pytorch"].cdf).pvalue > 1e-3


@both_sources
def test_every_draw_is_fresh_and_repeatable(make: Make) -> None:
    source, again = make(8), make(8)
    first = [np.asarray(draw_kernel("he", source, (4, 4))) for _ in range(2)]
    assert np.abs(first[0] - first[1]).max() > 0
    for value in first:
        np.testing.assert_array_equal(value, np.asarray(draw_kernel("he", again, (4, 4))))


def test_an_unknown_name_is_refused() -> None:
    source = SOURCES["NumPy"](0)
    for call in (
        lambda: check_initializer("xavier"),
        lambda: draw_kernel("xavier", source, (2, 2)),
        lambda: draw_bias("xavier", source, 2, 2),
    ):
        with pytest.raises(ValueError, match=r"'xavier'.*pytorch, he, he_prelu, lecun, orthogonal"):
            call()
