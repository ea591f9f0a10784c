"""The command: how flags become a config, and what it refuses and how it says so."""

import contextlib
import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absl import flags

from experiments import _command
from experiments import rfm_correlation as command
from randarch.store import RunFolder, RunFolderError
from randarch.studies import rfm_correlation as rfm
from tests.commands import SMALL, start

# --- flags, in this process ---


@pytest.fixture(scope="module")
def defined() -> Iterator[None]:
    before = set(flags.FLAGS)
    command.define_flags()
    yield
    for name in set(flags.FLAGS) - before:
        with contextlib.suppress(AttributeError):  # short names went with their long ones
            delattr(flags.FLAGS, name)


@pytest.fixture
def typed(
    defined: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    """Types a command: its exit code, and what it wrote to standard error."""
    values = {name: (flag.value, flag.present) for name, flag in flags.FLAGS._flags().items()}

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["rfm_correlation", *arguments])
        with pytest.raises(SystemExit) as ended:
            _command.run_command(command.study, command.config)
        code = ended.value.code
        return (code if isinstance(code, int) else 0), capsys.readouterr().err

    yield call
    for name, flag in flags.FLAGS._flags().items():
        if name in values:
            flag.value, flag.present = values[name]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[rfm.Study]:
    """Studies that would have run: they end where the first computation would begin."""
    runs: list[rfm.Study] = []

    class Described:
        def describe(self) -> str:
            return "nothing"

    def run(self: rfm.Study) -> Any:
        runs.append(self)
        return Described()

    monkeypatch.setattr(rfm.Study, "run", run)
    return runs


def test_flags_become_the_config(
    typed: Callable[..., tuple[int, str]], started: list[rfm.Study], tmp_path: Path
) -> None:
    code, _ = typed(
        *("--depth=3,5", "--num_architectures=7", "--train_size=150", "--test_size=60"),
        *("--readout_size=all", "--ridge_lambda=0.7", "--readout=paper", "--feature_pool=2"),
        *("--learning_rate=0.05", "--gradient_clip=0", "--batch_norm=batch", "--init=he"),
        *("--seed=4", "--seeds=2", "--epochs=0", "--weights=shared", "--top_k=3", "--workers=1"),
        *("--convergence_epochs=9", "--init_channels=24", "--normalization=paper"),
        *("--batch_size=16", "--train_seeds=2", f"--workdir={tmp_path / 'run'}"),
    )
    assert code == 0
    (study,) = started
    assert study.config == rfm.Config(
        depth=(3, 5),
        num_architectures=7,
        train_size=150,
        test_size=60,
        readout_size=None,
        ridge_lambda=0.7,
        readout="paper",
        feature_pool=2,
        learning_rate=0.05,
        gradient_clip=0.0,
        batch_norm="batch",
        init="he",
        seed=4,
        seeds=2,
        epochs=0,
        weights="shared",
        top_k=3,
        convergence_epochs=9,
        init_channels=24,
        normalization="paper",
        batch_size=16,
        train_seeds=2,
    )
    assert study.session.workers == 1


def test_a_flag_that_is_not_given_keeps_the_preset(
    typed: Callable[..., tuple[int, str]], started: list[rfm.Study], tmp_path: Path
) -> None:
    assert typed("--preset=quick", "--seeds=5", f"--workdir={tmp_path / 'run'}")[0] == 0
    (study,) = started
    assert study.config.seeds == 5
    quick = rfm.PRESETS["quick"].to_dict()
    assert {**study.config.to_dict(), "seeds": quick["seeds"]} == quick


