"""Cutting graphs into stages: every node once, values passed along, equal parts equal programs."""

from itertools import pairwise

import pytest
from hypothesis import given

from randarch.engine import cut
from randarch.spec import Activation, ArchSpec, BatchNorm, Conv, sequential
from tests.engine.small import WITH_BATCH_NORM, block, chain
from tests.graphs import GRAPHS, Step, grow, random_steps


def check(arch: ArchSpec) -> None:
    """Stages follow each other, and what a stage reads is what the one before passes on."""
    stages = cut(arch)
    covered = [i for s in stages for i in range(s.first, s.first + len(s.program.nodes))]
    assert covered == list(range(1, len(arch)))
    assert stages[0].inputs == (0,)
    assert stages[-1].outputs == (len(arch) - 1,)
    measured: list[int] = []
    for stage, following in pairwise(stages):
        assert stage.outputs == following.inputs
    for stage in stages:
        graph_index = [*stage.inputs, *range(stage.first, stage.first + len(stage.program.nodes))]
        for place, node in enumerate(stage.program.nodes):
            original = arch.nodes[stage.first + place]
            assert node.op == original.op
            assert tuple(graph_index[i] for i in node.inputs) == original.inputs
        assert [graph_index[i] for i in stage.program.outputs] == list(stage.outputs)
        for value, norms in zip(stage.program.measured, stage.measured, strict=True):
            assert {arch.nodes[norm].inputs for norm in norms} == {(graph_index[value],)}
            # The statistics are known before the stage that needs them begins.
            assert all(norm >= stage.first + len(stage.program.nodes) for norm in norms)
            measured += norms
    norms = [i for i, node in enumerate(arch.nodes) if isinstance(node.op, BatchNorm)]
    assert sorted(measured) == norms


@pytest.mark.parametrize("name", GRAPHS)
def test_known_graphs(name: str) -> None:
    check(GRAPHS[name])


@pytest.mark.parametrize("name", WITH_BATCH_NORM)
def test_small_graphs(name: str) -> None:
    check(WITH_BATCH_NORM[name])


@given(random_steps)
def test_random_graphs(steps: list[Step]) -> None:
    check(grow(steps))


def test_a_stage_begins_at_each_norm_or_without_any_at_each_convolution() -> None:
    assert [stage.first for stage in cut(chain(3, 5))] == [1, 3, 6]
    plain = sequential([Conv(4), Activation(), Conv(4), Conv(4), Activation()])
    assert [stage.first for stage in cut(plain)] == [1, 3, 4]
    assert cut(sequential([])) == ()


def test_equal_parts_are_equal_programs_wherever_they_stand() -> None:
    one = cut(sequential([*block(4), *block(4), *block(4)]))
    other = cut(sequential([*block(4), *block(5), *block(4)]))
    assert one[1].program == one[2].program
    assert one[0].program == other[0].program
    assert one[1].program != other[1].program
    assert hash(one[0].program) == hash(other[0].program)
