"""Which compiled programs no part of a sweep that is still to come needs."""

import threading
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager

from randarch.engine.plan import Part, Step


class Retirement:
    """Follows the parts of a sweep as they are done; safe to share between threads.

    Half of the published space's programs serve a few neighbouring parts alone. A program takes a megabyte, so that it
    is worth knowing which to drop first. Parts are expected in order: one that is done again, or out of its turn, may
    find its programs gone, and compiles them again.

    Args:
      parts: all of them, in order.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        last: dict[Hashable, tuple[int, Step]] = {}
        for index, part in enumerate(parts):
            last |= {_program(step): (index, step) for step in part.steps()}
        self._leaving: dict[int, list[Step]] = defaultdict(list)
        for index, step in last.values():
            self._leaving[index].append(step)
        self._places = {part.name: index for index, part in enumerate(parts)}
        self._running: list[int] = []
        self._newest = -1
        self._lock = threading.Lock()

    @contextmanager
    def running(self, part: Part) -> Iterator[None]:
        """Around the work on a part."""
        place = self._places[part.name]
        with self._lock:
            self._running.append(place)
            self._newest = max(self._newest, place)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(place)

    def take(self) -> list[Step]:
        """One step for each program that is not needed any more, told once."""
        with self._lock:
            oldest = min(self._running, default=self._newest + 1)
            gone = [index for index in self._leaving if index < oldest]
            return [step for index in gone for step in self._leaving.pop(index)]


def _program(step: Step) -> Hashable:
    """Equal for the steps of a sweep that one program computes."""
    first = step.stage.first == 1
    return step.stage.program, first, tuple(step.geometry[i].shape for i in step.stage.inputs)
