"""The command of the receptive fields: what its flags make, and what it refuses."""

import json
from pathlib import Path

import pytest

from tests.commands import Forks, assert_fresh_refuses_alike, assert_refused, start


def test_resnets_are_named_after_what_the_flags_change(tmp_path: Path) -> None:
    process = start(
        *(
            "--analyze_only",
            "--network=resnet18,vgg16",
            "--network=conv_grid:9,9,7 - 2,2,1 - 2,1,1",
        ),
        *("--attention=se", "--skips=off", "--resolution=64", f"--workdir={tmp_path / 'run'}"),
        study="receptive_field",
    )
    said, wrong = process.communicate(timeout=120)
    assert process.returncode == 0, wrong
    assert "at 64 x 64 pixels" in said
    networks = json.loads((tmp_path / "run" / "summary.json").read_text())["networks"]
    assert list(networks) == ["resnet18_no_skips_se", "vgg16", "conv_grid:9,9,7 - 2,2,1 - 2,1,1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--attention=se", "--network=vgg16"), ["attention", "ResNet", "vgg16"]),
        (("--attention=self", "--network=resnet18"), ["attention is 'self'", "cbam"]),
        (("--skips=no", "--network=resnet18"), ["skips is 'no'", "on or off"]),
        (("--attention=none", "--network=resnet18_se"), ["resnet18_se", "'se'", "'none'"]),
        (("--skips=on", "--network=resnet18_no_skips"), ["resnet18_no_skips", "skips False"]),
        (("--skips=on", "--network=resnet50"), ["'resnet50' is unknown"]),
        (("--network=vgg16,conv_chain:3x1 3x1 3x1",), ["vgg16,conv_chain", "twice"]),
        (("--width_divisor=4", "--network=conv_chain:3x1 3x1"), ["width_divisor", "reference"]),
        (("--epochs=3",), ["epochs", "--analyze_only"]),
        (("--noprobes",), ["probes", "--analyze_only"]),
        (("--weights=shared",), ["weights is shared"]),
    ],
)
def test_what_has_no_use_is_refused(
    arguments: tuple[str, ...], words: list[str], tmp_path: Path, forks: Forks
) -> None:
    assert_refused(
        forks, "receptive_field", tmp_path / "run", ("--analyze_only", *arguments), words
    )


def test_a_fresh_process_refuses_in_the_same_words(tmp_path: Path, forks: Forks) -> None:
    assert_fresh_refuses_alike(
        forks,
        "receptive_field",
        tmp_path / "run",
        ("--analyze_only", "--epochs=3"),
        "epochs has no use",
    )
