"""What tables say of receptive fields, and the filter by them, agree with the analysis."""

import numpy as np
import pytest

from randarch.geometry import analyze
from randarch.receptive_field import AtMostUnproductive, analyze_fields, field_columns
from randarch.reference import make_network
from randarch.spaces import ConvChain, ConvGrid, SearchSpace
from randarch.spec import ArchSpec, Conv, sequential
from randarch.studies.receptive_field.published import FIGURES

SPACES: list[tuple[SearchSpace, int]] = [(ConvChain(9), 32), (ConvGrid(padding="same"), 96)]


@pytest.mark.parametrize(("space", "side"), SPACES, ids=lambda value: getattr(value, "name", value))
def test_columns_and_filter_agree_with_the_analysis(space: SearchSpace, side: int) -> None:
    shape, seen = (side, side, 3), set()
    for genome in space.sample(60, np.random.default_rng(0)):
        spec = space.decode(genome)
        found = analyze_fields(spec, side)
        columns, count = field_columns(spec, analyze(spec, shape)), len(found.unproductive)
        border = None if found.border_min is None else found.border_min.position
        assert columns == {"border_layer": border, "unproductive_layers": count}
        for most in (0, 1, 2):
            assert AtMostUnproductive(most, shape)(spec) is (count <= most)
        assert AtMostUnproductive(None, shape)(spec)
        seen.add(count)
    assert len(seen) > 1


@pytest.mark.parametrize("name", FIGURES)
def test_reference_networks_too(name: str) -> None:
    spec = make_network(name, 10)
    found = analyze_fields(spec, 32)
    columns = field_columns(spec, found.geometry)
    assert columns["unproductive_layers"] == len(found.unproductive)


def test_images_that_are_not_square_count_as_their_longer_side() -> None:
    spec = chain(5)  # its inputs have seen 1, 3, 5, 7 and 9 pixels
    for shape, count in (((8, 8, 3), 1), ((8, 4, 3), 1), ((4, 8, 3), 1), ((4, 4, 3), 3)):
        columns = field_columns(spec, analyze(spec, shape))
        border = {1: 5, 3: 3}[count]
        assert columns == {"border_layer": border, "unproductive_layers": count}


def chain(layers: int) -> ArchSpec:
    return sequential([Conv(2, 3, padding="same")] * layers)


def test_a_filter_that_nothing_can_pass_is_refused() -> None:
    with pytest.raises(ValueError, match="max_unproductive is -1; expected at least 0"):
        AtMostUnproductive(-1, (8, 8, 3))
