"""The command of dataset transfer: what its flags make, and what it refuses."""

import json
from pathlib import Path

import pytest

from tests.commands import SMALL_TRANSFER, Forks, assert_fresh_refuses_alike, assert_refused, start


def test_flags_make_the_config(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start(*SMALL_TRANSFER, f"--workdir={folder}", study="dataset_transfer")
    said, wrong = process.communicate(timeout=200)
    assert process.returncode == 0, wrong
    assert "2 architectures on 3 data sets" in said
    config = json.loads((folder / "summary.json").read_text())["config"]
    assert config["datasets"] == ["shapes:8"]
    assert config["base_classes"] == [4]
    assert config["base_per_class"] is None
    assert config["mac_range"] == [0, 1e9]
    assert config["scores"] == ["random"]
    assert config["top"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--datasets=nothing:8",), ["nothing:8"]),
        (("--dataset=shapes",), ["give base and datasets"]),
        (("--mac_range=3e6",), ["mac_range is '3e6'", "3e6-5e6"]),
        (("--base_classes=ten",), ["base_classes is 'ten'"]),
        (("--base_classes=99",), ["base_classes has 99"]),
        (("--base_per_class=0",), ["base_per_class is 0"]),
        (("--stem=vgg",), ["stem is 'vgg'", "resnet, cifar, regnet"]),
        (("--resize=stretch",), ["resize is 'stretch'", "antialias, crop_or_pad, refuse"]),
        (("--schedule=linear",), ["schedule is 'linear'"]),
        (("--scores=trained,luck",), ["scores are trained, luck"]),
        (("--resolution=2",), ["resolution is 2"]),
        (("--preset=fast",), ["preset is 'fast'", "quick, paper"]),
    ],
)
def test_what_cannot_be_run_is_refused(
    arguments: tuple[str, ...], words: list[str], tmp_path: Path, forks: Forks
) -> None:
    assert_refused(forks, "dataset_transfer", tmp_path / "run", arguments, words)


def test_a_fresh_process_refuses_in_the_same_words(tmp_path: Path, forks: Forks) -> None:
    assert_fresh_refuses_alike(
        forks, "dataset_transfer", tmp_path / "run", ("--top=0",), "top is 0"
    )
