"""Truncation keeps what is productive and nothing else."""

import pytest

from randarch.receptive_field import NothingToTruncateError, analyze_fields, truncate
from randarch.reference import make_network
from randarch.spec import Conv, GlobalPool, Linear, sequential
from randarch.studies.receptive_field.published import FIGURES


@pytest.mark.parametrize(
    ("name", "options", "last"),
    [
        ("vgg16", {}, "conv3_3"),
        ("vgg19", {}, "conv3_3"),
        ("resnet18", {}, "stage3_block1_shortcut"),
        ("resnet34", {}, "stage3_block1_shortcut"),
        ("resnet18", {"skips": False}, "stage1_block2_conv1"),
        ("resnet18", {"attention": "cbam"}, "stage3_block1_shortcut"),
    ],
)
def test_where_known_networks_are_cut(name: str, options: dict, last: str) -> None:
    spec = truncate(analyze_fields(make_network(name, 10, **options), 32), 10)
    named = [node.name for node in spec.nodes if isinstance(node.op, Conv) and node.inputs]
    assert named[-1] == last
    assert [node.op for node in spec.nodes[-2:]] == [GlobalPool("avg"), Linear(10)]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("resolution", [32, 48, 64])
def test_a_truncated_network_has_no_border_and_begins_as_before(name: str, resolution: int) -> None:
    before = analyze_fields(make_network(name, 10), resolution)
    try:
        spec = truncate(before, 5)
    except NothingToTruncateError:
        border = before.border_min
        assert border is None or border.position <= 2
        return
    after = analyze_fields(spec, resolution)
    assert after.border_min is None
    assert after.geometry.output_shape == (1, 1, 5)
    assert after.geometry.macs < before.geometry.macs
    kept = len(spec) - 2
    assert spec.nodes[:kept] == before.spec.nodes[:kept]


def test_without_a_border_there_is_nothing_to_cut() -> None:
    with pytest.raises(NothingToTruncateError, match="no layer is unproductive at 224 pixels"):
        truncate(analyze_fields(make_network("vgg16", 10), 224), 10)
    first = sequential([Conv(4, 9, stride=2), Conv(4, 9), Conv(4, 3)])
    kept = truncate(analyze_fields(first, 9), 10)
    assert sum(isinstance(node.op, Conv) for node in kept.nodes) == 2
