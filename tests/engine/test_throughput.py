"""Throughput: what is timed, and how well costs are recovered from it."""

import statistics
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from scipy.optimize import nnls

from randarch.engine.programs import ProgramCache
from randarch.engine.throughput import (
    MIN_MEASUREMENTS,
    Throughput,
    ThroughputModel,
    measure_throughput,
)
from randarch.geometry import Geometry, GeometryError, analyze
from randarch.spec import (
    Activation,
    ArchSpec,
    BatchNorm,
    Conv,
    GlobalPool,
    Identity,
    Linear,
    sequential,
)
from tests.engine.small import chain

SHAPE = (8, 8, 3)


class Clock:
    """A clock that stands still but for what tests let pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Late:
    """A result that is not there yet: waiting for it takes `seconds` of the clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def block_until_ready(self) -> "Late":
        self._clock.now += self._seconds
        return self


def test_a_network_is_measured() -> None:
    cache = ProgramCache()
    measured = measure_throughput(chain(3), SHAPE, batch=6, repeats=3, compile=cache.get)
    assert (measured.batch, measured.repeats, len(measured.seconds)) == (6, 3, 3)
    assert all(seconds > 0 for seconds in measured.seconds)
    assert measured.images_per_second == 6 / statistics.median(measured.seconds)
    assert measured.compile_seconds > 0
    assert cache.total.programs == 1
    again = measure_throughput(chain(3), SHAPE, batch=6, repeats=3, compile=cache.get)
    assert cache.total.programs == 1
    assert again.compile_seconds < measured.compile_seconds


def test_the_warm_up_and_compilation_are_not_timed_and_waiting_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr("randarch.engine.throughput.time", clock)
    waits = [64.0, 1.0, 16.0, 4.0]  # the first call is the warm-up
    calls: list[tuple[Any, ...]] = []

    def program(*args: Any) -> Late:
        calls.append(args)
        clock.now += 0.5  # dispatch
        return Late(clock, waits[len(calls) - 1])

    def compile(function: Callable[..., Any], static: Any, *args: Any) -> Callable[..., Any]:
        clock.now += 256.0
        return program

    measured = measure_throughput(chain(3), SHAPE, batch=9, repeats=3, compile=compile)
    assert measured == Throughput(9 / 4.5, 9, 3, (1.5, 16.5, 4.5), compile_seconds=256.0)
    assert len(calls) == 4
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(calls))


