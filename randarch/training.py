"""Training with optax: whole epochs on the device, several seeds of one architecture at once.

The recipe is that of the study (Evans et al., Table I): SGD with momentum and weight decay, the
learning rate annealed along a cosine, images padded, cropped and flipped. Gradients are clipped by
their global norm by default, without which most deep members of the study's space die in the first
steps.
"""

import dataclasses
import functools
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, UInt8

from randarch import geometry
from randarch.data.augmentation import normalize, pad_crop_flip
from randarch.networks import (
    GraphModule,
    Variables,
    draw_weights,
    gather_variables,
    generator,
    network,
    seeds_over,
)
from randarch.spec import ArchSpec, Linear, append

EVALUATION_BATCH = 250
EPOCH_TEST_IMAGES = 1000
Compile = Callable[..., Callable[..., Any]]
"""`compile(function, static, *args)` compiles `function(static, *args)`, as `ProgramCache.get`."""


@dataclass(frozen=True)
class TrainingSettings:
    """The recipe.

    Attributes:
      epochs: passes over the training images; the last incomplete batch of each is left out.
      batch_size: images a step.
      learning_rate: at the first step.
      final_learning_rate: where the cosine ends, one step after the last (PyTorch's `T_max`).
      momentum: of SGD.
      weight_decay: added to the gradient, as PyTorch's SGD does.
      gradient_clip: largest global norm of the gradient; 0 leaves it alone.
      augment: pad by 4, crop, flip.
      init_name: of `layers.INITIALIZERS`.
      seeds: one training each.

    Raises:
      ValueError: for counts below 1 (epochs below 0), or a rate, decay or norm that is negative or
        not finite.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 0.1
    final_learning_rate: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 4e-5
    gradient_clip: float = 1.0
    augment: bool = True
    init_name: str = "pytorch"
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds are {self.seeds}; expected different ones")
        if self.epochs < 0 or self.batch_size < 1 or not self.seeds:
            raise ValueError(
                f"epochs {self.epochs}, batch_size {self.batch_size}, {len(self.seeds)} seeds; "
                "expected at least 0, 1 and 1"
            )
        for name in (
            "learning_rate",
            "final_learning_rate",
            "momentum",
            "weight_decay",
            "gradient_clip",
        ):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; expected a finite number >= 0")


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """Images, labels and how pixels are normalised; arrays may live on the host or the device.

    They go to the device once, however many architectures are trained on them.
    """

    x_train: UInt8[Array, "n h w c"] | UInt8[np.ndarray, "n h w c"]
    y_train: Int[Array, "n"] | Int[np.ndarray, "n"]
    x_test: UInt8[Array, "m h w c"] | UInt8[np.ndarray, "m h w c"]
    y_test: Int[Array, "m"] | Int[np.ndarray, "m"]
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @functools.cached_property
    def on_device(self) -> tuple[UInt8[Array, "n h w c"], Int[Array, "n"]]:
        """Training images and labels."""
        return jnp.asarray(self.x_train), jnp.asarray(self.y_train)

    @functools.cached_property
    def test_chunks(self) -> tuple[UInt8[Array, "b h w c"], ...]:
        """Test images in equal parts, which one program serves; the last is filled up with zeros."""
        x = np.asarray(self.x_test)
        padded = np.pad(x, ((0, -len(x) % EVALUATION_BATCH), (0, 0), (0, 0), (0, 0)))
        return tuple(jnp.asarray(x) for x in np.split(padded, len(padded) // EVALUATION_BATCH))


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
      seconds: wall time, compilation included.
    """

    test_accuracy: Float[np.ndarray, "s"]
    train_loss: Float[np.ndarray, "s epochs"]
    train_accuracy: Float[np.ndarray, "s epochs"]
    test_accuracy_by_epoch: Float[np.ndarray, "s epochs"]
    dead: np.ndarray
    diverged: np.ndarray
    seconds: float


class State(NamedTuple):
    """What a training carries from step to step."""

    params: Any
    batch_stats: Any
    optimizer: optax.OptState
    key: Array


