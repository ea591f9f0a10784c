"""What every search space promises. A new space is tested by adding small examples of it."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from randarch.geometry import analyze
from randarch.spaces import (
    SPACES,
    AnyNetX,
    ConvChain,
    ConvGrid,
    InvalidGenomeError,
    LayerLibrary,
    SearchSpace,
    make_space,
)
from randarch.spec import ArchSpec, BatchNorm, Conv, sequential

# At least one space of each family that is small enough to be looked at whole.
SMALL: dict[str, list[SearchSpace]] = {
    "anynet_x": [
        AnyNetX(1, 16, (1,), (8, 16)),
        AnyNetX(2, 8, (1,), (8,), "regnet", "block", 16),
        AnyNetX(1, 8, (1, 2), (4, 8), "cifar", "block"),
        AnyNetX(1, 8, (1, 2), (4, 8), "cifar", "conv1x1"),
    ],
    "conv_chain": [
        ConvChain(3),
        ConvChain.of(3, 24),
        ConvChain(4, 2),
        ConvChain(3, 1),
        ConvChain(3, 3, scale_first=False),
    ],
    "conv_grid": [
        ConvGrid(1),
        ConvGrid(2, (3, 5), (1, 2), (1,), 4),
        ConvGrid(2, (1, 3), (1, 2), (2, 3), activation="gelu"),
        ConvGrid(3, (1, 2), (2,), (1, 3), padding="same"),
    ],
    "layer_library": [
        LayerLibrary(3, ("identity", "conv1", "max2"), 4),
        LayerLibrary(4, ("conv3", "identity", "avg3")),
        LayerLibrary(2, ("conv3", "conv3d2", "max2", "avg2", "identity")),
        LayerLibrary(3, ("max3", "conv5"), 8),
    ],
}
LARGE: dict[str, list[SearchSpace]] = {
    "anynet_x": [
        AnyNetX(6, 64, (1, 2, 3), (1, 3, 8), "cifar"),
        AnyNetX(4, 32, stem="regnet", stage_start="block", stem_width=8),
    ],
    "conv_chain": [ConvChain.of(9, 3), ConvChain.of(9, 24), ConvChain(20)],
    "conv_grid": [
        ConvGrid(),
        ConvGrid(4, (1, 3, 5), channels=48),
        ConvGrid(8, padding="same", activation="prelu"),
    ],
    "layer_library": [
        LayerLibrary(),
        LayerLibrary(12, ("conv3", "max2", "identity", "conv9d3", "avg4"), 48),
        LayerLibrary(9, ("conv7", "conv3", "max5")),
    ],
}
# A side at which every genome of a family's examples fits its images.
SIDES: dict[type[SearchSpace], int] = {AnyNetX: 1, ConvChain: 32, ConvGrid: 512, LayerLibrary: 1}
small_spaces = [space for spaces in SMALL.values() for space in spaces]
all_spaces = small_spaces + [space for spaces in LARGE.values() for space in spaces]

small = pytest.mark.parametrize("space", small_spaces, ids=lambda space: space.name)
each = pytest.mark.parametrize("space", all_spaces, ids=lambda space: space.name)


def genomes_of(space: SearchSpace) -> st.SearchStrategy[tuple[int, ...]]:
    """Any genome; by a seed where some combinations of genes are none, which would throw most draws away."""
    # Sizes are read here, not while drawing: run-time type checks look at random elements of tuples,
    # which Hypothesis does not want inside a strategy.
    if space.size == math.prod(space.gene_sizes):
        return st.tuples(*(st.integers(0, size - 1) for size in space.gene_sizes))
    drawn = {seed: space.sample(1, np.random.default_rng(seed))[0] for seed in range(50)}
    return st.sampled_from(sorted(set(drawn.values())))


cases = st.one_of(st.tuples(st.just(space), genomes_of(space)) for space in all_spaces)


def test_every_family_has_examples_and_every_space_a_name() -> None:
    assert set(SMALL) == set(LARGE) == set(SPACES)
    assert len({space.name for space in all_spaces}) == len(all_spaces)


@small
def test_enumerate_gives_all_genomes_in_order(space: SearchSpace) -> None:
    genomes = list(space.enumerate())
    assert genomes == sorted(set(genomes))
    everything = list(itertools.product(*map(range, space.gene_sizes)))
    assert genomes == [genome for genome in everything if space.conflict(genome) is None]
    assert len(genomes) == space.size <= math.prod(space.gene_sizes)
    for genome in genomes:
        space.validate(genome)


@small
def test_genes_that_do_not_go_together_are_refused_with_the_reason(space: SearchSpace) -> None:
    for genome in itertools.product(*map(range, space.gene_sizes)):
        reason = space.conflict(genome)
        if reason is not None:
            with pytest.raises(InvalidGenomeError, match=re.escape(reason)):
                space.decode(genome)


@small
def test_distinct_architectures_are_those_with_distinct_digests(space: SearchSpace) -> None:
    by_digest: dict[str, list[tuple[int, ...]]] = {}
    for genome in space.enumerate():
        by_digest.setdefault(space.decode(genome).digest, []).append(genome)
    groups = {min(genomes): genomes for genomes in by_digest.values()}
    assert list(space.enumerate_distinct()) == sorted(groups)
    assert space.num_architectures == len(groups)
    for canonical, genomes in groups.items():
        assert {space.canonical(genome) for genome in genomes} == {canonical}
        assert {space.multiplicity(genome) for genome in genomes} == {len(genomes)}


@given(cases)
def test_encode_inverts_decode(pair: tuple[SearchSpace, tuple[int, ...]]) -> None:
    space, genome = pair
    spec = space.decode(genome)
    canonical = space.encode(spec)
    assert canonical == space.canonical(genome) <= genome
    assert space.decode(canonical).digest == spec.digest
    assert space.encode(ArchSpec.from_json(spec.to_json())) == canonical
    assert space.multiplicity(canonical) == space.multiplicity(genome) >= 1


@given(cases)
def test_parse_inverts_format(pair: tuple[SearchSpace, tuple[int, ...]]) -> None:
    space, genome = pair
    assert space.parse(space.format(genome)) == genome


@given(cases)
def test_every_genome_fits_images_of_some_size(pair: tuple[SearchSpace, tuple[int, ...]]) -> None:
    space, genome = pair
    side = SIDES[type(space)]
    assert analyze(space.decode(genome), (side, side, 3)).output_size >= 1


@settings(max_examples=30)
@given(cases, st.integers(0, 2**32 - 1))
def test_a_mutation_is_another_architecture_one_gene_away(
    pair: tuple[SearchSpace, tuple[int, ...]], seed: int
) -> None:
    space, genome = pair
    mutant = space.mutate(genome, np.random.default_rng(seed))
    assert space.decode(mutant).digest != space.decode(genome).digest
    assert sum(a != b for a, b in zip(genome, mutant, strict=True)) == 1
    assert mutant == space.mutate(genome, np.random.default_rng(seed))


@small
def test_neighbors_are_all_other_architectures_one_gene_away(space: SearchSpace) -> None:
    for genome in itertools.islice(space.enumerate(), 0, None, 7):
        near = [
            other
            for other in space.enumerate()
            if sum(a != b for a, b in zip(genome, other, strict=True)) == 1
        ]
        expected = {space.canonical(other) for other in near} - {space.canonical(genome)}
        found = space.neighbors(genome)
        assert set(found) <= set(near)
        assert sorted(map(space.canonical, found)) == sorted(expected)


@small
def test_mutations_reach_every_neighbor(space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    genome = next(space.enumerate_distinct())
    assert {space.mutate(genome, rng) for _ in range(300)} == set(space.neighbors(genome))


@small
def test_the_whole_space_can_be_sampled(space: SearchSpace) -> None:
    drawn = space.sample(space.num_architectures, np.random.default_rng(0))
    assert sorted(drawn) == list(space.enumerate_distinct())
    with pytest.raises(ValueError, match=f"which has {space.num_architectures}"):
        space.sample(space.num_architectures + 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="-1 architectures asked"):
        space.sample(-1, np.random.default_rng(0))


@small
def test_a_longer_sample_begins_with_the_shorter_one(space: SearchSpace) -> None:
    whole = space.sample(space.num_architectures, np.random.default_rng(5))
    for count in range(0, space.num_architectures, 1 + space.num_architectures // 10):
        assert space.sample(count, np.random.default_rng(5)) == whole[:count]
    assert space.sample(space.num_architectures, np.random.default_rng(6)) != whole


@each
def test_samples_are_distinct_and_canonical(space: SearchSpace) -> None:
    count = min(100, space.num_architectures)
    drawn = space.sample(count, np.random.default_rng(1))
    assert len({space.decode(genome).digest for genome in drawn}) == count
    assert all(space.canonical(genome) == genome for genome in drawn)
    assert all(type(gene) is int for genome in drawn for gene in genome)


@each
def test_enumeration_is_lazy(space: SearchSpace) -> None:
    assert next(space.enumerate()) == (0,) * space.num_genes
    first = list(itertools.islice(space.enumerate_distinct(), 50))
    assert first == sorted({space.canonical(genome) for genome in first})


@each
def test_bad_genomes_are_refused_everywhere(space: SearchSpace) -> None:
    good = (0,) * space.num_genes
    bad = {
        "expected a tuple": good[:-1],
        f"{space.num_genes + 1} genes": (*good, 0),
        f"gene 0 of {space.name} is -1": (-1, *good[1:]),
        f"gene {space.num_genes - 1} of {space.name} is 99; expected": (*good[:-1], 99),
    }
    for message, genome in bad.items():
        calls = (space.validate, space.decode, space.format, space.neighbors, space.canonical)
        for call in (*calls, space.multiplicity):
            with pytest.raises(InvalidGenomeError, match=message):
                call(genome)
    for nothing in (None, "00", list(good), (0.0, *good[1:]), (True, *good[1:]), ("0", *good[1:])):
        with pytest.raises(InvalidGenomeError):
            space.validate(nothing)


@each
def test_texts_and_graphs_of_no_genome_are_refused(space: SearchSpace) -> None:
    for text in ("", "nothing", space.format((0,) * space.num_genes) + " 3x1"):
        with pytest.raises(InvalidGenomeError):
            space.parse(text)
    for spec in (sequential([BatchNorm()]), sequential([Conv(3, 11)] * 80)):
        with pytest.raises(ValueError, match=f"not in {space.name}"):
            space.encode(spec)


def test_spaces_are_made_by_name() -> None:
    assert make_space("conv_chain", depth=9) == ConvChain.of(9)
    assert make_space("conv_chain", depth=9, init_channels=24) == ConvChain.of(9, 24)
    with pytest.raises(ValueError, match=r"did you mean 'conv_chain'\?"):
        make_space("conv_chian", depth=9)
    assert make_space("conv_grid", layers=2, kernels=(3, 5)) == ConvGrid(2, (3, 5))
    assert make_space("anynet_x", max_depth=2, stem="cifar") == AnyNetX(2, stem="cifar")
    assert make_space("layer_library", layers=3) == LayerLibrary(3)
    with pytest.raises(ValueError, match="width"):
        make_space("conv_chain", depth=9, width=3)
