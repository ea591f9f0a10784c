"""What the runs of every study share: the folder, the workers, the log, and what the numbers were made with."""

import abc
import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypedDict, TypeVar, runtime_checkable

import jax

from randarch.engine import DEFAULT_MEMORY_BUDGET
from randarch.networks import seeds_over
from randarch.store import RunFolder, os_failure, provenance
from randarch.studies.machine import available_cores, default_workers
from randarch.studies.shards import Shard, run_shards


class Options(TypedDict, total=False):
    """How a study is run, of `Session`: nothing here changes a result.

    Keys:
      workers: pieces of work at a time; None chooses by the machine.
      memory_budget: bytes for what networks compute; with less, it is computed again instead of kept: the same
        numbers up to rounding, later.
      progress: show progress bars on standard error.
      command: how the run was started, for the report.
    """

    workers: int | None
    memory_budget: int
    progress: bool
    command: str


class Session:
    """A run of a study in its folder.

    Made in two steps: this refuses what is wrong with options and folder, which is said before data are
    read; `open` takes the folder when the data are known.

    Args:
      study: its name.
      config: what defines the results.
      workdir: the run folder; created, or resumed if it holds a run of the same config.
      numerics: what else shapes the numbers, for their provenance.
      workers, memory_budget, progress, command: see `Options`.

    Attributes:
      folder: the run folder; from `open` on.
      workers, memory_budget, command: as given, or chosen.

    Raises:
      ValueError: bad options, or a folder of another run (`RunFolderError`).
    """

    folder: RunFolder

    def __init__(
        self,
        study: str,
        config: Mapping[str, Any],
        workdir: str | os.PathLike[str],
        *,
        numerics: Mapping[str, str],
        workers: int | None = None,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        progress: bool = True,
        command: str = "",
    ) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"workers is {workers}; expected at least 1")
        if memory_budget < 1:
            raise ValueError(
                f"memory_budget is {memory_budget}; expected a positive number of bytes"
            )
        self._start = time.perf_counter()
        self._study, self._config, self._workdir = study, config, workdir
        self._progress = progress
        self._numerics = numerics
        self.workers = workers or default_workers(available_cores())
        self.memory_budget = memory_budget
        self.command = command or f"{study}.run({dict(config)!r}, {os.fspath(workdir)!r})"
        RunFolder.check(workdir, study=study, config=config)

    def open(self, dataset_digest: str | None = None) -> None:
        """Creates or resumes the folder, and locks it; images, where there are any, define the results too."""
        images = {} if dataset_digest is None else {"dataset_digest": dataset_digest}
        self.folder = RunFolder.open(
            self._workdir, study=self._study, config={**self._config, **images}
        )

    def close(self) -> None:
        """Gives the folder back."""
        self.folder.close()

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Around the work: the log says when it began and ended; a full disk is a `RunFolderError`."""
        try:
            self.log(f"started: {self.command}")
            yield
            self.log(f"finished after {self.elapsed:.1f} s")
        except OSError as error:
            raise os_failure(self.folder.path, error, "write to") from error

    @property
    def elapsed(self) -> float:
        """Seconds since this was made."""
        return time.perf_counter() - self._start

    def do(
        self, shards: Sequence[Shard], *, kind: str, label: str, workers: int | None = None
    ) -> None:
        """Does what the folder does not hold yet, and stores it."""
        run_shards(
            shards,
            kind=kind,
            store=self.folder.results,
            provenance=self.provenance(),
            workers=workers or self.workers,
            label=label,
            progress=self._progress,
            log=self.log,
        )

    def log(self, text: str) -> None:
        """Adds a line to the folder's log."""
        with open(self.folder.path / "log.txt", "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def provenance(self) -> dict[str, Any]:
        """Device, versions, source and numerical settings."""
        device = jax.devices()[0]
        return provenance(
            device=device.device_kind,
            platform=device.platform,
            seeds_over=seeds_over(),
            **self._numerics,
        )

    def seconds(self, kinds: Mapping[str, str]) -> dict[str, float]:
        """`total` since this was made, and work seconds, added up over workers and over interrupted runs.

        Args:
          kinds: of rows, and under which name their seconds are added up; those of compiling always as
            `compile`. Kinds without rows are left out.
        """
        found = {"total": self.elapsed}
        for kind, name in kinds.items():
            frame = self.folder.results.timings(kind)
            for column, label in (("compile", "compile"), ("run", name)) if len(frame) else ():
                found[label] = found.get(label, 0.0) + float(frame[column].sum())
        return found


class RunFailedError(Exception):
    """A run that was sound found nothing that could be analysed; the message says what, and the remedy."""


@runtime_checkable
class Saved(Protocol):
    """What a study found."""

    def save(self, folder: Path, /) -> None:
        """Writes tables, summary, figures and page."""
        ...


Found = TypeVar("Found", bound=Saved)
Run = TypeVar("Run", bound="StudyRun[Any]")


class StudyRun(abc.ABC, Generic[Found]):
    """A run of a study that is ready to go: a context that ends with its session."""

    session: Session

    # Not `Self`: tests check methods one by one, and beartype takes that only where it checks a whole class.
    def __enter__(self: Run) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def run(self) -> Found:
        """Does what the folder does not hold yet, analyses, and writes tables, summary, figures and page."""
        with self.session.recording():
            result = self._result()
            result.save(self.session.folder.path)
        return result

    @abc.abstractmethod
    def _result(self) -> Found: ...


def new_workdir(study: str) -> Path:
    """Where a run goes that was given no folder: named after the study and the time."""
    return Path("runs") / f"{study}-{time.strftime('%Y%m%d-%H%M%S')}"


def describe_device(made_with: Mapping[str, Any]) -> str:
    """A provenance's device in words."""
    machine = made_with["machine"]
    return f"{made_with['device']} ({machine['cores']} cores, {machine['system']})"
