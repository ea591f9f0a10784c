"""The library of layer types: its graphs, its exact statistics, its draws and its words."""

import dataclasses
import itertools
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from randarch.geometry import Geometry, analyze
from randarch.spaces import (
    ConvGrid,
    Genome,
    InvalidGenomeError,
    LayerLibrary,
    decode_text,
    make_space,
)
from randarch.spaces.layer_library import IDENTITY, LIBRARY, kind
from randarch.spec import Activation, Conv, GlobalPool, Linear, Pool, append

PUBLISHED = LayerLibrary()
BEST = "conv3 - conv7 - max3 - max3 - conv5d2"
CIFAR = (32, 32, 3)

# Written by hand, to check what the words are read as.
KERNELS = {"conv1": 1, "conv3": 3, "conv5": 5, "conv7": 7, "conv3d2": 3, "conv5d2": 5}
DILATIONS = {**dict.fromkeys(KERNELS, 1), "conv3d2": 2, "conv5d2": 2}


def classified(space: LayerLibrary, genome: Genome, side: int = 32, classes: int = 100) -> Geometry:
    """The geometry of a network with a linear classifier on top."""
    return analyze(append(space.decode(genome), Linear(classes)), (side, side, 3))


def run_afresh(code: str) -> str:
    """What code prints in a fresh interpreter, where nothing checks types at run time."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


# --- the graph ---


def test_the_graph_of_the_published_best_network() -> None:
    genome = PUBLISHED.parse(BEST)
    assert genome == (2, 4, 8, 8, 6)
    assert PUBLISHED.format(genome) == BEST
    assert PUBLISHED.words(genome) == ("conv3", "conv7", "max3", "max3", "conv5d2")
    spec = PUBLISHED.decode(genome)
    assert [(spec.label(i), node.op) for i, node in enumerate(spec)][1:] == [
        ("conv1", Conv(32, 3, 1, 1, "same")),
        ("prelu1", Activation("prelu")),
        ("conv2", Conv(32, 7, 1, 1, "same")),
        ("prelu2", Activation("prelu")),
        ("pool3", Pool("max", 3, 2, "same")),
        ("pool4", Pool("max", 3, 2, "same")),
        ("conv5", Conv(32, 5, 1, 2, "same")),
        ("prelu5", Activation("prelu")),
        ("gap", GlobalPool("avg")),
    ]
    assert classified(PUBLISHED, genome).params == 80_132


@pytest.mark.parametrize("word", LIBRARY)
def test_every_type_is_what_its_word_says(word: str) -> None:
    space = LayerLibrary(1, (word,), channels=7)
    ops = [node.op for node in space.decode((0,))][1:-1]
    if word in KERNELS:
        convolution = Conv(7, KERNELS[word], dilation=DILATIONS[word])
        assert ops == [convolution, Activation("prelu")]
        assert kind(word) == "conv"
    else:
        pools = {"max2": Pool("max", 2), "max3": Pool("max", 3), "avg3": Pool("avg", 3)}
        assert ops == ([pools[word]] if word in pools else [])
        assert kind(word) == ("identity" if word == "identity" else word[:3])


def test_identities_leave_no_trace() -> None:
    texts = [
        "identity - conv3 - identity - max2",
        "conv3 - max2 - identity - identity",
        "identity - identity - conv3 - max2",
    ]
    four = LayerLibrary(4)
    specs = [four.decode(four.parse(text)) for text in texts]
    assert len({spec.digest for spec in specs}) == len({spec.to_json() for spec in specs}) == 1
    assert [specs[0].label(i) for i in range(1, 5)] == ["conv1", "prelu1", "pool2", "gap"]
    assert specs[0].digest == decode_text("layer_library:conv3 - max2").digest
    nothing = PUBLISHED.decode((0,) * 5)
    assert [node.op for node in nothing][1:] == [GlobalPool("avg")]


@pytest.mark.parametrize("side", [1, 2, 5, 28, 32])
def test_any_combination_is_a_network_on_any_image(side: int) -> None:
    pools = [LIBRARY.index(word) for word in ("max2", "max3", "avg3")]
    for genome in itertools.product([0, *pools], repeat=5):
        geometry = analyze(PUBLISHED.decode(genome), (side, side, 3))
        assert geometry.output_shape == (1, 1, 3)
        halved = side
        for _ in range(sum(gene > 0 for gene in genome)):
            halved = -(-halved // 2)
        assert geometry[-2].shape == (halved, halved, 3)
    assert analyze(PUBLISHED.decode((6, 9, 6, 9, 4)), (side, side, 3)).output_size == 32


# --- counts and statistics ---


def test_the_published_space_has_66430_architectures() -> None:
    assert (PUBLISHED.size, PUBLISHED.num_architectures) == (100_000, 66_430)
    genomes = list(PUBLISHED.enumerate_distinct())
    assert len(genomes) == 66_430
    assert genomes == sorted(set(genomes))
    assert sum(PUBLISHED.multiplicity(genome) for genome in genomes) == 100_000


@given(
    st.integers(1, 6),
    st.lists(st.sampled_from(LIBRARY), min_size=1, unique=True).map(tuple),
    st.data(),
)
def test_canonical_genomes_are_the_smallest_orders(
    layers: int, library: tuple[str, ...], data: st.DataObject
) -> None:
    """Wherever the identity stands in the library, or if it is missing: against all orders."""
    space = LayerLibrary(layers, library)
    genome = tuple(data.draw(st.integers(0, len(library) - 1)) for _ in range(layers))

    def others(genome: Genome) -> list[str]:
        return [word for word in space.words(genome) if word != IDENTITY]

    same = {g for g in itertools.permutations(genome) if others(g) == others(genome)}
    assert space.canonical(genome) == min(same)
    assert space.multiplicity(genome) == len(same)


@pytest.mark.parametrize("layers", [1, 2, 12])
def test_a_library_of_one_type(layers: int) -> None:
    for word in ("identity", "conv3"):
        space = LayerLibrary(layers, (word,))
        assert (space.size, space.num_architectures) == (1, 1)
        assert list(space.enumerate_distinct()) == [(0,) * layers]
        assert space.encode(space.decode((0,) * layers)) == (0,) * layers
        with pytest.raises(ValueError, match="has a single architecture"):
            space.mutate((0,) * layers, np.random.default_rng(0))


def test_shorter_and_longer_networks_need_the_identity() -> None:
    space = LayerLibrary(2, ("conv3", "max2"))
    for text in ("conv3", "conv3 - conv3 - max2"):
        with pytest.raises(ValueError, match=f"is not in {space.name}"):
            space.encode(decode_text(f"layer_library:{text}"))
    assert LayerLibrary(2).encode(decode_text("layer_library:conv3")) == (0, 2)


def exact_means(space: LayerLibrary, side: int, classes: int) -> tuple[Fraction, Fraction]:
    """Mean parameters and multiply-adds over all genomes, layer by layer over (side, channels)."""
    share = Fraction(1, len(space.library))
    states = {(side, 3): Fraction(1)}
    params = macs = Fraction(0)
    for _ in range(space.layers):
        after: Counter[tuple[int, int]] = Counter()
        for ((pixels, channels), weight), word in itertools.product(states.items(), space.library):
            state = (pixels, channels)
            if word in KERNELS:
                weights = KERNELS[word] ** 2 * channels * space.channels
                params += weight * share * (weights + 2 * space.channels)  # biases and slopes
                macs += weight * share * weights * pixels**2
                state = (pixels, space.channels)
            elif word != IDENTITY:
                state = (-(-pixels // 2), channels)
            after[state] += weight * share
        states = dict(after)
    for (_, channels), weight in states.items():
        params += weight * (channels + 1) * classes
        macs += weight * channels * classes
    return params, macs


def test_means_over_the_published_space() -> None:
    params, macs = exact_means(PUBLISHED, 32, 100)
    # By hand: three convolutions are expected, of 118/6 weights a pair of maps; the first, with
    # 1 - 0.4^5 of the networks, reads 3 maps.
    some = 1 - Fraction(4, 10) ** 5
    weights = Fraction(118, 6) * (32 * 32 * (3 - some) + 3 * 32 * some)
    assert params == weights + 3 * 64 + 100 * (32 * some + 3 * (1 - some) + 1)
    assert params == Fraction(4_581_452_416, 100_000)  # 45,814.5
    assert macs == Fraction(2_603_087_292_672, 100_000)  # 26.03 M


@pytest.mark.parametrize(
    "space",
    [
        LayerLibrary(2),
        LayerLibrary(3, ("conv5d2", "identity", "max3", "conv1"), 5),
        LayerLibrary(3, ("avg3", "conv3", "conv7"), 48),
    ],
    ids=lambda space: space.name,
)
def test_means_over_spaces_are_those_of_their_architectures(space: LayerLibrary) -> None:
    params = macs = 0
    for genome in space.enumerate_distinct():
        geometry, times = classified(space, genome, 9, 10), space.multiplicity(genome)
        params, macs = params + times * geometry.params, macs + times * geometry.macs
    means = (Fraction(params, space.size), Fraction(macs, space.size))
    assert means == exact_means(space, 9, 10)


@pytest.mark.slow
def test_means_over_the_published_space_are_those_of_its_architectures() -> None:
    """Every one of the 66,430, in a fresh interpreter: run-time type checks take ten times as long."""
    code = """
