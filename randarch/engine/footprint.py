"""What a sweep's values take in memory, and which of them to keep."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from randarch.engine.evaluate import EvaluationSettings, Images
from randarch.engine.plan import Path, Step
from randarch.engine.readouts import readout_bytes

MOST_FORKS = 10
"""Of a path, from its end, that are considered to be kept: all choices of them are tried."""

SCRATCH = 64 * 2**20
"""Bytes that a thread needs beside values and kernels: windows of the images, weights."""

COPIES, LARGEST_COPIES = 3, 192 * 2**20
"""What a layer's program works in besides: a few copies of what it reads and gives, at most so many bytes (measured:
216 MiB in all for 100 images of 84 x 84 and 32 maps)."""


@dataclass(frozen=True)
class Footprint:
    """Bytes that steps take.

    Attributes:
      images: training and test images.
      seeds: of the weights.
      batch: images at a time.
      readout: bytes that readouts take beside the features.
    """

    images: int
    seeds: int
    batch: int
    readout: int

    @classmethod
    def of(cls, images: Images, settings: EvaluationSettings, batch: int) -> "Footprint":
        count = len(images.x_train) + len(images.x_test)
        return cls(count, len(settings.seeds), batch, readout_bytes(images, settings))

    def values(self, step: Step) -> int:
        """What a step passes on, for all images."""
        return 4 * self.seeds * self.images * step.values

    def needed(self, path: Path) -> int:
        """What completing the graphs below the path's last step takes if nothing is kept."""
        return SCRATCH + self._needed(path[-1], max(self._running(step) for step in path))

    def _needed(self, step: Step, running: int) -> int:
        # Features, and a centred copy.
        own = 2 * self.values(step) + self.readout if step.ends else 0
        below = (self._needed(s, max(running, self._running(s))) for s in step.children)
        return max([running + own, *below])

    def _running(self, step: Step) -> int:
        read = sum(math.prod(step.geometry[i].shape) for i in step.stage.inputs)
        ends = 4 * self.seeds * self.batch * (read + step.values)
        return ends + min(LARGEST_COPIES, COPIES * ends)

    def choose(self, path: Path, budget: int) -> frozenset[int]:
        """Indices of the path's steps whose values are best kept while what is below its last step is completed.

        Of all choices that leave room for what is below, the one with the fewest multiply-adds, if the other
        branches at each fork were like the path. A layer deep down, which is dear and used again and again, may
        so be kept instead of the one before it, which is then computed again for each of its own branches.
        """
        if not path:
            return frozenset()
        forks = [i for i, step in enumerate(path) if step.users > 1][-MOST_FORKS:]
        room = budget - self.needed(path)
        choices: Iterable[tuple[int, ...]] = (
            choice for count in range(len(forks) + 1) for choice in combinations(forks, count)
        )
        fitting = (c for c in choices if not c or sum(self.values(path[i]) for i in c) <= room)
        best = min(fitting, key=lambda choice: _macs(path, choice))
        return frozenset(best)


def _macs(path: Path, kept: Sequence[int]) -> int:
    """Multiply-adds an image of a forest in which every branch is like the path, with some values kept."""
    visits = [1]
    for step in path:
        visits.append(visits[-1] * step.users)
    total, runs = 0, visits.pop()
    for index in reversed(range(len(path))):
        if index in kept:
            runs = visits[index]
        total += runs * path[index].macs
    return total
