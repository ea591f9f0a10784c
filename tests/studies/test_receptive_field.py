"""The study of receptive fields end to end, small: what it writes, how it resumes, what it refuses."""

import contextlib
import dataclasses
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from randarch.analysis import Trainings
from randarch.receptive_field import analyze_fields
from randarch.reference import make_network
from randarch.studies import DEFAULT_MEMORY_BUDGET, RunFolderError
from randarch.studies.receptive_field import (
    PRESETS,
    Config,
    Result,
    Study,
    deviations,
    published,
    run,
    training,
)
from randarch.studies.receptive_field.networks import build
from randarch.training import TrainingImages
from tests.report.reading import read

# Three convolutions, the last behind the border of 32 pixels: chains that compile in seconds.
CHAIN = "layer_library:conv3 - max2 - max2 - max2 - max2 - conv3 - conv3"
OTHER = "layer_library:conv1 - max2 - max2 - max2 - max2 - conv3 - conv3"
ONLY = Config(networks=("vgg16", "resnet18"), analyze_only=True)
SMALL = Config(
    networks=(CHAIN, OTHER),
    width_divisor=32,
    dataset="shapes",
    train_size=60,
    test_size=40,
    trials=2,
    epochs=1,
    batch_size=20,
    learning_rate=0.01,
    probe_size=40,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fields") / "run"


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run(SMALL, folder, progress=False, workers=1)


def test_analysis_alone_needs_no_data(tmp_path: Path) -> None:
    found = run(ONLY, tmp_path / "run", progress=False)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    vgg, resnet = summary["networks"]["vgg16"], summary["networks"]["resnet18"]
    assert (vgg["border_min"], vgg["border_min_name"]) == (8, "conv4_1")
    assert (resnet["border_min"], resnet["border_max"]) == (15, 5)
    assert (resnet["params"], resnet["macs"]) == (11_181_642, 37_016_576)
    assert "training" not in vgg
    assert summary["truncation"]["vgg16"]["layers"] == 7
    assert "vgg16" in found.describe() and "conv4_1" in found.describe()
    page = read((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert page.unclosed == [] and "Before and after truncation" not in page.text


def check_what_is_written(folder: Path, config: Config, layers_of_all: int) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    for name in config.networks:
        network = summary["networks"][name]
        layers = len(network["layers"])
        for weights in ("trained", "untrained"):
            curves = network["training"][weights]
            assert len(curves["saturation"]) == len(curves["probe_accuracy"]) == layers
            assert all(0 < s <= 1 for s in curves["saturation"])
            assert network["agreement"][weights]["border"] == network["border_min"]
        assert len(network["training"]["accuracies"]) == config.trials
        truncation = summary["truncation"][name]
        failed = [*network["training"]["failed"], *truncation["training"]["failed"]]
        assert len(failed) == 2 * config.trials
        sound = [form["training"]["failed"].count(False) for form in (network, truncation)]
        assert truncation["difference"]["n"] == (sum(sound) if min(sound) else 0)
        assert len(truncation["accuracies"]) == len(truncation["accuracies_whole"]) == config.trials
    table = pd.read_csv(folder / "results.csv")
    assert len(table) == layers_of_all
    assert table["trained_saturation"].notna().all()
    trainings = pd.read_csv(folder / "trainings.csv")
    assert len(trainings) == 2 * len(config.networks) * config.trials
    assert set(trainings["form"]) == {"whole", "truncated"}
    text = read((folder / "report.html").read_text(encoding="utf-8")).text
    assert "Before and after truncation" in text and "Does the tail begin at the border?" in text
    assert {f.suffix for f in (folder / "figures").iterdir()} == {".png", ".pdf", ".dot"}


def test_what_a_run_writes(result: Result, folder: Path) -> None:
    check_what_is_written(folder, SMALL, 3 + 3)


@pytest.mark.slow
def test_a_network_with_skips_end_to_end(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, networks=("resnet18",))
    run(config, tmp_path / "run", progress=False)
    check_what_is_written(tmp_path / "run", config, 20)


def test_a_finished_run_is_not_done_again(
    result: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = json.loads((folder / "summary.json").read_text())["networks"]
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained again"))
    again = run(SMALL, folder, progress=False, workers=2)
    assert json.loads((folder / "summary.json").read_text())["networks"] == before
    assert again.networks[0].whole == result.networks[0].whole


@pytest.mark.slow
def test_a_run_that_lost_a_network_does_it_again_to_the_same_numbers(
    result: Result, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with contextlib.closing(sqlite3.connect(copy / "results.sqlite")) as store, store:
        lost = store.execute("DELETE FROM results WHERE shard LIKE '1-%-0'").rowcount
    assert lost == 1
    run(SMALL, copy, progress=False, workers=1)
    for name in ("results.csv", "trainings.csv"):
        assert (copy / name).read_bytes() == (folder / name).read_bytes()


def test_failed_trainings_are_counted(tmp_path: Path) -> None:
    config = dataclasses.replace(
        SMALL, networks=(CHAIN,), learning_rate=1e6, truncate=False, gradient_clip=0
    )
    found = run(config, tmp_path / "run", progress=False)
    assert found.networks[0].whole is not None
    assert found.networks[0].whole.trainings.failed == (True, True)
    assert "2 failed" in found.describe()


@pytest.mark.parametrize("changes", [{"epochs": 2}, {"networks": ("vgg11",)}, {"trials": 3}])
def test_another_run_in_the_folder_is_refused(
    changes: dict[str, Any], result: Result, folder: Path
) -> None:
    with pytest.raises(RunFolderError, match=next(iter(changes))):
        run(dataclasses.replace(SMALL, **changes), folder, progress=False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"networks": ()}, ["network", "none", "vgg16"]),
        ({"networks": ("vgg16", "vgg16")}, ["vgg16, vgg16", "different"]),
        ({"networks": ("vgg61",)}, ["vgg61", "did you mean 'vgg1"]),
        ({"networks": ("conv_grid:9,9 - 1,1 - 1,1",), "resolution": 8}, ["conv1", "8 pixels"]),
        ({"networks": ("conv_chain:3x9 3x1 3x1",)}, ["3x9"]),
        ({"networks": ("space:1",)}, ["space", "conv_grid"]),
        ({"resolution": 0}, ["resolution is 0"]),
        ({"seed": 2**63}, ["seed is 9223372036854775808", "2^63"]),
        (
            {"networks": ("resnet18",), "resolution": 6},
            ["resnet18 at 6 pixels", "conv1", "at least 7"],
        ),
        ({"learning_rate": float("nan")}, ["learning_rate is nan"]),
    ],
)
def test_what_cannot_be_analysed_is_refused(
    changes: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ValueError) as refused:
        run(dataclasses.replace(ONLY, **changes), tmp_path / "run", progress=False)
    assert all(word in str(refused.value) for word in words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resolution": 64}, ["resolution is 64", "32"]),
        ({"num_classes": 3}, ["num_classes is 3"]),
        ({"batch_size": 100}, ["batch_size is 100", "60"]),
    ],
)
def test_what_does_not_suit_the_data_is_refused(
    changes: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ValueError) as refused:
        run(dataclasses.replace(SMALL, **changes), tmp_path / "run", progress=False)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_papers_probes_fit_the_default_memory_budget(workers: int) -> None:
    config = PRESETS["paper"]
    few = np.zeros((published.TRAIN_SIZE, 1, 1, 3), np.uint8)
    labels = np.zeros(published.TRAIN_SIZE, np.int32)
    pixels = (0.5,) * 3
    images = TrainingImages(few, labels, few[:10_000], labels[:10_000], 10, pixels, pixels)
    networks = {name: analyze_fields(make_network(name, 10), 32) for name in config.networks}
    training.check_memory(config, networks, images, DEFAULT_MEMORY_BUDGET // workers)


def test_two_names_of_one_architecture_are_refused(tmp_path: Path) -> None:
    twice = ("conv_chain:3x1 3x1 3x1", "conv_chain:3x1.25 3x1 3x1")
    with pytest.raises(ValueError, match=r"3x1 3x1 3x1 and .* are the same architecture"):
        run(dataclasses.replace(ONLY, networks=twice), tmp_path / "run", progress=False)


def test_misspelt_names_are_said_before_data_are_read(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, networks=("vgg61",), dataset="npz:nowhere.npz")
    with pytest.raises(ValueError, match="'vgg61' is unknown"):
        run(config, tmp_path / "run", progress=False)


def test_probes_that_have_not_arrived_are_counted_together(result: Result) -> None:
    network = result.networks[0]
    assert network.whole is not None
    restless = dataclasses.replace(network.whole.trained, probe_gradient=(0.5, 0.5, 1e-4))
    sound = Trainings((0.5, 0.6), (False, False))
    whole = dataclasses.replace(network.whole, trained=restless, trainings=sound)
    changed = dataclasses.replace(network, whole=whole, truncated=None)
    (note,) = dataclasses.replace(result, networks=(changed,)).notes
    assert note.startswith("2 of 3 probes of trained networks stopped")


def test_a_network_without_a_border_has_no_gains(result: Result) -> None:
    near = build("layer_library:conv3 - conv3 - conv3", SMALL, 10)
    network = dataclasses.replace(result.networks[1], analysis=analyze_fields(near, 32))
    text = dataclasses.replace(result, networks=(network,)).describe()
    assert "border -" in text and "nan" not in text


def test_probes_that_do_not_fit_the_memory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"of layer_library:conv3 .* need .* GiB .* for 40 .* take a smaller probe"
    ):
        run(SMALL, tmp_path / "run", progress=False, memory_budget=2**17)
    without = dataclasses.replace(SMALL, probes=False)
    Study(without, tmp_path / "run", progress=False, memory_budget=2**17).session.close()


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_valid_and_say_how_they_deviate(preset: str) -> None:
    config = PRESETS[preset]
    assert Config(**{**config.to_dict(), "networks": config.networks}) == config
    said = " ".join(deviations(config, (50_000, 10_000)))
    assert "images, not" not in said
    assert "1,000 test images, not 10,000" in " ".join(deviations(config, (50_000, 1_000)))
    assert ("by section IV the paper's have none" in said) is (preset == "quick")
    assert ("All channels of reference networks are divided by 8" in said) is (preset == "quick")
    assert ("Gradients are clipped" in said) is (preset == "quick")
    assert "Pixels are normalised" in said
    assert "Nothing is trained" in " ".join(deviations(config))