from randarch.geometry import analyze
from randarch.spaces import LayerLibrary
from randarch.spec import Linear, append
space, params, macs, most = LayerLibrary(), 0, 0, 0
for genome in space.enumerate_distinct():
    geometry = analyze(append(space.decode(genome), Linear(100)), (32, 32, 3))
    params += space.multiplicity(genome) * geometry.params
    macs += space.multiplicity(genome) * geometry.macs
    most = max(most, geometry.params)
print(params, macs, most)
"""
    params, macs, most = map(int, run_afresh(code).split())
    means = (Fraction(params, PUBLISHED.size), Fraction(macs, PUBLISHED.size))
    assert means == exact_means(PUBLISHED, 32, 100)
    assert most == 209_028


def test_the_largest_network_has_five_convolutions_of_7x7() -> None:
    assert classified(PUBLISHED, (4,) * 5).params == 209_028
    assert 209_028 == 49 * 32 * (3 + 4 * 32) + 5 * 64 + 33 * 100


# --- drawing ---


def test_draws_are_uniform_over_genomes_with_replacement() -> None:
    space = LayerLibrary(2, ("conv3", "identity", "max2"))
    drawn = space.draw(9_000, np.random.default_rng(0))
    counts = Counter(drawn)
    assert set(counts) == set(space.enumerate())
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3
    assert any(space.canonical(genome) != genome for genome in drawn)
    assert all(type(gene) is int for genome in drawn[:10] for gene in genome)


def test_duplicates_are_as_frequent_as_chance_has_them() -> None:
    """Of 10,000 draws from 100,000 genomes, 9,516 are expected to be distinct genomes."""
    drawn = PUBLISHED.draw(10_000, np.random.default_rng(1))
    expected = 100_000 * (1 - (1 - 1e-5) ** 10_000)
    assert len(set(drawn)) == pytest.approx(expected, abs=110)  # five standard deviations
    architectures = {PUBLISHED.canonical(genome) for genome in drawn}
    shares = np.array([PUBLISHED.multiplicity(g) / 1e5 for g in PUBLISHED.enumerate_distinct()])
    drawn_once = 1 - (1 - shares) ** 10_000
    # Being drawn is negatively correlated between architectures: this is the most it can vary.
    deviation = float(np.sum(drawn_once * (1 - drawn_once))) ** 0.5
    assert len(architectures) == pytest.approx(drawn_once.sum(), abs=5 * deviation)


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    whole = PUBLISHED.draw(500, np.random.default_rng(3))
    for count in (0, 1, 7, 499):
        assert PUBLISHED.draw(count, np.random.default_rng(3)) == whole[:count]
    assert PUBLISHED.draw(500, np.random.default_rng(4)) != whole
    with pytest.raises(ValueError, match=r"-1 genomes asked of .*; expected a count >= 0"):
        PUBLISHED.draw(-1, np.random.default_rng(0))


# --- words and parameters ---


def test_every_parameter_is_in_the_architecture_and_the_name() -> None:
    small = LayerLibrary(2, ("conv3", "max2"))
    changes = ({}, {"layers": 3}, {"library": ("conv5", "max2")}, {"channels": 48})
    spaces = [dataclasses.replace(small, **change) for change in changes]
    digests = [space.decode((0,) * space.layers).digest for space in spaces]
    names = {*(space.name for space in spaces), LayerLibrary(2, ("max2", "conv3")).name}
    assert len(set(digests)) == 4
    assert len(names) == 5
    assert spaces[0].name == "layer_library_l2_conv3-max2_c32"
    for one, other in itertools.permutations(spaces, 2):
        with pytest.raises(ValueError, match=f"is not in {one.name}"):
            one.encode(other.decode((0,) * other.layers))
    with pytest.raises(ValueError, match=f"is not in {PUBLISHED.name}"):
        PUBLISHED.encode(ConvGrid(1).decode((0, 0, 0)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layers": 0}, "layers is 0; expected an integer from 1 to 12"),
        ({"layers": 13}, "layers is 13; expected"),
        ({"channels": 0}, "channels is 0; expected an integer >= 1"),
        ({"library": ()}, r"library is \(\); expected a tuple of layer types"),
        ({"library": ("max2", "conv3", "max2")}, "library has 'max2' twice, at 0 and 2; expected"),
        ({"library": ("conv3", "cnov5")}, "layer type 'cnov5' is unknown; expected identity; conv"),
        ({"library": ("conv1d2",)}, "'conv1d2' is unknown; it is conv1, write that; expected"),
        ({"library": ("conv3", "conv3d1")}, "'conv3d1' is unknown; it is conv3, write that"),
        ({"library": ("conv4",)}, "'conv4' is unknown; expected identity; conv and an odd kernel"),
        ({"library": ("conv4d2",)}, "'conv4d2' is unknown; expected"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LayerLibrary(**parameters)


OTHER_WORDS = [
    "",
    "conv",
    "conv0",
    "conv03",
    "conv3d02",
    "conv3d",
    "max1",
    "avg1",
    "max0",
    "max2d2",
]
OTHER_WORDS += [
    "Conv3",
    "conv3 ",
    "conv-3",
    "convd2",
    "max",
    "conv³",
    "conv٣",
    "conv3\n",
    "identity2",
]


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_other_words_are_refused(word: str) -> None:
    for call in (kind, lambda word: LayerLibrary(1, (word,))):
        with pytest.raises(ValueError, match="is unknown; expected identity; conv and an odd"):
            call(word)


def test_what_is_of_another_type_is_refused() -> None:
    """In a fresh interpreter, where no run-time type check comes first."""
    calls = [
        "LayerLibrary('5')",
        "LayerLibrary(True)",
        "LayerLibrary(5.0)",
        "LayerLibrary(2, ['conv3'])",
        "LayerLibrary(2, 'conv3')",
        "LayerLibrary(2, (3,))",
        "LayerLibrary(2, (None, 'conv3'))",
        "LayerLibrary(channels=None)",
    ]
    code = f"""
