"""One architecture on several data sets: against plain optax, and that data sets do not notice each other."""

import dataclasses
from typing import Any, get_args

import jax
import numpy as np
import optax
import pytest
from sklearn.metrics import top_k_accuracy_score

from randarch.engine import ProgramCache
from randarch.geometry import analyze
from randarch.looped import LoopedNetwork
from randarch.networks import gather_variables, network
from randarch.spec import Activation, ArchSpec, BatchNorm, Conv, GlobalPool, sequential
from randarch.training import (
    OptimizerName,
    Task,
    TaskTraining,
    TrainingImages,
    errors_of,
    network_bytes,
    train_on_tasks,
)
from randarch.training import across as module
from randarch.training.optimizer import (
    optimizer_at_rate_one,
    optimizer_of,
    rates,
    state_at_zero,
)
from tests.training.small import IMAGES, PLAIN, images, normalized

pytestmark = pytest.mark.usefixtures("compiled_plainly")

ARCH = sequential([*([Conv(3, bias=False), BatchNorm(), Activation()] * 2), GlobalPool()])
RECIPE = dataclasses.replace(PLAIN, batch_size=16, learning_rate=0.1, weight_decay=1e-3)


def two_classes(count: int = 20) -> TrainingImages:
    """Fewer images, of two classes."""
    whole = images(count)
    return dataclasses.replace(
        whole, y_train=whole.y_train % 2, y_test=whole.y_test % 2, num_classes=2
    )


TASKS = (Task("three", IMAGES, 3, 0), Task("two", two_classes(), 4, 0), Task("three", IMAGES, 2, 1))


def leaves(found: TaskTraining) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(found.variables)]


def assert_same(one: TaskTraining, other: TaskTraining, **tolerance: float) -> None:
    for a, b in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)
    np.testing.assert_allclose(one.train_loss, other.train_loss, **tolerance)
    assert one.top1_error == other.top1_error


@pytest.fixture(scope="module")
def together() -> list[TaskTraining]:
    return train_on_tasks(ARCH, TASKS, RECIPE)


def by_hand(arch: ArchSpec, task: Task, recipe: Any) -> tuple[dict[str, Any], list[float]]:
    """Weights (of the network without its classifier) and the loss of every step, with optax and the whole module."""
    shapes = [node.shape for node in analyze(arch, (6, 6, 3)).nodes]
    looped = LoopedNetwork.of(arch, shapes)
    start = module._initial_state(
        arch, shapes, module.TaskProgram(looped, recipe, "map"), task.images.num_classes, task
    )
    whole = network(arch, batch_norm="batch")
    per_node: dict[int, Any] = {}
    for run, params, stats in zip(
        looped.runs, start.params["runs"], start.batch_stats, strict=True
    ):
        for i in range(run.count):
            for name, tree in (("params", params), ("batch_stats", stats)):
                for node, leaf in tree.items():
                    index = run.first + i * len(run.nodes) + int(node.removeprefix("node."))
                    own = leaf if run.count == 1 else jax.tree.map(lambda x, i=i: x[i], leaf)
                    per_node.setdefault(index, {})[name] = own
    variables = gather_variables(per_node, 1, len(arch) - 1)
    steps = module.steps_of_epoch(len(task.images.x_train), recipe.batch_size)
    optimizer = optimizer_of(recipe, task.epochs * steps)
    params, stats = (
        {"body": variables["params"], "head": start.params["head"]},
        variables["batch_stats"],
    )
    state, losses = optimizer.init(params), []

    @jax.jit
    def step(params: Any, stats: Any, state: Any, x: Any, y: Any) -> Any:
        def loss(params: Any) -> Any:
            (out,), updated = whole.apply(
                {"params": params["body"], "batch_stats": stats},
                x,
                mutable=["batch_stats", "intermediates"],
            )
            logits = out[:, 0, 0] @ params["head"]["kernel"] + params["head"]["bias"]
            value = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
            return value, updated["batch_stats"]

        (value, stats), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), stats, state, value

    rng = task.generator(arch.digest, "order")
    for _ in range(task.epochs):
        order = np.resize(rng.permutation(len(task.images.x_train)), (steps, recipe.batch_size))
        for chosen in order:
            x = normalized(task.images.x_train[chosen]).astype(np.float32)
            params, stats, state, value = step(params, stats, state, x, task.images.y_train[chosen])
            losses.append(float(value))
    return params["body"], losses


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_training_is_that_of_optax(optimizer: str) -> None:
    recipe = dataclasses.replace(RECIPE, optimizer=optimizer, learning_rate=0.05)
    task = dataclasses.replace(TASKS[0], epochs=2)
    (found,) = train_on_tasks(ARCH, [task], recipe, outputs=5)
    params, losses = by_hand(ARCH, task, recipe)
    by_epoch = np.reshape(losses, (2, -1)).mean(axis=1)
    np.testing.assert_allclose(found.train_loss, by_epoch, rtol=1e-4)
    ours = np.sort(
        np.concatenate([x.ravel() for x in jax.tree.leaves([v["params"] for v in found.variables])])
    )
    theirs = np.sort(np.concatenate([np.ravel(x) for x in jax.tree.leaves(params)]))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_data_sets_do_not_notice_each_other(together: list[TaskTraining]) -> None:
    # Alone, in another order, and with a classifier that has room for more classes.
    for number in (1, 0):
        (alone,) = train_on_tasks(ARCH, [TASKS[number]], RECIPE, outputs=7)
        assert_same(alone, together[number], rtol=1e-4, atol=1e-5)
    assert not np.allclose(leaves(together[0])[0], leaves(together[2])[0])


