"""Layers in groups: each once, in order, within the limit; the same curves whatever the groups."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.layerwise import curves, group_bytes, groups, untrained_variables
from randarch.layerwise.groups import GROUP_BYTES, group_layers
from randarch.spec import BatchNorm, Conv, GlobalPool, Linear, sequential
from randarch.training import TrainingImages

pytestmark = pytest.mark.usefixtures("compiled_plainly")

SHAPES = st.lists(
    st.tuples(st.integers(1, 128), st.integers(1, 128), st.integers(1, 1024)), max_size=30
)


@given(SHAPES, st.integers(10, 60_000), st.integers(1, 10_000))
def test_every_layer_is_in_one_group_and_groups_are_no_larger_than_they_may(
    shapes: list[tuple[int, int, int]], train: int, test: int
) -> None:
    found = group_layers(shapes, train, test)
    assert [i for group in found for i in group] == list(range(len(shapes)))
    for group in found:
        own = [shapes[i] for i in group]
        features = [min(h, 4) * min(w, 4) * c for h, w, c in own]
        kept = 4 * (train + test) * (sum(features) + len(own) * min(train, max(features)))
        outputs = 4 * 100 * sum(map(math.prod, own))
        assert len(group) == 1 or kept + outputs <= GROUP_BYTES
        assert group_bytes(shapes, train, test) >= kept + outputs


def test_small_layers_are_looked_at_together() -> None:
    assert group_layers([(8, 8, 16)] * 20, 500, 500) == [list(range(20))]


@pytest.mark.parametrize("trained", [True, False])
def test_groups_do_not_change_the_curves(trained: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    arch = sequential(
        [Conv(5, 3), BatchNorm(), Conv(5, 3), Conv(5, 3), GlobalPool("avg"), Linear(3)]
    )
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (80, 9, 9, 3)).astype(np.uint8), rng.integers(0, 3, 80)
    images = TrainingImages(x[:50], y[:50], x[50:], y[50:], 3, (0.5,) * 3, (0.2,) * 3)
    variables, nodes = untrained_variables(arch, images, 0, "pytorch"), [1, 3, 4]
    together = curves(arch, variables, images, nodes, trained=trained)
    monkeypatch.setattr(groups, "GROUP_BYTES", 1)
    alone = curves(arch, variables, images, nodes, trained=trained)
    assert len(alone.saturation) == len(alone.probe_accuracy) == 3
    assert alone.saturation == together.saturation
    np.testing.assert_allclose(alone.probe_accuracy, together.probe_accuracy, atol=0.034)
