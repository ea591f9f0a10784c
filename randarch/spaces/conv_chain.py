"""Chains of convolutions: each layer has a kernel and a multiplier of the number of feature maps.

The space of Evans, Plested and Gedeon, "Exploring the Correlation Between Random Convolutional
Architectures and the Trained Equivalent".
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from randarch.spaces.space import Genome, InvalidGenomeError, SearchSpace
from randarch.spec import Activation, ArchSpec, BatchNorm, Conv, GraphBuilder, Pool

KERNELS = (3, 5)
QUARTERS = (4, 5, 6)
"""The multipliers 1, 1.25 and 1.5, in quarters: integers keep the floor exact."""

MIN_DEPTH, MAX_DEPTH = 3, 64


def widen(channels: int, multiplier: int) -> int:
    """The width rule: floor(channels * multiplier), the multiplier by its gene."""
    return channels * QUARTERS[multiplier] // 4


@dataclass(frozen=True)
class ConvChain(SearchSpace):
    """Blocks of convolution, ReLU and batch norm, with two 2 x 2 max-poolings at even spacing.

    Layer i has c_i = floor(c_(i-1) * multiplier_i) feature maps. The paper's text gives the first
    convolution 24 maps; its Table V can only come from c_0 = 3, the image's channels. Both are
    here, see `of`. A genome is kernel and multiplier of layer 1, then of layer 2, and so on, as
    indices into `KERNELS` and `QUARTERS`.

    Attributes:
      depth: number of blocks.
      init_channels: c_0 if `scale_first`, c_1 otherwise.
      scale_first: whether layer 1 has a multiplier too; if not, its gene is 0.

    Raises:
      ValueError: a depth outside 3 to 64, or fewer than 1 channel.
    """

    depth: int
    init_channels: int = 3
    scale_first: bool = True

    def __post_init__(self) -> None:
        if type(self.depth) is not int or not MIN_DEPTH <= self.depth <= MAX_DEPTH:
            raise ValueError(
                f"depth is {self.depth!r}; expected an integer from {MIN_DEPTH} to {MAX_DEPTH}"
            )
        if type(self.init_channels) is not int or self.init_channels < 1:
            raise ValueError(f"init_channels is {self.init_channels!r}; expected an integer >= 1")

    @classmethod
    def of(cls, depth: int, init_channels: int = 3) -> "ConvChain":
        """The rule that Table V shows for 3 channels, the text's (layer 1 as given) for others."""
        return cls(depth, init_channels, scale_first=init_channels == 3)

    @property
    def name(self) -> str:
        """`conv_chain_d9_c3`; a suffix marks the rule where it is not the one that `of` takes."""
        usual = self.scale_first == (self.init_channels == 3)
        rule = "" if usual else "_scaled" if self.scale_first else "_fixed"
        return f"conv_chain_d{self.depth}_c{self.init_channels}{rule}"

    @functools.cached_property
    def gene_sizes(self) -> tuple[int, ...]:
        first = len(QUARTERS) if self.scale_first else 1
        return (len(KERNELS), first, *(len(KERNELS), len(QUARTERS)) * (self.depth - 1))

    @property
    def num_architectures(self) -> int:
        """Exact, by counting the widths reached layer by layer."""
        ways = {self.init_channels: 1}
        for multipliers in self.gene_sizes[1::2]:
            after: dict[int, int] = {}
            for channels, count in ways.items():
                for wider in {widen(channels, gene) for gene in range(multipliers)}:
                    # From 4 channels on the multipliers never agree: one state stands for all.
                    state = min(wider, 4)
                    after[state] = after.get(state, 0) + count
            ways = after
        return sum(ways.values()) * len(KERNELS) ** self.depth

    @property
    def pool_after(self) -> tuple[int, int]:
        """The numbers of the two blocks, from 1, that a pooling follows: round(d/3), round(2d/3).

        No multiple of a third lies halfway between integers, so any rounding gives the same.
        """
        return round(self.depth / 3), round(2 * self.depth / 3)

    def channels(self, genome: Genome) -> tuple[int, ...]:
        """The number of feature maps of each layer.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """
        self.validate(genome)
        widths = [self.init_channels]
        for _, multiplier in _layers(genome):
            widths.append(widen(widths[-1], multiplier))
        return tuple(widths[1:])

    def decode(self, genome: Genome) -> ArchSpec:
        graph = GraphBuilder()
        x = graph.input
        for layer, features in enumerate(self.channels(genome), start=1):
            kernel = KERNELS[genome[2 * layer - 2]]
            x = graph.add(Conv(features, kernel), x, name=f"conv{layer}")
            x = graph.add(Activation("relu"), x, name=f"relu{layer}")
            x = graph.add(BatchNorm(), x, name=f"norm{layer}")
            if layer in self.pool_after:
                number = self.pool_after.index(layer) + 1
                x = graph.add(Pool("max", window=2, stride=2), x, name=f"pool{number}")
        return graph.build()

    def encode(self, spec: ArchSpec) -> Genome:
        genome: list[int] = []
        width = self.init_channels
        convolutions = [node.op for node in spec if isinstance(node.op, Conv)]
        for op, multipliers in zip(convolutions, self.gene_sizes[1::2], strict=False):
            genes = [gene for gene in range(multipliers) if widen(width, gene) == op.features]
            if op.kernel not in KERNELS or not genes:
                break
            genome += [KERNELS.index(op.kernel), genes[0]]
            width = op.features
        if len(genome) != self.num_genes or self.decode(tuple(genome)) != spec:
            raise ValueError(
                f"architecture {spec.digest[:12]} is not in {self.name}; expected a graph that"
                " ConvChain.decode builds for the same depth and channels"
            )
        return tuple(genome)

    def canonical(self, genome: Genome) -> Genome:
        self.validate(genome)
        smallest: list[int] = []
        width = self.init_channels
        for kernel, multiplier in _layers(genome):
            wider = widen(width, multiplier)
            while multiplier and widen(width, multiplier - 1) == wider:
                multiplier -= 1
            smallest += (kernel, multiplier)
            width = wider
        return tuple(smallest)

    def multiplicity(self, genome: Genome) -> int:
        total, before = 1, self.init_channels
        for width, values in zip(self.channels(genome), self.gene_sizes[1::2], strict=True):
            total *= sum(widen(before, gene) == width for gene in range(values))
            before = width
        return total

    def enumerate_distinct(self) -> Iterator[Genome]:
        # One entry a layer: the (kernel, multiplier, width) that are still to come there.
        genome: list[int] = []
        pending = [self._choices(0, self.init_channels)]
        while pending:
            choice = next(pending[-1], None)
            del genome[2 * len(pending) - 2 :]
            if choice is None:
                pending.pop()
                continue
            genome += choice[:2]
            if len(pending) == self.depth:
                yield tuple(genome)
            else:
                pending.append(self._choices(len(pending), choice[2]))

    def format(self, genome: Genome) -> str:
        """Kernel x multiplier of each layer: `3x1 5x1.25 3x1.5`."""
        self.validate(genome)
        return " ".join(_word(kernel, multiplier) for kernel, multiplier in _layers(genome))

    def parse(self, text: str) -> Genome:
        genes = {_word(*pair): pair for pair in product(range(len(KERNELS)), range(len(QUARTERS)))}
        words = text.split()
        for number, word in enumerate(words, start=1):
            if word not in genes:
                raise InvalidGenomeError(
                    f"layer {number} of {text!r} is {word!r}; expected one of {', '.join(genes)}"
                )
        genome = tuple(gene for word in words for gene in genes[word])
        self.validate(genome)
        return genome

    def _choices(self, layer: int, width: int) -> Iterator[tuple[int, int, int]]:
        widths = [widen(width, gene) for gene in range(self.gene_sizes[2 * layer + 1])]
        for kernel in range(len(KERNELS)):
            for gene, wider in enumerate(widths):
                if wider not in widths[:gene]:
                    yield kernel, gene, wider


def _layers(genome: Genome) -> Iterator[tuple[int, int]]:
    return zip(genome[::2], genome[1::2], strict=True)


def _word(kernel: int, multiplier: int) -> str:
    return f"{KERNELS[kernel]}x{QUARTERS[multiplier] / 4:g}"
