"""What graphs share, and that parts cover a sweep once."""

import itertools
import math

import pytest

from randarch.engine import plan
from randarch.engine.plan import Plan
from randarch.engine.stages import cut
from randarch.geometry import GeometryError, analyze
from randarch.spaces import ConvGrid
from randarch.spec import Activation, ArchSpec, Conv, GraphBuilder, sequential
from tests.engine.small import WITH_BATCH_NORM, chain

SHAPE = (12, 12, 3)
GRID = ConvGrid(3, (1, 3), (1, 2), (1,), channels=4, padding="same")
GRID_ARCHS = [GRID.decode(g) for g in GRID.enumerate_distinct()]


def covered(found: Plan, most: int) -> list[int]:
    return [p for part in found.parts(most) for p in part.positions]


def test_a_grid_shares_every_beginning() -> None:
    found = plan(GRID_ARCHS, SHAPE)
    by_depth = [
        len(roots)
        for roots in (
            found.roots,
            [c for r in found.roots for c in r.children],
            [d for r in found.roots for c in r.children for d in c.children],
        )
    ]
    assert by_depth == [4, 16, 64]
    assert found.count == 64
    # Every stage is a convolution with what follows it, so that steps are the distinct ones among those.
    distinct = {arch.node_digests[stage.first] for arch in GRID_ARCHS for stage in cut(arch)}
    assert len(list(found.steps())) == len(distinct)


def test_sharing_saves_the_multiply_adds_of_beginnings() -> None:
    shared, alone = (plan(GRID_ARCHS, SHAPE, shared=s) for s in (True, False))
    assert alone.macs == sum(analyze(arch, SHAPE).macs for arch in GRID_ARCHS)
    assert len(list(alone.steps())) == 3 * 64
    nodes = {
        arch.node_digests[i]: geometry.nodes[i].macs
        for arch in GRID_ARCHS
        for geometry in [analyze(arch, SHAPE)]
        for i in range(len(arch))
    }
    assert shared.macs == sum(nodes.values()) < alone.macs


def test_steps_describe_their_nodes() -> None:
    arch = GRID_ARCHS[37]
    (root,) = plan([arch], SHAPE).roots
    steps = list(root.below())
    geometry = analyze(arch, SHAPE)
    assert list(itertools.chain(*(step.nodes for step in steps))) == list(range(1, len(arch)))
    assert [step.users for step in steps] == [1, 1, 1]
    assert [end.position for end in steps[-1].ends] == [0]
    assert steps[-1].output_shapes == (geometry.output_shape,)
    assert steps[-1].values == math.prod(geometry.output_shape)


@pytest.mark.parametrize("most", [1, 3, 4, 5, 16, 64, 1000])
def test_parts_hold_every_graph_once(most: int) -> None:
    found = plan(GRID_ARCHS, SHAPE)
    assert sorted(covered(found, most)) == list(range(64))
    parts = found.parts(most)
    assert len({part.name for part in parts}) == len(parts)
    assert max(len(part.positions) for part in parts) <= most
    assert [p.name for p in plan(GRID_ARCHS, SHAPE).parts(most)] == [p.name for p in parts]


def test_graphs_that_end_where_others_go_on() -> None:
    short, long, other = chain(3), chain(3, 5), chain(3, 3)
    found = plan([long, short, other], (6, 6, 3))
    for most in (1, 2, 3):
        assert sorted(covered(found, most)) == [0, 1, 2]


def test_equal_graphs_share_everything_and_each_is_counted() -> None:
    found = plan([chain(3), chain(3)], (6, 6, 3))
    assert [[e.position for e in s.ends] for s in found.steps() if s.ends] == [[0, 1]]
    apart = plan([chain(3), chain(3)], (6, 6, 3), shared=False)
    assert sorted(e.position for step in apart.steps() for e in step.ends) == [0, 1]


def test_what_later_nodes_read_divides_beginnings() -> None:
    """A convolution whose input is still needed passes on more than one whose input is not."""
    graph = GraphBuilder()
    x = graph.add(Conv(3, 3), graph.input)
    y = graph.add(Conv(3, 3), x)
    from randarch.spec import Add

    graph.add(Add(), x, y)
    skipping = graph.build()
    plain = sequential([Conv(3, 3), Conv(3, 3), Activation()])
    assert len(plan([skipping, plain], SHAPE).roots) in (1, 2)
    assert sorted(covered(plan([skipping, plain], SHAPE), 1)) == [0, 1]


@pytest.mark.parametrize("name", WITH_BATCH_NORM)
def test_graphs_of_any_shape_can_be_planned(name: str) -> None:
    arch: ArchSpec = WITH_BATCH_NORM[name]
    found = plan([arch], (6, 6, 3))
    assert found.macs == analyze(arch, (6, 6, 3)).macs


def test_graphs_without_operations_or_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="input alone"):
        plan([GraphBuilder().build()], SHAPE)
    with pytest.raises(GeometryError):
        plan([sequential([Conv(3, 9, padding="valid")])], (6, 6, 3))


@pytest.mark.slow
def test_the_published_space_has_36_and_1279_shared_beginnings() -> None:
    space = ConvGrid()
    found = plan((space.decode(g) for g in space.valid((96, 96, 3))), (96, 96, 3))
    second = [step for root in found.roots for step in root.children]
    third = [step for s in second for step in s.children]
    assert (len(found.roots), len(second), len(third)) == (36, 1279, 32021)
    assert found.count == 32021
    assert found.macs * 2 * 1000 == pytest.approx((0.9 + 110 + 335) * 1e12, rel=0.01)
