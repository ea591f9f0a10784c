"""A command that is killed or interrupted: it says how to go on, and resumes to the same bytes."""

import contextlib
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands import (
    SMALL,
    SMALL_FIELDS,
    SMALL_STRUCTURES,
    SMALL_SWEEP,
    SMALL_TRANSFER,
    start,
)


def stored(folder: Path, kind: str) -> dict[str, tuple[Any, ...]]:
    """What a run has committed so far, by shard."""
    path = folder / "results.sqlite"
    if not path.exists():
        return {}
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as opened:
        try:
            query = "SELECT shard, metrics, timings, created FROM results WHERE kind = ?"
            return {shard: tuple(rest) for shard, *rest in opened.execute(query, (kind,))}
        except sqlite3.OperationalError:  # not yet made, or being written
            return {}


def wait_for(process: subprocess.Popen[str], folder: Path, kind: str, seconds: float = 200) -> None:
    """Returns when something of a kind is stored."""
    end = time.monotonic() + seconds
    while not stored(folder, kind):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, f"no {kind} in {seconds} s"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "arguments", "kinds", "shards", "tables"),
    [
        ("rfm_correlation", SMALL, ("train", "evaluate"), 6, ("results",)),
        ("receptive_field", SMALL_FIELDS, ("train",), 4, ("results", "trainings")),
        (
            "structural_sampling",
            (
                *SMALL_STRUCTURES,
                "--library=conv1,conv3,max2,avg2",
                "--num_networks=12",
                "--epochs=4",
            ),
            ("train",),
            9,  # of 12 networks, three are duplicates
            ("results",),
        ),
        (
            "dataset_transfer",
            (*SMALL_TRANSFER, "--scores=random,trained", "--num_architectures=5", "--epochs=1"),
            ("trained", "random"),
            5,
            ("results",),
        ),
    ],
)
def test_a_killed_study_resumes_to_the_same_bytes(
    study: str,
    arguments: Sequence[str],
    kinds: Sequence[str],
    shards: int,
    tables: Sequence[str],
    tmp_path: Path,
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(*arguments, f"--workdir={killed}", study=study)
    wait_for(process, killed, kinds[0])
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "results.csv").exists()
    before = {kind: stored(killed, kind) for kind in kinds}
    for folder in (killed, whole):
        process = start(*arguments, f"--workdir={folder}", study=study)
        _, said = process.communicate(timeout=280)
        assert process.returncode == 0, said
    assert 0 < len(before[kinds[0]]) < shards
    for kind, rows in before.items():
        after = stored(killed, kind)
        # What was there was kept, timings and all: it was not done again.
        assert {shard: after[shard] for shard in rows} == rows
        assert len(after) == shards and after.keys() == stored(whole, kind).keys()
    for name in tables:
        assert (killed / f"{name}.csv").read_bytes() == (whole / f"{name}.csv").read_bytes()


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_says_how_to_resume(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start(*SMALL, f"--workdir={folder}")
    wait_for(process, folder, "evaluate")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "To resume" in said
    assert f"--workdir={folder}" in said
    assert "Traceback" not in said
    assert stored(folder, "evaluate")


@pytest.mark.slow
def test_a_sweep_that_is_killed_five_times_ends_in_the_same_table(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    moments = np.random.default_rng(0)
    kills = 0
    while kills < 5:
        process = start(*SMALL_SWEEP, f"--workdir={killed}", study="random_conv_sweep")
        before = len(stored(killed, "first")) + len(stored(killed, "trials"))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=float(moments.uniform(6, 14)))
        if process.poll() is not None:
            break  # it was through before it could be killed
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        assert len(stored(killed, "first")) + len(stored(killed, "trials")) >= before
    for folder in (killed, whole):
        process = start(*SMALL_SWEEP, f"--workdir={folder}", study="random_conv_sweep")
        _, said = process.communicate(timeout=280)
        assert process.returncode == 0, said
    assert kills >= 1
    assert (killed / "results.csv").read_bytes() == (whole / "results.csv").read_bytes()
