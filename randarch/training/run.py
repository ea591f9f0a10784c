"""A training from the first epoch to the last prediction."""

import dataclasses
import functools
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from randarch.looped import Compile
from randarch.networks import Variables, seeds_over
from randarch.spec import ArchSpec

from .epoch import Program, epoch, predict
from .images import EVALUATION_BATCH, TrainingImages
from .settings import TrainingSettings
from .state import State, initial_state

EPOCH_TEST_IMAGES = 1000


@dataclass(frozen=True, eq=False)
class Training:
    """What became of one architecture, for each seed.

    Attributes:
      test_accuracy: share of test images right after the last epoch [seeds].
      train_loss: mean cross-entropy of each epoch's batches [seeds, epochs].
      train_accuracy: share of augmented training images right while training [seeds, epochs].
      test_accuracy_by_epoch: on the first 1,000 test images [seeds, epochs].
      dead: every test image gets the same class, as when all ReLUs before the classifier stay at
        zero [seeds].
      diverged: a loss or a weight is not finite [seeds].
      predicted: class of each test image [seeds, images].
      variables: parameters and batch statistics of the network with its classifier, leaves with a
        leading axis of seeds.
      seconds: wall time, compilation included.
    """

    test_accuracy: Float[np.ndarray, " s"]
    train_loss: Float[np.ndarray, "s epochs"]
    train_accuracy: Float[np.ndarray, "s epochs"]
    test_accuracy_by_epoch: Float[np.ndarray, "s epochs"]
    dead: np.ndarray
    diverged: np.ndarray
    predicted: Int[np.ndarray, "s m"]
    variables: Variables
    seconds: float

    @classmethod
    def of_seeds(cls, parts: Sequence["Training"]) -> "Training":
        """Trainings of single seeds as one of all; `seconds` are added up."""
        arrays = {
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in dataclasses.fields(cls)
            if f.name not in ("seconds", "variables")
        }
        variables = jax.tree.map(
            lambda *leaves: jnp.concatenate(leaves), *(part.variables for part in parts)
        )
        return cls(**arrays, variables=variables, seconds=sum(part.seconds for part in parts))


def train(
    arch: ArchSpec,
    images: TrainingImages,
    settings: TrainingSettings,
    *,
    compile: Compile | None = None,
    on_epoch: Callable[[int], None] | None = None,
) -> Training:
    """Trains the architecture with a linear classifier on its flattened output.

    Weights, the order of images and augmentation come from (seed, architecture digest): the result
    does not depend on what else is trained.

    Args:
      arch: the feature graph.
      images: the data.
      settings: the recipe.
      compile: gives compiled programs, to share and to count them; plain `jax.jit` by default.
      on_epoch: called after each epoch of each seed or group of seeds with its number, from 1; may raise to stop.

    Raises:
      ValueError: if there are fewer training images than a batch holds.
    """
    start = time.perf_counter()
    check(images, settings)
    run = functools.partial(_train_together, arch, images, compile or plain_jit, on_epoch)
    if seeds_over() == "vmap" or len(settings.seeds) == 1:
        trained = run(settings)
    else:
        # A step of a narrow network keeps one core busy, so seeds beside each other fill the others; they share the
        # program of one seed.
        alone = [dataclasses.replace(settings, seeds=(seed,)) for seed in settings.seeds]
        _compile_ahead(arch, images, compile or plain_jit, alone[0])
        # More threads than cores, so that none is idle while the last seeds are trained.
        with ThreadPoolExecutor(min(len(alone), 4 * (os.cpu_count() or 1))) as pool:
            trained = Training.of_seeds(list(pool.map(run, alone)))
    return dataclasses.replace(trained, seconds=time.perf_counter() - start)


def check(images: TrainingImages, settings: TrainingSettings) -> None:
    """Raises ValueError for images that these settings cannot train on."""
    count = images.x_train.shape[0]
    if settings.batch_size > count:
        raise ValueError(
            f"batch_size {settings.batch_size} with {count} training images; "
            "expected no more than those"
        )
    if images.per_pixel and settings.augment == "trivial_augment_wide":
        raise ValueError(
            "trivial_augment_wide changes pixels from 0 to 255, and per_pixel normalises them before; "
            "take another augmentation, or normalise by channel"
        )


def _set_up(
    arch: ArchSpec, images: TrainingImages, settings: TrainingSettings
) -> tuple[State, Program]:
    """Where a training starts, and what its programs are made from."""
    module, state = initial_state(arch, images, settings)
    # Which seeds they are is data: it must not make another program.
    recipe = dataclasses.replace(settings, seeds=(0,))
    batches = images.x_train.shape[0] // settings.batch_size
    return state, Program(module, recipe, batches)


def _compile_ahead(
    arch: ArchSpec, images: TrainingImages, compile: Compile, settings: TrainingSettings
) -> None:
    """Makes the programs in the caller's thread, which is billed for them."""
    state, program = _set_up(arch, images, settings)
    compile(predict, program, state, images.test_chunks[0], images.pixels)
    if settings.epochs:
        compile(epoch, program, state, np.int32(0), *images.on_device, images.pixels)


def _train_together(
    arch: ArchSpec,
    images: TrainingImages,
    compile: Compile,
    on_epoch: Callable[[int], None] | None,
    settings: TrainingSettings,
) -> Training:
    """All seeds in one program."""
    state, program = _set_up(arch, images, settings)
    labels = np.asarray(images.y_test)

    def predicted_of(count: int) -> Int[np.ndarray, "s m"]:
        used = images.test_chunks[: -(-count // EVALUATION_BATCH)]
        program_of = compile(predict, program, state, used[0], images.pixels)
        return np.concatenate(
            [np.asarray(program_of(state, chunk, images.pixels)) for chunk in used], axis=1
        )[:, :count]

    history = []
    few = min(EPOCH_TEST_IMAGES, len(labels))
    if not settings.epochs:
        predicted = predicted_of(len(labels))
    for number in range(settings.epochs):
        args = (state, np.int32(number), *images.on_device, images.pixels)
        state, loss, accuracy = compile(epoch, program, *args)(*args)
        predicted = predicted_of(len(labels) if number + 1 == settings.epochs else few)
        correct = (predicted[:, :few] == labels[:few]).mean(axis=1)
        history.append([np.asarray(v, np.float64) for v in (loss, accuracy, correct)])
        if on_epoch:
            on_epoch(number + 1)
    loss, accuracy, by_epoch = (
        np.array(history).transpose(1, 2, 0) if history else np.zeros((3, len(settings.seeds), 0))
    )
    finite = np.asarray(_finite(state.params)) & np.isfinite(loss).all(axis=1)
    return Training(
        test_accuracy=(predicted == labels).mean(axis=1),
        train_loss=loss,
        train_accuracy=accuracy,
        test_accuracy_by_epoch=by_epoch,
        dead=(predicted == predicted[:, :1]).all(axis=1) & finite,
        diverged=~finite,
        predicted=predicted,
        variables={"params": state.params, "batch_stats": state.batch_stats},
        seconds=0.0,
    )


def _finite(params: Any) -> Array:
    leaves: Sequence[Array] = jax.tree.leaves(params)
    return jnp.stack([jnp.isfinite(x).all(axis=tuple(range(1, x.ndim))) for x in leaves]).all(
        axis=0
    )


def plain_jit(function: Callable[..., Any], static: Any, *args: Any) -> Callable[..., Any]:
    """A `Compile` that leaves it to `jax.jit`."""
    del args
    return functools.partial(_jitted(function), static)


@functools.cache
def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(function, static_argnums=0)
