"""Suggestions do what they say."""

import pytest

from randarch.receptive_field import analyze_fields, suggest
from randarch.reference import make_network
from randarch.spec import Conv, sequential
from randarch.studies.receptive_field.published import FIGURES


@pytest.mark.parametrize("name", FIGURES)
def test_each_suggestion_leaves_less_unproductive(name: str) -> None:
    before = analyze_fields(make_network(name, 10), 32)
    found = suggest(before, 10)
    assert bool(found) == (before.border_min is not None)
    for one in found:
        assert one.kind in ("truncate", "keep_resolution")
        assert len(one.after.unproductive) < len(before.unproductive)
        assert one.params == one.after.geometry.params - before.geometry.params
        assert (one.macs < 0) == (one.kind == "truncate")
        assert one.to_summary()["macs"] == one.after.geometry.macs


def test_the_stem_of_a_resnet_can_keep_the_resolution() -> None:
    found = suggest(analyze_fields(make_network("resnet18", 10), 32), 10)
    texts = [one.text for one in found]
    assert texts[0].startswith("Truncate: keep 13 of 20 convolutions")
    assert "Keep the resolution: stride 1 in conv1." in texts
    # Both halves of a downsampling block go together, or their sum would not fit.
    both = "stride 1 in stage2_block1_conv1 and stage2_block1_shortcut."
    assert any(text.endswith(both) for text in texts)


def test_a_network_that_does_not_see_the_image_is_told_where_to_dilate() -> None:
    small = sequential([Conv(4, 3), Conv(4, 3, stride=2), Conv(4, 3), Conv(4, 1)])
    before = analyze_fields(small, 12)
    found = suggest(before, 10)
    assert [one.kind for one in found] == ["dilate"] * len(found) and found
    for one in found:
        assert one.params == 0
        assert max(layer.field_max for layer in one.after.layers) >= 12
    assert suggest(analyze_fields(small, 9), 10) == ()


def test_no_dilation_is_suggested_that_wastes_the_layers_behind_it() -> None:
    before = analyze_fields(sequential([Conv(4, 9), Conv(4, 3)]), 16)
    found = suggest(before, 10)
    assert [one.text.split()[1] for one in found] == ["conv2"]
    assert not any(one.after.unproductive for one in found)
