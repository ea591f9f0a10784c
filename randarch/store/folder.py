"""The run folder: who may write in it, and which run it belongs to."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, SoftFileLock, Timeout

from randarch.store.canonical import canonical_json, config_digest, plain
from randarch.store.errors import RunFolderError, os_failure
from randarch.store.files import write_text
from randarch.store.table import ResultStore

_CONFIG = "config.json"
_LOCK = ".lock"
_FORMAT = "randarch run folder 1"
# What a run may leave that was killed before it wrote its config.
_BEFORE_CONFIG = frozenset({_LOCK, f".{_CONFIG}.tmp"})
_SHOWN = 8  # differing keys that one line can hold


class RunFolder:
    """A folder that one process at a time writes, for one study and one config.

    Use as a context manager, or call `close`. The lock is the operating system's, so it ends with
    the process, however that ends.

    Attributes:
      path: the folder.
      study: the study's name.
      config: the values that define the results, as JSON has them.
      digest: the config's digest.
      resumed: whether the folder was this run's already.
      results: the table of results.
    """

    def __init__(
        self,
        path: Path,
        study: str,
        config: Mapping[str, Any],
        *,
        resumed: bool,
        results: ResultStore,
        lock: FileLock,
    ) -> None:
        self.path = path
        self.study = study
        self.config = config
        self.digest = results.config_digest
        self.resumed = resumed
        self.results = results
        self._lock = lock

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, study: str, config: Mapping[str, Any]
    ) -> "RunFolder":
        """Creates or resumes a run folder and takes its lock, without waiting for it.

        Args:
          path: the folder; parents are created, a leading `~` is expanded.
          study: the study's name.
          config: what defines the results, and nothing else: a folder of another config is refused.

        Raises:
          RunFolderError: the folder cannot be created or written, is locked, is damaged, is
            something else's, or holds a run of another study or config. Nothing is deleted.
          StoreFullError: the disk has no room.
          ValueError: a config value that JSON cannot say.
        """
        folder = Path(os.path.expanduser(path))
        wanted = plain(config)
        _create(folder)
        lock = _locked(folder)
        try:
            resumed = _claim(folder, study, wanted)
            results = ResultStore.open(
                folder / "results.sqlite", study=study, config_digest=config_digest(wanted)
            )
        except BaseException:
            lock.release()
            raise
        return cls(folder, study, wanted, resumed=resumed, results=results, lock=lock)

    @staticmethod
    def check(path: str | os.PathLike[str], *, study: str, config: Mapping[str, Any]) -> None:
        """Refuses early what `open` would refuse, as far as these values of the config tell.

        For before the rest of the config is known. Nothing is created or locked.

        Args:
          path: as for `open`; it need not exist.
          study: the study's name.
          config: some or all of the values that `open` will be given.

        Raises:
          RunFolderError: the folder is damaged, is something else's, or holds a run of another
            study or config.
        """
        folder = Path(os.path.expanduser(path))
        if not _refuse_foreign(folder):
            return
        there = _config_there(folder, study)
        if there is not None:
            wanted = plain(config)
            _refuse_differences(folder, {k: v for k, v in there.items() if k in wanted}, wanted)

    def close(self) -> None:
        """Closes the results and gives the lock back."""
        try:
            self.results.close()
        finally:
            self._lock.release()

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r}, study={self.study!r}, digest={self.digest!r})"


def _create(folder: Path) -> None:
    # Before the lock, so that a folder which is not ours does not even get a lock file.
    if not _refuse_foreign(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise os_failure(folder, error, "create the run folder") from error


def _refuse_foreign(folder: Path) -> bool:
    """Whether the folder is there; refuses a file, and a folder with something in it that is not a run."""
    try:
        entries = {entry.name for entry in folder.iterdir()}
    except FileNotFoundError:
        return False
    except NotADirectoryError as error:
        if not folder.exists():
            raise os_failure(folder, error, "create the run folder") from error
        raise RunFolderError(
            f"{str(folder)!r} is a file, not a folder: pass another --workdir"
        ) from error
    except OSError as error:
        raise os_failure(folder, error, "read the run folder") from error
    except ValueError as error:  # a null byte
        raise RunFolderError(
            f"{str(folder)!r} is not a path ({error}): pass another --workdir"
        ) from error
    if _CONFIG not in entries and entries - _BEFORE_CONFIG:
        raise RunFolderError(
            f"{str(folder)!r} is not empty and not a run folder (it has no {_CONFIG}; it holds "
            f"{min(entries - _BEFORE_CONFIG)!r}): pass a new or empty folder as --workdir"
        )
    return True


def _locked(folder: Path) -> FileLock:
    # Not thread-local: the thread that closes need not be the one that opened.
    lock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise RunFolderError(
            f"the run folder {str(folder)!r} is locked: another process is writing it; wait for it "
            "to end or stop it, or pass another --workdir"
        ) from error
    except (OSError, NotImplementedError) as error:
        failure = error if isinstance(error, OSError) else OSError(str(error))
        raise os_failure(folder / _LOCK, failure, "lock") from error
    if isinstance(lock, SoftFileLock):
        # What filelock falls back to outlives a killed process: the folder would stay locked.
        lock.release()
        raise RunFolderError(
            f"the file system of {str(folder)!r} has no file locks: "
            "pass a --workdir on another disk"
        )
    return lock


def _claim(folder: Path, study: str, wanted: dict[str, Any]) -> bool:
    """Writes the config, or compares it with the one that is there. Returns whether one was."""
    there = _config_there(folder, study)
    if there is not None:
        _refuse_differences(folder, there, wanted)
        return True
    digest = config_digest(wanted)
    record = {"format": _FORMAT, "study": study, "digest": digest, "config": wanted}
    write_text(json.dumps(record, indent=2) + "\n", folder / _CONFIG)
    return False


def _config_there(folder: Path, study: str) -> dict[str, Any] | None:
    """The config of the study's run in the folder; None where there is none yet."""
    path = folder / _CONFIG
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise os_failure(path, error, "read") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "not text") from error
    there = _recorded(path, text)
    if there["study"] != study:
        raise RunFolderError(
            f"the run folder {str(folder)!r} belongs to the study {there['study']!r}, not "
            f"{study!r}: pass another --workdir, or delete the folder to start over"
        )
    config: dict[str, Any] = there["config"]
    return config


