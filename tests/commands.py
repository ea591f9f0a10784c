"""The command as a user starts it: a small run's flags, and a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

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

SMALL_TRANSFER = ("--base=fabrics:8", "--base_classes=4", "--datasets=shapes:8", "--scores=random")
SMALL_TRANSFER = (*SMALL_TRANSFER, "--num_architectures=2", "--max_depth=1", "--max_width=16")
SMALL_TRANSFER = (*SMALL_TRANSFER, "--mac_range=0-1e9", "--resolution=8", "--train_size=72")
SMALL_TRANSFER = (*SMALL_TRANSFER, "--test_size=72", "--seeds=1", "--noprogress")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def at_terminal() -> None:
    """As at a terminal, also where the tests run in the background, which ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def module(name: str, *arguments: str, **streams: int) -> subprocess.Popen[str]:
    """`python -m name`, whose answers are read, as are the other streams that are `PIPE`."""
    return subprocess.Popen(
        [sys.executable, "-m", name, *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=at_terminal,
        **streams,
    )


def start(*arguments: str, study: str = "rfm_correlation") -> subprocess.Popen[str]:
    return module(f"experiments.{study}", *arguments, stderr=subprocess.PIPE)


def run(
    *arguments: str, study: str = "rfm_correlation", seconds: int = 120
) -> subprocess.CompletedProcess[str]:
    """A command in a fresh process, to its end."""
    with start(*arguments, study=study) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class Forks:
    """Commands in forks of one process, which saves each the seconds of importing: see `command_server`.

    For what a command says and how it ends. What is about starting, signals, or what the environment does to
    libraries takes a fresh process.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is for what commands write to their streams."""
        self._folder = folder
        self._environment = self._constant(environment())
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Forks":
        if hasattr(os, "fork"):
            self._server = module("tests.command_server", stdin=subprocess.PIPE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.communicate(timeout=60)  # it ends with its requests

    @staticmethod
    def _constant(values: dict[str, str]) -> dict[str, str]:
        """Without what names the test, which differs from command to command, and which none reads."""
        return {name: value for name, value in values.items() if name != "PYTEST_CURRENT_TEST"}

    def run(
        self, *arguments: str, study: str = "rfm_correlation", seconds: int = 120
    ) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        server, values = self._server, environment()
        # Libraries read their variables when they are imported, which here was long ago.
        if server is None or self._constant(values) != self._environment:
            return run(*arguments, study=study, seconds=seconds)
        out, err = self._folder / "out", self._folder / "err"
        request = {"study": study, "arguments": arguments, "environment": values}
        request |= {"out": str(out), "err": str(err), "seconds": seconds}
        assert server.stdin is not None and server.stdout is not None
        print(json.dumps(request), file=server.stdin, flush=True)
        answer = server.stdout.readline()
        assert answer, "the process that commands are forks of has ended: see what it wrote"
        code = int(answer)
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(list(arguments), seconds)
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


def assert_refused(
    forks: Forks, study: str, folder: Path, arguments: tuple[str, ...], words: list[str]
) -> None:
    """A command ends with 2 and one line that has the words, and makes no folder."""
    refused = forks.run(*arguments, f"--workdir={folder}", study=study)
    said = refused.stderr
    assert refused.returncode == 2, said
    assert said.startswith("error: ") and said.count("\n") == 1
    assert all(word in said for word in words), said
    assert not folder.exists()


def assert_fresh_refuses_alike(
    forks: Forks, study: str, folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    """A fresh process ends as a fork does, with a line that begins with the words."""
    line = (*arguments, f"--workdir={folder}")
    fresh, forked = (call(*line, study=study) for call in (run, forks.run))
    assert fresh.returncode == forked.returncode == 2
    assert (fresh.stdout, fresh.stderr) == (forked.stdout, forked.stderr)
    assert fresh.stderr.startswith(f"error: {words}") and fresh.stderr.count("\n") == 1
    assert not folder.exists()
