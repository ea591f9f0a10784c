"""The sweep of the random-conv study, ours against the published procedure, in one run.

  python -m benchmarks.sweep --dataset=npz:data/stl10.npz --out=benchmarks/results/sweep.json

Sets of networks on 500 + 500 images of 96 x 96, one trial: (a) all 2,044 valid ones whose first layer is (7,2,1) or
(5,2,2) (kernel, stride, dilation); (b) 200 random ones, seed 0; (c) all 32,021. Ours is measured cold in a fresh
process (planning and compilation included) and, but for (c), warm, the same networks again. (c) takes more than an hour
on two cores, so it can be taken from a run of the study: --whole=runs/FOLDER. The published procedure is PyTorch and
scikit-learn's RidgeClassifier, one network at a time, its rate taken on 200 random members of each set. Ratios are its
seconds a network divided by ours: above 1, ours is faster.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags
from threadpoolctl import threadpool_limits

from benchmarks import measure
from randarch import data
from randarch.engine import EvaluationSettings, ProgramCache, Sweep, Swept
from randarch.ridge import RidgeSettings
from randarch.spaces import ConvGrid, Genome
from randarch.studies.images import for_readout, unchanged_pixels
from randarch.studies.machine import peak_memory

FLAGS = flags.FLAGS
SPACE = ConvGrid()
SHAPE = (96, 96, 3)
FIRST_LAYERS = ((7, 2, 1), (5, 2, 2))
SAMPLE = 200


def main(argv: list[str]) -> None:
    del argv
    if FLAGS.part:
        kind, name = FLAGS.part.split(":")
        measure.report(ours(name) if kind == "ours" else theirs(name))
        return
    result: dict[str, Any] = {
        "machine": measure.machine(),
        "command": measure.command("benchmarks.sweep"),
        "sets": {},
    }
    for name in FLAGS.sets:
        if name == "c" and FLAGS.whole:
            found = {"ours": whole(Path(FLAGS.whole)), "theirs": _in_child("theirs:c")}
        else:
            found = {kind: _in_child(f"{kind}:{name}") for kind in ("ours", "theirs")}
        rate = found["theirs"]["seconds_per_network"]
        found["ratios"] = {
            speed: rate / found["ours"][speed]["seconds_per_network"]
            for speed in ("cold", "warm")
            if speed in found["ours"]
        }
        result["sets"][name] = found
        print(name, json.dumps(found), flush=True)
        if FLAGS.out:
            measure.write(result, Path(FLAGS.out))


def _in_child(part: str) -> Any:
    options = {name: getattr(FLAGS, name) for name in ("dataset", "threads", "sample")}
    return measure.in_child("benchmarks.sweep", part, options)


def members(name: str) -> list[Genome]:
    """The genomes of a set."""
    if name == "b":
        return random_members(SAMPLE)
    valid = list(SPACE.valid(SHAPE))
    return [g for g in valid if first_layer(g) in FIRST_LAYERS] if name == "a" else valid


def random_members(count: int) -> list[Genome]:
    """Random valid genomes, in order; the same for the same count."""
    valid = list(SPACE.valid(SHAPE))
    chosen = np.random.default_rng(0).choice(len(valid), count, replace=False)
    return [valid[i] for i in sorted(chosen)]


def first_layer(genome: Genome) -> tuple[int, int, int]:
    """Kernel, stride and dilation."""
    values = SPACE.values(genome)
    return values["kernel_1"], values["stride_1"], values["dilation_1"]


def _dataset() -> data.Dataset:
    return data.load(FLAGS.dataset, train_size=500, test_size=500, choice="first")


def swept(
    genomes: list[Genome], seeds: tuple[int, ...], shared: bool, cache: ProgramCache
) -> Callable[[], list[Swept]]:
    """Scores all genomes when called, in their order; loads the images now."""
    images = for_readout(_dataset(), unchanged_pixels(3))
    settings = EvaluationSettings(
        seeds=seeds, shared_weights=shared, readout=RidgeSettings(lambdas=(1.0,))
    )

    def run() -> list[Swept]:
        archs = [SPACE.decode(g) for g in genomes]
        sweep = Sweep(images, settings, archs, cache, workers=FLAGS.threads)
        with ThreadPoolExecutor(FLAGS.threads) as pool, threadpool_limits(1, user_api="blas"):
            parts = list(pool.map(sweep.run, sweep.parts))
        print(asdict(sweep.work), file=sys.stderr)
        return sorted((one for part in parts for one in part), key=lambda one: one.position)

    return run


def ours(name: str) -> dict[str, Any]:
    """Seconds a network, first and second time, and what it took."""
    genomes, cache = members(name), ProgramCache(2500)
    everything = swept(genomes, (0,), True, cache)
    found: list[Swept] = []
    result: dict[str, Any] = {"networks": len(genomes)}
    for speed in ("cold",) if name == "c" else ("cold", "warm"):
        found.clear()
        before = cache.total
        taken = measure.seconds(lambda: found.extend(everything()))
        used = cache.total - before
        result[speed] = {
            "seconds": taken,
            "seconds_per_network": taken / len(genomes),
            "programs": used.programs,
            "hits": used.hits,
            "compile_seconds": used.compile_seconds,
        }
    peak = peak_memory()
    result["peak_gib"] = None if peak is None else peak / 2**30
    accuracies = [float(one.test_accuracy[0]) for one in found]
    result["accuracy"] = {"mean": float(np.mean(accuracies)), "max": float(np.max(accuracies))}
    return result


def whole(folder: Path) -> dict[str, Any]:
    """Of a run of the study over the whole space, its first pass, by its log: all calls, if it was resumed."""
    summary = json.loads((folder / "summary.json").read_text())
    networks = summary["evaluated"]
    if networks != summary["valid"]:
        raise ValueError(
            f"{folder} has {networks:,} of {summary['valid']:,} networks; expected a run over all of them"
        )
    calls = first_pass_calls((folder / "log.txt").read_text())
    taken = sum(seconds for seconds, _ in calls)
    return {
        "networks": networks,
        "cold": {"seconds": taken, "seconds_per_network": taken / networks},
        "calls": [{"seconds": seconds, "parts": parts} for seconds, parts in calls],
        "engine": summary["engine"],
        "seconds": summary["seconds"],
    }


def first_pass_calls(log: str) -> list[tuple[float, int]]:
    """Seconds of the first pass in each call, until the last part that it stored, and how many those are."""
    found: list[tuple[float, int]] = []
    start, seconds, parts = 0.0, 0.0, 0
    for line in log.splitlines():
        at = datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").timestamp()
        text = line[20:]
        if text.startswith("first pass: ") and text.endswith(" to do"):
            found += [(seconds, parts)] if parts else []
            start, seconds, parts = at, 0.0, 0
        elif text.startswith("first pass: "):
            seconds, parts = at - start, parts + 1
    return [*found, (seconds, parts)] if parts else found


def theirs(name: str) -> dict[str, Any]:
    """Seconds a network of PyTorch and scikit-learn, mean and 95 % interval over a sample."""
    from benchmarks import pytorch_procedure as usual

    d, genomes = _dataset(), members(name)
    train, test = (usual.images_to_torch(x, (0.0,) * 3, (1.0,) * 3) for x in (d.x_train, d.x_test))
    count = min(FLAGS.sample, len(genomes))
    chosen = np.random.default_rng(1).choice(len(genomes), count, replace=False)
    taken, accuracies = [], []

    def one(genome: Genome) -> float:
        module = usual.chain(SPACE.decode(genome), 3, FLAGS.threads, 0)
        return usual.sweep_accuracy(module, train, d.y_train, test, d.y_test)

    one(genomes[0])
    for index in chosen:
        taken.append(
            measure.seconds(lambda g=genomes[index]: accuracies.append(one(g)))  # type: ignore[misc]
        )
    error = 1.96 * float(np.std(taken, ddof=1)) / len(taken) ** 0.5
    mean = float(np.mean(taken))
    return {
        "networks": count,
        "seconds_per_network": mean,
        "interval": [mean - error, mean + error],
        "accuracy": {"mean": float(np.mean(accuracies)), "max": float(np.max(accuracies))},
    }


if __name__ == "__main__":
    flags.DEFINE_string("dataset", "shapes:96", "shapes:96, or npz:PATH of 96 x 96 images.")
    flags.DEFINE_integer("threads", 2, "Threads of PyTorch, and workers of ours.")
    flags.DEFINE_integer("sample", SAMPLE, "Networks that the published procedure is timed on.")
    flags.DEFINE_list("sets", ["a", "b"], "Which: a, b, c.")
    flags.DEFINE_string("whole", "", "Run folder of the study over the whole space, for (c).")
    flags.DEFINE_string("out", "", "JSON file to write.")
    flags.DEFINE_string("part", "", "Used internally: the part that a child process measures.")
    app.run(main)
