"""One thread's way through a plan: values are kept, or computed again when they are needed."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from randarch.engine.evaluate import EvaluationSettings, Images
from randarch.engine.footprint import Footprint
from randarch.engine.forward import Forward, flatten
from randarch.engine.plan import Part, Path, Step
from randarch.engine.readouts import Readouts, Swept
from randarch.engine.statistics import measured_statistics, with_statistics
from randarch.networks import Variables, draw_weights, gather_variables


@dataclass(frozen=True)
class Work:
    """What was done.

    Attributes:
      steps: runs of a step on a batch of images.
      macs: multiply-adds in them.
      macs_alone: multiply-adds that the same networks would have taken one by one.
    """

    steps: int = 0
    macs: int = 0
    macs_alone: int = 0


class Meter:
    """Adds up the work of several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._work = Work()

    @property
    def work(self) -> Work:
        with self._lock:
            return self._work

    def add(self, steps: int = 0, macs: int = 0, macs_alone: int = 0) -> None:
        with self._lock:
            w = self._work
            self._work = Work(w.steps + steps, w.macs + macs, w.macs_alone + macs_alone)


def draw_step(step: Step, settings: EvaluationSettings) -> Variables:
    """Weights of a step's nodes, with a leading axis of seeds."""
    weights = draw_weights(
        step.arch,
        [node.shape for node in step.geometry.nodes],
        settings.seeds,
        init_name=settings.init_name,
        shared=settings.shared_weights,
        nodes=step.nodes,
    )
    return gather_variables(weights, step.stage.first, len(step.nodes))


