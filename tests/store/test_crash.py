"""What survives kill -9, a second process and a full disk, with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from randarch.store import RunFolder, RunFolderError

WRITER = Path(__file__).with_name("writer.py")
ROOT = Path(__file__).parents[2]
SHARDS = 6
CONFIG = {"depth": 3}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 and rlimits are POSIX")


def start(folder: Path, *options: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(folder), *map(str, options)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def run(folder: Path, *options: object) -> tuple[int, str, str]:
    with start(folder, *options) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def contents(folder: Path) -> tuple[pd.DataFrame, frozenset[str]]:
    with RunFolder.open(folder, study="crash", config=CONFIG) as opened:
        assert opened.resumed
        return opened.results.frame("rfm"), opened.results.done_shards("rfm")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    code, _, err = run(folder, SHARDS)
    assert code == 0, err
    return folder


@pytest.mark.parametrize(("moment", "count"), [("INSERT INTO results", 10), ("COMMIT", 1)])
def test_a_shard_killed_while_written_is_redone_whole(
    tmp_path: Path, uninterrupted: Path, moment: str, count: int
) -> None:
    folder = tmp_path / "run"
    options = ("--kill_at_shard", 3, "--kill_before", moment, "--kill_count", count)
    code, out, _ = run(folder, SHARDS, *options)
    assert code == -signal.SIGKILL
    assert out.split() == ["open", "0", "1", "2"]
    # Pages of the shard had reached the file: there is something to roll back.
    assert (folder / "results.sqlite-journal").stat().st_size > 0

    frame, done = contents(folder)
    whole, _ = contents(uninterrupted)
    assert done == {"0", "1", "2"}
    expected = whole[[genome[0] < 3 for genome in whole["genome"]]].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)

    code, out, err = run(folder, SHARDS)
    assert code == 0, err
    assert out.split() == ["open", "3", "4", "5"]
    pd.testing.assert_frame_equal(contents(folder)[0], whole, check_exact=True)
    assert (folder / "results.csv").read_bytes() == (uninterrupted / "results.csv").read_bytes()


def test_killed_at_any_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with start(folder, 10_000) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline().strip() for _ in range(30)]
        process.kill()
        printed += process.stdout.read().split()
    frame, done = contents(folder)
    # What was reported is there; the shard in flight may have been committed unreported.
    reported = set(printed) - {"open"}
    assert reported <= done
    assert len(done - reported) <= 1
    assert len(frame) == 20 * len(done)


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with start(folder, 1, "--hold") as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        began = time.monotonic()
        with pytest.raises(RunFolderError, match=r"locked.*another --workdir"):
            RunFolder.open(folder, study="crash", config=CONFIG)
        assert time.monotonic() - began < 1
        process.kill()
        process.wait()
        assert contents(folder)[1] == frozenset()


def test_no_room_loses_nothing(tmp_path: Path, uninterrupted: Path) -> None:
    folder = tmp_path / "run"
    code, out, err = run(folder, SHARDS, "--max_bytes", 100_000)
    assert code == 2
    assert err.startswith("StoreFullError: ") and err.count("\n") == 1
    assert "resume" in err and str(folder) in err
    committed = out.split()[1:]
    assert 0 < len(committed) < SHARDS
    assert contents(folder)[1] == set(committed)

    code, _, err = run(folder, SHARDS)
    assert code == 0, err
    assert (folder / "results.csv").read_bytes() == (uninterrupted / "results.csv").read_bytes()
