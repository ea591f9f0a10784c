"""Trainings of many different networks that share the programs of their stages.

A whole network as one program costs seconds of compilation for each architecture. Here a step is made of
programs of single stages (`stages.cut`), which networks have in common: of five layers of a library of ten, 64
networks have 81 different stages, 1,000 have 277, and 10,000 have 681, of two or three programs each. What is
computed is what `train` computes, from the same weights, images and augmentation.

Networks of a population advance in step. Where several are at equal stages, an accelerator takes them in one
program; a CPU takes one after the other, and several populations beside each other keep its cores busy. That form was
measured on CPUs alone (`benchmarks.population`): on an accelerator it is right, and how fast it is is not known.

It pays where networks are small and alike: networks of the layer library. Deep chains whose maps and channels change
from layer to layer share little, and a step of theirs loses more to being cut than compiling less gives back: `train`.
"""

import dataclasses
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from randarch.spec import ArchSpec

from . import stage_programs as programs
from .images import TrainingImages
from .member import Member, Stage, Stages
from .run import EPOCH_TEST_IMAGES, Compile, Training, check, plain_jit
from .settings import TrainingSettings
from .stage_programs import Recipe

ACCELERATOR_WIDTH = 16
"""Networks at equal stages in one program, where not on a CPU."""


def networks_at_once() -> int:
    """How many networks at equal stages go through one program.

    One on a CPU, where a product batched over seeds runs at 0.7 times the speed of one product after the other
    (`benchmarks.convolution`).
    """
    return 1 if jax.default_backend() == "cpu" else ACCELERATOR_WIDTH


def train_population(
    archs: Sequence[ArchSpec],
    images: TrainingImages,
    settings: TrainingSettings,
    *,
    compile: Compile | None = None,
    on_epoch: Callable[[int], None] | None = None,
    width: int | None = None,
) -> list[Training]:
    """Trains each architecture with a linear classifier on its flattened output, as `train` does.

    Args:
      archs: the feature graphs, different ones.
      images, settings, compile: as `train` takes them.
      on_epoch: called after each epoch of the population with its number, from 1; may raise to stop.
      width: networks at equal stages in one program; None chooses for the device.

    Returns:
      A training for each architecture. A network that diverges harms no other. `seconds` are an equal share of
      the population's time, compilation included.

    Raises:
      ValueError: as `train`; an architecture given twice; a width below 1.
    """
    start = time.perf_counter()
    check(images, settings)
    if len({arch.digest for arch in archs}) < len(archs):
        raise ValueError(
            f"{len(archs)} architectures, some of them equal; train each once and use its result twice"
        )
    width = networks_at_once() if width is None else width
    if width < 1:
        raise ValueError(f"width is {width}; expected at least 1")
    if not archs:
        return []
    steps = len(images.x_train) // settings.batch_size
    # Which seeds they are is data: it must not make another program.
    recipe = Recipe(dataclasses.replace(settings, seeds=(0,)), steps, steps * settings.epochs)
    stages = Stages(programs.stage_optimizer(recipe))
    members = [
        Member(arch, images, settings.init_name, seed, stages)
        for arch in archs
        for seed in settings.seeds
    ]
    run = _Programs(compile or plain_jit, width)
    population = _Population(members, images, recipe, run)
    for number in range(settings.epochs):
        population.epoch(number)
        if on_epoch:
            on_epoch(number + 1)
    if not settings.epochs:
        population.predict(len(images.y_test))
    share = (time.perf_counter() - start) / len(members)
    found = [member.training(images, share) for member in members]
    count = len(settings.seeds)
    return [Training.of_seeds(found[i : i + count]) for i in range(0, len(found), count)]


