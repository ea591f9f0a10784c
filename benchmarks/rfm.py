"""Random-weight evaluation and training, ours against the usual procedure, measured in one process tree.

  python -m benchmarks.rfm --dataset=npz:data/cifar10.npz --out=benchmarks/results/rfm.json

Evaluation: depth-9 networks from 24 channels (seed 0), 2,000 + 1,000 images, 3 seeds. Ours is measured cold in a fresh
process (compilation included) and then warm (the same networks again); the usual procedure is PyTorch, one network and
seed at a time, with scikit-learn's RidgeClassifierCV over the same lambdas. Ours also computes the ensemble score.
Training: one step of batch 32 inside an epoch, and five seeds in one call against five calls.
Ratios of evaluation and of a step are the usual procedure's time divided by ours: above 1, ours is faster.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks import measure
from randarch import data
from randarch.engine import EvaluationSettings, Evaluator, Images, Normalization, ProgramCache
from randarch.ridge import RidgeSettings
from randarch.spaces import ConvChain
from randarch.studies.machine import default_workers
from randarch.training import TrainingImages, TrainingSettings, train

FLAGS = flags.FLAGS
LAMBDAS = tuple(10.0 ** (k / 2) for k in range(-2, 13))
STEPS = 40


def main(argv: list[str]) -> None:
    del argv
    if FLAGS.part:
        measure.report(PARTS[FLAGS.part]())
        return
    result: dict[str, Any] = {
        "machine": measure.machine(),
        "command": measure.command("benchmarks.rfm"),
    }
    for name in PARTS if FLAGS.only == "" else FLAGS.only.split(","):
        result[name] = _in_child(name)
        print(name, json.dumps(result[name]), flush=True)
    result["ratios"] = ratios(result)
    for name, value in result["ratios"].items():
        print(f"{name:40} {value:.2f}")
    if FLAGS.out:
        measure.write(result, Path(FLAGS.out))


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """The usual procedure's time over ours, and five seeds at once over five times one."""
    found = {}
    if {"evaluate_ours", "evaluate_theirs"} <= set(result):
        ours, theirs = result["evaluate_ours"], result["evaluate_theirs"]
        found["evaluation, cold"] = theirs["seconds"] / ours["cold"]
        found["evaluation, warm"] = theirs["seconds"] / ours["warm"]
    for channels in ("3", "24"):
        if {"train_ours", "train_theirs"} <= set(result):
            ours, theirs = result["train_ours"][channels], result["train_theirs"][channels]
            found[f"training step, {channels} channels"] = theirs["step"] / ours["step"]
            found[f"five seeds at once / five calls, {channels} channels"] = ours[
                "five_at_once"
            ] / (5 * ours["one"])
    return found


def _in_child(part: str) -> Any:
    # Ours works on several networks at a time, each with one linear-algebra thread; the peer on one, with all.
    threads = "1" if part == "evaluate_ours" else str(FLAGS.threads)
    options = {name: getattr(FLAGS, name) for name in ("dataset", "networks", "threads")}
    return measure.in_child("benchmarks.rfm", part, options, {"OPENBLAS_NUM_THREADS": threads})


def _dataset() -> data.Dataset:
    return data.load(FLAGS.dataset, train_size=2000, test_size=1000, seed=0)


def _architectures(channels: int, count: int) -> list[Any]:
    space = ConvChain.of(9, channels)
    return [space.decode(g) for g in space.sample(count, np.random.default_rng(0))]


