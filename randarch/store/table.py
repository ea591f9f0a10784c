"""The results of one run: rows in SQLite, committed a shard at a time."""

import contextlib
import datetime
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from randarch.store.canonical import canonical_json, plain
from randarch.store.errors import RunFolderError, store_full

KEY = ("study", "kind", "draw", "genome", "seed", "config")
"""What identifies a row, in the order in which tables are sorted."""

_RESERVED = frozenset({*KEY, "digest", "shard", "provenance", "created"})
_APPLICATION = 0x52414E44  # "RAND", in the file's header: tells our file from another SQLite file
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE provenance (id TEXT PRIMARY KEY, content TEXT NOT NULL)",
    "CREATE TABLE results (study TEXT NOT NULL, kind TEXT NOT NULL, draw INTEGER NOT NULL,"
    " genome TEXT NOT NULL, seed INTEGER NOT NULL, config TEXT NOT NULL, digest TEXT NOT NULL,"
    " shard TEXT NOT NULL, metrics TEXT NOT NULL, timings TEXT NOT NULL,"
    " provenance TEXT NOT NULL REFERENCES provenance (id), created TEXT NOT NULL,"
    " PRIMARY KEY (study, kind, draw, genome, seed, config))",
    "CREATE INDEX shards ON results (study, config, kind, shard)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)


@dataclass(frozen=True)
class Row:
    """One result.

    Attributes:
      kind: what was measured, such as "rfm" or "train"; each kind is a table of its own to readers.
      draw: the number of the draw (the sample of architectures, or the repetition) it belongs to.
      genome: the genome as decoded by the study's search space.
      seed: the seed of the weights.
      digest: the architecture's digest; rows with equal digests are the same architecture.
      metrics: deterministic values by name, anything `plain` takes; never a time.
      timings: seconds by name, compilation and running apart.
    """

    kind: str
    draw: int
    genome: tuple[int, ...]
    seed: int
    digest: str
    metrics: Mapping[str, Any]
    timings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("draw", self.draw), ("seed", self.seed)):
            if not -(2**63) <= value < 2**63:
                raise ValueError(f"{name} {value} does not fit 64 bits; use a smaller number")
        for name in (*self.metrics, *self.timings):
            if not isinstance(name, str) or name in _RESERVED:
                raise ValueError(
                    f"a metric or timing is named {name!r}; expected a string that is none of "
                    f"{', '.join(sorted(_RESERVED))}: rename it"
                )


