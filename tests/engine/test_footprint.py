"""Which values a sweep keeps: all where there is room, else those that save the most multiply-adds."""

import itertools

import pytest

from randarch.engine import Plan, plan
from randarch.engine.footprint import Footprint
from randarch.engine.plan import Path
from randarch.spaces import ConvGrid

SIZES = Footprint(images=100, seeds=2, batch=10, readout=1000)


@pytest.fixture(scope="module")
def grid() -> Plan:
    space = ConvGrid(layers=4, kernels=(1, 3, 5), strides=(1,), dilations=(1,), channels=4)
    return plan([space.decode(g) for g in space.valid((24, 24, 3), 100.0)], (24, 24, 3))


def first_path(planned: Plan, length: int) -> Path:
    path = [planned.roots[0]]
    while len(path) < length:
        path.append(path[-1].children[0])
    return tuple(path)


def macs(path: Path, kept: frozenset[int]) -> int:
    """Multiply-adds of a forest whose branches are all like the path, by going through it."""
    done = 0
    values: list[bool] = [False] * len(path)

    def need(depth: int) -> None:
        nonlocal done
        if depth < 0 or values[depth]:
            return
        need(depth - 1)
        done += path[depth].macs
        values[depth] = depth in kept

    def visit(depth: int) -> None:
        values[depth] = False
        for _ in range(path[depth].users):
            if depth == len(path) - 1:
                need(depth)
            else:
                visit(depth + 1)

    visit(0)
    return done


def test_everything_is_kept_where_there_is_room_and_nothing_where_there_is_none(grid: Plan) -> None:
    path = first_path(grid, 3)
    assert SIZES.choose(path, 10**12) == {0, 1, 2}
    assert SIZES.choose(path, SIZES.needed(path)) == frozenset()
    assert SIZES.choose((), 10**12) == frozenset()


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_no_choice_that_fits_takes_fewer_multiply_adds(
    grid: Plan, length: int, share: float
) -> None:
    path = first_path(grid, length)
    room = int(share * sum(SIZES.values(step) for step in path))
    found = SIZES.choose(path, SIZES.needed(path) + room)
    every = (c for n in range(length + 1) for c in itertools.combinations(range(length), n))
    fitting = [frozenset(c) for c in every if sum(SIZES.values(path[i]) for i in c) <= room]
    assert found in fitting
    assert macs(path, found) == min(macs(path, choice) for choice in fitting)


def test_with_room_for_one_the_dear_second_layer_is_kept_and_not_the_first(grid: Plan) -> None:
    path = first_path(grid, 2)
    assert path[1].macs > path[0].macs
    room = max(SIZES.values(step) for step in path)
    assert SIZES.choose(path, SIZES.needed(path) + room) == {1}
