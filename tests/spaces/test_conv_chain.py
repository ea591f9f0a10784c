"""The conv chain: exact counts, its graph, and what the paper's Table V says of its width rule."""

import itertools
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from randarch.geometry import analyze
from randarch.spaces.conv_chain import ConvChain, widen
from randarch.spec import Activation, BatchNorm, Conv, Pool

# Table V of Evans et al.: the intervals of final-layer sizes, by depth, as printed.
TABLE_V = {
    11: [(3033.6, 3507.2), (1612.8, 2086.4), (182.528, 665.6)],
    9: [(1660.8, 1824.0), (681.6, 844.7), (188.7, 355.2)],
    7: [(1142.4, 1248.0), (614.4, 720.0), (403.2, 508.8)],
    5: [(806.4, 857.6), (499.2, 550.4), (190.976, 243.2)],
}
LARGEST_SAMPLED = {5: 19, 7: 36, 9: 54, 11: 151}  # channels of the 8 x 8 final maps
MULTIPLIERS = (Fraction(1), Fraction(5, 4), Fraction(3, 2))


def reachable(start: int, steps: int, rounding: Callable[[Fraction], int] = math.floor) -> set[int]:
    """Every number of maps after so many steps of c <- rounding(c * multiplier)."""
    widths = {start}
    for _ in range(steps):
        widths = {rounding(width * multiplier) for width in widths for multiplier in MULTIPLIERS}
    return widths


