"""Pieces of work on threads: stored as they end, never done twice, stopped together."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_info

from randarch.store import ResultStore, Row
from randarch.studies.machine import default_workers
from randarch.studies.shards import Interrupted, Shard, Stop, run_shards

KIND = "rfm"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResultStore]:
    with ResultStore.open(tmp_path / "results.sqlite", study="s", config_digest="c") as opened:
        yield opened


def rows(number: int) -> list[Row]:
    return [Row(KIND, 0, (number, i), 0, f"d{number}", {"score": number + i / 7}) for i in range(3)]


def shard(number: int, before: Callable[[Stop], None] = lambda stop: None) -> Shard:
    def work(stop: Stop) -> Sequence[Row]:
        before(stop)
        return rows(number)

    return Shard(f"shard{number:02}", work)


def run(store: ResultStore, shards: Sequence[Shard], workers: int = 2, **changes: Any) -> None:
    arguments = {"kind": KIND, "provenance": {}, "label": "test", "progress": False, **changes}
    run_shards(shards, store=store, workers=workers, **arguments)


def names(*numbers: int) -> set[str]:
    return {f"shard{number:02}" for number in numbers}


class Long:
    """Pieces that end only when they are asked to, and who of them began and was stopped."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.pieces = 0
        self.stopped = 0
        self._lock = threading.Lock()

    def __call__(self, stop: Stop) -> None:
        with self._lock:
            self.pieces += 1
        self.began.set()
        try:
            for _ in range(1000):
                stop.check()
                time.sleep(0.01)
        except Interrupted:
            with self._lock:
                self.stopped += 1
            raise

    def all_stopped(self) -> bool:
        """Nobody waits for them, so they may need a moment to begin and to end after the run has ended."""
        for _ in range(500):
            if 0 < self.pieces == self.stopped:
                return True
            time.sleep(0.01)
        return False


def until_stored(store: ResultStore, *numbers: int) -> None:
    while store.done_shards(KIND) != names(*numbers):
        time.sleep(0.005)


def test_every_shard_is_stored(store: ResultStore) -> None:
    run(store, [shard(i) for i in range(5)])
    assert store.done_shards(KIND) == names(*range(5))
    frame = store.frame(KIND)
    assert len(frame) == 15
    assert sorted(frame["score"]) == sorted(n + i / 7 for n in range(5) for i in range(3))


def test_what_is_stored_is_not_done_again(store: ResultStore) -> None:
    done: list[int] = []
    shards = [shard(i, lambda stop, i=i: done.append(i)) for i in range(4)]
    run(store, shards[:2])
    run(store, shards)
    assert sorted(done) == [0, 1, 2, 3]
    run(store, shards)
    assert len(done) == 4


def test_nothing_to_do_is_no_error(store: ResultStore) -> None:
    run(store, [])
    assert store.done_shards(KIND) == set()


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_the_number_of_workers_changes_nothing(workers: int, tmp_path: Path) -> None:
    def slow_at_first(number: int) -> Callable[[Stop], None]:
        return lambda stop: time.sleep(0.02 * (5 - number))  # so that they end in another order

    def table(path: Path, workers: int) -> list[tuple[Any, ...]]:
        with ResultStore.open(path, study="s", config_digest="c") as store:
            run(store, [shard(i, slow_at_first(i)) for i in range(6)], workers)
            frame = store.frame(KIND).drop(columns=["created"], errors="ignore")
        return list(map(tuple, frame.astype(str).to_numpy()))

    assert table(tmp_path / "several", workers) == table(tmp_path / "one", 1)


def test_no_more_than_the_workers_at_a_time(store: ResultStore) -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def count(stop: Stop) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1

    run(store, [shard(i, count) for i in range(9)], workers=3)
    assert most[0] <= 3


# --- when something goes wrong ---


def test_an_exception_keeps_what_was_done_and_stops_the_others(store: ResultStore) -> None:
    long = Long()

    def fail(stop: Stop) -> None:
        until_stored(store, 0)
        assert long.began.wait(timeout=20)
        raise ArithmeticError("a piece failed")

    shards = [shard(0), shard(1, fail), *[shard(i, long) for i in range(2, 9)]]
    with pytest.raises(ArithmeticError, match="a piece failed"):
        run(store, shards, workers=2)
    assert store.done_shards(KIND) == names(0)
    assert long.all_stopped()
    assert long.pieces <= 2  # the one that ran, perhaps one in the failed one's place; no more


def test_a_piece_that_does_not_stop_holds_up_no_error(store: ResultStore) -> None:
    began, release = threading.Event(), threading.Event()

    def deaf(stop: Stop) -> None:
        began.set()
        release.wait(timeout=30)

    def fail(stop: Stop) -> None:
        assert began.wait(timeout=20)
        raise ArithmeticError

    try:
        start = time.monotonic()
        with pytest.raises(ArithmeticError):
            run(store, [shard(0, deaf), shard(1, fail)], workers=2)
        assert time.monotonic() - start < 20
    finally:
        release.set()


def test_pieces_that_ended_together_with_a_failed_one_are_kept(tmp_path: Path) -> None:
    count = 20
    ended = threading.Barrier(count + 1)

    class Slow(ResultStore):
        """Stores the first piece only when all others have ended."""

        def add_shard(self, shard: str, rows: Sequence[Row], *, provenance: Any) -> None:
            super().add_shard(shard, rows, provenance=provenance)
            if shard == "shard00":
                ended.wait(timeout=20)
                time.sleep(0.2)

    def wait(stop: Stop) -> None:
        ended.wait(timeout=20)

    def fail(stop: Stop) -> None:
        wait(stop)
        raise ArithmeticError("a piece failed")

    with Slow.open(tmp_path / "results.sqlite", study="s", config_digest="c") as store:
        others = [shard(i, wait) for i in range(1, count)]
        with pytest.raises(ArithmeticError):
            run(store, [shard(0), shard(count, fail), *others], workers=count + 1)
        assert store.done_shards(KIND) == names(*range(count))


def test_a_failed_run_can_be_resumed(store: ResultStore) -> None:
    def fail(stop: Stop) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        run(store, [shard(0), shard(1, fail), shard(2)], workers=1)
    run(store, [shard(i) for i in range(3)], workers=1)
    assert store.done_shards(KIND) == names(0, 1, 2)
    assert len(store.frame(KIND)) == 9


def test_an_interruption_from_the_keyboard(store: ResultStore) -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread alone")
    long = Long()

    def interrupt(stop: Stop) -> None:
        until_stored(store, 0)
        os.kill(os.getpid(), signal.SIGINT)
        long(stop)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(store, [shard(0), shard(1, interrupt), shard(2, long), shard(3, long)], workers=2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert store.done_shards(KIND) == names(0)
    assert long.all_stopped()
    assert long.pieces <= 2  # the fourth was never begun


def test_stop_says_so_once_it_is_set() -> None:
    stop = Stop()
    stop.check()
    stop.set()
    with pytest.raises(Interrupted):
        stop.check()


@pytest.mark.parametrize("cores", [0, 1, 2, 64])
def test_workers_follow_the_cores_within_reason(cores: int) -> None:
    assert 1 <= default_workers(cores) <= 4


@pytest.mark.parametrize("workers", [1, 2])
def test_pieces_beside_each_other_have_one_linear_algebra_thread_each(
    store: ResultStore, workers: int
) -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before, seen = threads(), []
    run(store, [shard(0, lambda stop: seen.append(threads()))], workers=workers)
    assert seen == [before if workers == 1 else [1] * len(before)]
    assert threads() == before