@dataclass(frozen=True, eq=False)
class Batches:
    """Normalised images on the device, training images first.

    Attributes:
      pixels: equal batches, the last of a split filled up with zeros.
      counts: how many of each batch are images.
      calibrating: batches, from the first, that batch norm is calibrated on.
    """

    pixels: tuple[Array, ...]
    counts: tuple[int, ...]
    calibrating: int

    @classmethod
    def of(cls, forward: Forward, images: Images, settings: EvaluationSettings) -> "Batches":
        # No batch holds images that batch norm is calibrated on and others. (In mode `batch` what is together in
        # a batch matters, so that nothing else may divide them.)
        calibrated = settings.batch_norm == "calibrated"
        first = settings.calibration_images if calibrated else len(images.x_train)
        splits = (images.x_train[:first], images.x_train[first:], images.x_test)
        found = [batch for split in splits for batch in forward.batches(split)]
        return cls(
            tuple(x for x, _ in found),
            tuple(count for _, count in found),
            -(-len(splits[0]) // forward.batch),
        )

    @staticmethod
    def bytes(images: Images) -> int:
        """What they take, nearly."""
        return 4 * (images.x_train.size + images.x_test.size)


class Walker:
    """Goes through a plan depth first, for one thread.

    Args:
      forward: applies stages.
      images: the data.
      settings: seeds, weights and readout.
      budget: bytes; at least what `Footprint.needed` says of each network.
      meter: told what is done.
      batches: of the images, which threads share.
    """

    def __init__(
        self,
        forward: Forward,
        images: Images,
        settings: EvaluationSettings,
        budget: int,
        meter: Meter,
        batches: Batches,
    ) -> None:
        self.forward = forward
        self.images = images
        self.settings = settings
        self.budget = budget
        self.meter = meter
        self.footprint = Footprint.of(images, settings, forward.batch)
        self.pixels = batches.pixels
        self.counts = batches.counts
        self.calibrating = batches.calibrating
        self.path: list[Step] = []
        self.keep: frozenset[int] = frozenset()
        self.kept: list[list[tuple[Array, ...]] | None] = []
        self.variables: list[Variables] = []
        self.statistics: list[dict[int, tuple[np.ndarray, np.ndarray]] | None] = []
        self.check: Callable[[], None] = lambda: None

    def run(self, part: Part, check: Callable[[], None]) -> list[Swept]:
        """Evaluates the graphs of a part, in the order of its positions; `check` may raise to stop."""
        self.check = check
        readouts = Readouts(self.images, self.settings, self.forward.cache)
        try:
            for path, alone in zip(part.trees, part.alone, strict=True):
                self._go_to(path)
                self._visit(readouts, alone)
        except BaseException:
            self.path, self.kept, self.variables, self.statistics = [], [], [], []
            self.keep = frozenset()
            raise
        found = {one.position: one for one in readouts.finish()}
        return [found[position] for position in part.positions]

    def _go_to(self, path: Path) -> None:
        """Makes `path` the current one; what it has in common with the last one stays."""
        common = 0
        while common < min(len(path), len(self.path)) and path[common] is self.path[common]:
            common += 1
        while len(self.path) > common:
            self._leave()
        for step in path[common:]:
            self._enter(step)

    def _enter(self, step: Step) -> None:
        self.path.append(step)
        self.kept.append(None)
        self.statistics.append(None)
        if step.users > 1:
            self._choose()
        self.variables.append(self._with_statistics(step))

    def _leave(self) -> None:
        fork = self.path[-1].users > 1
        for stack in (self.path, self.kept, self.variables, self.statistics):
            stack.pop()  # type: ignore[attr-defined]
        if fork:
            self._choose()

    def _choose(self) -> None:
        """Which values to keep on the way that was taken; they are computed when they are first needed."""
        self.keep = self.footprint.choose(tuple(self.path), self.budget)
        for index in set(range(len(self.path))) - self.keep:
            self.kept[index] = None

    def _visit(self, readouts: Readouts, alone: bool) -> None:
        step = self.path[-1]
        if step.ends:
            self._complete(step, readouts)
        for child in () if alone else step.children:
            self._enter(child)
            self._visit(readouts, False)
            self._leave()

    def _complete(self, step: Step, readouts: Readouts) -> None:
        size = self.forward.feature_pool
        parts = []
        for batch, count in enumerate(self.counts):
            self.check()
            (value,) = self._values(len(self.path), batch)
            flat = self.forward.cache.get(_flattened, size, value)(value)
            parts.append(flat[:, :count])
        features = jnp.concatenate(parts, axis=1)
        del parts
        alone = sum(s.macs for s in self.path) * len(self.settings.seeds)
        self.meter.add(macs_alone=alone * sum(self.counts) * len(step.ends))
        readouts.add(step, features)

    def _values(self, depth: int, batch: int) -> tuple[Array, ...]:
        """What the current path's first `depth` steps give for a batch of images."""
        if depth == 0:
            return (self.pixels[batch],)
        if depth - 1 in self.keep and self.kept[depth - 1] is None:
            results = [self._step(depth, batch) for batch in range(len(self.counts))]
            self.kept[depth - 1] = [values for values, _ in results]
            self._measured(depth, [moments for _, moments in results[: self.calibrating]])
        kept = self.kept[depth - 1]
        return self._step(depth, batch)[0] if kept is None else kept[batch]

    def _step(self, depth: int, batch: int) -> tuple[tuple[Array, ...], Any]:
        """Values and moments of one step on one batch."""
        self.check()
        step, count = self.path[depth - 1], self.counts[batch]
        before = self._values(depth - 1, batch)
        result = self.forward.run(step.stage, self.variables[depth - 1], before, count)
        self.meter.add(steps=1, macs=step.macs * len(self.settings.seeds) * count)
        return result

    def _with_statistics(self, step: Step) -> Variables:
        """A step's variables, batch norms calibrated on what comes before."""
        variables = draw_step(step, self.settings)
        if self.settings.batch_norm != "calibrated" or not variables["batch_stats"]:
            return variables
        known: dict[int, tuple[np.ndarray, np.ndarray]] = dict(self._image_statistics(step))
        for depth in range(1, len(self.path)):
            known.update(self._statistics(depth))
        for node in known.keys() & set(step.nodes):
            variables = with_statistics(variables, step.stage, node, *known[node])
        return variables

    def _statistics(self, depth: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """What batch norms need to know of the values of the path's step at `depth`."""
        if self.statistics[depth - 1] is None:
            if depth - 1 in self.keep:
                self._values(depth, 0)
            else:
                batches = range(self.calibrating)
                self._measured(depth, [self._step(depth, batch)[1] for batch in batches])
        found = self.statistics[depth - 1]
        assert found is not None
        return found

    def _measured(self, depth: int, moments: list[Any]) -> None:
        if self.settings.batch_norm == "calibrated":
            counts = self.counts[: self.calibrating]
            found = measured_statistics(self.path[depth - 1].stage, moments, counts)
            self.statistics[depth - 1] = {node: (mean, var) for node, mean, var in found}

    def _image_statistics(self, step: Step) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
        """Of batch norms that read the images themselves."""
        users = [i for i in step.nodes if step.arch.nodes[i].inputs == (0,)]
        if users:
            batches = list(zip(self.pixels, self.counts, strict=True))[: self.calibrating]
            statistics = self.forward.image_statistics(batches)
            yield from ((user, statistics) for user in users)


def _flattened(pool: int | None, values: Float[Array, "s n h w c"]) -> Float[Array, "s n d"]:
    return jax.vmap(lambda x: flatten(x, pool))(values)