def test_every_field_of_the_config_has_a_flag(defined: None) -> None:
    assert [name for name in rfm.Config().to_dict() if name not in flags.FLAGS] == []
    assert [name for name in ("workdir", "preset", "workers") if name not in flags.FLAGS] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--depth=2"], ["depth is 2", "3 to 64"]),
        (["--depth=65"], ["depth is 65", "3 to 64"]),
        (["--depth=nine"], ["depth", "'nine'", "whole numbers"]),
        (["--depth=3,,5"], ["depth", "whole numbers"]),
        (["--depth=9.5"], ["depth", "'9.5'"]),
        (["--depth=5,5"], ["depth", "different"]),
        (["--num_architectures=0"], ["num_architectures is 0", "at least 1"]),
        (["--num_architectures=many"], ["num_architectures", "many"]),
        (["--depth=3", "--num_architectures=113"], ["113", "112"]),
        (["--depth=5", "--num_architectures=9999"], ["9999", "3,904"]),
        (["--epochs=-1"], ["epochs is -1", "at least 0"]),
        (["--convergence_epochs=-2"], ["convergence_epochs is -2"]),
        (["--seeds=0"], ["seeds is 0", "at least 1"]),
        (["--seed=-1"], ["seed is -1"]),
        (["--seed=9223372036854775808"], ["seed is 9223372036854775808", "2^63"]),
        (["--batch_size=0"], ["batch_size is 0"]),
        (["--top_k=0"], ["top_k is 0"]),
        (["--ridge_lambda=-0.5"], ["ridge_lambda is -0.5", "loo"]),
        (["--ridge_lambda=small"], ["ridge_lambda is 'small'", "loo"]),
        (["--ridge_lambda=nan"], ["ridge_lambda is nan"]),
        (["--ridge_lambda=1e300"], ["ridge_lambda is 1e+300", "1e+30)"]),
        (["--learning_rate=-0.1"], ["learning_rate is -0.1"]),
        (["--gradient_clip=inf"], ["gradient_clip is inf"]),
        (["--feature_pool=3"], ["feature_pool is 3", "none, 1, 2, 4"]),
        (["--feature_pool=2.0"], ["feature_pool is '2.0'", "none, 1, 2, 4"]),
        (["--weights=tied"], ["weights is 'tied'", "independent, shared"]),
        (["--batch_norm=none"], ["batch_norm is 'none'", "calibrated, batch, identity"]),
        (["--readout=svm"], ["readout is 'svm'", "ridge, paper"]),
        (["--normalization=cifar"], ["normalization is 'cifar'", "train, paper"]),
        (["--memory_budget=inf"], ["memory_budget is inf", "above 0"]),
        (["--memory_budget=nan"], ["memory_budget is nan", "above 0"]),
        (["--memory_budget=-1"], ["memory_budget is -1 GiB", "above 0"]),
        (["--depth=64"], ["depth 64", "parameters", "smaller depth"]),
        (["--init_channels=8"], ["init_channels is 8", "3, 24"]),
        (["--init=xavier"], ["xavier", "pytorch"]),
        (["--train_size=5"], ["train_size is 5", "10 classes"]),
        (["--train_size=0"], ["train_size is 0"]),
        (["--train_size=half"], ["train_size", "'half'", "all"]),
        (["--test_size=0"], ["test_size is 0"]),
        (["--train_size=20"], ["batch_size is 32 with 20 training images"]),
        (["--workers=0"], ["workers is 0", "at least 1"]),
        (["--preset=slow"], ["preset is 'slow'", "quick, paper"]),
        (["--dataset="], ["data set", "shapes"]),
        (["--nonsense=1"], ["nonsense"]),
        (["depth=9"], ["unexpected argument 'depth=9'", "--name=value"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_flags_end_with_2_and_one_line(
    arguments: list[str],
    words: list[str],
    typed: Callable[..., tuple[int, str]],
    started: list[rfm.Study],
    tmp_path: Path,
) -> None:
    refuses(typed, started, [*arguments, f"--workdir={tmp_path / 'run'}"], words)
    assert not (tmp_path / "run").exists()


def refuses(
    typed: Callable[..., tuple[int, str]],
    started: list[rfm.Study],
    arguments: list[str],
    words: list[str],
) -> None:
    code, said = typed(*arguments)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert [word for word in words if word not in said] == []
    assert started == []


def test_an_unknown_data_set_is_answered_with_the_nearest(
    typed: Callable[..., tuple[int, str]], started: list[rfm.Study], tmp_path: Path
) -> None:
    pytest.importorskip("tensorflow_datasets")
    for name, near in (("shape", "shapes"), ("cifar11", "cifar10")):
        refuses(
            typed, started, [f"--dataset={name}", f"--workdir={tmp_path / 'run'}"], [name, near]
        )


# --- what is the user's to mend, and what is ours ---


@pytest.mark.parametrize(
    "error", [_command.BadInput("too\n much"), RunFolderError("too much")], ids=["input", "folder"]
)
def test_what_the_user_can_mend_is_one_line(
    error: Exception, typed: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_command, "run_study", failing(error))
    assert typed() == (2, "error: too much\n")


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(("owner", "name"), [(_command, "run_study"), (rfm.Study, "run")])
def test_a_fault_of_ours_keeps_its_traceback(
    owner: Any,
    name: str,
    typed: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(owner, name, failing(ValueError("shapes differ")))
    with pytest.raises(ValueError, match="shapes differ"):
        typed(*SMALL, f"--workdir={tmp_path / 'run'}")


# --- npz files ---


def images(count: int = 40, size: int = 8, classes: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (count, size, size, 3), np.uint8), np.arange(count) % classes
    return {"x_train": x, "y_train": y, "x_test": x, "y_test": y}


def archive(**changes: Any) -> bytes:
    arrays = {k: v for k, v in {**images(), **changes}.items() if v is not None}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def no_arrays() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("readme.txt", "no arrays")
    return file.getvalue()


FAULTS: dict[str, tuple[bytes | None, list[str]]] = {
    "missing": (None, ["no such file"]),
    "empty": (b"", ["empty"]),
    "text": (b"no archive at all", ["not an .npz"]),
    "other": (no_arrays(), ["x_train"]),
    "pickled": (archive(x_train=np.array([{}] * 40, object)), ["pickled"]),
    "key": (archive(y_test=None), ["y_test missing"]),
    "lengths": (archive(y_train=np.arange(39) % 4), ["40", "39"]),
    "images": (archive(x_train=images()["x_train"] / 255), ["float64", "uint8"]),
    "labels": (archive(y_train=images()["y_train"] / 1.0), ["float64", "integers"]),
    "range": (archive(y_test=np.arange(40)), ["39", "0 to 3"]),
    "negative": (archive(y_test=np.arange(40) % 4 - 1), ["-1"]),
    "square": (archive(x_train=images()["x_train"][:, :6]), ["6 x 8", "not square"]),
    "sizes": (archive(x_test=images(size=10)["x_test"]), ["8 x 8 x 3", "10 x 10 x 3"]),
    "single": (archive(y_train=np.zeros(40, int), y_test=np.zeros(40, int)), ["single class 0"]),
    "tiny": (
        archive(x_train=images(size=2)["x_train"], x_test=images(size=2)["x_test"]),
        ["2 pixels"],
    ),
}


@pytest.mark.parametrize(("content", "words"), FAULTS.values(), ids=FAULTS)
def test_bad_npz_files_end_with_2_and_one_line(
    content: bytes | None,
    words: list[str],
    typed: Callable[..., tuple[int, str]],
    started: list[rfm.Study],
    tmp_path: Path,
) -> None:
    if content is not None:
        (tmp_path / "data.npz").write_bytes(content)
    arguments = [f"--dataset=npz:{tmp_path / 'data.npz'}", f"--workdir={tmp_path / 'run'}"]
    arguments += ["--train_size=all", "--test_size=all", "--readout_size=all", "--batch_size=8"]
    refuses(typed, started, arguments, ["data.npz", *words] if "pixels" not in words[0] else words)
    assert not (tmp_path / "run").exists()


# --- run folders ---


def test_folders_that_cannot_be_used_end_with_2_and_one_line(
    typed: Callable[..., tuple[int, str]], started: list[rfm.Study], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("not ours")
    for name, words in (
        ("file", ["is a file"]),
        ("file/below", ["cannot create"]),
        ("other", ["not a run folder", "thesis.txt"]),
    ):
        workdir = tmp_path / name
        refuses(typed, started, [*SMALL, f"--workdir={workdir}"], [*words, "--workdir"])
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["thesis.txt"]


def test_another_run_a_lock_and_damage_end_with_2_and_lose_nothing(
    typed: Callable[..., tuple[int, str]], started: list[rfm.Study], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    again = [*SMALL, f"--workdir={folder}"]
    assert typed(*again)[0] == 0
    config = started.pop().session.folder.config
    assert typed(*again)[0] == 0
    started.clear()
    refuses(typed, started, [*again, "--epochs=3"], ["epochs is 2 there, 3 here", "--workdir"])
    with RunFolder.open(folder, study=rfm.STUDY, config=config):
        refuses(typed, started, again, ["locked", "--workdir"])
    for name in ("config.json", "results.sqlite"):
        intact = (folder / name).read_bytes()
        (folder / name).write_bytes(b"damaged" * 200)
        refuses(typed, started, again, [name, "corrupt"])
        assert (folder / name).read_bytes() == b"damaged" * 200
        (folder / name).write_bytes(intact)
    assert typed(*again)[0] == 0


# --- in a process of its own ---


def test_help_groups_the_flags_and_ends_with_0() -> None:
    process = start("--help")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert [f"\n{group}:\n" in out for group in _command.GROUPS] == [True] * len(_command.GROUPS)
    flags_said = [line.strip() for line in out.splitlines() if line.startswith("  --")]
    missing = [n for n in rfm.Config().to_dict() if f"--{n}" not in flags_said]
    assert missing == []
    assert "python -m experiments.rfm_correlation --depth=9" in out


def test_a_process_ends_with_2_and_one_line_within_a_minute(tmp_path: Path) -> None:
    process = start("--depth=2", f"--workdir={tmp_path / 'run'}")
    out, said = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert said.count("\n") == 1
    assert "depth is 2; expected an integer from 3 to 64" in said
