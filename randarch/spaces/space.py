"""What every search space offers: genomes in and out of graphs, counted, sampled and varied.

A genome is a tuple of small integers, one a gene. Several genomes may decode to one architecture;
the lexicographically smallest is its canonical genome. A space defines the abstract members; the
rest follows from them.
"""

import abc
import math
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import numpy as np

from randarch.spec import ArchSpec

Genome = tuple[int, ...]

_BATCH = 256  # genomes a draw; fixed, so that a longer sample begins with the shorter one


class InvalidGenomeError(ValueError):
    """A genome that a space does not have; says which gene, its value and what was expected."""


class SearchSpace(abc.ABC):
    """A finite set of architectures, each written as one or several genomes."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """A short identifier, different for spaces with different parameters."""

    @property
    @abc.abstractmethod
    def gene_sizes(self) -> tuple[int, ...]:
        """How many values each gene takes: gene i is one of 0, ..., gene_sizes[i] - 1."""

    @property
    @abc.abstractmethod
    def num_architectures(self) -> int:
        """How many distinct architectures there are, exactly."""

    @abc.abstractmethod
    def decode(self, genome: Genome) -> ArchSpec:
        """The architecture of a genome: the features, without a classifier.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """

    @abc.abstractmethod
    def encode(self, spec: ArchSpec) -> Genome:
        """The canonical genome of an architecture.

        Raises:
          ValueError: a graph that no genome of the space decodes to.
        """

    @abc.abstractmethod
    def canonical(self, genome: Genome) -> Genome:
        """The smallest genome of the same architecture: `encode(decode(genome))`, but cheap.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """

    @abc.abstractmethod
    def multiplicity(self, genome: Genome) -> int:
        """How many genomes, with this one, decode to its architecture.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """

    @abc.abstractmethod
    def enumerate_distinct(self) -> Iterator[Genome]:
        """Canonical genomes in lexicographic order, each architecture once; lazy."""

    @abc.abstractmethod
    def format(self, genome: Genome) -> str:
        """A text for people; `parse` is the inverse."""

    @abc.abstractmethod
    def parse(self, text: str) -> Genome:
        """The genome that `format` wrote.

        Raises:
          InvalidGenomeError: a text that stands for no genome of the space.
        """

    @property
    def num_genes(self) -> int:
        """The length of a genome."""
        return len(self.gene_sizes)

    @property
    def size(self) -> int:
        """How many genomes there are, exactly. At least `num_architectures`."""
        return math.prod(self.gene_sizes)

    def conflict(self, genome: Genome) -> str | None:
        """Why genes that are each in range do not go together; None if they do, as in most spaces all do.

        A space where some do not defines this, and `size` and `enumerate` without them.
        """
        del genome
        return None

    def validate(self, genome: Any) -> None:
        """Checks a genome, which may come from anywhere.

        Raises:
          InvalidGenomeError: no tuple of `num_genes` integers, a gene out of range, or genes that do not go together.
        """
        sizes = self.gene_sizes
        if not isinstance(genome, tuple) or len(genome) != len(sizes):
            given = f"{len(genome)} genes" if isinstance(genome, tuple) else repr(genome)
            raise InvalidGenomeError(
                f"genome of {self.name} is {given}; expected a tuple of {len(sizes)} integers"
            )
        for index, (gene, values) in enumerate(zip(genome, sizes, strict=True)):
            if type(gene) is not int or not 0 <= gene < values:
                raise InvalidGenomeError(
                    f"gene {index} of {self.name} is {gene!r}; expected an integer from 0 to"
                    f" {values - 1}"
                )
        conflict = self.conflict(genome)
        if conflict is not None:
            raise InvalidGenomeError(f"genome of {self.name} is {genome!r}: {conflict}")

    def enumerate(self) -> Iterator[Genome]:
        """All genomes in lexicographic order; lazy."""
        return product(*map(range, self.gene_sizes))

    def sample(self, count: int, rng: np.random.Generator) -> list[Genome]:
        """Canonical genomes of `count` distinct architectures, drawn without replacement.

        Genomes are drawn uniformly (those with a `conflict` are thrown away) and architectures that were drawn before
        are skipped, so that an architecture with more genomes tends to come earlier. The result depends on the
        generator's state alone; a longer sample begins with the shorter one.

        Raises:
          ValueError: a count below 0 or above `num_architectures`.
        """
        if not 0 <= count <= self.num_architectures:
            raise ValueError(
                f"{count} architectures asked of {self.name}, which has {self.num_architectures};"
                f" expected a count from 0 to {self.num_architectures}"
            )
        drawn: dict[Genome, None] = {}
        # Past half of the space most draws would be skipped, so there the rest is put in order.
        by_chance = min(count, self.num_architectures // 2)
        while len(drawn) < by_chance:
            for row in rng.integers(self.gene_sizes, size=(_BATCH, self.num_genes)).tolist():
                if self.conflict(tuple(row)) is None:
                    drawn[self.canonical(tuple(row))] = None
                if len(drawn) == by_chance:
                    break
        if count > by_chance:
            drawn.update(dict.fromkeys(self._rest_in_random_order(drawn, rng)))
        return list(islice(drawn, count))

    def mutate(self, genome: Genome, rng: np.random.Generator) -> Genome:
        """A genome of another architecture: one of `neighbors`, or any other where there is none.

        Raises:
          ValueError: if the space has a single architecture.
        """
        neighbors = self.neighbors(genome)
        if neighbors:
            return neighbors[int(rng.integers(len(neighbors)))]
        if self.num_architectures < 2:
            raise ValueError(f"{self.name} has a single architecture; there is no other to go to")
        return next(one for one in self.sample(2, rng) if one != self.canonical(genome))

    def neighbors(self, genome: Genome) -> list[Genome]:
        """Genomes that differ in one gene and are other architectures, each architecture once.

        In the order of the gene and its value.

        Raises:
          InvalidGenomeError: a genome that the space does not have.
        """
        self.validate(genome)
        seen = {self.canonical(genome)}
        found = []
        for index, values in enumerate(self.gene_sizes):
            for value in range(values):
                other = (*genome[:index], value, *genome[index + 1 :])
                if self.conflict(other) is not None:
                    continue
                architecture = self.canonical(other)
                if architecture not in seen:
                    seen.add(architecture)
                    found.append(other)
        return found

    def _rest_in_random_order(
        self, drawn: dict[Genome, None], rng: np.random.Generator
    ) -> list[Genome]:
        # Drawing with weights and skipping repeats is sorting by exponential clocks of those rates
        # (Efraimidis and Spirakis, 2006).
        rest = [genome for genome in self.enumerate_distinct() if genome not in drawn]
        rates = np.array([self.multiplicity(genome) for genome in rest], dtype=float)
        order = np.argsort(rng.exponential(size=len(rest)) / rates, kind="stable")
        return [rest[i] for i in order]


def is_ascending(values: object) -> bool:
    """Whether it is a tuple of distinct integers from 1 on, in ascending order."""
    if not isinstance(values, tuple) or not values or any(type(v) is not int for v in values):
        return False
    return values[0] >= 1 and values == tuple(sorted(set(values)))