def _refuse_differences(folder: Path, there: dict[str, Any], wanted: dict[str, Any]) -> None:
    differences = _differences(there, wanted)
    if differences:
        more = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        raise RunFolderError(
            f"the run folder {str(folder)!r} holds a run with another config: "
            f"{'; '.join(differences[:_SHOWN])}{more}: pass another --workdir, or the folder's "
            "values to resume it, or delete it to start over"
        )


def _recorded(path: Path, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError as error:
        raise _unreadable(path, f"not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise _unreadable(path, f"not a {_FORMAT!r}")
    study, config = record.get("study"), record.get("config")
    if not isinstance(study, str) or not isinstance(config, dict):
        raise _unreadable(path, "no study or config in it")
    if record.get("digest") != config_digest(config):
        raise _unreadable(path, "its digest does not fit its config: was it edited?")
    return record


def _unreadable(path: Path, cause: str) -> RunFolderError:
    return RunFolderError(
        f"{str(path)!r} is corrupt or not of a run ({cause}); nothing was changed: restore it, or "
        "pass another --workdir, or delete the folder to start over"
    )


def _differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    old, new = dict(_flat(there)), dict(_flat(wanted))
    # Compared as text: NaN equals NaN, and 1 is not True.
    return [
        f"{key} is {_short(old.get(key))} there, {_short(new.get(key))} here"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in config.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", canonical_json(value)


def _short(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= 60 else f"{text[:28]}...{text[-28:]}"