from randarch.spaces import LayerLibrary
for call in {calls!r}:
    try:
        eval(call)
    except ValueError as error:
        print(call)
"""
    assert run_afresh(code).splitlines() == calls


def test_bad_texts_say_what_is_wrong() -> None:
    for text, message in {
        "conv3 - conv9 - max3 - max3 - max3": "layer 2 of .* is 'conv9'; expected one of identity",
        "conv3 conv5 max2 max2 max2": "layer 1 of .*, with ' - ' between layers",
        "conv3 - conv3": "2 genes; expected a tuple of 5 integers",
        "conv3 - conv3 - conv3 - conv3 - ": "layer 5 of .* is ''",
    }.items():
        with pytest.raises(InvalidGenomeError, match=message):
            PUBLISHED.parse(text)
    with pytest.raises(InvalidGenomeError, match=r"gene 0 of .* is 10; expected"):
        PUBLISHED.words((10, 0, 0, 0, 0))


def test_texts_name_the_space() -> None:
    assert decode_text(f"layer_library:{BEST}") == PUBLISHED.decode(PUBLISHED.parse(BEST))
    assert decode_text("layer_library: max3-identity") == decode_text("layer_library:max3")
    assert make_space("layer_library", layers=2, channels=8) == LayerLibrary(2, channels=8)
    for text, message in {
        "layer_library:": "layer 1 of '' is ''",
        "layer_library:conv3 - max9": "layer 2 of .* is 'max9'",
        "layer_library:" + " - ".join(["conv3"] * 13): "layers is 13; expected",
    }.items():
        with pytest.raises(ValueError, match=message):
            decode_text(text)
