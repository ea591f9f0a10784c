"""Independent pieces of work on threads, each stored whole as it ends and never done again."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from randarch.store import ResultStore, Row


class Interrupted(Exception):
    """Raised inside a piece of work that was asked to stop."""


class Stop:
    """A flag that long pieces of work look at between their steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Raises `Interrupted` if the work should end."""
        if self._event.is_set():
            raise Interrupted


@dataclass(frozen=True)
class Shard:
    """A piece of work.

    Attributes:
      name: unique among those of its kind; what a resumed run looks for.
      work: computes the rows; given a `Stop` to look at.
      size: networks in it, for the progress bar.
    """

    name: str
    work: Callable[[Stop], Sequence[Row]]
    size: int = 1


def run_shards(
    shards: Sequence[Shard],
    *,
    kind: str,
    store: ResultStore,
    provenance: dict[str, Any],
    workers: int,
    label: str,
    progress: bool = True,
    log: Callable[[str], None] = lambda _: None,
) -> None:
    """Does what is not yet stored, several pieces at a time, and stores each as it ends.

    An exception in a piece, or an interruption from the keyboard, ends the others at their next
    step; what was done is stored.
    """
    done = store.done_shards(kind)
    todo = [shard for shard in shards if shard.name not in done]
    log(f"{label}: {len(todo)} of {len(shards)} to do")
    stop = Stop()
    pool = ThreadPoolExecutor(max_workers=workers)
    # OpenBLAS's threads spin while they wait: several pieces, each with a pool on the same cores, took three times as
    # long as with one linear-algebra thread each.
    blas = threadpool_limits(1 if workers > 1 else None, user_api="blas")
    waiting = {pool.submit(shard.work, stop): shard for shard in todo}
    try:
        with (
            blas,
            tqdm(
                total=sum(shard.size for shard in shards),
                initial=sum(shard.size for shard in shards) - sum(shard.size for shard in todo),
                desc=label,
                disable=not progress,
                unit="net",
            ) as bar,
        ):
            while waiting:
                ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
                # Those that failed come last, so that what ended beside them is stored.
                for future in sorted(ended, key=lambda f: f.exception() is not None):
                    shard = waiting.pop(future)
                    store.add_shard(shard.name, future.result(), provenance=provenance)
                    log(f"{label}: {shard.name}")
                    bar.update(shard.size)
    finally:
        # After an error or Ctrl-C pieces under way end at their next step; they store nothing, so
        # none is waited for.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
