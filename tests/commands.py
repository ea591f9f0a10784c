"""The command as a user starts it: a small run's flags, and a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--depth=3", "--num_architectures=6", "--train_size=200", "--test_size=100")
SMALL = (*SMALL, "--readout_size=all", "--seeds=2", "--epochs=2", "--noprogress")


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "experiments.rfm_correlation", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