@dataclass(frozen=True)
class _Program:
    """Everything static about a training: it keys the compiled program."""

    module: GraphModule
    settings: TrainingSettings
    steps: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


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
    count = images.x_train.shape[0]
    if settings.batch_size > count:
        raise ValueError(
            f"batch_size {settings.batch_size} with {count} training images; "
            "expected no more than those"
        )
    run = functools.partial(_train_together, arch, images, compile or _jit, on_epoch)
    if seeds_over() == "vmap" or len(settings.seeds) == 1:
        trained = run(settings)
    else:
        # A step of a narrow network keeps one core busy, so seeds beside each other fill the others; they share the
        # program of one seed.
        alone = [dataclasses.replace(settings, seeds=(seed,)) for seed in settings.seeds]
        # More threads than cores, so that none is idle while the last seeds are trained.
        with ThreadPoolExecutor(min(len(alone), 4 * (os.cpu_count() or 1))) as pool:
            trained = _side_by_side(list(pool.map(run, alone)))
    return dataclasses.replace(trained, seconds=time.perf_counter() - start)


def _train_together(
    arch: ArchSpec,
    images: TrainingImages,
    compile: Compile,
    on_epoch: Callable[[int], None] | None,
    settings: TrainingSettings,
) -> Training:
    """All seeds in one program."""
    count = images.x_train.shape[0]
    module, state = initial_state(arch, images, settings)
    # Which seeds they are is data: it must not make another program.
    recipe = dataclasses.replace(settings, seeds=(0,))
    program = _Program(module, recipe, count // settings.batch_size, images.mean, images.std)
    labels = np.asarray(images.y_test)

    def predict(count: int) -> Int[np.ndarray, "s m"]:
        used = images.test_chunks[: -(-count // EVALUATION_BATCH)]
        program_of = compile(_predict, program, state, used[0])
        return np.concatenate([np.asarray(program_of(state, chunk)) for chunk in used], axis=1)[
            :, :count
        ]

    history = []
    few = min(EPOCH_TEST_IMAGES, len(labels))
    for epoch in range(settings.epochs):
        args = (state, np.int32(epoch), *images.on_device)
        state, loss, accuracy = compile(_epoch, program, *args)(*args)
        correct = (predict(few) == labels[:few]).mean(axis=1)
        history.append([np.asarray(v, np.float64) for v in (loss, accuracy, correct)])
        if on_epoch:
            on_epoch(epoch + 1)
    predicted = predict(len(labels))
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
        seconds=0.0,
    )


def _side_by_side(parts: Sequence[Training]) -> Training:
    """Trainings of single seeds as one of all."""
    arrays = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts])
        for f in dataclasses.fields(Training)
        if f.name != "seconds"
    }
    return Training(**arrays, seconds=0.0)


def initial_state(
    arch: ArchSpec, images: TrainingImages, settings: TrainingSettings
) -> tuple[GraphModule, State]:
    """The network with its classifier, and the state of each seed on a leading axis."""
    whole = append(arch, Linear(images.num_classes))
    shapes = [node.shape for node in geometry.analyze(whole, tuple(images.x_train.shape[1:])).nodes]
    weights = draw_weights(
        whole, shapes, settings.seeds, init_name=settings.init_name, shared=False
    )
    variables: Variables = jax.tree.map(jnp.asarray, gather_variables(weights, 1, len(whole) - 1))
    optimizer = _optimizer(settings, 1)
    keys = np.stack([_order_key(seed, arch.digest) for seed in settings.seeds])
    state = State(
        variables["params"],
        variables["batch_stats"],
        _stack_state(optimizer.init(variables["params"]), len(settings.seeds)),
        jnp.asarray(keys),
    )
    return network(whole, batch_norm="batch"), state


def _order_key(seed: int, digest: str) -> np.ndarray:
    """Key data for the order of images and their augmentation."""
    return generator(seed, digest, "order").integers(0, 2**32, 2, dtype=np.uint32)


def _stack_state(state: optax.OptState, seeds: int) -> optax.OptState:
    """The optimiser's counters, which are scalars, for each seed; momenta have that axis."""
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (seeds,)) if jnp.ndim(x) == 0 else x, state)