class _Programs:
    """Runs a function for some members, equal stages in one program."""

    def __init__(self, compile: Compile, width: int) -> None:
        self._compile = compile
        self._width = width
        self._known: dict[Any, Callable[..., Any]] = {}

    def __call__(
        self,
        function: Callable[..., Any],
        static: Any,
        work: Mapping[Member, tuple[Any, ...]],
        shared: tuple[Any, ...] = (),
        shapes: Any = None,
    ) -> Iterator[tuple[Member, Any]]:
        """`function(static, *own, *shared)` of members whose own arguments have equal shapes.

        Shapes follow from the function, `static` (told apart by identity) and, if that is not enough, `shapes`.
        """
        members = list(work)
        while members:
            # Powers of two, so that a few programs serve groups of every size.
            count = min(self._width, 1 << (len(members).bit_length() - 1))
            some, members = members[:count], members[count:]
            arguments = tuple(work[member] for member in some), shared
            # The cache's own look-up compares trees of shapes: too slow for every layer of every step.
            key = function, id(static), shapes, count
            if key not in self._known:
                self._known[key] = self._compile(programs.together, (function, static), *arguments)
            yield from zip(some, self._known[key](*arguments), strict=True)

    def once(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """`function(None, *arguments)`, of no member and always of the same shapes."""
        if function not in self._known:
            self._known[function] = self._compile(function, None, *arguments)
        return self._known[function](*arguments)


class _Population:
    """Networks that advance in step."""

    def __init__(
        self,
        members: Sequence[Member],
        images: TrainingImages,
        recipe: Recipe,
        run: _Programs,
    ) -> None:
        self._members, self._images, self._recipe, self._run = members, images, recipe, run
        self._deepest = max(member.depth for member in members)
        self._test_chunks = images.chunks_of_test_images(recipe.settings.batch_size)

    def epoch(self, number: int) -> None:
        """One pass over the training images, and what it led to."""
        shared = np.int32(number), self._images.on_device[1]
        work = {member: (member.key,) for member in self._members}
        for member, found in self._run(programs.order, self._recipe, work, shared):
            member.begin_epoch(found)
        for step in range(self._recipe.steps):
            self._step(np.int32(step))
        labels = np.asarray(self._images.y_test)
        last = number + 1 == self._recipe.settings.epochs
        self.predict(len(labels) if last else EPOCH_TEST_IMAGES)
        for member in self._members:
            member.end_epoch(labels[:EPOCH_TEST_IMAGES])

    def predict(self, count: int) -> None:
        """What every network says of the first test images, or of all if there are no more."""
        size, count = self._recipe.settings.batch_size, min(count, len(self._images.y_test))
        answers: dict[Member, list[Any]] = {member: [] for member in self._members}
        for chunk in self._test_chunks[: -(-count // size)]:
            x = self._run.once(programs.normalized_images, chunk, self._images.pixels)
            values = dict.fromkeys(self._members, x)
            for place in range(self._deepest):
                for stage, group in self._at(place, last=False):
                    work = {m: (*m.weights(place), values[m]) for m in group}
                    for member, (y, _) in self._run(programs.forward, stage.evaluation, work):
                        values[member] = y
                for stage, group in self._at(place, last=True):
                    work = {m: (*m.weights(place), values[m]) for m in group}
                    for member, found in self._run(programs.classes, stage.evaluation, work):
                        answers[member].append(found)
        for member, parts in answers.items():
            member.predicted = np.concatenate([np.asarray(part) for part in parts])[:count]

    def _step(self, step: np.int32) -> None:
        x, y = self._images.on_device
        work: dict[Member, tuple[Any, ...]]
        work = {member: (*member.order, step) for member in self._members}
        shared = x, y, self._images.pixels
        for member, (images, labels) in self._run(programs.batch, self._recipe, work, shared):
            member.begin_step(images, labels)
        for place in range(self._deepest):
            for stage, group in self._at(place, last=False):
                work = {m: (*m.weights(place), m.values[place]) for m in group}
                for member, found in self._run(programs.forward, stage.training, work):
                    member.went_forward(place, *found)
            for stage, group in self._at(place, last=True):
                work = {m: (*m.weights(place), m.values[place], m.labels) for m in group}
                for member, found in self._run(programs.classify, stage.training, work):
                    member.was_classified(place, *found)
        for place in reversed(range(self._deepest - 1)):
            for stage, group in self._at(place, last=False):
                work = {m: (*m.weights(place), m.values[place], m.gradient) for m in group}
                for member, found in self._run(programs.backward, stage.training, work):
                    member.went_back(place, *found)
        self._update()
        # Not further ahead than a step, so that what steps hold does not pile up.
        jax.block_until_ready([member.losses[-1] for member in self._members])

    def _update(self) -> None:
        if self._recipe.settings.gradient_clip:
            for depth in range(1, self._deepest + 1):
                norms = {m: (tuple(m.squared_norms),) for m in self._members if m.depth == depth}
                for member, norm in self._run(programs.sum_of, None, norms, shapes=depth):
                    member.squared_norms = [norm] * depth
        for place in range(self._deepest):
            for stage, group in self._at(place):
                if stage.trained:
                    work = {m: m.to_update(place) for m in group}
                    for member, found in self._run(
                        programs.update, self._recipe, work, shapes=stage
                    ):
                        member.was_updated(place, *found)

    def _at(self, place: int, last: bool | None = None) -> Iterator[tuple[Stage, list[Member]]]:
        """Members by what stage they have at a place; only those whose last it is, or is not, if asked."""
        groups: dict[Stage, list[Member]] = defaultdict(list)
        for member in self._members:
            if place < member.depth and last in (None, place == member.depth - 1):
                groups[member.stages[place]].append(member)
        yield from groups.items()
