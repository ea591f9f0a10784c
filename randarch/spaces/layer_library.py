"""Sequences of layers, each one of a library of layer types.

The space of the paper on structurally randomized networks (CIFAR-100): five layers, each drawn from
ten types, convolutions, poolings and the identity, in any combination.
"""

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from randarch.spaces.space import Genome, InvalidGenomeError, SearchSpace
from randarch.spec import Activation, ArchSpec, Conv, GlobalPool, GraphBuilder, Pool

MAX_LAYERS = 12
IDENTITY = "identity"
CONVOLUTIONS = ("conv1", "conv3", "conv5", "conv7", "conv3d2", "conv5d2")
POOLINGS = ("max2", "max3", "avg3")
LIBRARY = (IDENTITY, *CONVOLUTIONS, *POOLINGS)
"""The published types, in the published order."""

Kind = Literal["identity", "conv", "max", "avg"]

# One word an operation: no leading zeros, and what a dilation leaves as it is has none.
_WORD = re.compile(r"(conv|max|avg)([1-9][0-9]{0,2})(?:d([1-9][0-9]{0,2}))?")
_GRAMMAR = (
    "identity; conv and an odd kernel, then d and a dilation above 1 where the kernel is above 1; or"
    " max or avg and a window above 1; such as conv3, conv5d2, max2 or avg3"
)


def kind(word: str) -> Kind:
    """What a layer type is: `"identity"`, `"conv"` (dilated or not), `"max"` or `"avg"`.

    Raises:
      ValueError: a word that is no layer type.
    """
    op = _operation(word, channels=1)
    if op is None:
        return "identity"
    return "conv" if isinstance(op, Conv) else op.kind