def _optimizer(settings: TrainingSettings, total_steps: int) -> optax.GradientTransformation:
    final = settings.final_learning_rate / settings.learning_rate if settings.learning_rate else 1.0
    schedule = optax.cosine_decay_schedule(settings.learning_rate, max(1, total_steps), alpha=final)
    clip = (
        optax.clip_by_global_norm(settings.gradient_clip)
        if settings.gradient_clip
        else optax.identity()
    )
    return optax.chain(
        clip,
        optax.add_decayed_weights(settings.weight_decay),
        optax.sgd(schedule, momentum=settings.momentum),
    )


def _epoch(
    program: _Program,
    state: State,
    epoch: Int[Array, ""],
    images: UInt8[Array, "n h w c"],
    labels: Int[Array, "n"],
) -> tuple[State, Float[Array, "s"], Float[Array, "s"]]:
    """One pass over the training images for every seed: new state, mean loss, accuracy."""
    return _over_seeds(functools.partial(_epoch_of_one, program, epoch, images, labels), state)


def _epoch_of_one(
    program: _Program, epoch: Array, images: Array, labels: Array, state: State
) -> tuple[State, Array, Array]:
    settings, steps = program.settings, program.steps
    optimizer = _optimizer(settings, steps * settings.epochs)
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key, impl="threefry2x32"), epoch)
    order_key, augment_key = jax.random.split(key)
    order = jax.random.permutation(order_key, images.shape[0])[: steps * settings.batch_size]

    def step(
        carry: tuple[Any, Any, Any], inputs: tuple[Array, Array]
    ) -> tuple[Any, tuple[Array, Array]]:
        params, batch_stats, opt_state = carry
        indices, key = inputs
        x = images[indices].astype(jnp.float32)
        x = normalize(pad_crop_flip(key, x) if settings.augment else x, program.mean, program.std)
        y = labels[indices]

        def loss(params: Any) -> tuple[Array, tuple[Array, Any]]:
            variables = {"params": params, "batch_stats": batch_stats}
            (out,), updated = program.module.apply(variables, x, mutable=["batch_stats"])
            logits = out[:, 0, 0]
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, y)
            return losses.mean(), (
                (logits.argmax(-1) == y).mean(),
                updated.get("batch_stats", batch_stats),
            )

        (value, (accuracy, new_stats)), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        updates, opt_state = optimizer.update(gradient, opt_state, params)
        return (optax.apply_updates(params, updates), new_stats, opt_state), (value, accuracy)

    keys = jax.random.split(augment_key, steps)
    carry = (state.params, state.batch_stats, state.optimizer)
    carry, (losses, accuracies) = jax.lax.scan(step, carry, (order.reshape(steps, -1), keys))
    return State(*carry, state.key), losses.mean(), accuracies.mean()


def _predict(program: _Program, state: State, images: UInt8[Array, "b h w c"]) -> Int[Array, "s b"]:
    """The classes that every seed gives to some images."""
    module = program.module.clone(batch_norm="running")
    x = normalize(images, program.mean, program.std)

    def one(state: State) -> Int[Array, "b"]:
        variables = {"params": state.params, "batch_stats": state.batch_stats}
        outputs: Any = module.apply(variables, x)
        return outputs[0][:, 0, 0].argmax(-1)

    return _over_seeds(one, state)


def _over_seeds(function: Callable[[State], Any], state: State) -> Any:
    """The function of every seed, in one program."""
    return jax.vmap(function)(state) if seeds_over() == "vmap" else jax.lax.map(function, state)


def _finite(params: Any) -> Array:
    leaves: Sequence[Array] = jax.tree.leaves(params)
    return jnp.stack([jnp.isfinite(x).all(axis=tuple(range(1, x.ndim))) for x in leaves]).all(
        axis=0
    )


def _jit(function: Callable[..., Any], static: Any, *args: Any) -> Callable[..., Any]:
    del args
    return functools.partial(_jitted(function), static)


@functools.cache
def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(function, static_argnums=0)