def evaluate_ours() -> dict[str, Any]:
    """Seconds for all networks, first and second time."""
    from concurrent.futures import ThreadPoolExecutor

    d = _dataset()
    normalization = Normalization(d.channel_mean, d.channel_std)
    images = Images(d.x_train, d.y_train, d.x_test, d.y_test, d.num_classes, normalization)
    archs = _architectures(24, FLAGS.networks)
    settings = EvaluationSettings(readout=RidgeSettings(lambdas=LAMBDAS))
    evaluator = Evaluator(images, settings, ProgramCache())

    def everything() -> list[Any]:
        with ThreadPoolExecutor(default_workers(FLAGS.threads)) as pool:
            return list(pool.map(evaluator.evaluate, archs))

    cold, used = measure.seconds(everything), evaluator.cache.total
    found: list[Any] = []
    warm = measure.seconds(lambda: found.extend(everything()))
    return {
        "networks": len(archs),
        "cold": cold,
        "warm": warm,
        "programs": used.programs,
        "compile_seconds": used.compile_seconds,
        "accuracies": [float(f.scores.seeds.test_accuracy.mean()) for f in found],
    }


def evaluate_theirs() -> dict[str, Any]:
    """Seconds for all networks, PyTorch and scikit-learn."""
    from benchmarks import pytorch_procedure as usual

    d = _dataset()
    train_images, test_images = (
        usual.images_to_torch(x, d.channel_mean, d.channel_std) for x in (d.x_train, d.x_test)
    )
    accuracies: list[float] = []

    def everything() -> None:
        for arch in _architectures(24, FLAGS.networks):
            for seed in range(3):
                module = usual.chain(arch, d.input_shape[2], FLAGS.threads, seed)
                accuracies.append(
                    usual.random_accuracy(
                        module, train_images, d.y_train, test_images, d.y_test, LAMBDAS
                    )
                )

    return {
        "networks": FLAGS.networks,
        "seconds": measure.seconds(everything),
        "accuracies": accuracies,
    }


def train_ours() -> dict[str, Any]:
    """Seconds a step for one seed, and for one call with five seeds, warm."""
    d, result = _dataset(), {}
    count = 32 * STEPS
    images = TrainingImages(
        d.x_train[:count],
        d.y_train[:count],
        d.x_test[:250],
        d.y_test[:250],
        d.num_classes,
        d.channel_mean,
        d.channel_std,
    )
    for channels in (3, 24):
        arch, cache = _architectures(channels, 1)[0], ProgramCache()

        def call(seeds: int, epochs: int, arch: Any = arch, cache: ProgramCache = cache) -> None:
            settings = TrainingSettings(epochs=epochs, seeds=tuple(range(seeds)))
            train(arch, images, settings, compile=cache.get)

        # Two epochs less one epoch leaves out what a call does before and after its epochs.
        one = measure.median_seconds(functools.partial(call, 1, 1), 3)
        two = measure.median_seconds(functools.partial(call, 1, 2), 3)
        result[str(channels)] = {
            "step": (two - one) / STEPS,
            "one": one,
            "five_at_once": measure.median_seconds(functools.partial(call, 5, 1), 3),
            "steps": STEPS,
        }
    return result


def train_theirs() -> dict[str, Any]:
    """Seconds a step in PyTorch."""
    from benchmarks import pytorch_procedure as usual

    d, result = _dataset(), {}
    for channels in (3, 24):
        module = usual.chain(_architectures(channels, 1)[0], d.input_shape[2], FLAGS.threads, 0)
        trainer = usual.Trainer(module, d.x_train, d.y_train, d.num_classes, 32)
        trainer.steps(5)
        result[str(channels)] = {
            "step": measure.median_seconds(functools.partial(trainer.steps, STEPS), 3) / STEPS
        }
    return result


PARTS = {
    "evaluate_ours": evaluate_ours,
    "evaluate_theirs": evaluate_theirs,
    "train_ours": train_ours,
    "train_theirs": train_theirs,
}

if __name__ == "__main__":
    flags.DEFINE_string("dataset", "shapes", "shapes, or npz:PATH.")
    flags.DEFINE_integer("networks", 20, "Networks to evaluate.")
    flags.DEFINE_integer(
        "threads", 2, "Threads of PyTorch, and networks that ours evaluates at a time."
    )
    flags.DEFINE_string("out", "", "JSON file to write.")
    flags.DEFINE_string("only", "", "Parts to measure, separated by commas; all by default.")
    flags.DEFINE_string("part", "", "Used internally: the part that a child process measures.")
    app.run(main)
