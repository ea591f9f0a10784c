"""Training many small networks: populations that share programs, one network at a time, and PyTorch.

  python -m benchmarks.population --dataset=npz:data/cifar100.npz --out=benchmarks/results/population.json
  python -m benchmarks.population --space=chains --dataset=npz:data/cifar10.npz --networks=24 --train_size=3000 \
      --epochs=5 --only=ours,beside --out=benchmarks/results/population_chains.json

Random networks of the published library (seed 0), batch 128, SGD 0.01, momentum 0.9, pad-crop-flip, accuracy on
test images after each epoch; or nine-layer networks of the headline study (`chains`), as its quick preset trains them.
Each part runs in a process of its own. Ours, one at a time, and beside (a program for each network, several at once)
are measured cold (compilation included) and then warm (the same networks again), with the same training settings.
PyTorch is measured once, after three steps that are not counted, by the step of `benchmarks.rfm` (cropping image by
image) with our rate and without weight decay and clipping, the rate not lowered half-way. Ratios are networks per
hour of ours over those of the other: above 1, ours is faster.
"""

import functools
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks import measure
from randarch import data, geometry
from randarch.engine import ProgramCache
from randarch.memory import keep_freed
from randarch.spaces import ConvChain, LayerLibrary
from randarch.spec import ArchSpec
from randarch.studies import rfm_correlation
from randarch.studies.machine import default_workers, peak_memory
from randarch.training import (
    Training,
    TrainingImages,
    TrainingSettings,
    train,
    train_population,
)

FLAGS = flags.FLAGS
BATCH, RATE = 128, 0.01


def main(argv: list[str]) -> None:
    del argv
    if FLAGS.part:
        measure.report(PARTS[FLAGS.part]())
        return
    result: dict[str, Any] = {
        "machine": measure.machine(),
        "command": measure.command("benchmarks.population"),
        "networks": FLAGS.networks - FLAGS.skip,
    }
    for name in FLAGS.only:
        result[name] = _in_child(name)
        print(name, json.dumps(result[name]), flush=True)
    result["ratios"] = ratios(result)
    for name, value in result["ratios"].items():
        print(f"{name:40} {value:.2f}")
    if FLAGS.out:
        measure.write(result, Path(FLAGS.out))


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """Networks per hour of ours over those of the others."""
    found = {}
    ours, torch = result.get("ours"), result.get("pytorch")
    for when in ("cold", "warm"):
        for name in ("one_at_a_time", "beside"):
            if ours and name in result:
                found[f"{name}, {when}"] = result[name][when] / ours[when]
        if ours and torch:
            found[f"PyTorch, {when}"] = torch["seconds"] / ours[when]
    return found


def ours() -> dict[str, Any]:
    """Populations beside each other."""
    keep_freed()

    def one(arch: ArchSpec, images: TrainingImages, cache: ProgramCache) -> Training:
        (found,) = train_population([arch], images, _settings(), compile=cache.get)
        return found

    return _cold_and_warm(one, FLAGS.workers or default_workers(os.cpu_count() or 1))


def one_at_a_time() -> dict[str, Any]:
    """A program for each network."""
    return _cold_and_warm(_alone, 1)


def beside() -> dict[str, Any]:
    """A program for each network, several networks at once."""
    return _cold_and_warm(_alone, FLAGS.workers or default_workers(os.cpu_count() or 1))


def _alone(arch: ArchSpec, images: TrainingImages, cache: ProgramCache) -> Training:
    return train(arch, images, _settings(), compile=cache.get)