def test_weights_do_not_depend_on_how_many_classes_there_are() -> None:
    still = dataclasses.replace(RECIPE, learning_rate=0.0)
    tasks = [dataclasses.replace(task, dataset="one", epochs=1, repeat=0) for task in TASKS[:2]]
    three, two = train_on_tasks(ARCH, tasks, still)
    for a, b in zip(three.variables, two.variables, strict=True):
        for x, y in zip(jax.tree.leaves(a["params"]), jax.tree.leaves(b["params"]), strict=True):
            np.testing.assert_array_equal(x, y)


def test_two_programs_serve_all_data_sets() -> None:
    cache = ProgramCache()
    train_on_tasks(ARCH, TASKS, RECIPE, outputs=4, compile=cache.get)
    assert cache.total.programs == 2
    more = (Task("many", images(70, 40), 1, 0), Task("two", two_classes(33), 2, 3))
    train_on_tasks(ARCH, more, RECIPE, outputs=4, compile=cache.get)
    assert cache.total.programs == 2


def test_vectorised_trainings_are_those_one_by_one(
    together: list[TaskTraining], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "seeds_over", lambda: "vmap")
    for one, other in zip(train_on_tasks(ARCH, TASKS, RECIPE), together, strict=True):
        assert_same(one, other, rtol=2e-3, atol=1e-4)


def test_a_task_without_epochs_waits_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Task("none", two_classes(), 0, 0)
    (alone,) = train_on_tasks(ARCH, [none], RECIPE)
    monkeypatch.setattr(module, "seeds_over", lambda: "vmap")
    beside, trained = train_on_tasks(ARCH, [none, TASKS[2]], RECIPE)
    assert_same(alone, beside)
    assert beside.train_loss.shape == (0,) and trained.train_loss.shape == (2,)