@pytest.mark.parametrize(
    ("space", "genomes", "architectures"),
    [
        (ConvChain(3), 216, 112),
        (ConvChain(9), 10_077_696, 5_039_104),
        (ConvChain(11), 362_797_056, 181_399_552),
        (ConvChain(64), 6**64, (6**64 + 2**64) // 2),
        (ConvChain.of(9, 24), 2 * 6**8, 2 * 6**8),
        (ConvChain(9, 24), 6**9, 6**9),
    ],
)
def test_how_many_genomes_and_architectures(
    space: ConvChain, genomes: int, architectures: int
) -> None:
    assert space.size == genomes
    assert space.num_architectures == architectures


@pytest.mark.parametrize("init_channels", range(1, 8))
@pytest.mark.parametrize("depth", [3, 5])
def test_architectures_are_counted_as_by_listing_widths(init_channels: int, depth: int) -> None:
    chains = {(init_channels,)}
    for _ in range(depth):
        chains = {(*c, math.floor(c[-1] * m)) for c in chains for m in MULTIPLIERS}
    assert ConvChain(depth, init_channels).num_architectures == len(chains) * 2**depth


def test_the_four_maxima_of_table_v_are_reached_from_three_channels() -> None:
    for depth, channels in LARGEST_SAMPLED.items():
        assert channels in reachable(3, depth)
    maxima = {5: 19, 7: 42, 9: 94, 11: 211}
    for depth, largest in maxima.items():
        space = ConvChain.of(depth, 3)
        assert max(reachable(3, depth)) == largest == space.channels((0, 2) * depth)[-1]
        assert min(reachable(3, depth)) == 3 == space.channels((0, 0) * depth)[-1]
    assert ConvChain(5).channels((0, 2) * 5) == (4, 6, 9, 13, 19)
    path = (4, 6, 9, 13, 16, 24, 36, 54, 81, 101, 151)
    genes = (2, 2, 2, 2, 1, 2, 2, 2, 2, 1, 2)
    genome = tuple(itertools.chain.from_iterable((0, gene) for gene in genes))
    assert ConvChain(11).channels(genome) == path


def round_half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


@pytest.mark.parametrize("rounding", [math.floor, round, round_half_up, math.ceil])
@pytest.mark.parametrize("side", [2, 4, 8])
@pytest.mark.parametrize("start", [12, 24, 48])
def test_no_other_start_reaches_all_four(
    start: int, side: int, rounding: Callable[[Fraction], int]
) -> None:
    for scaled_layers in (0, -1):  # whether layer 1 has a multiplier, or exactly the start's maps
        reached = [
            64 * channels % side**2 == 0
            and 64 * channels // side**2 in reachable(start, depth + scaled_layers, rounding)
            for depth, channels in LARGEST_SAMPLED.items()
        ]
        assert not all(reached)


@pytest.mark.parametrize("depth", TABLE_V)
def test_twenty_bins_up_to_the_maximum_are_table_v(depth: int) -> None:
    sizes = np.array([192, 64 * LARGEST_SAMPLED[depth]])
    _, edges = pd.cut(sizes, 20, retbins=True)
    assert len(edges) == 21
    bins = np.stack([edges[:-1], edges[1:]], axis=1)
    for interval in TABLE_V[depth]:
        assert np.abs(bins - interval).max(axis=1).min() <= 0.11


def test_table_v_has_twelve_intervals_and_fits_no_other_maximum() -> None:
    assert sum(map(len, TABLE_V.values())) == 12
    for depth, intervals in TABLE_V.items():
        fitting = []
        for largest in range(4, 300):
            _, edges = pd.cut(np.array([192, 64 * largest]), 20, retbins=True)
            bins = np.stack([edges[:-1], edges[1:]], axis=1)
            if all(np.abs(bins - interval).max(axis=1).min() <= 0.11 for interval in intervals):
                fitting.append(largest)
        assert fitting == [LARGEST_SAMPLED[depth]]


@pytest.mark.parametrize(
    ("depth", "blocks"), [(3, (1, 2)), (5, (2, 3)), (7, (2, 5)), (9, (3, 6)), (11, (4, 7))]
)
def test_poolings_of_the_paper(depth: int, blocks: tuple[int, int]) -> None:
    assert ConvChain(depth).pool_after == blocks


@pytest.mark.parametrize("depth", range(3, 65))
def test_poolings_of_every_depth(depth: int) -> None:
    space = ConvChain(depth)
    expected = tuple(round_half_up(Fraction(part * depth, 3)) for part in (1, 2))
    assert space.pool_after == expected
    spec = space.decode((0, 0) * depth)
    labels = [spec.label(i) for i in range(len(spec))]
    before = tuple(labels[labels.index(f"pool{k}") - 1] for k in (1, 2))
    assert before == tuple(f"norm{block}" for block in expected)
    geometry = analyze(spec, (32, 32, 3))
    assert geometry.output_shape == (8, 8, 3)
    assert len(spec) == 1 + 3 * depth + 2


def test_the_graph_of_a_genome() -> None:
    space = ConvChain(3)
    spec = space.decode((0, 2, 1, 1, 0, 0))
    blocks = [
        [Conv(features, kernel), Activation("relu"), BatchNorm()]
        for features, kernel in ((4, 3), (5, 5), (5, 3))
    ]
    pool = Pool("max", 2, 2)
    assert [node.op for node in spec][1:] == [*blocks[0], pool, *blocks[1], pool, *blocks[2]]
    names = " ".join(node.name for node in spec.nodes[1:])
    assert names == "conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 norm3"
    geometry = analyze(spec, (32, 32, 3))
    assert geometry.output_size == 5 * 8 * 8
    assert geometry.params == sum([28 * 4, 101 * 5, 46 * 5]) + 2 * (4 + 5 + 5)
    assert geometry.macs == 27 * 4 * 1024 + 100 * 5 * 256 + 45 * 5 * 64


def test_the_rule_of_the_text_fixes_the_first_layer() -> None:
    space = ConvChain.of(3, 24)
    assert not space.scale_first
    assert space.gene_sizes == (2, 1, 2, 3, 2, 3)
    assert space.channels((1, 0, 0, 1, 0, 2)) == (24, 30, 45)
    with pytest.raises(ValueError, match="gene 1 of conv_chain_d3_c24 is 2; expected"):
        space.decode((1, 2, 0, 0, 0, 0))
    assert ConvChain.of(3) == ConvChain(3, 3, scale_first=True)


def test_names_tell_the_rule() -> None:
    assert ConvChain.of(9).name == "conv_chain_d9_c3"
    assert ConvChain.of(9, 24).name == "conv_chain_d9_c24"
    assert ConvChain(9, 24).name == "conv_chain_d9_c24_scaled"
    assert ConvChain(9, 3, scale_first=False).name == "conv_chain_d9_c3_fixed"


def test_widths_are_exact_for_large_numbers() -> None:
    for channels in (1, 3, 7, 10**15 + 1, 3**40):
        for gene, multiplier in enumerate(MULTIPLIERS):
            assert widen(channels, gene) == math.floor(channels * multiplier)
    deep = ConvChain(64)
    expected = 3
    for _ in range(64):
        expected = math.floor(expected * Fraction(3, 2))
    assert deep.channels((1, 2) * 64)[-1] == expected


def test_genomes_print_readably() -> None:
    space = ConvChain(3)
    assert space.format((0, 0, 1, 1, 0, 2)) == "3x1 5x1.25 3x1.5"
    assert space.parse("  3x1 5x1.25\n3x1.5 ") == (0, 0, 1, 1, 0, 2)
    with pytest.raises(ValueError, match=r"layer 2 .* is '7x1'; expected one of 3x1, 3x1.25"):
        space.parse("3x1 7x1 3x1")


def test_canonical_genomes_take_the_smaller_multiplier() -> None:
    space = ConvChain(3)  # floor(3 * 1.25) = 3, and 4 channels are 4, 5 or 6 next
    assert space.canonical((1, 1, 0, 1, 0, 1)) == (1, 0, 0, 0, 0, 0)
    assert space.canonical((1, 1, 0, 2, 0, 1)) == (1, 0, 0, 2, 0, 1)
    assert space.multiplicity((1, 0, 0, 2, 0, 1)) == 2


@pytest.mark.parametrize("depth", [2, 65, 0, -3])
def test_depths_outside_the_range_are_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=f"depth is {depth}; expected an integer from 3 to 64"):
        ConvChain(depth)


