import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randarch.store import RunFolderError, StoreFullError, sort_by_key, write_csv, write_json

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@given(st.lists(st.floats(), min_size=1, max_size=30))
def test_csv_floats_round_trip(folder: Path, values: list[float]) -> None:
    path = folder / "floats.csv"
    write_csv(pd.DataFrame({"x": values}), path)
    read = np.asarray([float(text) for text in path.read_text().split()[1:]])
    written = np.asarray(values)
    np.testing.assert_array_equal(read, written)
    known = ~np.isnan(written)
    np.testing.assert_array_equal(np.signbit(read)[known], np.signbit(written)[known])


def test_csv_bytes(folder: Path) -> None:
    frame = pd.DataFrame(
        {
            "genome": [(10, 1), (9, 2), (9, 2)],
            "seed": [0, 1, 0],
            "x": [0.1, math.nan, -math.inf],
            "single": np.asarray([0.5, 1e-30, 3], np.float32),
            "dead": [True, False, True],
            "scores": [[0.1, math.nan], [], np.asarray([1.0])],
            "note": ['a "quoted", one', None, "é"],
        },
        index=[7, 3, 5],
    )
    write_csv(frame, folder / "t.csv")
    assert (folder / "t.csv").read_bytes().decode() == (
        "genome,seed,x,single,dead,scores,note\n"
        '"[9,2]",0,-inf,3.0,True,[1.0],é\n'
        f'"[9,2]",1,nan,{float(np.float32(1e-30))!r},False,[],\n'
        '"[10,1]",0,0.1,0.5,True,"[0.1,NaN]","a ""quoted"", one"\n'
    )


def test_csv_does_not_depend_on_the_order_of_rows(folder: Path) -> None:
    frame = pd.DataFrame({"draw": 0, "genome": [(i % 7, i) for i in range(50)], "x": range(50)})
    shuffled = frame.sample(frac=1, random_state=0)
    assert not shuffled["x"].equals(frame["x"])
    write_csv(frame, folder / "a.csv")
    write_csv(shuffled, folder / "b.csv")
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()
    pd.testing.assert_frame_equal(sort_by_key(shuffled), sort_by_key(frame))


def test_csv_key_may_be_another_and_absent(folder: Path) -> None:
    frame = pd.DataFrame({"depth": [9, 3], "x": [1.0, 2.0]})
    write_csv(frame, folder / "t.csv")
    assert (folder / "t.csv").read_text() == "depth,x\n9,1.0\n3,2.0\n"
    write_csv(frame, folder / "t.csv", key=("depth",))
    assert (folder / "t.csv").read_text() == "depth,x\n3,2.0\n9,1.0\n"
    write_csv(frame.iloc[:0], folder / "t.csv", key=("depth",))
    assert (folder / "t.csv").read_text() == "depth,x\n"


def without_nonfinite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [without_nonfinite(item) for item in value]
    if isinstance(value, dict):
        return {key: without_nonfinite(item) for key, item in value.items()}
    return value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_json_round_trip(folder: Path, value: Any) -> None:
    write_json(value, folder / "t.json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    read = json.loads((folder / "t.json").read_text(), parse_constant=refuse)
    assert read == without_nonfinite(value)


def test_json_keeps_order_and_takes_arrays(folder: Path) -> None:
    write_json(
        {
            "z": np.float32(0.1),
            "a": np.int64(3),
            9: np.asarray([[1.0, np.nan]]),
            "t": (1, np.True_),
        },
        folder / "t.json",
    )
    read = json.loads((folder / "t.json").read_text())
    assert list(read) == ["z", "a", "9", "t"]
    assert read == {"z": float(np.float32(0.1)), "a": 3, "9": [[1.0, None]], "t": [1, True]}


@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), 1j, {None: 1}, {True: 1}, {1: 0, "1": 1}, np.datetime64("2020-01-01")],
)
def test_json_refuses_what_it_cannot_say(tmp_path: Path, value: object) -> None:
    path = tmp_path / "t.json"
    write_json("before", path)
    with pytest.raises(ValueError):
        write_json({"x": [value]} if not isinstance(value, dict) else value, path)
    assert json.loads(path.read_text()) == "before"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunFolderError, match=r"t\.json.*--workdir"):
        write_json(1, tmp_path / "file" / "t.json")
    (tmp_path / "t.json").mkdir()
    with pytest.raises(RunFolderError, match=r"t\.json"):
        write_json(1, tmp_path / "t.json")
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", "t.json"}


FULL = """
import resource, sys
from randarch.store import StoreFullError, write_json
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_json(list(range(100_000)), sys.argv[1])
except StoreFullError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="rlimits are POSIX")
def test_no_room_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    write_json("older", path)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "safe" in done.stdout and done.stdout.count("\n") == 1
    assert issubclass(StoreFullError, ValueError)
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.json"]
    assert json.loads(path.read_text()) == "older"