class ResultStore:
    """The rows of one study and one config in a SQLite file. Threads may share it.

    The file has one writer, which the lock of the run folder guarantees, and any number of
    readers. It uses a rollback journal and full synchronisation, so that a killed process loses at
    most the shard it was committing, also on network file systems, where SQLite's WAL fails.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, study: str, config_digest: str
    ) -> None:
        self.path = path
        self.study = study
        self.config_digest = config_digest
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, study: str, config_digest: str) -> "ResultStore":
        """Opens or creates the file, and checks that it is whole.

        Raises:
          RunFolderError: not a SQLite file, a damaged one, another program's, or not writable.
          StoreFullError: no room to create it.
        """
        path = Path(path)
        with _explained(path):
            connection = sqlite3.connect(
                path, timeout=30.0, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path, study, config_digest)

    def add_shard(self, shard: str, rows: Sequence[Row], *, provenance: Mapping[str, Any]) -> None:
        """Commits the rows of a shard, all or none.

        A shard that is already there is refused, not replaced: skip what `done_shards` lists.

        Args:
          shard: the name of this piece of the work, fixed by the config.
          rows: at least one; their keys must be new.
          provenance: how these rows were made (see `randarch.store.provenance`).

        Raises:
          ValueError: no rows, a shard or key that is already stored, or a value JSON cannot say.
          StoreFullError: no room; the shards committed before are intact.
          RunFolderError: the file cannot be written for another reason.
        """
        if not rows:
            raise ValueError(f"shard {shard!r} has no rows; expected at least one")
        content = canonical_json(provenance)
        identity = hashlib.sha256(content.encode()).hexdigest()[:16]
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        records = [(self._record(row), shard, *_texts(row), identity, created) for row in rows]
        with self._lock, _explained(self.path), _transaction(self._connection) as execute:
            for kind in sorted({row.kind for row in rows}):
                if execute(
                    "SELECT 1 FROM results"
                    " WHERE study = ? AND config = ? AND kind = ? AND shard = ? LIMIT 1",
                    (self.study, self.config_digest, kind, shard),
                ).fetchone():
                    raise ValueError(
                        f"shard {shard!r} of kind {kind!r} is already stored; skip done_shards()"
                    )
            execute("INSERT OR IGNORE INTO provenance VALUES (?, ?)", (identity, content))
            for row, (key, *rest) in zip(rows, records, strict=True):
                try:
                    execute(f"INSERT INTO results VALUES ({','.join('?' * 12)})", (*key, *rest))
                except sqlite3.IntegrityError as error:
                    raise ValueError(
                        f"shard {shard!r} repeats the row kind={row.kind!r} draw={row.draw} "
                        f"genome={row.genome} seed={row.seed}; expected one row a key"
                    ) from error

    def done_shards(self, kind: str) -> frozenset[str]:
        """The names of the committed shards of a kind."""
        return frozenset(row[0] for row in self._select("DISTINCT shard", kind))

    def digests(self, kind: str) -> frozenset[str]:
        """Of the architectures that have a row of a kind."""
        return frozenset(row[0] for row in self._select("DISTINCT digest", kind))

    def frame(self, kind: str) -> pd.DataFrame:
        """The deterministic part: key, architecture digest, and a column per metric, sorted by key.

        Genomes are tuples; lists stay lists; a metric that a row lacks is missing there. The same
        results give the same frame, whatever the order, the interruptions and the clock.
        """
        return self._expanded(kind, "metrics", ("digest",))

    def timings(self, kind: str) -> pd.DataFrame:
        """The rest: key, shard, provenance id, UTC time of creation, and a column per timing."""
        return self._expanded(kind, "timings", ("shard", "provenance", "created"))

    def provenance(self) -> dict[str, dict[str, Any]]:
        """How rows were made, by the provenance id that `timings` shows."""
        with self._lock, _explained(self.path):
            found = self._connection.execute("SELECT id, content FROM provenance ORDER BY id")
            return {identity: _parsed(content, self.path) for identity, content in found}

    def close(self) -> None:
        """Closes the file; a shard that another thread is committing is committed first."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> "ResultStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ResultStore({str(self.path)!r}, study={self.study!r})"

    def _record(self, row: Row) -> tuple[str | int, ...]:
        genome = json.dumps(plain(row.genome), separators=(",", ":"))
        return self.study, row.kind, row.draw, genome, row.seed, self.config_digest, row.digest

    def _select(self, columns: str, kind: str) -> list[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM results WHERE study = ? AND config = ? AND kind = ?"
        with self._lock, _explained(self.path):
            return self._connection.execute(
                query, (self.study, self.config_digest, kind)
            ).fetchall()

    def _expanded(self, kind: str, values: str, extra: tuple[str, ...]) -> pd.DataFrame:
        names = (*KEY, *extra)
        found = []
        for *fixed, text in self._select(", ".join((*names, values)), kind):
            record = dict(zip(names, fixed, strict=True))
            record["genome"] = tuple(_parsed(record["genome"], self.path))
            found.append((record, _parsed(text, self.path)))
        found.sort(key=lambda pair: [pair[0][name] for name in KEY])
        measured = list(dict.fromkeys(name for _, value in found for name in value))
        columns = {name: [record[name] for record, _ in found] for name in names}
        columns |= {name: [value.get(name) for _, value in found] for name in measured}
        return pd.DataFrame(columns)


def _texts(row: Row) -> tuple[str, str]:
    # Names keep the caller's order here: it is the order of the columns.
    return json.dumps(plain(row.metrics)), json.dumps(plain(row.timings))


def _parsed(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _corrupt(path, error) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    for setting in ("journal_mode = DELETE", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _corrupt(path, verdict)
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (application, version, tables) == (0, 0, 0):
        with _transaction(connection) as execute:
            for statement in _SCHEMA:
                execute(statement)
    elif (application, version) != (_APPLICATION, _VERSION):
        raise RunFolderError(
            f"{str(path)!r} is a SQLite file of another program or version (application "
            f"{application:#x}, version {version}; expected {_APPLICATION:#x}, {_VERSION}): "
            "pass another --workdir"
        )
    # A commit that changes nothing: a read-only file or folder shows now, not after an hour's work.
    with _transaction(connection) as execute:
        execute(f"PRAGMA user_version = {_VERSION}")


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[Any]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection.execute
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns SQLite's failures of the file into errors that name the remedy."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # The primary code is the low byte. Errors of the calling code have none, and pass.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise store_full(path, error) from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _corrupt(path, error) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise RunFolderError(
                f"{str(path)!r} is held open by another program ({error}): close it, then give the "
                "same command again to resume"
            ) from error
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise RunFolderError(
                f"cannot write {str(path)!r} ({error}): check its permissions and the disk's free "
                "space, or pass another --workdir"
            ) from error
        raise


def _corrupt(path: Path, cause: object) -> RunFolderError:
    first_line = str(cause).splitlines()[0]
    return RunFolderError(
        f"{str(path)!r} is corrupt ({first_line}); nothing was changed: restore it from a backup, "
        "or pass another --workdir, or delete it to start over"
    )
