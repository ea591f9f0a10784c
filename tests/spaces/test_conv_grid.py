"""The grid of convolutions: its graph, exact counts of what suits an input, and texts."""

import itertools
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.geometry import GeometryError, analyze
from randarch.spaces.conv_grid import ConvGrid, ValidCount
from randarch.spaces.space import InvalidGenomeError
from randarch.spec import Activation, Conv

PUBLISHED = ConvGrid()
STL10 = (96, 96, 3)


def prefixes(genomes: list[tuple[int, ...]], layers: int) -> int:
    """How many different beginnings of so many layers three-layer genomes have."""
    return len({tuple(genome[i::3] for i in range(layers)) for genome in genomes})


def test_the_published_space_has_32021_valid_networks() -> None:
    """The counts of the post's rules: it says 32,629, its script's rules give 32,021."""
    counted = PUBLISHED.count_valid(STL10)
    assert counted == ValidCount(46_656, 32_021, does_not_fit=10_287, too_large=4_348)
    valid = list(PUBLISHED.valid(STL10))
    assert len(valid) == 32_021
    assert valid == sorted(set(valid))
    assert prefixes(valid, 1) == 36
    assert prefixes(valid, 2) == 1_279


def test_the_published_order_of_genes() -> None:
    genome = PUBLISHED.from_values((9, 9, 7), (2, 2, 1), (2, 1, 1))
    assert genome == (3, 3, 2, 1, 1, 0, 1, 0, 0)
    assert PUBLISHED.format(genome) == "9,9,7 - 2,2,1 - 2,1,1"
    assert PUBLISHED.parse(" 9, 9,7-2,2,1 - 2,1,1") == genome
    names = [f"{kind}_{layer}" for kind in ("kernel", "stride", "dilation") for layer in (1, 2, 3)]
    assert list(PUBLISHED.gene_names) == names
    values = [9, 9, 7, 2, 2, 1, 2, 1, 1]
    assert PUBLISHED.values(genome) == dict(zip(names, values, strict=True))


def test_the_graph_of_a_published_network() -> None:
    spec = PUBLISHED.decode(PUBLISHED.from_values((9, 9, 7), (2, 2, 1), (2, 1, 1)))
    labels = [spec.label(i) for i in range(len(spec))]
    assert labels == ["input", "conv1", "act1", "conv2", "act2", "conv3", "act3"]
    assert [node.op for node in spec.nodes[1::2]] == [
        Conv(32, 9, 2, 2, "valid"),
        Conv(32, 9, 2, 1, "valid"),
        Conv(32, 7, 1, 1, "valid"),
    ]
    assert {node.op for node in spec.nodes[2::2]} == {Activation("relu")}
    # The post gives 173,002 parameters with a linear classifier of ten classes on top.
    geometry = analyze(spec, STL10)
    assert geometry.params + 10 * geometry.output_size + 10 == 173_002


@pytest.mark.parametrize(
    ("kernels", "strides", "dilations", "ratio"),
    [
        ((7, 3, 5), (2, 1, 2), (1, 3, 1), 0.3750000),
        ((7, 3, 9), (2, 1, 2), (3, 1, 1), 0.2604166),
        ((9, 3, 7), (3, 1, 1), (2, 1, 1), 0.4178241),
        ((5, 3, 5), (3, 2, 1), (2, 1, 1), 0.1157407),
    ],
)
def test_the_bound_on_the_ratio_is_the_published_ratio(
    kernels: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...], ratio: float
) -> None:
    genome = PUBLISHED.from_values(kernels, strides, dilations)
    assert PUBLISHED.invalid_reason(genome, STL10, ratio + 2e-7) is None
    assert "the output" in str(PUBLISHED.invalid_reason(genome, STL10, ratio - 2e-7))


values = st.sets(st.integers(1, 5), min_size=1, max_size=3).map(lambda s: tuple(sorted(s)))
parameters = st.fixed_dictionaries(
    {
        "layers": st.integers(2, 5),
        "kernels": values,
        "strides": values,
        "dilations": values,
        "channels": st.integers(1, 9),
        "padding": st.sampled_from(["valid", "same"]),
    }
)
sides = st.integers(1, 60)
ratios = st.sampled_from([0.0625, 0.5, 1.0, 2.5, math.inf])


