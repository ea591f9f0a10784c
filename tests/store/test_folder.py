import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from randarch.store import Row, RunFolder, RunFolderError, config_digest

CONFIG = {"depth": 9, "lambda": "loo", "training": {"epochs": 10, "rate": 0.1}, "seeds": [0, 1]}


def opened(path: str | os.PathLike[str], config: dict[str, Any] | None = None) -> RunFolder:
    return RunFolder.open(path, study="study", config=CONFIG if config is None else config)


def filled(path: Path) -> Path:
    """A run folder with some shards in it, closed."""
    with opened(path) as folder:
        for shard in range(20):
            rows = [Row("rfm", 0, (shard, i), 0, "d", {"x": [0.1] * 50}) for i in range(20)]
            folder.results.add_shard(str(shard), rows, provenance={})
    return path


def snapshot(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir() if file.name != ".lock"}


def refusal(path: str | os.PathLike[str], config: dict[str, Any] | None = None) -> str:
    with pytest.raises(RunFolderError) as caught:
        opened(path, config)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_new_then_resumed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run"
    with opened(path) as folder:
        assert not folder.resumed
        assert folder.digest == config_digest(CONFIG)
        assert json.loads((path / "config.json").read_text())["config"] == CONFIG
    with opened(str(path), dict(reversed(CONFIG.items()))) as folder:
        assert folder.resumed
        assert folder.config == CONFIG


def test_tuples_nan_and_numbers_compare_by_value(tmp_path: Path) -> None:
    opened(tmp_path, {"depth": (3, 5), "clip": float("nan")}).close()
    opened(tmp_path, {"depth": [3, 5], "clip": float("nan")}).close()
    assert "clip is NaN there, null here" in refusal(tmp_path, {"depth": [3, 5], "clip": None})


def test_check_refuses_as_far_as_it_is_told(tmp_path: Path) -> None:
    before = snapshot(filled(tmp_path))
    known = {key: value for key, value in CONFIG.items() if key != "seeds"}
    RunFolder.check(tmp_path, study="study", config=known)
    with pytest.raises(RunFolderError, match="depth is 9 there, 7 here"):
        RunFolder.check(tmp_path, study="study", config={**known, "depth": 7})
    with pytest.raises(RunFolderError, match="'study', not 'another'"):
        RunFolder.check(tmp_path, study="another", config=known)
    assert snapshot(tmp_path) == before


def test_check_makes_and_locks_nothing(tmp_path: Path) -> None:
    RunFolder.check(tmp_path / "new" / "run", study="study", config=CONFIG)
    assert not list(tmp_path.iterdir())
    with opened(tmp_path):
        RunFolder.check(tmp_path, study="study", config=CONFIG)


def test_check_refuses_what_is_not_a_run_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for path, message in [
        (tmp_path, "not empty and not a run folder"),
        (tmp_path / "notes.txt", "is a file"),
        ("a\0b", "is not a path"),
    ]:
        with pytest.raises(RunFolderError, match=message):
            RunFolder.check(path, study="study", config=CONFIG)


def test_another_config_is_refused_with_every_difference(tmp_path: Path) -> None:
    before = snapshot(filled(tmp_path))
    other = {"depth": 7, "lambda": "loo", "training": {"epochs": 10, "rate": 0.2}, "extra": True}
    message = refusal(tmp_path, other)
    assert "depth is 9 there, 7 here" in message
    assert "training.rate is 0.1 there, 0.2 here" in message
    assert "extra is absent there, true here" in message
    assert "seeds is [0,1] there, absent here" in message
    assert "lambda" not in message and "epochs" not in message
    assert "--workdir" in message and "delete" in message
    assert snapshot(tmp_path) == before


def test_many_or_long_differences_stay_readable(tmp_path: Path) -> None:
    opened(tmp_path, {f"k{i:02}": "a" * 1000 for i in range(30)}).close()
    message = refusal(tmp_path, {f"k{i:02}": "b" for i in range(30)})
    assert "k00" in message and "22 more" in message
    assert len(message) < 1500


def test_another_study_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(RunFolderError, match=r"study 'study', not 'other'.*--workdir"):
        RunFolder.open(tmp_path, study="other", config=CONFIG)


def test_locked_by_this_process_too_and_free_after_close(tmp_path: Path) -> None:
    with opened(tmp_path):
        assert "locked" in refusal(tmp_path)
    opened(tmp_path).close()


def test_lock_is_free_after_a_refusal(tmp_path: Path) -> None:
    opened(tmp_path).close()
    refusal(tmp_path, {"depth": 1})
    opened(tmp_path).close()


def test_lock_is_free_after_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), opened(tmp_path):
        _ = 1 // 0
    opened(tmp_path).close()


@pytest.mark.parametrize("below", ["", "below", "far/below"])
def test_path_that_cannot_be_a_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    message = refusal(tmp_path / "file" / below)
    assert str(tmp_path) in message and "--workdir" in message
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_path_that_no_system_takes(tmp_path: Path, name: str) -> None:
    assert "--workdir" in refusal(os.path.join(tmp_path, name))


root_ignores_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root ignores permissions"
)


@root_ignores_permissions
def test_read_only_parent(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "permissions" in refusal(tmp_path / "run")
    finally:
        tmp_path.chmod(0o700)


@root_ignores_permissions
def test_read_only_run_folder_is_refused_at_once(tmp_path: Path) -> None:
    before = snapshot(filled(tmp_path))
    tmp_path.chmod(0o500)
    try:
        assert "permissions" in refusal(tmp_path)
    finally:
        tmp_path.chmod(0o700)
    (tmp_path / "results.sqlite").chmod(0o400)
    assert "permissions" in refusal(tmp_path)
    assert snapshot(tmp_path) == before


def test_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert "thesis.tex" in refusal(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_folder_of_a_run_killed_before_its_config_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    (tmp_path / ".config.json.tmp").write_text('{"format"')
    with opened(tmp_path) as folder:
        assert not folder.resumed


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"name": "a config of another program"}',
        b'{"format": "randarch run folder 1"}',
        b'{"format": "randarch run folder 1", "study": "study", "config": 3, "digest": ""}',
    ],
)
def test_corrupt_config(tmp_path: Path, text: bytes) -> None:
    filled(tmp_path)
    (tmp_path / "config.json").write_bytes(text)
    before = snapshot(tmp_path)
    message = refusal(tmp_path)
    assert "config.json" in message and "--workdir" in message
    assert snapshot(tmp_path) == before


def test_edited_config(tmp_path: Path) -> None:
    config = filled(tmp_path) / "config.json"
    config.write_text(config.read_text().replace('"depth": 9', '"depth": 7'))
    assert "edited" in refusal(tmp_path, {**CONFIG, "depth": 7})


def not_a_database(path: Path) -> None:
    path.write_text("nothing that SQLite knows" * 100)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwritten(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)


def another_programs(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def a_newer_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [not_a_database, truncated, overwritten, another_programs, a_newer_version, a_folder],
)
def test_damaged_table(tmp_path: Path, damage: Any) -> None:
    table = filled(tmp_path) / "results.sqlite"
    damage(table)
    before = table.read_bytes() if table.is_file() else None
    message = refusal(tmp_path)
    assert "results.sqlite" in message and "--workdir" in message
    assert (table.read_bytes() if table.is_file() else None) == before


def test_config_that_json_cannot_say(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        opened(tmp_path / "run", {"when": object()})
    assert not (tmp_path / "run").exists()
