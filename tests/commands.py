"""The command as a user starts it: a small run's flags, and a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--depth=3", "--num_architectures=6", "--train_size=200", "--test_size=100")
SMALL = (*SMALL, "--readout_size=all", "--seeds=2", "--epochs=2", "--noprogress")

SMALL_SWEEP = ("--layers=2", "--kernels=1,3,5", "--strides=1,2", "--dilations=1,2", "--noprogress")
SMALL_SWEEP = (*SMALL_SWEEP, "--channels=8", "--dataset=shapes:32", "--train_size=200")
SMALL_SWEEP = (*SMALL_SWEEP, "--test_size=100", "--trials=2", "--min_accuracy=0.15")
SMALL_SWEEP = (*SMALL_SWEEP, "--min_throughput=0", "--train_top=0", "--max_ratio=4")

SMALL_FIELDS = (
    "--network=vgg11,resnet18",
    "--width_divisor=32",
    "--dataset=shapes",
    "--noprogress",
)
SMALL_FIELDS = (*SMALL_FIELDS, "--train_size=200", "--test_size=100", "--trials=2", "--epochs=2")
SMALL_FIELDS = (*SMALL_FIELDS, "--batch_size=20", "--probe_size=60", "--workers=1")

SMALL_STRUCTURES = ("--num_networks=8", "--layers=2", "--library=conv1,max2", "--channels=2")
SMALL_STRUCTURES = (*SMALL_STRUCTURES, "--dataset=shapes:8", "--train_size=60", "--test_size=40")
SMALL_STRUCTURES = (*SMALL_STRUCTURES, "--epochs=1", "--top=3", "--class_top=2", "--noprogress")
SMALL_STRUCTURES = (*SMALL_STRUCTURES, "--repeat_networks=2", "--repeat_trainings=2", "--seeds=1")


def start(*arguments: str, study: str = "rfm_correlation") -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", f"experiments.{study}", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As at a terminal, also where the tests run in the background, which ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
