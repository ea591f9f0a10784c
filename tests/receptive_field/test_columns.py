"""What tables say of receptive fields, and the filter by them, agree with the analysis."""

import re

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


BORDERS: dict[str, tuple[int | None, int, int, int]] = {
    "vgg11": (6, 6, 3, 8),
    "vgg13": (7, 7, 4, 10),
    "vgg16": (8, 8, 6, 13),
    "vgg19": (8, 8, 9, 16),
    "vgg19_dilated": (5, 5, 12, 16),
    "resnet18": (15, 5, 3, 20),
    "resnet18_no_skips": (5, 5, 13, 17),
    "resnet34": (21, 5, 8, 36),
    "resnet18_no_stem": (None, 14, 0, 20),
    "resnet34_no_stem": (None, 14, 0, 36),
    "resnet34_no_skips": (5, 5, 29, 33),
    "resnet18_no_stem_no_skips": (12, 12, 6, 17),
    "resnet34_no_stem_no_skips": (13, 13, 21, 33),
    "mpnet18": (14, 8, 4, 17),
    "mpnet36": (19, 7, 29, 49),
}
"""By the smallest and by the largest field, unproductive convolutions, and all of them, at 32 pixels."""


@pytest.mark.parametrize("name", sorted({*FIGURES, *BORDERS}))
def test_borders_of_the_papers_networks(name: str) -> None:
    plain = re.sub("_(se|spatial|cbam)$", "", name)  # attention does not move a border
    border, largest, count, layers = BORDERS[plain]
    spec = make_network(name, 10)
    found = analyze_fields(spec, 32)
    assert found.border_max is not None and found.border_max.position == largest
    assert len(found.layers) == layers
    columns = field_columns(spec, found.geometry)
    assert columns == {"border_layer": border, "unproductive_layers": count}


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