def test_the_program_is_the_whole_network() -> None:
    """Its output, on the images and weights that are passed, against NumPy in float64."""
    arch = sequential([Conv(5, 3), BatchNorm(), Activation("relu"), GlobalPool(), Linear(4)])
    seen: dict[str, Any] = {}

    def compile(function: Callable[..., Any], static: Any, *args: Any) -> Callable[..., Any]:
        seen.update(static=static, args=args, out=function(static, *args))
        return lambda *args: seen["out"]

    measure_throughput(arch, SHAPE, batch=7, repeats=1, precision="highest", compile=compile)
    variables, images = seen["args"]
    assert (images.shape, images.dtype) == ((7, *SHAPE), np.float32)
    assert 0 <= float(images.min()) < float(images.max()) < 1
    hash(seen["static"])  # keys the cache
    assert seen["static"].precision == "highest"
    kernel, bias = (np.asarray(v, np.float64) for v in _layer(variables, 0))
    padded = np.pad(np.asarray(images, np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    features = np.einsum("nhwcij,ijcf->nhwf", windows, kernel) + bias
    # Batch norm takes its stored statistics, which are mean 0 and variance 1.
    pooled = np.maximum(features / np.sqrt(1 + 1e-5), 0).mean(axis=(1, 2))
    weights, offset = (np.asarray(v, np.float64) for v in _layer(variables, 4))
    expected = (pooled @ weights + offset)[:, None, None, :]
    np.testing.assert_allclose(np.asarray(seen["out"]), expected, rtol=1e-4, atol=1e-5)


def _layer(variables: Any, position: int) -> tuple[Any, Any]:
    layer = variables["params"][f"node.{position}"]["layer"]
    return layer["kernel"], layer["bias"]


def test_a_network_of_a_thousand_times_the_work_is_not_ten_times_as_fast() -> None:
    cache = ProgramCache()

    def measure(arch: ArchSpec) -> Throughput:
        return measure_throughput(arch, (32, 32, 3), batch=20, compile=cache.get)

    small, large = chain(3, features=2), chain(5, 5, features=32)
    assert measure(large).images_per_second < 10 * measure(small).images_per_second


@pytest.mark.parametrize(("batch", "repeats"), [(0, 1), (1, 0), (-3, 5)])
def test_nothing_to_time_is_refused(batch: int, repeats: int) -> None:
    with pytest.raises(ValueError, match=f"batch {batch} and repeats {repeats}; expected"):
        measure_throughput(chain(3), SHAPE, batch=batch, repeats=repeats, compile=print)


def test_a_network_that_does_not_fit_is_refused_before_compiling() -> None:
    with pytest.raises(GeometryError, match="does not fit"):
        measure_throughput(sequential([Conv(4, 9, padding="valid")]), SHAPE, compile=print)


def geometries(count: int) -> list[Geometry]:
    """Networks of two convolutions, of which no cost is a combination of the others."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        ops = [
            Conv(int(rng.integers(2, 64)), *(int(rng.integers(1, high)) for high in (8, 4, 4)))
            for _ in range(2)
        ]
        found.append(analyze(sequential([ops[0], Activation(), ops[1]]), (32, 32, 3)))
    return found


def quantities(geometry: Geometry) -> list[float]:
    """Of two convolutions, from shapes and receptive fields: multiply-adds, without and with gaps
    along one direction, numbers in patches, outputs, images."""
    (image, first, _, second) = (node.shape for node in geometry.nodes)
    macs, with_gaps, patches = [], [], []
    for read, source, node in ((image, *geometry.nodes[:2]), (first, *geometry.nodes[2:])):
        features = node.shape[2]
        kernel_area = round((node.params / features - 1) / read[2])  # a bias for each feature
        extent = 1 + (node.receptive_field_max - source.receptive_field_max) / source.jump
        patches.append(node.shape[0] * node.shape[1] * kernel_area * read[2])
        macs.append(patches[-1] * features)
        with_gaps.append(macs[-1] * extent / kernel_area**0.5)
    outputs = 2 * np.prod(first) + np.prod(second)
    return [float(sum(macs)), sum(with_gaps), float(sum(patches)), float(outputs), 1.0]


@pytest.mark.parametrize(
    "seconds",
    [
        (1e-11, 2e-11, 3e-10, 2e-10, 4e-5),
        (2e-11, 0.0, 0.0, 5e-10, 1e-5),
        (0.0, 0.0, 0.0, 0.0, 1e-3),
    ],
)
def test_costs_are_recovered_from_times_that_are_their_sums(seconds: tuple[float, ...]) -> None:
    networks = geometries(30)
    rates = [1 / float(np.dot(quantities(one), seconds)) for one in networks]
    model = ThroughputModel.fit(networks, rates)
    found = (
        model.seconds_per_mac,
        model.seconds_per_window_mac,
        model.seconds_per_read,
        model.seconds_per_output,
        model.seconds_per_image,
    )
    np.testing.assert_allclose(found, seconds, rtol=1e-6, atol=1e-20)
    assert model.networks == 30
    assert model.median_relative_error < 1e-6
    new = geometries(40)[-1]
    assert model.predict(new) == pytest.approx(1 / np.dot(quantities(new), seconds), rel=1e-6)


def noisy_rates(networks: list[Geometry]) -> np.ndarray:
    """Rates whose best fit without bounds would have a negative cost."""
    rng = np.random.default_rng(3)
    costs = np.array([quantities(one) for one in networks])
    seconds = costs @ np.array([2e-11, 1e-11, -3e-11, 1e-10, 1e-5])
    return 1 / (seconds * np.exp(rng.normal(0, 0.02, len(networks))))


def test_the_fit_is_scipys_on_relative_errors() -> None:
    networks = geometries(25)
    rates = noisy_rates(networks)
    rows = np.array([quantities(one) for one in networks]) * rates[:, None]
    scale = rows.max(axis=0)
    free = np.linalg.lstsq(rows / scale, np.ones(25), rcond=None)[0]
    assert free.min() < 0  # or the bounds would not be tested
    expected = nnls(rows / scale, np.ones(25))[0] / scale
    model = ThroughputModel.fit(networks, rates)
    for one in networks:
        assert model.predict(one) == pytest.approx(1 / np.dot(quantities(one), expected))


def test_the_error_is_that_of_networks_left_out() -> None:
    networks = geometries(MIN_MEASUREMENTS + 3)
    rates = noisy_rates(networks)
    model = ThroughputModel.fit(networks, rates)
    errors = []
    for left_out, rate in enumerate(rates):
        others = [i for i in range(len(rates)) if i != left_out]
        refit = ThroughputModel.fit([networks[i] for i in others], rates[others])
        errors.append(abs(refit.predict(networks[left_out]) / rate - 1))
    assert model.median_relative_error == pytest.approx(statistics.median(errors))


def test_costs_that_cannot_be_told_apart_still_predict() -> None:
    """In networks of one width every number that is read meets as many features."""

    def network(kernel: int, stride: int) -> Geometry:
        return analyze(sequential([Conv(16, kernel, stride)]), (24, 24, 3))

    grid = [(kernel, stride) for kernel in range(1, 8) for stride in (1, 2, 3)]
    networks = [network(*one) for one in grid]
    model = ThroughputModel.fit(networks, [1 / (1e-11 * one.macs + 1e-6) for one in networks])
    new = network(9, 1)
    assert model.predict(new) == pytest.approx(1 / (1e-11 * new.macs + 1e-6))


def test_too_few_or_meaningless_measurements_are_refused() -> None:
    networks = geometries(MIN_MEASUREMENTS)
    rates = [100.0] * MIN_MEASUREMENTS
    ThroughputModel.fit(networks, rates)
    few = MIN_MEASUREMENTS - 1
    with pytest.raises(ValueError, match=f"{few} networks and {few} rates; .*at least 8"):
        ThroughputModel.fit(networks[:few], rates[:few])
    with pytest.raises(ValueError, match=f"{MIN_MEASUREMENTS} networks and {few} rates"):
        ThroughputModel.fit(networks, rates[:few])
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="expected finite numbers above 0"):
            ThroughputModel.fit(networks, [*rates[:few], bad])


def test_a_network_without_any_of_the_costs_is_refused() -> None:
    model = ThroughputModel(1e-11, 1e-11, 1e-10, 0.0, 0.0, networks=9, median_relative_error=0.1)
    with pytest.raises(ValueError, match=r"0 multiply-adds takes 0\.0 s"):
        model.predict(analyze(sequential([Identity()]), SHAPE))