def test_what_is_no_number_is_refused() -> None:
    """In a fresh interpreter, where no run-time type check comes first."""
    calls = ["ConvChain('9')", "ConvChain(9.0)", "ConvChain(True)", "ConvChain(9, None)"]
    code = f"""
from randarch.spaces import ConvChain
for call in {calls!r}:
    try:
        eval(call)
    except ValueError as error:
        print(call)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == calls


@pytest.mark.parametrize("channels", [0, -1])
def test_too_few_channels_are_refused(channels: int) -> None:
    with pytest.raises(ValueError, match=f"init_channels is {channels}; expected"):
        ConvChain.of(9, channels)


def test_the_deepest_chains_are_handled_too() -> None:
    space = ConvChain(64)
    first, second = space.sample(2, np.random.default_rng(0))
    assert first != second
    assert space.encode(space.decode(first)) == first
    assert len(space.neighbors(first)) >= 64 + 2 * 50  # another kernel, and a multiplier or two
    assert next(space.enumerate_distinct()) == (0,) * 128
    assert space.parse(space.format(second)) == second


def test_genomes_not_architectures_are_drawn_uniformly() -> None:
    space = ConvChain(3)
    rng = np.random.default_rng(0)
    trials = 1000
    narrow = sum(space.channels(space.sample(1, rng)[0]) == (3, 3, 3) for _ in range(trials))
    # All three layers at 3 channels: (2/3)^3 of the genomes, though 8 of 112 architectures. The
    # bound is five standard errors.
    assert narrow / trials == pytest.approx(8 / 27, abs=5 * math.sqrt(8 / 27 * 19 / 27 / trials))


def test_the_end_of_a_whole_sample_follows_the_same_law() -> None:
    """The second half is put in order at once; it has to look as drawing one by one would."""
    space = ConvChain(3)
    rng = np.random.default_rng(0)
    canonical = {genome: space.canonical(genome) for genome in space.enumerate()}
    copies = Counter(canonical.values())

    def by_drawing() -> list[tuple[int, ...]]:
        order: dict[tuple[int, ...], None] = {}
        while len(order) < space.num_architectures:
            for row in rng.integers(space.gene_sizes, size=(500, space.num_genes)).tolist():
                order[canonical[tuple(row)]] = None
        return list(order)

    def late_copies(order: list[tuple[int, ...]]) -> float:
        return sum(copies[genome] for genome in order[70:]) / len(order[70:])

    ours = [late_copies(space.sample(112, rng)) for _ in range(100)]
    drawn = [late_copies(by_drawing()) for _ in range(100)]
    error = math.sqrt((np.var(ours) + np.var(drawn)) / 100)
    assert abs(np.mean(ours) - np.mean(drawn)) <= 5 * error
    assert np.mean(ours) < 216 / 112 - 5 * error  # what an order without weights would give