@given(parameters, st.data(), sides, sides, ratios)
def test_validity_is_what_the_geometry_says(
    given_parameters: dict[str, Any], data: st.DataObject, height: int, width: int, ratio: float
) -> None:
    space = ConvGrid(**given_parameters)
    genome = tuple(data.draw(st.integers(0, size - 1)) for size in space.gene_sizes)
    shape = (height, width, 3)
    reason = space.invalid_reason(genome, shape, ratio)
    try:
        output = analyze(space.decode(genome), shape)
    except GeometryError as error:
        layer = str(error).split()[0]
        assert reason is not None
        assert reason.startswith(f"{layer} spans ")
        assert space.padding == "valid"
        return
    rows, columns = output.output_shape[:2]
    if output.output_size > ratio * height * width * 3:
        assert reason is not None
        assert reason.startswith(f"the output of {rows} x {columns} x {space.channels} ")
        assert f"{output.output_size:,} numbers" in reason
    else:
        assert reason is None


small_parameters = st.fixed_dictionaries(
    {
        "layers": st.integers(1, 3),
        "kernels": st.sampled_from([(1,), (3,), (1, 2), (1, 4), (2, 5)]),
        "strides": st.sampled_from([(1,), (1, 3), (2,)]),
        "dilations": st.sampled_from([(1,), (1, 2), (2, 3)]),
        "channels": st.integers(1, 4),
        "padding": st.sampled_from(["valid", "same"]),
    }
)


@given(small_parameters, st.integers(1, 20), st.integers(1, 20), ratios)
def test_counting_and_listing_agree_with_looking_at_each(
    given_parameters: dict[str, Any], height: int, width: int, ratio: float
) -> None:
    space = ConvGrid(**given_parameters)
    shape = (height, width, 3)
    reasons = {g: space.invalid_reason(g, shape, ratio) for g in space.enumerate_distinct()}
    valid = [genome for genome, reason in reasons.items() if reason is None]
    kinds = Counter("fits" if r is None else r.split()[0] for r in reasons.values())
    assert list(space.valid(shape, ratio)) == valid
    assert space.count_valid(shape, ratio) == ValidCount(
        space.num_architectures,
        len(valid),
        does_not_fit=sum(kinds[f"conv{layer}"] for layer in (1, 2, 3)),
        too_large=kinds["the"],
    )


def test_the_largest_spaces_are_counted_too() -> None:
    """36^8 networks; with "same" padding each fits, and without a bound none is too large."""
    space = ConvGrid(8, padding="same")
    assert space.count_valid(STL10, math.inf) == ValidCount(36**8, 36**8, 0, 0)
    deep = ConvGrid(8).count_valid(STL10)
    assert deep.total == deep.valid + deep.does_not_fit + deep.too_large == 36**8
    assert min(deep.valid, deep.does_not_fit, deep.too_large) > 0


def test_reasons_name_the_layer_and_the_sizes() -> None:
    genome = PUBLISHED.from_values((9, 9, 9), (3, 2, 1), (3, 2, 1))
    assert PUBLISHED.invalid_reason(genome, (60, 96, 3)) == (
        "conv2 spans 17 pixels (kernel 9, dilation 2) and its input has 12 x 24"
    )
    genome = PUBLISHED.from_values((3, 3, 3), (1, 1, 1), (1, 1, 1))
    assert PUBLISHED.invalid_reason(genome, STL10, 2.0) == (
        "the output of 90 x 90 x 32 has 259,200 numbers, the input 27,648, and max_ratio is 2"
    )


def test_a_ratio_is_taken_as_it_is_written() -> None:
    """29 of 100 numbers are a ratio of 0.29, though 0.29 * 100 rounds to less than 29."""
    space = ConvGrid(1, (1,), (1,), (1,), channels=29)
    assert space.count_valid((1, 1, 100), 0.29).valid == 1
    assert space.count_valid((1, 1, 101), 0.29).valid == 1
    assert space.count_valid((1, 1, 99), 0.29).valid == 0


def test_dilations_of_a_kernel_of_one_pixel_are_one_architecture() -> None:
    space = ConvGrid(2, (1, 3), (1,), (2, 3))
    pointwise = space.from_values((1, 3), (1, 1), (3, 3))
    assert space.canonical(pointwise) == space.from_values((1, 3), (1, 1), (2, 3))
    assert space.multiplicity(pointwise) == 2
    assert space.decode(pointwise).nodes[1].op == Conv(32, 1, 1, 1, "valid")
    assert (space.size, space.num_architectures) == (16, 9)
    assert space.parse(space.format(pointwise)) == pointwise  # texts keep the genome as it is