def pytorch() -> dict[str, Any]:
    """One network at a time, on all cores."""
    from benchmarks import pytorch_procedure as usual

    d = _dataset()
    threads = os.cpu_count() or 1
    test = usual.images_to_torch(d.x_test, d.channel_mean, d.channel_std)
    steps = FLAGS.epochs * (len(d.x_train) // BATCH)
    total = 0.0
    for arch in _architectures():
        module = usual.chain(arch, d.input_shape[2], threads, 0)
        trainer = usual.Trainer(
            module, d.x_train, d.y_train, d.num_classes, BATCH, rate=RATE, decay=0.0, clip=0.0
        )
        trainer.steps(3)
        for _ in range(FLAGS.epochs):
            total += measure.seconds(functools.partial(trainer.steps, steps // FLAGS.epochs))
            total += measure.seconds(functools.partial(trainer.classes, test))
    return {"seconds": total, "steps": steps, "threads": threads}


def _cold_and_warm(
    one: Callable[[ArchSpec, TrainingImages, ProgramCache], Training], workers: int
) -> dict[str, Any]:
    images, cache = _images(), ProgramCache(600)
    shape = tuple(images.x_train.shape[1:])
    archs = _architectures()
    cost = {arch.digest: geometry.analyze(arch, shape).macs for arch in archs}
    archs = sorted(archs, key=lambda arch: -cost[arch.digest])
    losses: list[float] = []

    def everything() -> None:
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(lambda arch: one(arch, images, cache), archs))
        losses[:] = [float(training.train_loss[0, -1]) for training in found]

    cold = measure.seconds(everything)
    used = cache.total
    return {
        "cold": cold,
        "warm": measure.seconds(everything),
        "networks": len(archs),
        "workers": workers,
        "programs": used.programs,
        "compile_seconds": used.compile_seconds,
        "mean_loss": float(np.mean(losses)),
        "peak_bytes": peak_memory(),
    }


def _in_child(part: str) -> Any:
    names = ("dataset", "space", "networks", "skip", "workers", "train_size", "epochs")
    options = {name: getattr(FLAGS, name) for name in names}
    return measure.in_child("benchmarks.population", part, options)


def _dataset() -> data.Dataset:
    return data.load(FLAGS.dataset, train_size=FLAGS.train_size, test_size=1000, seed=0)


def _images() -> TrainingImages:
    d = _dataset()
    return TrainingImages(
        d.x_train, d.y_train, d.x_test, d.y_test, d.num_classes, d.channel_mean, d.channel_std
    )


def _settings() -> TrainingSettings:
    if FLAGS.space == "chains":
        return rfm_correlation.PRESETS["quick"].training_settings(FLAGS.epochs)
    return TrainingSettings(
        epochs=FLAGS.epochs,
        batch_size=BATCH,
        learning_rate=RATE,
        schedule="steps",
        drop_after=(0.5,),
        weight_decay=0.0,
        gradient_clip=0.0,
        init_name="he_prelu",
    )


def _architectures() -> list[ArchSpec]:
    rng = np.random.default_rng(0)
    if FLAGS.space == "chains":
        chains = ConvChain.of(9, 3)
        drawn = [chains.decode(genome) for genome in chains.sample(FLAGS.networks, rng)]
    else:
        space = LayerLibrary()
        genomes = space.draw(FLAGS.networks, rng)
        distinct = dict.fromkeys(space.canonical(genome) for genome in genomes)
        drawn = [space.decode(genome) for genome in distinct]
    return drawn[FLAGS.skip :]


PARTS = {"ours": ours, "one_at_a_time": one_at_a_time, "beside": beside, "pytorch": pytorch}

if __name__ == "__main__":
    flags.DEFINE_string("dataset", "shapes", "shapes, or npz:PATH.")
    flags.DEFINE_enum("space", "layers", ["layers", "chains"], "Whose networks.")
    flags.DEFINE_integer("networks", 64, "Networks drawn.")
    flags.DEFINE_integer(
        "skip", 0, "Of those, the first so many are left out: an earlier run had them."
    )
    flags.DEFINE_integer("train_size", 5000, "Training images.")
    flags.DEFINE_integer("epochs", 2, "Of training.")
    flags.DEFINE_integer("workers", 0, "Populations beside each other; 0: chosen for the machine.")
    flags.DEFINE_string("out", "", "JSON file to write.")
    flags.DEFINE_list("only", "ours,one_at_a_time,pytorch", "Parts to measure.")
    flags.DEFINE_string("part", "", "Used internally: the part that a child process measures.")
    app.run(main)
