"""AnyNetX: published members, what a graph is made of, what goes together, and how it is drawn."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from randarch.geometry import Geometry, analyze
from randarch.spaces import AnyNetX, InvalidGenomeError, StageGenes
from randarch.spec import Activation, Add, BatchNorm, Conv, Linear, Pool, append

REGNET = AnyNetX(stem="regnet", stage_start="block")


def classified(space: AnyNetX, text: str, side: int = 224, classes: int = 1000) -> Geometry:
    return analyze(append(space.decode(space.parse(text)), Linear(classes)), (side, side, 3))


@pytest.mark.parametrize(
    ("text", "params", "mega_macs"),
    [
        ("d1,1,4,7 w24,56,152,368 b1,1,1,1 g8,8,8,8", 2_684_792, 199.0),
        ("d1,2,7,12 w32,64,160,384 b1,1,1,1 g16,16,16,16", 5_157_512, 397.7),
    ],
    ids=["RegNetX-200MF", "RegNetX-400MF"],
)
def test_published_networks_are_members(text: str, params: int, mega_macs: float) -> None:
    found = classified(REGNET, text)
    assert found.params == params
    assert round(found.macs / 1e6, 1) == mega_macs


@pytest.mark.parametrize(
    ("stem", "sides"),
    [("resnet", [8, 4, 2, 1]), ("cifar", [32, 16, 8, 4]), ("regnet", [8, 4, 2, 1])],
)
def test_stems_and_strides(stem: str, sides: list[int]) -> None:
    space = AnyNetX(stem=stem)
    spec = space.decode(space.parse("d1,2,1,1 w8,16,24,32 b1,2,1,4 g1,2,8,4"))
    found = {node.label: node.shape for node in analyze(spec, (32, 32, 3)).nodes}
    assert [found[f"stage{i}_start"][0] for i in (1, 2, 3, 4)] == sides
    assert found["gap"] == (1, 1, 32)
    pools = [node.op for node in spec if isinstance(node.op, Pool)]
    assert pools == ([Pool("max", 3, 2, padding=1)] if stem == "resnet" else [])


def test_a_block_as_the_text_has_it() -> None:
    space = AnyNetX(stem="cifar", stem_width=8)
    spec = space.decode(space.parse("d1,1,1,1 w8,8,8,16 b1,1,1,2 g8,8,8,4"))
    names = [spec.label(i) for i in range(len(spec))]
    last = [node.op for node in spec.nodes[names.index("stage4_start") : names.index("gap")]]
    norm, relu = BatchNorm(), Activation("relu")
    assert last == [
        *(Conv(16, 1, 2, bias=False), norm, relu),
        *(Conv(8, 1, bias=False), norm, relu),
        *(Conv(8, 3, padding=1, groups=2, bias=False), norm, relu),
        *(Conv(16, 1, bias=False), norm, Add(), relu),
    ]
    # All blocks of a stage are equal, and none has a convolution in its shortcut.
    assert not any("shortcut" in name for name in names)


def test_a_stage_that_starts_with_its_block_projects_where_stride_or_width_change() -> None:
    space = AnyNetX(stem="cifar", stage_start="block", stem_width=8)
    for text, expected in (
        ("d2,1,2,1 w8,8,16,16 b1,1,1,1 g8,8,8,8", ["stage2", "stage3", "stage4"]),
        ("d1,1,1,1 w16,16,16,16 b1,1,1,1 g8,8,8,8", ["stage1", "stage2", "stage3", "stage4"]),
    ):
        spec = space.decode(space.parse(text))
        labels = [spec.label(i) for i in range(len(spec))]
        assert [n for n in labels if "shortcut" in n] == [f"{s}_block1_shortcut" for s in expected]
        assert not any("start" in name for name in labels)


def test_sizes_of_the_space() -> None:
    # Published: (16 * 128 * 3 * 6)^4 combinations, those that do not go together counted.
    space = AnyNetX()
    assert math.prod(space.gene_sizes) == (16 * 128 * 3 * 6) ** 4
    blocks = sum(
        w % b == 0 and (w // b) % g == 0
        for w, b, g in itertools.product(range(8, 1025, 8), (1, 2, 4), (1, 2, 4, 8, 16, 32))
    )
    assert space.size == space.num_architectures == (16 * blocks) ** 4
    assert space.num_genes == 16


def test_values_that_do_not_go_together_are_named() -> None:
    space = AnyNetX()
    with pytest.raises(InvalidGenomeError, match=r"stage 2 has width 24, .* 4 and group width 4"):
        space.parse("d1,1,1,1 w8,24,8,8 b1,4,1,1 g8,4,8,8")
    with pytest.raises(InvalidGenomeError, match=r"width_3 .* is 12; expected 8, 16, ..., 1024"):
        space.parse("d1,1,1,1 w8,8,12,8 b1,1,1,1 g1,1,1,1")
    with pytest.raises(InvalidGenomeError, match="3 stages"):
        space.from_stages([StageGenes(1, 8, 1, 8)] * 3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_depth": 0}, "max_depth is 0"),
        ({"max_width": 60}, "max_width is 60; expected a multiple of 8"),
        ({"stem_width": 0}, "stem_width is 0"),
        ({"bottlenecks": (2, 1)}, "bottlenecks is"),
        ({"group_widths": ()}, "group_widths is"),
        ({"max_width": 16, "group_widths": (32,)}, "no group width"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnyNetX(**parameters)


def test_draws_are_log_uniform_before_they_are_thrown_away() -> None:
    # With one bottleneck and a group width of 1 everything goes together, so that nothing is thrown away.
    space = AnyNetX(16, 1024, (1,), (1,))
    rng = np.random.default_rng(0)
    stages = [stage for _ in range(2500) for stage in space.stages(space.draw(rng))]
    depths = Counter(stage.depth for stage in stages)
    # The chance of d is that of a log-uniform number between d - 1 and d, the first from 1/2 on.
    edges = np.log([0.5, *range(1, 17)])
    expected = np.diff(edges) / (edges[-1] - edges[0]) * len(stages)
    observed = [depths[d] for d in range(1, 17)]
    assert stats.chisquare(observed, expected).pvalue > 1e-3
    widths = np.log([stage.width for stage in stages])
    ideal = stats.uniform(np.log(4), np.log(1024) - np.log(4))
    # Rounding up to a multiple of 8 moves narrow ones most; from 64 on by less than an eighth.
    wide = widths[widths > np.log(64)]
    assert abs(len(wide) / len(widths) - (1 - ideal.cdf(np.log(64)))) < 0.02


def test_draws_are_repeatable_members_of_the_space() -> None:
    space = AnyNetX(8, 64, stem="cifar")
    rng = np.random.default_rng(3)
    drawn = [space.draw(rng) for _ in range(50)]
    again = np.random.default_rng(3)
    assert drawn == [space.draw(again) for _ in range(50)]
    for genome in drawn:
        space.validate(genome)
    assert len(set(drawn)) == 50
