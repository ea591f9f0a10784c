"""What can go wrong with a run folder, as one line that names the remedy."""

import errno
import os

# A quota and a file-size limit look the same to a user as a disk without room.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class RunFolderError(ValueError):
    """A run folder that cannot be created, locked or read, or that belongs to another run."""


class StoreFullError(RunFolderError):
    """No room to write. What was committed before is intact."""


def store_full(path: str | os.PathLike[str], cause: object) -> StoreFullError:
    """The error for a disk without room at `path`."""
    return StoreFullError(
        f"cannot write {os.fspath(path)!r} ({cause}): the disk is full, over quota or failing; "
        "what was committed before is safe: free some space and give the same command "
        "again to resume"
    )


def os_failure(path: str | os.PathLike[str], error: OSError, doing: str) -> RunFolderError:
    """The error for a file operation that the system refused; `doing` reads like "create"."""
    cause = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        return store_full(path, cause)
    return RunFolderError(
        f"cannot {doing} {os.fspath(path)!r} ({cause}): expected a folder and files that this "
        "user may read and write; pass another --workdir or change the permissions"
    )
