"""One network of a population, and what its stages share with those of others."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from randarch import geometry
from randarch.geometry import Shape
from randarch.networks import GraphModule, draw_weights, gather_variables, node_key
from randarch.spec import ArchSpec, BatchNorm, Linear, append

from . import stages
from .images import TrainingImages
from .run import Training
from .stage_programs import StageModule
from .state import order_key


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage at a shape; all networks that have it hold this object.

    Attributes:
      training, evaluation: the stage while training, and after it.
      trained: it has weights.
    """

    training: StageModule
    evaluation: StageModule
    trained: bool


class Stages:
    """The stages of a population, each once."""

    def __init__(self, optimizer: optax.GradientTransformation) -> None:
        self.optimizer = optimizer
        self._known: dict[Any, Stage] = {}

    def of(self, part: stages.Stage, shape: Shape, trained: bool) -> Stage:
        """That of some nodes which read a value of a shape (height, width, channels)."""
        reads_images = part.first == 1
        key = part.nodes, shape, reads_images
        if key not in self._known:
            module = GraphModule(part.nodes, (len(part.nodes),), batch_norm="batch", in_loop=False)
            normalizes = any(isinstance(node.op, BatchNorm) for node in part.nodes)
            # Without batch norm both are one, and so are their programs.
            running = module.clone(batch_norm="running") if normalizes else module
            self._known[key] = Stage(
                StageModule(module, reads_images), StageModule(running, reads_images), trained
            )
        return self._known[key]


class Member:
    """One network in training; lists have an entry a stage.

    Attributes:
      stages: what it is made of.
      key: key data of the order of images and of augmentation.
      order: of an epoch, as `stage_programs.order` gives it.
      labels: of the step's images.
      values: what each stage reads in this step; None once it is not needed any more.
      gradient: of the value that the stages done so far read, on the way back.
      squared_norms: of the gradients; with clipping, of all of them.
      losses: of the epoch's steps.
      predicted: classes of the first test images.
    """

    def __init__(
        self,
        arch: ArchSpec,
        images: TrainingImages,
        init_name: str,
        seed: int,
        known: Stages,
    ) -> None:
        whole = append(arch, Linear(images.num_classes))
        shapes = [n.shape for n in geometry.analyze(whole, tuple(images.x_train.shape[1:])).nodes]
        drawn = draw_weights(whole, shapes, (seed,), init_name=init_name, shared=False)
        self._parts = stages.cut(whole)
        self._params: list[Any] = []
        self._stats: list[Any] = []
        self._optimizer: list[Any] = []
        self.stages: list[Stage] = []
        for part in self._parts:
            variables = gather_variables(drawn, part.first, len(part.nodes))
            # Host arrays would be copied to the device anew in every step.
            alone = jax.tree.map(lambda x: jnp.asarray(x[0]), variables)
            self._params.append(alone["params"])
            self._stats.append(alone["batch_stats"])
            self._optimizer.append(known.optimizer.init(alone["params"]))
            trained = bool(jax.tree.leaves(alone["params"]))
            self.stages.append(known.of(part, shapes[part.first - 1], trained))
        self.key = jnp.asarray(order_key(seed, arch.digest))
        self.order: tuple[Array, Array] = (jnp.zeros(0), jnp.zeros(0))
        self.labels: Any = None
        self.values: list[Any] = []
        self.gradient: Any = None
        self._gradients: list[Any] = [None] * self.depth
        self.squared_norms: list[Any] = [None] * self.depth
        self.losses: list[Any] = []
        self._accuracies: list[Any] = []
        self._history: list[tuple[float, float, float]] = []
        self.predicted: Int[np.ndarray, " m"] = np.zeros(0, int)

    @property
    def depth(self) -> int:
        """How many stages there are."""
        return len(self.stages)

    def weights(self, place: int) -> tuple[Any, Any]:
        """Parameters and batch statistics of a stage."""
        return self._params[place], self._stats[place]

    def begin_epoch(self, order: tuple[Array, Array]) -> None:
        self.order, self.losses, self._accuracies = order, [], []

    def end_epoch(self, labels: Int[np.ndarray, " m"]) -> None:
        """Takes down means over the steps, and how much of the first test images' labels `predicted` has right."""
        loss, accuracy = (
            float(np.mean(np.asarray(values, np.float64)))
            for values in jax.device_get((self.losses, self._accuracies))
        )
        self._history.append(
            (loss, accuracy, float((self.predicted[: len(labels)] == labels).mean()))
        )

    def begin_step(self, images: Float[Array, "b h w c"], labels: Int[Array, " b"]) -> None:
        self.values, self.labels = [images], labels

    def went_forward(self, place: int, value: Array, stats: Any) -> None:
        self.values.append(value)
        self._stats[place] = stats

    def was_classified(
        self,
        place: int,
        of_value: Array | None,
        gradient: Any,
        squared_norm: Array,
        stats: Any,
        loss: Array,
        accuracy: Array,
    ) -> None:
        self.went_back(place, of_value, gradient, squared_norm)
        self._stats[place] = stats
        self.losses.append(loss)
        self._accuracies.append(accuracy)

    def went_back(
        self, place: int, of_value: Array | None, gradient: Any, squared_norm: Array
    ) -> None:
        self.gradient = of_value
        self._gradients[place], self.squared_norms[place] = gradient, squared_norm
        self.values[place] = None

    def to_update(self, place: int) -> tuple[Any, Any, Any, Any]:
        """What the update of a stage takes."""
        return (
            self._params[place],
            self._optimizer[place],
            self._gradients[place],
            self.squared_norms[place],
        )

    def was_updated(self, place: int, params: Any, optimizer: optax.OptState) -> None:
        self._params[place], self._optimizer[place] = params, optimizer

    def training(self, images: TrainingImages, seconds: float) -> Training:
        """What became of it, once all test images are predicted."""
        labels = np.asarray(images.y_test)
        loss, accuracy, by_epoch = np.array(self._history).reshape(-1, 3).T[:, None, :]
        finite = np.array(
            [np.isfinite(loss).all() and all(np.isfinite(w).all() for w in _leaves(self._params))]
        )
        predicted = self.predicted[None]
        return Training(
            test_accuracy=(predicted == labels).mean(axis=1),
            train_loss=loss,
            train_accuracy=accuracy,
            test_accuracy_by_epoch=by_epoch,
            dead=(predicted == predicted[:, :1]).all(axis=1) & finite,
            diverged=~finite,
            predicted=predicted,
            variables={
                "params": self._joined(self._params),
                "batch_stats": self._joined(self._stats),
            },
            seconds=seconds,
        )

    def _joined(self, parts: list[Any]) -> dict[str, Any]:
        """Variables of all stages under the names that the whole network's module gives them, with an axis of seeds."""
        return {
            node_key(stage.first - 1 + i): jax.tree.map(lambda x: x[None], own[node_key(i)])
            for stage, own in zip(self._parts, parts, strict=True)
            for i in range(len(stage.nodes))
            if node_key(i) in own
        }


def _leaves(params: list[Any]) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(params)]
