"""Images a second of a network's forward pass: measured, and predicted from its geometry.

The two are different quantities: what is measured belongs to one machine, one batch size and one
compiled program; what is predicted comes from a model fitted to such measurements.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize

from randarch import geometry
from randarch.geometry import Geometry, Shape
from randarch.networks import GraphModule, Variables, draw_weights, gather_variables, network
from randarch.spec import ArchSpec

MIN_MEASUREMENTS = 8
"""Networks that a model is fitted to, at least; it has five coefficients."""


@dataclass(frozen=True)
class Throughput:
    """What was measured of one network.

    Attributes:
      images_per_second: the batch over the median of `seconds`.
      batch: images a call.
      repeats: timed calls.
      seconds: wall time of each of them, from dispatch until the result is there.
      compile_seconds: spent waiting for the program; next to nothing if it was there already.
    """

    images_per_second: float
    batch: int
    repeats: int
    seconds: tuple[float, ...]
    compile_seconds: float


def measure_throughput(
    arch: ArchSpec,
    input_shape: Shape,
    *,
    batch: int = 250,
    repeats: int = 5,
    precision: str = "default",
    compile: Callable[..., Callable[..., Any]],
) -> Throughput:
    """Times the forward pass of the whole network, compiled as one program, after a warm-up call.

    Weights (those of seed 0) and images (float32 noise) are on the device before the clock starts.
    Nothing else should run meanwhile.

    Args:
      arch: the network; batch norm takes its stored statistics, as at inference.
      input_shape: (height, width, channels) of an image.
      batch: images a call.
      repeats: calls to time.
      precision: of products, as JAX names it.
      compile: `compile(function, static, *args)` compiles `function(static, *args)`, as
        `ProgramCache.get`.

    Raises:
      GeometryError: a network that does not fit the images.
      ValueError: a batch or repeats below 1.
    """
    if batch < 1 or repeats < 1:
        raise ValueError(f"batch {batch} and repeats {repeats}; expected at least 1 of each")
    shapes = [node.shape for node in geometry.analyze(arch, input_shape).nodes]
    weights = gather_variables(draw_weights(arch, shapes, (0,)), 1, len(arch) - 1)
    variables = jax.tree.map(lambda drawn: jnp.asarray(drawn[0]), weights)
    noise = np.random.default_rng(0).random((batch, *input_shape), dtype=np.float32)
    args = jax.block_until_ready((variables, jnp.asarray(noise)))
    module = network(arch, batch_norm="running", precision=precision)

    start = time.perf_counter()
    program = compile(_forward, module, *args)
    compile_seconds = time.perf_counter() - start
    jax.block_until_ready(program(*args))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(program(*args))
        seconds.append(time.perf_counter() - start)
    rate = batch / statistics.median(seconds)
    return Throughput(rate, batch, repeats, tuple(seconds), compile_seconds)


def _forward(
    module: GraphModule, variables: Variables, images: Float[Array, "n h w c"]
) -> Float[Array, "n h2 w2 c2"]:
    outputs: Any = module.apply(variables, images)
    return outputs[0]


@dataclass(frozen=True)
class ThroughputModel:
    """Seconds an image as a sum of costs, none of them negative, fitted to measured networks.

    Attributes:
      seconds_per_mac: for each multiply-add of convolutions and linear layers.
      seconds_per_window_mac: for each multiply-add where the gaps of dilated kernels count along
        one direction, as windows of pixels on a CPU hold them.
      seconds_per_read: for each number that a product reads: the patches of a convolution, as
        often as they overlap, or the input of a linear layer.
      seconds_per_output: for each number that a node puts out.
      seconds_per_image: what every image costs, whatever the network.
      networks: how many it was fitted to.
      median_relative_error: of images a second, each network predicted by a model fitted to the
        others.
    """

    seconds_per_mac: float
    seconds_per_window_mac: float
    seconds_per_read: float
    seconds_per_output: float
    seconds_per_image: float
    networks: int
    median_relative_error: float

    @classmethod
    def fit(
        cls,
        geometries: Sequence[Geometry],
        images_per_second: Sequence[float] | Float[np.ndarray, " n"],
    ) -> "ThroughputModel":
        """The costs with the least squared relative error of the seconds an image.

        Where two of the costs cannot be told apart, because they grow alike over the networks, one
        of them takes it all: predictions hold for networks of the same kind.

        Args:
          geometries: of the measured networks, on the input that they were measured with.
          images_per_second: measured with one batch size, on one machine.

        Raises:
          ValueError: fewer than 8 networks, not one rate for each, or a rate that is not a finite
            number above 0.
        """
        rates = np.asarray(images_per_second, dtype=np.float64)
        if len(geometries) != len(rates) or len(rates) < MIN_MEASUREMENTS:
            raise ValueError(
                f"{len(geometries)} networks and {len(rates)} rates; expected one rate for each of"
                f" at least {MIN_MEASUREMENTS} networks: measure more"
            )
        if not (np.isfinite(rates) & (rates > 0)).all():
            raise ValueError(
                f"images_per_second has {rates.min()} to {rates.max()}; expected finite numbers"
                " above 0"
            )
        costs = np.array([_quantities(one) for one in geometries]) * rates[:, None]
        everyone = np.arange(len(rates))
        # A row is a network's share of its own time, so that the target is 1 and the residual the
        # relative error.
        left_out = [
            float(costs[one] @ _fit_shares(costs[everyone != one])) for one in range(len(rates))
        ]
        with np.errstate(divide="ignore"):
            errors = np.abs(1 / np.array(left_out) - 1)
        mac, window_mac, read, output, image = _fit_shares(costs).tolist()
        error = float(np.median(errors))
        return cls(mac, window_mac, read, output, image, len(rates), error)

    def predict(self, geometry: Geometry) -> float:
        """Images a second of a network, on the input that its geometry was analysed for.

        Raises:
          ValueError: a network to which the model gives no time at all, having been fitted to
            others whose outputs cost nothing.
        """
        coefficients = (
            self.seconds_per_mac,
            self.seconds_per_window_mac,
            self.seconds_per_read,
            self.seconds_per_output,
            self.seconds_per_image,
        )
        seconds = float(np.dot(_quantities(geometry), coefficients))
        if not seconds > 0:
            raise ValueError(
                f"a network of {geometry.macs:,} multiply-adds takes {seconds} s by this model;"
                " expected some time: fit the model to networks like it"
            )
        return 1 / seconds


def _quantities(geometry: Geometry) -> tuple[float, ...]:
    """What each coefficient of the model is for, in their order, for one image."""
    nodes = geometry.nodes[1:]  # without the input
    return (
        float(geometry.macs),
        float(sum(node.window_macs for node in nodes)),
        # Each number that is read meets every feature: that is what multiply-adds are.
        float(sum(node.macs // node.shape[2] for node in nodes)),
        float(sum(node.size for node in nodes)),
        1.0,
    )


def _fit_shares(costs: Float[np.ndarray, "n p"]) -> Float[np.ndarray, " p"]:
    """The x >= 0 with the least |costs x - 1|^2."""
    scale = costs.max(axis=0)  # the columns differ by many orders of magnitude
    scale[scale == 0] = 1.0
    solution, _ = optimize.nnls(costs / scale, np.ones(len(costs)))
    return solution / scale
