import math
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.store import ResultStore, Row, RunFolderError, StoreFullError


def row(genome: tuple[int, ...] = (0,), seed: int = 0, kind: str = "rfm", **metrics: Any) -> Row:
    return Row(kind, 0, genome, seed, "digest", metrics, {"run": 0.5})


def memory() -> ResultStore:
    return ResultStore.open(":memory:", study="study", config_digest="config")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResultStore]:
    with ResultStore.open(tmp_path / "t.sqlite", study="study", config_digest="c") as opened:
        yield opened


def same(a: Any, b: Any) -> bool:
    """Equal in type, value, sign of zero, and NaN."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_floats_round_trip_exactly(values: list[float]) -> None:
    rows = [row((i,), value=value, all=values) for i, value in enumerate(values)]
    with memory() as store:
        store.add_shard("0", rows, provenance={})
        frame = store.frame("rfm")
    assert frame["value"].dtype == np.float64
    assert same(frame["value"].tolist(), values)
    assert all(same(stored, values) for stored in frame["all"])


@given(
    st.dictionaries(
        st.text(max_size=5).map(lambda name: f"m_{name}"),
        st.recursive(
            st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3),
        ),
        max_size=4,
    ),
    st.lists(st.integers(), max_size=12).map(tuple),
    st.integers(-(2**63), 2**63 - 1),
)
def test_any_metrics_genome_and_seed_round_trip(
    metrics: dict[str, Any], genome: tuple[int, ...], seed: int
) -> None:
    with memory() as store:
        store.add_shard("0", [Row("k", 0, genome, seed, "d", metrics)], provenance={})
        frame = store.frame("k")
    assert frame["genome"][0] == genome
    assert frame["seed"][0] == seed
    for name, value in metrics.items():
        # A column holds NumPy's types; `tolist` gives back Python's.
        assert same(frame[name].tolist()[0], value)


@given(st.floats(width=32), st.integers(-(2**31), 2**31 - 1))
def test_numpy_scalars_keep_their_value(real: float, whole: int) -> None:
    with memory() as store:
        store.add_shard(
            "0",
            [row(a=np.float32(real), b=np.int32(whole), c=np.bool_(True), d=np.float64(real))],
            provenance={},
        )
        frame = store.frame("rfm")
    assert same(frame["a"][0].item(), real) and same(frame["d"][0].item(), real)
    assert frame["b"][0] == whole and frame["c"][0]


def test_frame_is_sorted_by_number_and_does_not_depend_on_the_order() -> None:
    shards = {
        "a": [row((10, 1), x=1.0), row((9, 2), x=2.0)],
        "b": [row((9, 2), seed=1, x=3.0), row((2,), only_here=4.0)],
    }
    frames = []
    for order in ("ab", "ba"):
        with memory() as store:
            for shard in order:
                store.add_shard(shard, shards[shard], provenance={})
            frames.append(store.frame("rfm"))
    assert frames[0]["genome"].tolist() == [(2,), (9, 2), (9, 2), (10, 1)]
    assert frames[0]["seed"].tolist() == [0, 0, 1, 0]
    assert same(frames[0]["x"].tolist(), [math.nan, 2.0, 3.0, 1.0])
    pd.testing.assert_frame_equal(frames[0], frames[1], check_exact=True)
    assert list(frames[0].columns) == [
        *("study", "kind", "draw", "genome", "seed", "config", "digest"),
        *("only_here", "x"),
    ]


def test_frame_without_rows_has_the_key(store: ResultStore) -> None:
    frame = store.frame("rfm")
    assert len(frame) == 0 and {"genome", "seed", "digest"} <= set(frame.columns)


def test_kinds_studies_and_configs_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    for study, config in (("a", "1"), ("a", "2"), ("b", "1")):
        with ResultStore.open(path, study=study, config_digest=config) as store:
            store.add_shard("0", [row(x=study + config)], provenance={})
            store.add_shard("0", [row(x="t", kind="train")], provenance={})
    with ResultStore.open(path, study="a", config_digest="2") as store:
        assert store.frame("rfm")["x"].tolist() == ["a2"]
        assert store.frame("train")["x"].tolist() == ["t"]
        assert store.done_shards("other") == frozenset()


def test_timings_and_provenance_are_apart(store: ResultStore) -> None:
    first = Row("rfm", 0, (1,), 0, "d", {"x": 1.0}, {"compile": 2.0, "run": 0.25})
    store.add_shard("0", [first], provenance={"device": "A", "precision": "float32"})
    store.add_shard("1", [row((2,), x=1.0)], provenance={"device": "B"})
    store.add_shard("2", [row((3,), x=1.0)], provenance={"device": "B"})
    timings = store.timings("rfm")
    assert same(timings["compile"].tolist(), [2.0, math.nan, math.nan])
    assert timings["run"].tolist() == [0.25, 0.5, 0.5]
    assert timings["shard"].tolist() == ["0", "1", "2"]
    origins = store.provenance()
    assert len(origins) == 2
    assert [origins[i]["device"] for i in timings["provenance"]] == ["A", "B", "B"]
    assert not {"run", "created", "provenance"} & set(store.frame("rfm").columns)


def test_shard_is_refused_twice(store: ResultStore) -> None:
    store.add_shard("0", [row(x=1.0)], provenance={})
    with pytest.raises(ValueError, match="already stored"):
        store.add_shard("0", [row((5,), x=2.0)], provenance={})
    assert store.frame("rfm")["x"].tolist() == [1.0]


@pytest.mark.parametrize("where", ["same shard", "other shard"])
def test_repeated_key_is_refused_and_nothing_of_the_shard_stays(
    store: ResultStore, where: str
) -> None:
    if where == "other shard":
        store.add_shard("0", [row((7,), seed=4)], provenance={})
    before = store.frame("rfm")
    again = [row((8,)), row((7,), seed=4)] + ([row((7,), seed=4)] if where == "same shard" else [])
    with pytest.raises(ValueError, match=r"genome=\(7,\) seed=4"):
        store.add_shard("1", again, provenance={"device": "x"})
    pd.testing.assert_frame_equal(store.frame("rfm"), before)
    assert "1" not in store.done_shards("rfm")
    store.add_shard("1", [row((8,))], provenance={})


@pytest.mark.parametrize(
    "metrics", [{"x": object()}, {"x": 1j}, {"x": {1.5: 0}}, {"x": np.longdouble(1)}]
)
def test_metric_that_json_cannot_say(store: ResultStore, metrics: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected a str|no exact JSON"):
        store.add_shard("0", [row(**metrics)], provenance={})
    assert store.done_shards("rfm") == frozenset()


def test_bad_rows_are_refused(store: ResultStore) -> None:
    with pytest.raises(ValueError, match="no rows"):
        store.add_shard("0", [], provenance={})
    with pytest.raises(ValueError, match="genome"):
        Row("rfm", 0, (1,), 0, "d", {"genome": 3})
    with pytest.raises(ValueError, match="64 bits"):
        row(seed=2**63)


def test_threads_share_a_store(store: ResultStore) -> None:
    errors = []

    def work(thread: int) -> None:
        try:
            for shard in range(15):
                rows = [row((thread, shard, i), x=float(i)) for i in range(10)]
                store.add_shard(f"{thread}-{shard}", rows, provenance={"thread": thread})
                assert f"{thread}-{shard}" in store.done_shards("rfm")
        except Exception as error:  # a thread's failure must reach the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.done_shards("rfm")) == 45
    assert len(store.frame("rfm")) == 450


def test_full_database_keeps_what_was_committed(store: ResultStore) -> None:
    store.add_shard("0", [row((0,), x=1.0)], provenance={})
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    large = [row((1, i), x=[0.1] * 100) for i in range(100)]
    with pytest.raises(StoreFullError, match=r"full.*safe.*resume") as caught:
        store.add_shard("1", large, provenance={})
    assert "\n" not in str(caught.value)
    assert store.done_shards("rfm") == {"0"}
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.add_shard("1", large, provenance={})
    assert len(store.frame("rfm")) == 101


def test_a_reader_elsewhere_does_not_stop_the_writer(store: ResultStore) -> None:
    store.add_shard("0", [row(x=1.0)], provenance={})
    reader = sqlite3.connect(store.path)
    assert reader.execute("SELECT count(*) FROM results").fetchone() == (1,)
    reader.close()
    store.add_shard("1", [row((1,), x=1.0)], provenance={})


def test_file_held_by_another_program(store: ResultStore) -> None:
    store._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RunFolderError, match="held open by another program"):
        store.add_shard("0", [row(x=1.0)], provenance={})
    other.execute("ROLLBACK")
    other.close()
    store.add_shard("0", [row(x=1.0)], provenance={})


def test_text_damaged_in_place_is_named(store: ResultStore) -> None:
    store.add_shard("0", [row(x=1.0)], provenance={})
    store._connection.execute("UPDATE results SET metrics = '{\"x\": 1.'")
    with pytest.raises(RunFolderError, match="corrupt"):
        store.frame("rfm")
