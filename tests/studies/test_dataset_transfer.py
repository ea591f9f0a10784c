"""The study end to end, small: what it writes, what it may not hang on, how it resumes, what it refuses."""

import dataclasses
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from randarch.data import load
from randarch.engine import RandomScores
from randarch.geometry import analyze
from randarch.spaces import AnyNetX
from randarch.studies import RunFailedError
from randarch.studies.dataset_transfer import (
    PRESETS,
    Config,
    Result,
    Study,
    networks,
    run,
    study,
)
from randarch.studies.dataset_transfer.datasets import epochs_of, family_of, load_all
from randarch.studies.dataset_transfer.networks import draw
from randarch.studies.dataset_transfer.protocol import deviations
from randarch.training import OptimizerName

pytestmark = pytest.mark.usefixtures("compiled_plainly")

SMALL = Config(
    base="fabrics:8",
    base_classes=(5, 2),
    base_per_class=1,
    datasets=("shapes:8", "colours:8:classes=2"),
    target="textures:8",
    num_architectures=3,
    max_depth=1,
    max_width=16,
    bottlenecks=(1, 2),
    group_widths=(4, 8),
    stem="cifar",
    stem_width=4,
    mac_range=(0.0, 1e9),
    resolution=8,
    train_size=72,
    test_size=72,
    epochs=1,
    min_steps=3,
    batch_size=16,
    learning_rate=0.05,
    trainings=1,
    seeds=1,
    random_repeats=2,
    calibration_images=20,
    top=2,
    top5_from=30,
    longer=(2,),
    longer_networks=2,
    pretrain=True,
)
RANDOM = dataclasses.replace(
    SMALL, scores=("random",), longer=(), pretrain=False, target=None, datasets=("textures:8",)
)
RANDOM_NAMES = 5
NAMES = (
    "fabrics:8",
    "fabrics:8:classes=5",
    "fabrics:8:classes=2",
    "fabrics:8:per_class=1",
    "shapes:8",
    "colours:8:classes=2",
    "textures:8",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transfer") / "run"


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run(SMALL, folder, progress=False)


@pytest.fixture(scope="module")
def summary(folder: Path, result: Result) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text())


def test_guessing_names_the_most_frequent_classes(result: Result) -> None:
    errors, inside = result.found.random, result.found.train_errors
    assert errors is not None and inside is not None
    for guess, used in zip(errors.guessing, result.found.datasets, strict=True):
        counts = Counter(used.dataset.y_test.tolist())
        named = counts.most_common(5 if used.dataset.num_classes >= 30 else 1)
        assert guess == pytest.approx(1 - sum(n for _, n in named) / counts.total())
    assert inside.guessing == ()


def test_the_summary_has_what_was_asked_for(summary: dict[str, Any], result: Result) -> None:
    for part in ("apr", "class_matched", "drivers", "reliability", "random_vs_trained"):
        assert part in summary, part
    for part in ("recommendation", "paper", "seconds", "longer", "pretraining", "deviations"):
        assert part in summary, part
    assert summary["config"]["base_classes"] == [5, 2]
    assert [one["name"] for one in summary["datasets"]] == list(NAMES)
    assert [one["classes"] for one in summary["datasets"]] == [36, 5, 2, 36, 10, 2, 10]
    assert summary["datasets"][0]["judged_by"] == "top-5 error"
    assert summary["datasets"][-1]["epochs"] == 0
    assert set(result.seconds) == {"total", "compile", "train", "random"}
    json.dumps(summary, allow_nan=False)


