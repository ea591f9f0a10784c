"""Grids of convolutions: every combination of kernel, stride and dilation, layer by layer.

The space of the blog post "Exploring classification accuracy of convolutional neural network
architectures with random weights": three layers of 36 choices each, without padding.
"""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Literal

from randarch.geometry import Shape, window_count
from randarch.spaces.space import Genome, InvalidGenomeError, SearchSpace, is_ascending
from randarch.spec import ACTIVATIONS, Activation, ArchSpec, Conv, GraphBuilder

MAX_LAYERS = 8
Sides = tuple[int, int]
"""Height and width of a map."""


@dataclass(frozen=True)
class ValidCount:
    """How many architectures of a space suit an input, and why the others do not.

    Attributes:
      total: all of the space; the sum of the other three.
      valid: that suit the input.
      does_not_fit: with a kernel that spans more pixels than its input has.
      too_large: that fit, but have more outputs than allowed.
    """

    total: int
    valid: int
    does_not_fit: int
    too_large: int


@dataclass(frozen=True)
class ConvGrid(SearchSpace):
    """Convolutions with bias, each followed by an activation, all with equally many feature maps.

    A genome is the kernel of every layer, then the stride of every layer, then the dilation of
    every layer, as indices into the tuples of values: the order of the published
    (9,9,7 - 2,2,1 - 2,1,1). A kernel of 1 x 1 has no neighbouring weights to set apart, so that all
    its dilations are one architecture: the graph has dilation 1 and the canonical genome gene 0.

    Whether a network suits an input depends on the input, not on the space: see `invalid_reason`,
    `count_valid` and `valid`. Published: every kernel fits and the output is no larger than the
    input, which 32,021 of the 46,656 pass for images of 96 x 96 x 3.

    Attributes:
      layers: number of convolutions.
      kernels: sides of the kernels.
      strides: of the convolutions.
      dilations: likewise.
      channels: feature maps of every layer.
      activation: of `spec.ACTIVATIONS`.
      padding: "valid" (none) or "same".

    Raises:
      ValueError: layers outside 1 to 8, values that are not distinct integers >= 1 in ascending
        order, fewer than 1 channel, or an unknown activation or padding.
    """

    layers: int = 3
    kernels: tuple[int, ...] = (3, 5, 7, 9)
    strides: tuple[int, ...] = (1, 2, 3)
    dilations: tuple[int, ...] = (1, 2, 3)
    channels: int = 32
    activation: str = "relu"
    padding: Literal["valid", "same"] = "valid"

    def __post_init__(self) -> None:
        if type(self.layers) is not int or not 1 <= self.layers <= MAX_LAYERS:
            raise ValueError(
                f"layers is {self.layers!r}; expected an integer from 1 to {MAX_LAYERS}"
            )
        for name in ("kernels", "strides", "dilations"):
            values = getattr(self, name)
            if not is_ascending(values):
                raise ValueError(
                    f"{name} is {values!r}; expected a tuple of distinct integers >= 1 in"
                    " ascending order, such as (1, 2, 3)"
                )
        if type(self.channels) is not int or self.channels < 1:
            raise ValueError(f"channels is {self.channels!r}; expected an integer >= 1")
        for name, value, known in (
            ("activation", self.activation, ACTIVATIONS),
            ("padding", self.padding, ("valid", "same")),
        ):
            if value not in known:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(known)}")

    @property
    def name(self) -> str:
        """`conv_grid_l3_k3-5-7-9_s1-2-3_d1-2-3_c32_relu_valid`."""
        grid = "_".join(
            letter + "-".join(map(str, values))
            for letter, values in zip("ksd", self._gene_values, strict=True)
        )
        return f"conv_grid_l{self.layers}_{grid}_c{self.channels}_{self.activation}_{self.padding}"

    @functools.cached_property
    def gene_sizes(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self._gene_values for _ in range(self.layers))

    @functools.cached_property
    def gene_names(self) -> tuple[str, ...]:
        """`kernel_1`, `kernel_2`, ..., `stride_1`, ..., `dilation_1`, ..."""
        return tuple(
            f"{kind}_{layer}"
            for kind in ("kernel", "stride", "dilation")
            for layer in range(1, self.layers + 1)
        )

    @property
    def num_architectures(self) -> int:
        return len(self._choices) ** self.layers

    def values(self, genome: Genome) -> dict[str, int]:
        """What each gene stands for, by the gene's name: `{"kernel_1": 9, ...}`.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """
        self.validate(genome)
        kinds = [values for values in self._gene_values for _ in range(self.layers)]
        return {
            name: values[gene]
            for name, values, gene in zip(self.gene_names, kinds, genome, strict=True)
        }

    def from_values(
        self, kernels: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
    ) -> Genome:
        """The genome of these kernels, strides and dilations, one of each a layer.

        Raises:
          InvalidGenomeError: not one of each for every layer, or a value that the space lacks.
        """
        genome: list[int] = []
        kinds = zip(("kernel", "stride", "dilation"), self._gene_values, strict=True)
        for (kind, known), given in zip(kinds, (kernels, strides, dilations), strict=True):
            if len(given) != self.layers:
                raise InvalidGenomeError(
                    f"{len(given)} {kind}s ({given!r}) for {self.name}; expected {self.layers}"
                )
            for layer, value in enumerate(given, start=1):
                if type(value) is not int or value not in known:
                    raise InvalidGenomeError(
                        f"{kind}_{layer} of {self.name} is {value!r}; expected one of"
                        f" {', '.join(map(str, known))}"
                    )
                genome.append(known.index(value))
        return tuple(genome)

    def decode(self, genome: Genome) -> ArchSpec:
        self.validate(genome)
        graph = GraphBuilder()
        x = graph.input
        for number, (kernel, stride, dilation) in enumerate(self._layers(genome), start=1):
            op = Conv(self.channels, kernel, stride, 1 if kernel == 1 else dilation, self.padding)
            x = graph.add(op, x, name=f"conv{number}")
            x = graph.add(Activation(self.activation), x, name=f"act{number}")
        return graph.build()

    def encode(self, spec: ArchSpec) -> Genome:
        convolutions = [node.op for node in spec if isinstance(node.op, Conv)]
        kernels = [op.kernel for op in convolutions]
        strides = [op.stride for op in convolutions]
        dilations = [self.dilations[0] if op.kernel == 1 else op.dilation for op in convolutions]
        try:
            genome = self.from_values(kernels, strides, dilations)
        except InvalidGenomeError:
            genome = None
        if genome is None or self.decode(genome) != spec:
            raise ValueError(
                f"architecture {spec.digest[:12]} is not in {self.name}; expected a graph that"
                " ConvGrid.decode builds for the same parameters"
            )
        return genome

    def canonical(self, genome: Genome) -> Genome:
        self.validate(genome)
        if self.kernels[0] > 1:  # the usual case, and sweeps ask for it often
            return genome
        before = 2 * self.layers
        pairs = zip(genome[: self.layers], genome[before:], strict=True)
        return genome[:before] + tuple(
            0 if self.kernels[kernel] == 1 else dilation for kernel, dilation in pairs
        )

    def multiplicity(self, genome: Genome) -> int:
        self.validate(genome)
        pointwise = sum(self.kernels[kernel] == 1 for kernel in genome[: self.layers])
        return len(self.dilations) ** pointwise

    def enumerate_distinct(self) -> Iterator[Genome]:
        genes = [range(len(values)) for values in self._gene_values]
        for kernels in product(genes[0], repeat=self.layers):
            dilations = [range(1) if self.kernels[one] == 1 else genes[2] for one in kernels]
            for strides in product(genes[1], repeat=self.layers):
                for last in product(*dilations):
                    yield (*kernels, *strides, *last)

    def format(self, genome: Genome) -> str:
        """Kernels - strides - dilations, as published: `9,9,7 - 2,2,1 - 2,1,1`."""
        values = [str(value) for value in self.values(genome).values()]
        kinds = (
            values[start : start + self.layers] for start in range(0, len(values), self.layers)
        )
        return " - ".join(",".join(kind) for kind in kinds)

    def parse(self, text: str) -> Genome:
        kinds = [[word.strip() for word in part.split(",")] for part in text.split("-")]
        if len(kinds) != 3 or not all(
            word.isascii() and word.isdigit() for words in kinds for word in words
        ):
            raise InvalidGenomeError(
                f"genome of {self.name} is {text!r}; expected kernels - strides - dilations, as in"
                f" {self.format((0,) * self.num_genes)!r}"
            )
        kernels, strides, dilations = ([int(word) for word in words] for words in kinds)
        return self.from_values(kernels, strides, dilations)

    def invalid_reason(
        self, genome: Genome, input_shape: Shape, max_ratio: float = 1.0
    ) -> str | None:
        """Why the network does not suit images of (height, width, channels); None if it does.

        Args:
          genome: of the space.
          input_shape: of one image.
          max_ratio: the most numbers in the output for each number in the input; infinite for no
            bound.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
          ValueError: an input shape that is no shape, or a ratio that is not above 0.
        """
        self.validate(genome)
        largest = _largest_output(input_shape, max_ratio)
        sides = input_shape[:2]
        for number, (kernel, stride, dilation) in enumerate(self._layers(genome), start=1):
            after = self._slide(sides, kernel, stride, dilation)
            if after is None:
                return (
                    f"conv{number} spans {_extent(kernel, dilation)} pixels (kernel {kernel},"
                    f" dilation {dilation}) and its input has {sides[0]} x {sides[1]}"
                )
            sides = after
        size = math.prod(sides) * self.channels
        if size > largest:
            return (
                f"the output of {sides[0]} x {sides[1]} x {self.channels} has {size:,} numbers,"
                f" the input {math.prod(input_shape):,}, and max_ratio is {max_ratio:g}"
            )
        return None

    def count_valid(self, input_shape: Shape, max_ratio: float = 1.0) -> ValidCount:
        """Counts architectures that suit the input, exactly and without listing them.

        Layers that leave maps of one size have one future, so that it is counted once a size.
        Arguments and errors as in `invalid_reason`.
        """
        largest = _largest_output(input_shape, max_ratio)

        @functools.cache
        def continuations(layer: int, sides: Sides) -> tuple[int, int]:
            """From a map before a layer on: ways that fit, and those of them that are not large."""
            if layer == self.layers:
                return 1, int(math.prod(sides) * self.channels <= largest)
            after = [self._slide(sides, *choice) for choice in self._choices]
            counts = [continuations(layer + 1, sides) for sides in after if sides is not None]
            return sum(fit for fit, _ in counts), sum(valid for _, valid in counts)

        fit, valid = continuations(0, input_shape[:2])
        total = self.num_architectures
        return ValidCount(total, valid, does_not_fit=total - fit, too_large=fit - valid)

    def valid(self, input_shape: Shape, max_ratio: float = 1.0) -> Iterator[Genome]:
        """Canonical genomes that suit the input, in lexicographic order; lazy.

        It goes through the whole space: for a random subset of a large one, take those of `sample`
        that have no `invalid_reason`. Arguments and errors as there.
        """
        largest = _largest_output(input_shape, max_ratio)
        slide = functools.cache(self._slide)

        def suits(genome: Genome) -> bool:
            sides = input_shape[:2]
            for choice in self._layers(genome):
                after = slide(sides, *choice)
                if after is None:
                    return False
                sides = after
            return math.prod(sides) * self.channels <= largest

        return filter(suits, self.enumerate_distinct())

    @property
    def _gene_values(self) -> tuple[tuple[int, ...], ...]:
        return self.kernels, self.strides, self.dilations

    @functools.cached_property
    def _choices(self) -> tuple[tuple[int, int, int], ...]:
        """Every distinct (kernel, stride, dilation) of a layer."""
        return tuple(
            choice
            for choice in product(self.kernels, self.strides, self.dilations)
            if choice[0] > 1 or choice[2] == self.dilations[0]
        )

    def _layers(self, genome: Genome) -> Iterator[tuple[int, int, int]]:
        """(kernel, stride, dilation) of each layer."""
        count = self.layers
        genes = zip(genome[:count], genome[count : 2 * count], genome[2 * count :], strict=True)
        for kernel, stride, dilation in genes:
            yield self.kernels[kernel], self.strides[stride], self.dilations[dilation]

    def _slide(self, sides: Sides, kernel: int, stride: int, dilation: int) -> Sides | None:
        """The sides of a map after a convolution; None if the kernel does not fit."""
        extent = _extent(kernel, dilation)
        if self.padding == "valid" and extent > min(sides):
            return None
        height, width = (window_count(side, extent, stride, self.padding) for side in sides)
        return height, width


def _extent(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) + 1


def _largest_output(input_shape: Shape, max_ratio: float) -> int | float:
    """The most numbers that the output may have: floor(max_ratio * the input's), or infinity."""
    if len(input_shape) != 3 or any(type(n) is not int or n < 1 for n in input_shape):
        raise ValueError(
            f"input_shape is {input_shape!r}; expected (height, width, channels), integers >= 1"
        )
    if not max_ratio > 0:
        raise ValueError(f"max_ratio is {max_ratio!r}; expected a number above 0, such as 1.0")
    if math.isinf(max_ratio):
        return math.inf
    # The ratio as it was written: 0.29 * 100 is less than 29 in floating point.
    return math.floor(Fraction(str(float(max_ratio))) * math.prod(input_shape))
