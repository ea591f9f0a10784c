"""Training one architecture on several data sets with one program."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from randarch import geometry
from randarch.looped import Compile, LoopedNetwork, features_of
from randarch.networks import Variables, draw_node, draw_weights, generator, seeds_over
from randarch.spec import ArchSpec, Linear

from .memory import network_bytes, too_large
from .optimizer import optimizer_at_rate_one, rates, state_at_zero
from .run import plain_jit
from .settings import TrainingSettings
from .task_programs import Steps, TaskProgram, TaskState, make_steps
from .tasks import Task, TaskTraining, errors_of, most_classes

STEPS_AT_ONCE = 32
"""Steps of a call: their images are copied to the device with it."""
TOGETHER = 16
"""Trainings that are vectorised, at most, where memory suffices, on an accelerator; not measured."""


def train_on_tasks(
    arch: ArchSpec,
    tasks: Sequence[Task],
    settings: TrainingSettings,
    *,
    outputs: int | None = None,
    memory: int | None = None,
    compile: Compile | None = None,
    on_steps: Callable[[], None] | None = None,
) -> list[TaskTraining]:
    """Trains the architecture on every task, each from scratch or from the weights that the task brings.

    Where trainings are made one after the other (on CPUs), two programs are compiled for all tasks and all calls with
    the same architecture, settings and `outputs`: some steps, and features of test images. Where they are vectorised,
    the first is compiled for every number of them. Random numbers come from the task and the architecture: the result
    does not depend on what else is trained, up to how an accelerator rounds sums.

    Args:
      arch: the feature graph.
      tasks: data sets of one image size.
      settings: the recipe; `epochs` and `seeds` are the tasks' own.
      outputs: of the classifier in the program; by default the most classes of any task.
      memory: bytes for trainings beside each other, where they are vectorised; None for no limit. Where they turn out
        not to fit, fewer are made at once.
      compile: as for `train`.
      on_steps: called after each call of the program; may raise to stop.

    Raises:
      ValueError: images of different sizes, fewer outputs than classes, or normalisation pixel by pixel.
    """
    if not tasks:
        return []
    outputs = most_classes(tasks) if outputs is None else outputs
    _check(tasks, outputs)
    over = seeds_over()
    recipe = dataclasses.replace(settings, epochs=0, seeds=(0,))
    found_geometry = geometry.analyze(arch, tuple(tasks[0].images.x_train.shape[1:]))
    shapes = [node.shape for node in found_geometry.nodes]
    program = TaskProgram(LoopedNetwork.of(arch, shapes), recipe, over)
    run = functools.partial(
        _train_together, arch, shapes, program, outputs, compile or plain_jit, on_steps
    )
    size = 1
    if over == "vmap":
        needed = network_bytes(found_geometry, settings.batch_size)
        size = TOGETHER if memory is None else min(TOGETHER, max(1, memory // needed))
    # Those of about as many steps beside each other, since vectorised ones wait for the longest.
    order = sorted(range(len(tasks)), key=lambda i: tasks[i].epochs * len(tasks[i].images.x_train))
    found: dict[int, TaskTraining] = {}
    while len(found) < len(order):
        chosen = order[len(found) : len(found) + size]
        try:
            found.update(zip(chosen, run([tasks[i] for i in chosen]), strict=True))
        except jax.errors.JaxRuntimeError as error:
            if not too_large(error) or len(chosen) == 1:
                raise
            size = len(chosen) // 2
    return [found[i] for i in range(len(tasks))]


def steps_of_epoch(images: int, batch_size: int) -> int:
    """Whole steps; one, with images taken more than once, where there are not enough for a whole one."""
    return max(1, images // batch_size)


@dataclass
class _Progress:
    """A training on its way.

    Attributes:
      calls: what is left to do, some steps at a time, with the number of its epoch.
      idle: a call that makes no step, beside those of longer trainings.
      loss, wrong: sums over the steps of each epoch.
    """

    calls: Iterator[tuple[int, Steps]]
    idle: Steps
    steps: int
    loss: Float[np.ndarray, " epochs"]
    wrong: Float[np.ndarray, " epochs"]

    def next(self) -> tuple[int, Steps]:
        """The next call; one without steps when all is done."""
        return next(self.calls, (0, self.idle))


def _train_together(
    arch: ArchSpec,
    shapes: Sequence[geometry.Shape],
    program: TaskProgram,
    outputs: int,
    compile: Compile,
    on_steps: Callable[[], None] | None,
    tasks: Sequence[Task],
) -> list[TaskTraining]:
    """Tasks in one program."""
    settings = program.settings
    state = _stacked([_initial_state(arch, shapes, program, outputs, task) for task in tasks])
    pixels = _stacked([task.images.pixels for task in tasks])
    classes = np.array([task.images.num_classes for task in tasks], np.int32)
    progress = []
    for task in tasks:
        steps = steps_of_epoch(len(task.images.x_train), settings.batch_size)
        history = np.zeros((2, task.epochs))
        idle = _idle(task, settings.batch_size)
        progress.append(_Progress(_calls(arch, task, settings), idle, steps, *history))
    pieces = max(
        task.epochs * -(-one.steps // STEPS_AT_ONCE)
        for task, one in zip(tasks, progress, strict=True)
    )
    for _ in range(pieces):
        given = [one.next() for one in progress]
        args = (state, _stacked([steps for _, steps in given]), pixels, classes)
        state, sums = compile(make_steps, program, *args)(*args)
        loss, right = np.asarray(sums.loss), np.asarray(sums.accuracy)
        for i, (one, (epoch, made)) in enumerate(zip(progress, given, strict=True)):
            if made.makes:
                one.loss[epoch] += loss[i] / one.steps
                one.wrong[epoch] += (int(made.makes) - right[i]) / one.steps
        if on_steps:
            on_steps()
    # On the host: to index arrays on the device takes a program for each shape.
    state = jax.device_get(state)
    return [
        _finished(program, jax.tree.map(lambda x, i=i: x[i], state), task, one, compile)
        for i, (task, one) in enumerate(zip(tasks, progress, strict=True))
    ]


def _calls(arch: ArchSpec, task: Task, settings: TrainingSettings) -> Iterator[tuple[int, Steps]]:
    """Every epoch's steps in a new order of the images, `STEPS_AT_ONCE` at a time."""
    x, y = np.asarray(task.images.x_train), np.asarray(task.images.y_train)
    size, steps = settings.batch_size, steps_of_epoch(len(x), settings.batch_size)
    rng = task.generator(arch.digest, "order")
    rate = rates(settings, task.epochs * steps)
    for epoch in range(task.epochs):
        order = np.resize(rng.permutation(len(x)), (steps, size))
        for first in range(0, steps, STEPS_AT_ONCE):
            count = min(STEPS_AT_ONCE, steps - first)
            number = epoch * steps + first
            chosen = np.resize(order[first : first + count], (STEPS_AT_ONCE, size))
            filled = np.resize(rate[number : number + count], STEPS_AT_ONCE)
            yield (
                epoch,
                Steps(
                    x[chosen],
                    y[chosen].astype(np.int32),
                    filled.astype(np.float32),
                    np.asarray(number, np.int32),
                    np.asarray(count, np.int32),
                ),
            )


