"""Programs that no later part of a sweep needs are the first to go, and no others."""

from typing import Any

import pytest

from randarch.engine import EvaluationSettings, ProgramCache, Step, Sweep, plan
from randarch.engine.retirement import Retirement
from randarch.ridge import RidgeSettings
from randarch.spaces import ConvGrid
from tests.engine.small import small_images

pytestmark = pytest.mark.usefixtures("compiled_once")

GRID = ConvGrid(layers=3, kernels=(1, 3), strides=(1, 2), dilations=(1,), channels=4)
ARCHS = [GRID.decode(g) for g in GRID.valid((10, 10, 3), 8.0)]
SETTINGS = EvaluationSettings(
    seeds=(0,), shared_weights=True, readout=RidgeSettings(lambdas=(1.0,))
)


def program(step: Step) -> Any:
    """What tells one program of a sweep from another, by the operations and shapes themselves."""
    shapes = tuple(step.geometry[i].shape for i in step.stage.inputs)
    return [node.op for node in step.stage.program.nodes], shapes, step.stage.first == 1


def test_each_program_is_told_once_after_its_last_part_and_not_before() -> None:
    parts = plan(ARCHS, (10, 10, 3)).parts(4)
    assert len(parts) > 8
    retirement, gone = Retirement(parts), []
    for index, part in enumerate(parts):
        with retirement.running(part):
            taken = [program(step) for step in retirement.take()]
        assert all(one not in gone for one in taken)
        gone += taken
        later = [program(step) for p in parts[index:] for step in p.steps()]
        assert not [one for one in gone if one in later]
        earlier = [program(step) for p in parts[:index] for step in p.steps()]
        assert all(one in gone or one in later for one in earlier)
    gone += [program(step) for step in retirement.take()]
    assert all(program(step) in gone for p in parts for step in p.steps())
    assert retirement.take() == []


def test_a_part_that_is_still_running_keeps_what_it_needs() -> None:
    parts = plan(ARCHS, (10, 10, 3)).parts(4)
    retirement = Retirement(parts)
    with retirement.running(parts[0]):
        for part in parts[1:]:
            with retirement.running(part):
                pass
        assert retirement.take() == []
    assert retirement.take() != []


@pytest.mark.parametrize("retires", [True, False])
def test_a_cache_without_room_for_all_compiles_nothing_twice(
    retires: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = small_images(train=20, test=10, size=10)
    if not retires:
        monkeypatch.setattr(Retirement, "take", lambda self: [])

    def compiled(capacity: int) -> int:
        sweep = Sweep(images, SETTINGS, ARCHS, ProgramCache(capacity), part=4)
        for part in sweep.parts:
            sweep.run(part)
        return sweep.cache.total.programs

    distinct = compiled(1000)
    parts = plan(ARCHS, (10, 10, 3)).parts(4)
    room = _most_at_once(parts) + distinct - len(_programs(parts))
    assert room < distinct
    # Without being told, a cache drops what it did not use for long, which may be needed again.
    assert (compiled(room) == distinct) is retires


def _programs(parts: Any) -> list[Any]:
    """All that differ."""
    found: list[Any] = []
    for part in parts:
        found += [one for step in part.steps() if (one := program(step)) not in found]
    return found


def _most_at_once(parts: Any) -> int:
    """Programs that were used and will be again, at most."""
    using = [[program(step) for step in part.steps()] for part in parts]
    return max(
        sum(
            any(one in p for p in using[: index + 1]) and any(one in p for p in using[index:])
            for one in _programs(parts)
        )
        for index in range(len(parts))
    )
