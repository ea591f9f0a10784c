import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from randarch.store import provenance
from randarch.store.origin import source_state

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", *identity, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_provenance_has_everything_and_is_cheap() -> None:
    began = time.monotonic()
    made = provenance(
        device="NVIDIA H200", platform="gpu", batch_norm="calibrated", precision="f32"
    )
    assert time.monotonic() - began < 5
    assert made["device"] == "NVIDIA H200" and made["platform"] == "gpu"
    assert made["batch_norm"] == "calibrated" and made["precision"] == "f32"
    versions = made["versions"]
    assert versions["python"] == platform.python_version()
    assert versions["jax"] == jax.__version__ and versions["numpy"] == np.__version__
    assert versions["optax"] == importlib.metadata.version("optax")
    assert {"jaxlib", "flax", "randarch"} <= set(versions)
    assert made["machine"]["cores"] == os.cpu_count()
    assert json.loads(json.dumps(made)) == made


@needs_git
def test_commit_of_a_checkout(checkout: Path) -> None:
    clean = source_state(checkout / "package")
    assert clean == {"commit": git(checkout, "rev-parse", "HEAD"), "dirty": False}
    (checkout / "runs").mkdir()
    (checkout / "runs" / "summary.json").write_text("{}")
    assert source_state(checkout / "package") == clean
    (checkout / "package" / "new.py").write_text("")
    assert source_state(checkout / "package") == {**clean, "dirty": True}


@needs_git
def test_repository_of_a_hook_is_not_taken_for_ours(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(checkout / ".git"))
    assert source_state(tmp_path_factory.mktemp("outside")) is None


@needs_git
def test_installed_inside_another_repository(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("venv\n")
    (checkout / "venv" / "randarch").mkdir(parents=True)
    (checkout / "venv" / "randarch" / "module.py").write_text("")
    assert source_state(checkout / "venv" / "randarch") is None


def test_no_checkout(tmp_path: Path) -> None:
    assert source_state(tmp_path) is None


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert source_state(tmp_path) is None
    assert provenance(device="cpu", platform="cpu")["source"] is None