@dataclass(frozen=True)
class LayerLibrary(SearchSpace):
    """Layers one after the other, each of a type of the library, then global average pooling.

    A layer type is a word: `identity`, whose output is its input; `conv5`, a convolution of 5 x 5,
    stride 1, zero-padded to keep the size, with bias and then a PReLU of one slope a channel;
    `conv5d2`, the same with dilation 2; `max3` or `avg3`, pooling of windows of 3 x 3 with stride 2,
    padded ("same") so that any number of poolings leaves at least one pixel. Kernels are odd, as a
    zero-padding on both sides keeps the size for no other.

    A genome has one gene a layer, the index of its type in the library. Every genome is a network.
    An identity adds no node, so that genomes which differ in the places of their identities alone
    are one architecture; no other two genomes are, since no two words are one operation. Nodes are
    named by their layer's number, identities not counted: `conv1`, `prelu1`, `pool2`, and `gap`.

    Attributes:
      layers: number of layers, identities included.
      library: layer types, distinct, in any order.
      channels: feature maps of every convolution.

    Raises:
      ValueError: layers outside 1 to 12, an empty library, a word that is no layer type or is there
        twice, or fewer than 1 channel.
    """

    layers: int = 5
    library: tuple[str, ...] = LIBRARY
    channels: int = 32

    def __post_init__(self) -> None:
        if type(self.layers) is not int or not 1 <= self.layers <= MAX_LAYERS:
            raise ValueError(
                f"layers is {self.layers!r}; expected an integer from 1 to {MAX_LAYERS}"
            )
        if type(self.channels) is not int or self.channels < 1:
            raise ValueError(f"channels is {self.channels!r}; expected an integer >= 1")
        if not isinstance(self.library, tuple) or not self.library:
            raise ValueError(
                f"library is {self.library!r}; expected a tuple of layer types, such as"
                " ('identity', 'conv3', 'max2')"
            )
        for index, word in enumerate(self.library):
            _operation(word, self.channels)
            if word in self.library[:index]:
                raise ValueError(
                    f"library has {word!r} twice, at {self.library.index(word)} and {index};"
                    " expected distinct layer types, leave one out"
                )

    @property
    def name(self) -> str:
        """`layer_library_l5_identity-conv1-conv3_c32`, with all words of the library in order."""
        return f"layer_library_l{self.layers}_{'-'.join(self.library)}_c{self.channels}"

    @functools.cached_property
    def gene_sizes(self) -> tuple[int, ...]:
        return (len(self.library),) * self.layers

    @property
    def num_architectures(self) -> int:
        """Exact: the sequences of other types, as long as there are layers or shorter by identities."""
        if self._identity is None:
            return self.size
        return sum((len(self.library) - 1) ** length for length in range(self.layers + 1))

    def words(self, genome: Genome) -> tuple[str, ...]:
        """The type of every layer.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """
        self.validate(genome)
        return tuple(self.library[gene] for gene in genome)

    def draw(self, count: int, rng: np.random.Generator) -> list[Genome]:
        """So many genomes, uniform and independent: the published procedure, with replacement.

        Genomes are as drawn, not canonical, and may repeat; an architecture comes up as often as it
        has genomes (`multiplicity`). The result depends on the generator's state alone; a longer
        draw begins with the shorter one. For distinct architectures see `sample`.

        Raises:
          ValueError: a count below 0.
        """
        if count < 0:
            raise ValueError(f"{count} genomes asked of {self.name}; expected a count >= 0")
        rows = rng.integers(len(self.library), size=(count, self.layers)).tolist()
        return [tuple(row) for row in rows]

    def decode(self, genome: Genome) -> ArchSpec:
        self.validate(genome)
        graph = GraphBuilder()
        x = graph.input
        others = [gene for gene in genome if gene != self._identity]
        for number, gene in enumerate(others, start=1):
            op = self._operations[gene]
            if isinstance(op, Conv):
                x = graph.add(op, x, name=f"conv{number}")
                x = graph.add(Activation("prelu"), x, name=f"prelu{number}")
            elif isinstance(op, Pool):
                x = graph.add(op, x, name=f"pool{number}")
        graph.add(GlobalPool("avg"), x, name="gap")
        return graph.build()

    def encode(self, spec: ArchSpec) -> Genome:
        layers = [node.op for node in spec if isinstance(node.op, Conv | Pool)]
        missing = self.layers - len(layers)
        genome = None
        if all(op in self._operations for op in layers) and missing >= 0:
            others = tuple(self._operations.index(op) for op in layers)
            if self._identity is not None:
                genome = self._smallest((self._identity,) * missing + others)
            elif not missing:
                genome = others
        if genome is None or self.decode(genome) != spec:
            raise ValueError(
                f"architecture {spec.digest[:12]} is not in {self.name}; expected a graph that"
                " LayerLibrary.decode builds for the same parameters"
            )
        return genome

    def canonical(self, genome: Genome) -> Genome:
        self.validate(genome)
        return self._smallest(genome)

    def multiplicity(self, genome: Genome) -> int:
        """The places that the identities can take: a binomial coefficient."""
        self.validate(genome)
        return math.comb(self.layers, sum(gene == self._identity for gene in genome))

    def enumerate_distinct(self) -> Iterator[Genome]:
        return self._continue(())

    def format(self, genome: Genome) -> str:
        """The layer types, in order: `conv3 - conv7 - max3 - max3 - conv5d2`."""
        return " - ".join(self.words(genome))

    def parse(self, text: str) -> Genome:
        words = [word.strip() for word in text.split("-")]
        for number, word in enumerate(words, start=1):
            if word not in self.library:
                raise InvalidGenomeError(
                    f"layer {number} of {text!r} is {word!r}; expected one of"
                    f" {', '.join(self.library)}, with ' - ' between layers"
                )
        genome = tuple(self.library.index(word) for word in words)
        self.validate(genome)
        return genome

    @functools.cached_property
    def _identity(self) -> int | None:
        """The gene of the identity; None for a library without it."""
        return self.library.index(IDENTITY) if IDENTITY in self.library else None

    @functools.cached_property
    def _operations(self) -> tuple[Conv | Pool | None, ...]:
        """What each gene adds to the graph, None for the identity."""
        return tuple(_operation(word, self.channels) for word in self.library)

    def _smallest(self, genome: Genome) -> Genome:
        """All identities at once, before the first larger gene; for beginnings of genomes too.

        No gene comes later that way that could come earlier, and the others keep their order.
        """
        identity = self._identity
        if identity is None or identity not in genome:
            return genome
        others = [gene for gene in genome if gene != identity]
        place = next((i for i, gene in enumerate(others) if gene > identity), len(others))
        identities = (identity,) * (len(genome) - len(others))
        return (*others[:place], *identities, *others[place:])

    def _continue(self, begun: Genome) -> Iterator[Genome]:
        """Canonical genomes that begin so; a beginning of one is itself the smallest of its kind."""
        if len(begun) == self.layers:
            yield begun
            return
        for gene in range(len(self.library)):
            longer = (*begun, gene)
            if self._smallest(longer) == longer:
                yield from self._continue(longer)


def _operation(word: str, channels: int) -> Conv | Pool | None:
    """What a layer type adds to the graph; the activation follows a convolution by itself."""
    if word == IDENTITY:
        return None
    found = _WORD.fullmatch(word) if isinstance(word, str) else None
    hint = ""
    if found:
        name, size, dilated = found[1], int(found[2]), found[3] is not None
        dilation = int(found[3]) if dilated else 1
        no_effect = dilated and (size == 1 or dilation == 1)
        if name == "conv" and size % 2 and not no_effect:
            return Conv(channels, size, dilation=dilation)
        if name != "conv" and size > 1 and not dilated:
            return Pool("max" if name == "max" else "avg", size)
        if name == "conv" and size % 2:
            hint = f"; it is conv{size}, write that"
    raise ValueError(f"layer type {word!r} is unknown{hint}; expected {_GRAMMAR}")
