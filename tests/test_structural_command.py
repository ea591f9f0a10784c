"""The command of structural sampling: what its flags make, and what it refuses."""

import json
from pathlib import Path

import pytest

from tests.commands import (
    SMALL_STRUCTURES,
    Forks,
    assert_fresh_refuses_alike,
    assert_refused,
    start,
)


def test_flags_make_the_config(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start(
        *SMALL_STRUCTURES,
        *("--feature_pool=2", "--population=2", f"--workdir={folder}"),
        study="structural_sampling",
    )
    said, wrong = process.communicate(timeout=200)
    assert process.returncode == 0, wrong
    assert "8 networks of 2 layers" in said
    assert "The library is conv1, max2." in said
    config = json.loads((folder / "summary.json").read_text())["config"]
    assert config["library"] == ["conv1", "max2"]
    assert config["feature_pool"] == 2
    assert "population" not in config


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--library=conv3,cnov5",), ["'cnov5'", "conv5d2"]),
        (("--library=conv3,conv3",), ["conv3"]),
        (("--layers=0",), ["layers is 0"]),
        (("--population=0",), ["population is 0"]),
        (("--top=1000",), ["top is 1000 of 200 networks"]),
        (("--feature_pool=3",), ["feature_pool is 3", "global"]),
        (("--optimizer=adam",), ["optimizer is 'adam'", "sgd, adamw"]),
        (("--augment=flip",), ["augment is 'flip'", "pad_crop_flip, none"]),
        (("--preset=fast",), ["preset is 'fast'", "quick, paper"]),
    ],
)
def test_what_cannot_be_run_is_refused(
    arguments: tuple[str, ...], words: list[str], tmp_path: Path, forks: Forks
) -> None:
    assert_refused(forks, "structural_sampling", tmp_path / "run", arguments, words)


def test_a_fresh_process_refuses_in_the_same_words(tmp_path: Path, forks: Forks) -> None:
    assert_fresh_refuses_alike(
        forks, "structural_sampling", tmp_path / "run", ("--top=1000",), "top is 1000"
    )
