"""`SPACE:GENOME` as text."""

import numpy as np
import pytest

from randarch.spaces import AnyNetX, ConvChain, ConvGrid, SearchSpace, decode_text


@pytest.mark.parametrize(
    ("family", "space"),
    [
        ("conv_chain", ConvChain(3)),
        ("conv_chain", ConvChain(9)),
        ("conv_grid", ConvGrid()),
        ("conv_grid", ConvGrid(2)),
        ("anynet_x", AnyNetX()),
    ],
)
def test_a_text_is_the_architecture_that_its_space_decodes(family: str, space: SearchSpace) -> None:
    for genome in space.sample(5, np.random.default_rng(0)):
        assert decode_text(f"{family}:{space.format(genome)}") == space.decode(genome)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conv_chian:3x1 3x1 3x1", ["conv_chian", "did you mean 'conv_chain'"]),
        ("conv_chain:3x1 3x1 3x9", ["layer 3", "3x9"]),
        ("conv_grid:9,9,7 - 2,2,1 - 2,1", ["2 dilations", "expected 3"]),
        ("conv_grid:", ["conv_grid"]),
        ("anynet_x:d1,1,1,1 w8,8,8,8 b1,1,1,1 g3,1,1,1", ["group_width_1", "3"]),
        ("vgg16", ["vgg16"]),
    ],
)
def test_other_texts_are_refused(text: str, words: list[str]) -> None:
    with pytest.raises(ValueError) as refused:
        decode_text(text)
    assert all(word in str(refused.value) for word in words), refused.value