@pytest.mark.parametrize(("trainings", "sizes"), [(0.5, [1, 1, 1]), (2.1, [2, 1]), (None, [3])])
def test_as_many_are_vectorised_as_memory_holds(
    trainings: float | None, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = network_bytes(analyze(ARCH, tuple(IMAGES.x_train.shape[1:])), RECIPE.batch_size)
    memory = None if trainings is None else int(trainings * one)
    made: list[int] = []
    real = module._train_together

    def counted(*args: Any) -> list[TaskTraining]:
        made.append(len(args[-1]))
        return real(*args)

    monkeypatch.setattr(module, "_train_together", counted)
    monkeypatch.setattr(module, "seeds_over", lambda: "vmap")
    tasks = [dataclasses.replace(task, epochs=0) for task in TASKS]
    assert len(train_on_tasks(ARCH, tasks, RECIPE, memory=memory)) == 3
    assert made == sizes


def test_where_memory_does_not_suffice_fewer_are_vectorised(
    together: list[TaskTraining], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = module._train_together

    def of_one(*args: Any) -> list[TaskTraining]:
        made.append(len(args[-1]))
        if len(args[-1]) > 1:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return real(*args)

    monkeypatch.setattr(module, "_train_together", of_one)
    monkeypatch.setattr(module, "seeds_over", lambda: "vmap")
    for one, other in zip(train_on_tasks(ARCH, TASKS, RECIPE), together, strict=True):
        assert_same(one, other, rtol=2e-3, atol=1e-4)
    assert made == [3, 1, 1, 1]
    monkeypatch.setattr(module, "_train_together", lambda *_: _raise("INTERNAL: something else"))
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"):
        train_on_tasks(ARCH, TASKS, RECIPE)


def _raise(message: str) -> list[TaskTraining]:
    raise jax.errors.JaxRuntimeError(message)


def test_networks_learn(together: list[TaskTraining]) -> None:
    for task, found in zip(TASKS, together, strict=True):
        assert len(found.train_loss) == len(found.train_error) == task.epochs
        assert not found.diverged
    easy = images(96, 60, noise=5.0)
    (found,) = train_on_tasks(ARCH, [Task("easy", easy, 12, 0)], RECIPE)
    assert found.top1_error < 0.4  # guessing gives 0.67
    assert found.train_error[-1] < found.train_error[0]
    assert np.isnan(found.top5_error)


def test_a_training_that_diverged_is_said_so() -> None:
    wild = dataclasses.replace(RECIPE, learning_rate=1e30, gradient_clip=0.0)
    (found,) = train_on_tasks(ARCH, [TASKS[0]], wild)
    assert found.diverged and not found.dead
    assert np.isnan(found.top1_error)


def test_fewer_images_than_a_step_are_taken_more_than_once() -> None:
    few = images(5, 12)
    (found,) = train_on_tasks(ARCH, [Task("few", few, 2, 0)], RECIPE)
    assert np.isfinite(found.train_loss).all() and len(found.train_loss) == 2


def test_weights_can_be_carried_over(together: list[TaskTraining]) -> None:
    still = dataclasses.replace(RECIPE, learning_rate=0.0, weight_decay=0.0)
    task = dataclasses.replace(TASKS[1], start=together[0].variables, epochs=1)
    (found,) = train_on_tasks(ARCH, [task], still)
    params = ([v["params"] for v in one.variables] for one in (found, together[0]))
    for a, b in zip(*map(jax.tree.leaves, params), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_can_be_stopped() -> None:
    calls = []

    def stop() -> None:
        calls.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_on_tasks(ARCH, [TASKS[0]], RECIPE, on_steps=stop)
    assert calls == [1]


@pytest.mark.parametrize(
    ("tasks", "outputs", "message"),
    [
        ([TASKS[0], Task("small", images(size=5), 1, 0)], None, "expected one size"),
        ([TASKS[0]], 2, "outputs is 2; expected at least 3"),
        (
            [Task("pixels", dataclasses.replace(IMAGES, per_pixel=True), 1, 0)],
            None,
            "pixel by pixel",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(
    tasks: list[Task], outputs: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        train_on_tasks(ARCH, tasks, RECIPE, outputs=outputs)
    assert train_on_tasks(ARCH, [], RECIPE) == []


@pytest.mark.parametrize("optimizer", get_args(OptimizerName))
def test_every_optimizer_begins_at_zero(optimizer: OptimizerName) -> None:
    params = {"a": np.ones((2, 3), np.float32), "b": np.ones(4, np.float32)}
    recipe = optimizer_at_rate_one(dataclasses.replace(RECIPE, optimizer=optimizer))
    expected, found = recipe.init(params), state_at_zero(recipe, params)
    assert jax.tree.structure(expected) == jax.tree.structure(found)
    for a, b in zip(jax.tree.leaves(expected), jax.tree.leaves(found), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("schedule", ["cosine", "constant", "steps"])
@pytest.mark.parametrize("steps", [1, 300, 700])
def test_rates_are_those_of_the_schedule(schedule: str, steps: int) -> None:
    recipe = dataclasses.replace(RECIPE, schedule=schedule, final_learning_rate=0.01)
    expected = []
    for step in (0, steps // 2, steps - 1):
        match schedule:
            case "cosine":
                expected.append(0.01 + 0.09 * (1 + np.cos(np.pi * step / steps)) / 2)
            case "constant":
                expected.append(0.1)
            case "steps":
                drops = [max(1, round(steps * share)) for share in recipe.drop_after]
                # optax: a step at the boundary still has the rate before it.
                expected.append(0.1 * 0.1 ** sum(step > drop for drop in drops))
    found = rates(recipe, steps)
    assert found.shape == (steps,)
    np.testing.assert_allclose(found[[0, steps // 2, -1]], expected, rtol=1e-4)


def test_errors_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(300, 9)), rng.integers(0, 9, 300)
    top1, top5 = errors_of(scores, labels)
    every = np.arange(9)
    assert top1 == pytest.approx(1 - top_k_accuracy_score(labels, scores, k=1, labels=every))
    assert top5 == pytest.approx(1 - top_k_accuracy_score(labels, scores, k=5, labels=every))
    tied = np.zeros((4, 7))
    # The first class is named first, and so on.
    assert errors_of(tied, np.array([0, 1, 4, 5])) == (0.75, 0.25)
    assert np.isnan(errors_of(scores[:, :5], labels % 5)[1])