def _idle(task: Task, size: int) -> Steps:
    none, count = np.zeros((), np.int32), STEPS_AT_ONCE
    images = np.zeros((count, size, *task.images.x_train.shape[1:]), np.uint8)
    labels, rate = np.zeros((count, size), np.int32), np.zeros(count, np.float32)
    return Steps(images, labels, rate, none, none)


def _initial_state(
    arch: ArchSpec,
    shapes: Sequence[geometry.Shape],
    program: TaskProgram,
    outputs: int,
    task: Task,
) -> TaskState:
    settings, classes = program.settings, task.images.num_classes
    seed = task.seed(arch.digest)
    weights = draw_weights(arch, shapes, (seed,), init_name=settings.init_name, shared=False)
    # By itself: the network's weights do not depend on how many classes there are, nor the classifier's on how many
    # other data sets have.
    own = generator(seed, arch.digest, "classifier", str(classes))
    head = draw_node(own, Linear(classes), [shapes[-1]], settings.init_name)["params"]["layer"]
    padded = {
        name: np.pad(leaf, [(0, 0)] * (leaf.ndim - 1) + [(0, outputs - classes)])
        for name, leaf in head.items()
    }
    variables: Sequence[Variables] = task.start or program.network.gather(weights)
    params = {"runs": tuple(own["params"] for own in variables), "head": padded}
    key = task.generator(arch.digest, "augment").integers(0, 2**32, 2, dtype=np.uint32)
    return TaskState(
        params,
        tuple(own["batch_stats"] for own in variables),
        state_at_zero(optimizer_at_rate_one(settings), params),
        key,
    )


def _finished(
    program: TaskProgram, state: TaskState, task: Task, progress: _Progress, compile: Compile
) -> TaskTraining:
    images, params = task.images, state.params
    network = dataclasses.replace(program.network, precision="highest")
    variables = tuple(
        {"params": own, "batch_stats": stats}
        for own, stats in zip(params["runs"], state.batch_stats, strict=True)
    )
    labels: Int[np.ndarray, " m"] = np.asarray(images.y_test)
    x = features_of(network, variables, images.test_chunks, images.pixels, compile)[: len(labels)]
    scores = (x @ params["head"]["kernel"] + params["head"]["bias"])[:, : images.num_classes]
    finite = bool(np.isfinite(progress.loss).all() and np.isfinite(scores).all())
    finite = finite and all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(params))
    top1, top5 = errors_of(scores, labels) if finite else (float("nan"), float("nan"))
    named = scores.argmax(axis=1)
    return TaskTraining(
        top1_error=top1,
        top5_error=top5,
        train_loss=progress.loss,
        train_error=progress.wrong,
        dead=finite and bool((named == named[0]).all()),
        diverged=not finite,
        variables=variables,
    )


def _stacked(parts: Sequence[Any]) -> Any:
    """Trees of equal shapes, with a leading axis."""
    return jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *parts)


def _check(tasks: Sequence[Task], outputs: int) -> None:
    sizes = {tuple(task.images.x_train.shape[1:]) for task in tasks}
    if len(sizes) > 1:
        raise ValueError(
            f"images are of {', '.join(map(str, sorted(sizes)))}; expected one size: resize them"
        )
    if outputs < most_classes(tasks):
        raise ValueError(
            f"outputs is {outputs}; expected at least {most_classes(tasks)}, the most classes of any data set"
        )
    if any(task.images.per_pixel for task in tasks):
        raise ValueError("images are normalised pixel by pixel; expected by channel")
