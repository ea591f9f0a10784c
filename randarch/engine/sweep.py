"""Evaluating many architectures: what they share is computed once, and memory stays within a budget.

Values that several steps read are kept where there is room; where there is not for all, those that are dear to
compute are kept (`footprint`), and the others computed again, a batch of images at a time. That changes what a sweep
costs and none of its results.
"""

import math
import threading
from collections.abc import Callable, Iterable, Sequence

import jax
import jax.numpy as jnp

from randarch.engine.evaluate import EvaluationSettings, Images
from randarch.engine.footprint import Footprint
from randarch.engine.plan import Part, Plan, Step, plan
from randarch.engine.programs import ProgramCache
from randarch.engine.readouts import Swept
from randarch.engine.retirement import Retirement
from randarch.engine.walk import Batches, Meter, Walker, Work, draw_step
from randarch.memory import give_back
from randarch.networks import Variables
from randarch.spec import ArchSpec

BATCH, SMALLEST_BATCH = 100, 10
"""Images at a time of one seed, and of however many seeds."""


class BudgetError(ValueError):
    """A memory budget that not even one network fits."""


class Sweep:
    """Evaluates architectures on one data set, part by part; parts may run on several threads.

    Attributes:
      plan: what the architectures share.
      parts: what to `run`; the same for the same architectures, whatever the workers and the budget.
      cache: of compiled programs.

    Args:
      images: the data.
      settings: as for `Evaluator`. Every score has the certificate of its solution given the kernel, whose
        products are float32; a sampled share is solved again with kernels in float64.
      archs: what to evaluate.
      cache: of compiled programs.
      workers: threads that will call `run`; each gets its share of the memory budget.
      part: about so many architectures are done, and stored, in one go.

    Raises:
      BudgetError: a share of the budget is too small for one of the networks.
      ValueError: for no architectures, or one that is its input alone or does not fit the images.
    """

    def __init__(
        self,
        images: Images,
        settings: EvaluationSettings,
        archs: Sequence[ArchSpec],
        cache: ProgramCache | None = None,
        *,
        workers: int = 1,
        part: int = 36,
    ) -> None:
        if not archs:
            raise ValueError("no architectures to evaluate; expected at least one")
        self.images = images
        self.settings = settings
        self.cache = ProgramCache() if cache is None else cache
        height, width, channels = images.x_train.shape[1:]
        self.plan = plan(archs, (height, width, channels), shared=settings.shared_weights)
        self.parts = self.plan.parts(part)
        self._forward = settings.forward(self.cache, images.normalization, batch_size(settings))
        self._budget = check_budget(self.plan, images, settings, workers)
        self._threads = threading.local()
        self._meter = Meter()
        self._lock = threading.Lock()
        self._batches: Batches | None = None
        self._retirement = Retirement(self.parts)

    @property
    def work(self) -> Work:
        """Done so far, by all threads."""
        return self._meter.work

    def run(self, part: Part, check: Callable[[], None] = lambda: None) -> list[Swept]:
        """Evaluates the architectures of a part, in the order of its positions.

        Args:
          part: of `self.parts`.
          check: called between steps; may raise to stop.
        """
        with self._retirement.running(part), self.cache.running():
            if not hasattr(self._threads, "walker"):
                with self._lock:
                    if self._batches is None:
                        self._batches = Batches.of(self._forward, self.images, self.settings)
                self._threads.walker = Walker(
                    self._forward,
                    self.images,
                    self.settings,
                    self._budget,
                    self._meter,
                    self._batches,
                )
            found: list[Swept] = self._threads.walker.run(part, check)
        for step in self._retirement.take():
            self._forward.retire_stage(step.stage, *self._shapes(step))
        give_back()
        return found

    def compile(self, steps: Iterable[Step]) -> None:
        """Compiles the programs of steps ahead of `run`, for other threads than those that run."""
        for step in steps:
            self._forward.compile_stage(step.stage, *self._shapes(step))

    def _shapes(self, step: Step) -> tuple[Variables, tuple[jax.ShapeDtypeStruct, ...]]:
        """What a step's program takes, as far as shapes and types matter."""
        lead = () if step.stage.first == 1 else (len(self.settings.seeds),)
        values = tuple(
            jax.ShapeDtypeStruct((*lead, self._forward.batch, *step.geometry[i].shape), jnp.float32)
            for i in step.stage.inputs
        )
        return draw_step(step, self.settings), values


def check_budget(
    planned: Plan, images: Images, settings: EvaluationSettings, workers: int = 1
) -> int:
    """The bytes that each worker may use.

    Raises:
      BudgetError: they are too few for one of the networks; says how many would do.
    """
    sizes = Footprint.of(images, settings, batch_size(settings))
    most = max(sizes.needed((root,)) for root in planned.roots)
    shared = Batches.bytes(images)
    needed, seeds = shared + workers * most, len(settings.seeds)
    if needed > settings.memory_budget:
        fewer = f"{'fewer workers, ' if workers > 1 else ''}fewer images, seeds or trials"
        raise BudgetError(
            f"the memory budget is {settings.memory_budget / 2**30:.2f} GiB, but the largest network needs "
            f"{math.ceil(100 * needed / 2**30) / 100:.2f} GiB with {seeds} seed{'s' * (seeds > 1)}, {workers} at a "
            f"time; raise it to that, or take {fewer}"
        )
    return (settings.memory_budget - shared) // workers


def batch_size(settings: EvaluationSettings) -> int:
    """Images at a time."""
    return max(SMALLEST_BATCH, BATCH // len(settings.seeds))