def test_every_parameter_is_in_the_architecture_or_the_name() -> None:
    spaces = [
        ConvGrid(1, (3,), (1,), (1,)),
        ConvGrid(1, (3,), (1,), (1,), channels=48),
        ConvGrid(1, (3,), (1,), (1,), activation="gelu"),
        ConvGrid(1, (3,), (1,), (1,), padding="same"),
    ]
    digests = [space.decode((0, 0, 0)).digest for space in spaces]
    assert len(set(digests)) == len({space.name for space in spaces}) == 4
    assert PUBLISHED.name == "conv_grid_l3_k3-5-7-9_s1-2-3_d1-2-3_c32_relu_valid"
    for one, other in itertools.permutations(spaces, 2):
        with pytest.raises(ValueError, match=f"is not in {one.name}"):
            one.encode(other.decode((0, 0, 0)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layers": 0}, "layers is 0; expected an integer from 1 to 8"),
        ({"layers": 9}, "layers is 9; expected"),
        ({"kernels": ()}, r"kernels is \(\); expected a tuple of distinct integers >= 1"),
        ({"kernels": (3, 3)}, r"kernels is \(3, 3\); expected"),
        ({"strides": (2, 1)}, r"strides is \(2, 1\); expected"),
        ({"dilations": (0, 1)}, r"dilations is \(0, 1\); expected"),
        ({"channels": 0}, "channels is 0; expected an integer >= 1"),
        ({"activation": "relo"}, "activation is 'relo'; expected one of relu"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConvGrid(**parameters)


def test_what_is_of_another_type_is_refused() -> None:
    """In a fresh interpreter, where no run-time type check comes first."""
    calls = [
        "ConvGrid('3')",
        "ConvGrid(True)",
        "ConvGrid(3, [3, 5])",
        "ConvGrid(3, 3)",
        "ConvGrid(3, (3.0,))",
        "ConvGrid(3, strides=(True, 2))",
        "ConvGrid(channels=None)",
        "ConvGrid(padding=1)",
        "ConvGrid(padding='full')",
        "ConvGrid().count_valid((96.0, 96, 3))",
    ]
    code = f"""
from randarch.spaces import ConvGrid
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


@pytest.mark.parametrize(
    ("shape", "ratio", "message"),
    [
        ((0, 96, 3), 1.0, r"input_shape is \(0, 96, 3\); expected"),
        ((96, 96, -1), 1.0, "input_shape is"),
        (STL10, 0.0, "max_ratio is 0.0; expected a number above 0"),
        (STL10, -1.0, "max_ratio is -1.0"),
        (STL10, math.nan, "max_ratio is nan"),
    ],
)
def test_inputs_that_mean_nothing_are_refused(
    shape: tuple[int, int, int], ratio: float, message: str
) -> None:
    space = ConvGrid(2, (3,), (1,), (1,))
    with pytest.raises(ValueError, match=message):
        space.invalid_reason((0,) * 6, shape, ratio)
    with pytest.raises(ValueError, match=message):
        space.count_valid(shape, ratio)
    with pytest.raises(ValueError, match=message):
        space.valid(shape, ratio)


def test_bad_texts_and_values_say_what_is_wrong() -> None:
    for text, message in {
        "9,9,7 - 2,2,1": "expected kernels - strides - dilations, as in '3,3,3 - 1,1,1 - 1,1,1'",
        "9,9,7 - 2,2,1 - 2,1,1 - 1,1,1": "expected kernels - strides - dilations",
        "9,9,x - 2,2,1 - 2,1,1": "expected kernels - strides - dilations",
        "9,9, - 2,2,1 - 2,1,1": "expected kernels - strides - dilations",
        "9,9 - 2,2,1 - 2,1,1": r"2 kernels \(\[9, 9\]\) for conv_grid.*; expected 3",
        "9,9,7 - 2,2,1 - 2,4,1": "dilation_2 of conv_grid.* is 4; expected one of 1, 2, 3",
    }.items():
        with pytest.raises(InvalidGenomeError, match=message):
            PUBLISHED.parse(text)
    with pytest.raises(
        InvalidGenomeError, match=r"kernel_3 of .* is 4; expected one of 3, 5, 7, 9"
    ):
        PUBLISHED.from_values((3, 5, 4), (1, 1, 1), (1, 1, 1))
    for call in (PUBLISHED.values, lambda genome: PUBLISHED.invalid_reason(genome, STL10)):
        with pytest.raises(InvalidGenomeError, match=r"gene 0 of .* is 4; expected"):
            call((4, *(0,) * 8))