def test_every_architecture_has_every_row(folder: Path, result: Result) -> None:
    table = pd.read_csv(folder / "results.csv")
    counts = table.groupby(["kind", "dataset"]).size()
    for name in NAMES:
        assert counts["random", name] == 3 * 2
        assert counts.get(("trained", name), 0) == (3 if name != SMALL.target else 0)
        pretrained = name not in (SMALL.base, SMALL.target)
        assert counts.get(("pretrained", name), 0) == (3 if pretrained else 0)
    assert counts["longer 2x", SMALL.base] == 2
    assert table["architecture"].nunique() == 3
    assert table["top1_error"].between(0, 1).all()
    assert (table["top5_error"].dropna() <= table["top1_error"][table["top5_error"].notna()]).all()
    frame = result.found.frames["trained"]
    # Ceil(3 steps / steps of an epoch): 72 images are 4 steps, 10 of five classes are one.
    epochs = frame.groupby("draw")["train_loss_by_epoch"].first().map(len)
    assert epochs.tolist() == [1, 3, 3, 2, 1, 1]


def test_three_programs_an_architecture(summary: dict[str, Any]) -> None:
    engine = summary["engine"]
    assert engine["programs compiled for architectures in this call"] == 3 * 3
    assert engine["programs compiled by this process, by JAX's count"] >= 9


def test_the_page_and_the_words(folder: Path, result: Result) -> None:
    page = (folder / "report.html").read_text()
    assert "colours" in page and "http://" not in page.split("<script")[0]
    assert list((folder / "figures").glob("*.png"))
    said = result.describe()
    for words in ("3 architectures on 7 data sets", "recommended for textures:8", "regret"):
        assert words in said, words
    assert "3 architectures, not 500." in said


def test_errors_are_ordered_as_the_rows_say(result: Result) -> None:
    errors, frame = result.found.trained, result.found.frames["trained"]
    assert errors is not None and errors.datasets == NAMES[:-1]
    for d, name in enumerate(errors.datasets):
        column = "top5_error" if name in (NAMES[0], NAMES[3]) else "top1_error"
        for a, genome in enumerate(result.found.drawn.genomes):
            row = frame[(frame["draw"] == d) & (frame["genome"] == genome)]
            assert errors.values[d, a, 0] == row[column].item()


def test_an_interrupted_run_resumes_to_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Result, "save", lambda self, folder: None)

    def score(arch: Any, images: Any, seeds: list[int], *_: Any) -> RandomScores:
        rng = np.random.default_rng([int(arch.digest[:8], 16), *seeds])
        decision = rng.normal(size=(len(images.y_test), images.num_classes))
        return RandomScores(decision, rng.uniform(size=len(seeds)), 0.5)

    monkeypatch.setattr(study, "score_looped", score)
    whole = run(RANDOM, tmp_path / "whole", progress=False).table
    calls = 0

    def interrupted(*args: Any) -> RandomScores:
        nonlocal calls
        calls += 1
        # Not every so many calls: a shard that begins before the others are told to stop makes calls, too.
        if calls in (11, 24):
            raise KeyboardInterrupt
        return score(*args)

    monkeypatch.setattr(study, "score_looped", interrupted)
    attempts = 0
    while attempts < 3:
        attempts += 1
        try:
            resumed = run(RANDOM, tmp_path / "parts", progress=False, workers=1)
            break
        except KeyboardInterrupt:
            continue
    assert 1 < attempts <= 3
    pd.testing.assert_frame_equal(resumed.table, whole)
    assert resumed.analysis.trained is None and resumed.analysis.agreement is None


