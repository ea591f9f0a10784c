"""Commands in forks: each is a process of its own, and none where a fork would not be the same as a fresh one."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import commands
from tests.commands import ROOT, SMALL, Forks

STUDIES = sorted(
    path.stem for path in (ROOT / "experiments").glob("*.py") if not path.name.startswith("_")
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")


@pytest.mark.parametrize("study", STUDIES)
def test_each_fork_has_its_own_flags_streams_and_exit_code(study: str, forks: Forks) -> None:
    told, refused = forks.run("--help", study=study), forks.run("--nonsense=1", study=study)
    assert (told.returncode, told.stderr) == (0, "")
    assert f"python -m experiments.{study} --" in told.stdout and "--workdir" in told.stdout
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: ") and "nonsense" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_what_takes_too_long_is_ended(tmp_path: Path, forks: Forks) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        forks.run(*SMALL, f"--workdir={tmp_path / 'run'}", seconds=1)
    assert forks.run("--depth=2", f"--workdir={tmp_path / 'run'}").returncode == 2


def test_in_another_environment_the_process_is_a_fresh_one(
    forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = subprocess.CompletedProcess[str]((), 0, "fresh", "")
    monkeypatch.setattr(commands, "run", lambda *arguments, **options: fresh)
    assert forks.run("--help").stdout != "fresh"
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    assert forks.run("--help").stdout == "fresh"