def seeds_drawn(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Those of every data set, for the first architecture and repeat."""
    drawn: list[list[int]] = []

    def listen(arch: Any, images: Any, seeds: list[int], *_: Any) -> None:
        drawn.append(list(seeds))

    monkeypatch.setattr(study, "score_looped", listen)
    with pytest.raises(RunFailedError, match="another init"):
        run(config, tmp_path, progress=False, workers=1)
    return drawn[:: config.random_repeats][:RANDOM_NAMES]


def test_weights_are_independent_between_data_sets_or_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    independent = seeds_drawn(RANDOM, tmp_path / "one", monkeypatch)
    assert len({tuple(seeds) for seeds in independent}) == RANDOM_NAMES
    shared = dataclasses.replace(RANDOM, weights="shared")
    assert (
        len({tuple(seeds) for seeds in seeds_drawn(shared, tmp_path / "other", monkeypatch)}) == 1
    )


def test_networks_that_all_fail_are_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "score_looped", lambda *_: None)
    with pytest.raises(RunFailedError, match="every random network failed"):
        run(RANDOM, tmp_path, progress=False)


# --- data sets ---


def grey_and_colour(tmp_path: Path, side: int = 10, grey_side: int = 7) -> tuple[str, str]:
    """Files of colour images, and of grey ones of another size."""
    rng = np.random.default_rng(0)
    found = []
    for name, shape in (("colour", (side, side, 3)), ("grey", (grey_side, grey_side, 1))):
        x = rng.integers(0, 256, (24, *shape)).astype(np.uint8)
        y = np.arange(24) % 3
        path = tmp_path / f"{name}.npz"
        np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y, classes=np.array(["a", "b", "c"]))
        found.append(f"npz:{path}")
    return found[0], found[1]


def of(base: str, *datasets: str, **changes: Any) -> Config:
    plain = {"base_classes": (), "base_per_class": None, "target": None, **changes}
    return dataclasses.replace(RANDOM, base=base, datasets=datasets, **plain)


def test_grey_images_among_colour_ones_of_another_size(tmp_path: Path) -> None:
    config = of(*grey_and_colour(tmp_path))
    for used in load_all(config):
        assert used.dataset.input_shape == (8, 8, 3)
    grey = load_all(config)[1].dataset.x_train
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 0] == grey[..., 2]).all()


def test_the_family_and_its_images() -> None:
    used = load_all(SMALL)
    assert tuple(one.name for one in used) == NAMES
    assert [len(one.dataset.x_train) for one in used] == [72, 10, 4, 36, 72, 72, 72]
    assert [one.trained for one in used] == [True] * 6 + [False]
    # Versions of the base have its own images.
    whole = {image.tobytes() for image in used[0].dataset.x_train}
    for version in used[1:4]:
        assert {image.tobytes() for image in version.dataset.x_train} <= whole
    assert {one.dataset.classes for one in used[1:2]} == {load("fabrics:8:classes=5").classes}
    family = family_of(SMALL, used)
    assert family.members == {NAMES[0]: 36, NAMES[1]: 5, NAMES[2]: 2}
    assert family.control == NAMES[3]
    assert family.matched("shapes:8") == "fabrics:8:classes=5"
    assert family.matched("textures:8") == "fabrics:8:classes=5"
    assert family.matched("colours:8:classes=2") == "fabrics:8:classes=2"


@pytest.mark.parametrize(("images", "expected"), [(160, 4), (16, 4), (64, 4), (32, 5), (5, 10)])
def test_small_data_sets_are_trained_for_more_epochs(images: int, expected: int) -> None:
    config = dataclasses.replace(SMALL, epochs=4, min_steps=10, batch_size=16)
    if images == 16:
        expected = 10
    assert epochs_of(config, images) == expected


def refusal(config: Callable[[], Config], tmp_path: Path) -> str:
    with pytest.raises(ValueError) as refused:
        Study(config(), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_classes": (36,)}, ["36 classes", "expected fewer"]),
        ({"base_classes": (2, 5)}, ["largest first"]),
        ({"base_classes": (1,)}, ["from 2 on"]),
        ({"datasets": ("fabrics:8",)}, ["fabrics:8 is given twice"]),
        ({"datasets": ("fabrics:8:classes=5",)}, ["fabrics:8:classes=5 is given twice"]),
        ({"base": "fabrics:8:classes=9"}, ["has classes already"]),
        ({"target": "textures:8", "datasets": ("shapes:8",)}, ["1 datasets", "how to recommend"]),
        ({"datasets": (), "base_classes": ()}, ["one data set"]),
        ({"datasets": ("shapes:8:classes=1",)}, ["classes=1"]),
        ({"datasets": ("shapse:8",)}, ["shapse"]),
        ({"train_size": 20}, ["36 classes", "train_size is 20"]),
        ({"test_size": 20}, ["have none of 20 test images", "test_size"]),
        ({"mac_range": (1e9, 2e9)}, ["mac_range is 1e+09-2e+09", "0 of"]),
        ({"mac_range": (5.0, 2.0)}, ["mac_range is 5 to 2"]),
        ({"resize": "refuse", "resolution": 9}, ["9 x 9", "refuse"]),
        ({"scores": ("luck",)}, ["scores are luck"]),
        ({"scores": ("random",), "target": None, "pretrain": True}, ["pretrain"]),
        ({"longer": (1,)}, ["from 2 on"]),
        ({"max_width": 12}, ["max_width is 12"]),
        ({"group_widths": (64,)}, ["no group width"]),
        ({"num_architectures": 1}, ["num_architectures is 1"]),
        ({"learning_rate": math.nan}, ["learning_rate is nan"]),
        ({"init": "luck"}, ["luck"]),
    ],
)
def test_what_cannot_be_run_is_refused(
    changes: dict[str, Any], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "LOOK", 100)
    plain = dataclasses.replace(SMALL, target=None)
    message = refusal(lambda: dataclasses.replace(plain, **changes), tmp_path)
    assert all(word in message for word in words), message


def test_images_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    colour, grey = grey_and_colour(tmp_path)
    message = refusal(lambda: of(colour, grey, resize="refuse", resolution=10), tmp_path)
    assert "grey.npz" in message and "7 x 7" in message
    rng = np.random.default_rng(0)
    deep = tmp_path / "deep.npz"
    x, y = rng.integers(0, 256, (8, 8, 8, 4)).astype(np.uint8), np.arange(8) % 2
    np.savez(deep, x_train=x, y_train=y, x_test=x, y_test=y)
    assert "deep.npz" in refusal(lambda: of(colour, f"npz:{deep}"), tmp_path)
    alone = tmp_path / "alone.npz"
    np.savez(alone, x_train=x[..., :3], y_train=0 * y, x_test=x[..., :3], y_test=0 * y)
    assert "single class" in refusal(lambda: of(colour, f"npz:{alone}"), tmp_path)


# --- architectures ---


def test_architectures_are_distinct_and_in_the_range() -> None:
    space = AnyNetX(3, 32, stem="cifar", stem_width=8)
    drawn = draw(space, 12, (2e5, 6e5), (16, 16, 3), 0)
    assert len(set(drawn.genomes)) == len({arch.digest for arch in drawn.archs}) == 12
    for arch, macs, params in zip(
        drawn.archs, drawn.population.macs, drawn.population.params, strict=True
    ):
        found = analyze(arch, (16, 16, 3))
        assert 2e5 <= found.macs == macs <= 6e5
        assert found.params == params
    for i, genome in enumerate(drawn.genomes):
        stages = space.stages(genome)
        assert drawn.population.depth[i] == sum(stage.depth for stage in stages)
        assert drawn.population.width[i] == sum(stage.width for stage in stages)
    # A larger population begins with the smaller one.
    assert draw(space, 5, (2e5, 6e5), (16, 16, 3), 0).genomes == drawn.genomes[:5]


@pytest.mark.parametrize("optimizer", get_args(OptimizerName))
def test_deviations_name_every_optimizer(optimizer: OptimizerName) -> None:
    found = deviations(Config(optimizer=optimizer), ())
    assert any(re.search("(SGD with momentum|AdamW), rate", text) for text in found)
    assert any("updated by" in text for text in found) == (optimizer != "sgd")


def test_deviations_of_the_presets() -> None:
    config = PRESETS["quick"]
    found = deviations(config, load_all(config))
    assert any("30 architectures, not 500" in text for text in found)
    assert any("number of channels in a group" in text for text in found)
    assert not any("architectures, not 500" in text for text in deviations(Config(), ()))
