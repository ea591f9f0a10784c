"""The study end to end, small: what it writes, what it may not hang on, how it resumes, what it refuses."""

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from randarch import geometry
from randarch.data import load
from randarch.receptive_field import UNPRODUCTIVE
from randarch.report.structure.report import COLUMNS
from randarch.spec import GlobalPool
from randarch.store import pack, unpack
from randarch.studies import RunFailedError
from randarch.studies.structural_sampling import Config, Result, Study, run, study
from randarch.studies.structural_sampling.config import (
    PRESETS,
    deviations,
    differences,
    on_cifar100,
)
from randarch.studies.structural_sampling.networks import draw, last_map
from randarch.studies.structural_sampling.populations import populations
from randarch.studies.structural_sampling.rows import confusion_matrix, relative_distance
from randarch.training import network_bytes, train

pytestmark = pytest.mark.usefixtures("compiled_once")

SMALL = Config(
    num_networks=24,
    layers=2,
    library=("identity", "conv1", "conv3", "max2"),
    channels=4,
    dataset="shapes:8",
    train_size=60,
    test_size=80,
    epochs=2,
    batch_size=20,
    learning_rate=0.05,
    top=6,
    class_top=3,
    seeds=2,
    repeat_networks=2,
    repeat_trainings=2,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("structures") / "run"


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    """What the analysis draws at random, fewer times."""
    from randarch.studies.structural_sampling import analyses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyses, "RESAMPLES", 60)
        patch.setattr(analyses, "PERMUTATIONS", 50)
        patch.setattr(analyses, "SIMULATIONS", 5)
        yield


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run(SMALL, folder, progress=False, workers=2)


def results_csv(folder: Path) -> bytes:
    return (folder / "results.csv").read_bytes()


def test_what_a_run_writes(result: Result, folder: Path) -> None:
    for name in ("summary.json", "results.csv", "report.html", "config.json"):
        assert (folder / name).stat().st_size > 100, name
    assert {f.suffix for f in (folder / "figures").iterdir()} == {".png", ".pdf"}
    text = (folder / "summary.json").read_text()
    assert "NaN" not in text
    summary = json.loads(text)
    wanted = "num_networks best mean top_cutoff layer_distribution per_class most_deviating"
    assert {*wanted.split(), "paper", "seconds"} <= set(summary)
    assert summary["num_networks"] == 24
    assert summary["num_architectures"] == len({*result.found.drawn.architecture}) < 24
    assert set(summary["per_class"]) == set(result.found.dataset.classes)


def test_draws_of_one_architecture_share_its_training(result: Result) -> None:
    table = result.table
    assert len(table) == 24
    assert table.groupby("digest")["architecture"].nunique().eq(1).all()
    assert table.groupby("architecture")["accuracy"].nunique().eq(1).all()
    assert len(result.found.train) == table["architecture"].nunique()
    # As they were drawn: identities in different places are one architecture, and several genomes.
    assert table["genome"].nunique() > table["architecture"].nunique()


def test_the_table_says_what_a_training_alone_gives(result: Result, tmp_path: Path) -> None:
    config = result.config
    with Study(config, tmp_path / "other", progress=False) as ready:
        arch = ready.archs[3]
        alone = train(arch, ready.images, config.training_settings())
    row = result.found.train.iloc[3]
    assert row["digest"] == arch.digest
    np.testing.assert_allclose(row["train_loss_by_epoch"], alone.train_loss, rtol=1e-3)
    assert abs(row["trained_accuracy"] - alone.test_accuracy[0]) <= 2 / 80


def test_confusion_matrices_count_every_test_image(result: Result) -> None:
    labels = result.found.dataset.y_test
    for number, accuracy in enumerate(result.table["accuracy"]):
        confusion = result.found.confusion(number)
        np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(labels, minlength=10))
        assert np.trace(confusion) / len(labels) == pytest.approx(accuracy)
    predictions = result.found.predictions
    assert predictions is not None
    assert (predictions[0] == labels).mean() == pytest.approx(
        result.found.train.iloc[0]["trained_accuracy"]
    )


@pytest.mark.usefixtures("tables_only")
def test_populations_and_workers_change_rounding_at_most(result: Result, tmp_path: Path) -> None:
    other = run(SMALL, tmp_path, 5, progress=False, workers=1, memory_budget=2**28)
    np.testing.assert_array_equal(other.table["accuracy"], result.table["accuracy"])
    assert other.engine["networks in a population, at most"] == 5


@pytest.mark.usefixtures("tables_only")
def test_an_interrupted_run_resumes_to_the_same_table(
    result: Result, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = study.train_population, 0

    def stopping(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % 6 == 0:
            raise KeyboardInterrupt
        return whole(*args, **options)

    monkeypatch.setattr(study, "train_population", stopping)
    interruptions = 0
    while interruptions < 9:
        try:
            # Another size of populations in between leaves nothing out, and does nothing twice.
            run(SMALL, tmp_path, 1 + interruptions % 2, progress=False, workers=1)
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert 1 <= interruptions < 9
    assert results_csv(tmp_path) == results_csv(folder)


def test_a_finished_run_only_analyses(
    result: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*args: Any, **options: Any) -> Any:
        raise AssertionError("a network was trained again")

    before = results_csv(folder)
    monkeypatch.setattr(study, "train_population", nothing)
    run(SMALL, folder, progress=False)
    assert results_csv(folder) == before


def test_networks_that_diverge_are_recorded_and_left_out(tmp_path: Path) -> None:
    wild = dataclasses.replace(
        SMALL, learning_rate=20.0, momentum=0.0, seeds=0, repeat_networks=0, ensembles=False
    )
    found = run(wild, tmp_path, progress=False)
    failed = found.table["failed"]
    assert 0 < failed.sum() < 24
    assert found.table["accuracy"].isna().equals(failed)
    assert found.analysis.failed == failed.sum()
    assert found.analysis.n == 24 - failed.sum()
    assert found.random is None and found.repeats is None and found.specialists is None


def test_runs_of_which_every_training_diverges_say_so(tmp_path: Path) -> None:
    wild = dataclasses.replace(
        SMALL, learning_rate=1e30, seeds=0, repeat_networks=0, library=("conv1", "conv3")
    )
    with pytest.raises(RunFailedError, match=r"every training diverged.*learning_rate"):
        run(wild, tmp_path, progress=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_networks": 0}, "num_networks is 0"),
        ({"top": 25}, "top is 25 of 24 networks"),
        ({"class_top": 25}, "class_top is 25 of 24 networks"),
        ({"epochs": -1}, "epochs is -1"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"standardize": "image"}, "standardize is 'image'; expected one of pixel, channel"),
        ({"feature_pool": True}, "feature_pool is True"),
        ({"init": "xavier"}, "'xavier' is unknown"),
        ({"library": ("conv3", "cnov5")}, "cnov5"),
        ({"library": ("conv3", "conv3")}, "has 'conv3' twice"),
        ({"layers": 0}, "layers is 0"),
        ({"repeat_trainings": 1}, "repeat_trainings is 1"),
        ({"train_size": 0}, "train_size is 0"),
    ],
)
def test_configs_that_mean_nothing_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(SMALL, **change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 61}, "batch_size is 61 with 60 training images"),
        ({"test_size": 9}, "1 of 10 classes have no test image"),
        ({"test_size": 10}, "10 test images, one of each class"),
        ({"max_unproductive": 0, "library": ("conv9",), "layers": 3}, "unproductive"),
    ],
)
def test_runs_that_cannot_be_are_refused_before_anything_is_written(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(ValueError, match=words):
        Study(dataclasses.replace(SMALL, **change), folder)
    assert not folder.exists()


def test_a_longer_sample_begins_with_the_shorter() -> None:
    shorter = draw(SMALL, (8, 8, 3))
    longer = draw(dataclasses.replace(SMALL, num_networks=40), (8, 8, 3))
    assert longer.genomes[:24] == shorter.genomes
    assert longer.distinct[: len(shorter.distinct)] == shorter.distinct


def test_the_filter_leaves_out_networks_behind_the_border() -> None:
    config = dataclasses.replace(SMALL, layers=4, library=("identity", "conv7", "max2"))
    some = draw(dataclasses.replace(config, max_unproductive=0), (8, 8, 3))
    assert len(some.genomes) == 24
    convolutions = [sum(config.library[g] == "conv7" for g in genome) for genome in some.genomes]
    # At 8 x 8 the second convolution of 7 x 7 reads windows of 7, and a third of 13.
    assert max(convolutions) <= 2


def test_memory_that_does_not_suffice_shrinks_populations_and_says_so() -> None:
    sizes = [5, 5, 4, 3, 2, 1, 1]
    arguments: dict[str, Any] = {"order": range(7), "sizes": sizes}
    found, said = populations(**arguments, asked=3, memory=10)
    assert found == [[0, 1], [2, 3, 4], [5, 6]]
    assert "3 networks were to train together" in said and "1 of 3 populations" in said
    assert populations(**arguments, asked=3, memory=100) == ([[0, 1, 2], [3, 4, 5], [6]], "")
    alone, said = populations(**arguments, asked=9, memory=1)
    assert [len(members) for members in alone] == [1] * 7 and "the smallest of 1" in said
    on_cpu = jax.default_backend() == "cpu"
    default, said = populations(**arguments, asked=None, memory=10)
    assert said == "" and [len(m) for m in default] == ([1] * 7 if on_cpu else [2, 3, 2])


def test_bytes_of_a_network_grow_with_its_maps() -> None:
    space = SMALL.space()
    early, late = (
        network_bytes(geometry.analyze(space.decode(space.parse(text)), (8, 8, 3)), 20)
        for text in ("conv3 - max2", "max2 - conv3")
    )
    assert early > late > 4 * 20 * 8 * 8 * 3


@pytest.mark.usefixtures("tables_only")
def test_what_does_not_fit_the_device_is_trained_in_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = study.train_population

    def small_device(archs: Any, *args: Any, **options: Any) -> Any:
        if len(archs) > 2:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return whole(archs, *args, **options)

    monkeypatch.setattr(study, "train_population", small_device)
    config = dataclasses.replace(
        SMALL, num_networks=8, top=3, class_top=2, seeds=0, repeat_networks=0
    )
    found = run(config, tmp_path, 5, progress=False, workers=1)
    assert found.table["accuracy"].notna().all()
    assert "in halves" in (tmp_path / "log.txt").read_text()


def test_what_is_kept_of_a_network() -> None:
    labels, predicted = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 2])
    np.testing.assert_array_equal(
        confusion_matrix(labels, predicted, 3), [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
    )
    for array in (np.arange(300).reshape(3, 100), np.zeros((0, 2), np.uint8), np.array(7)):
        restored = unpack(pack(array))
        np.testing.assert_array_equal(restored, array)
        assert restored.dtype == array.dtype and restored.shape == array.shape
    with pytest.raises(ValueError, match="float64"):
        pack(np.zeros(3))
    with pytest.raises(ValueError, match="no packed array"):
        unpack("<i8 3 nonsense")
    same = {"a": np.ones((3, 2, 2)), "b": np.ones((3, 5))}
    assert relative_distance(same) == 0
    apart = {"a": np.random.default_rng(0).normal(size=(4, 100_000))}
    assert relative_distance(apart) == pytest.approx(2**0.5, abs=0.01)


def test_the_last_map_is_the_network_without_its_average() -> None:
    space = SMALL.space()
    whole = space.decode(space.parse("conv3 - max2"))
    assert isinstance(whole.nodes[-1].op, GlobalPool)
    assert last_map(whole).nodes == whole.nodes[:-1]
    assert len(last_map(space.decode(space.parse("identity - identity")))) == 2


def test_the_recipe_goes_to_the_training_and_is_said() -> None:
    config = dataclasses.replace(PRESETS["paper"], optimizer="adamw", augment="none")
    settings = config.training_settings()
    assert (settings.optimizer, settings.augment) == ("adamw", "none")
    said = " ".join(deviations(config, 50_000, 10_000))
    assert "AdamW" in said and "not shifted and flipped" in said


def test_presets_are_what_they_say() -> None:
    assert differences(PRESETS["paper"], 50_000, 10_000) == ()
    paper = deviations(PRESETS["paper"], 50_000, 10_000)
    assert len(paper) == 4  # what the paper does not say or do
    assert any("leaves out 80 images" in text for text in paper)
    quick = deviations(PRESETS["quick"], 1000, 1000)
    assert any("shapes:16, not CIFAR-100" in text for text in quick)
    assert load(PRESETS["quick"].dataset, train_size=20, test_size=10).input_shape == (16, 16, 3)


@pytest.mark.parametrize("change", [{"epochs": 1}, {"channels": 16}, {"seeds": 0, "epochs": 10}])
def test_what_differs_from_the_paper_is_not_compared_with_it(change: dict[str, Any]) -> None:
    assert differences(dataclasses.replace(PRESETS["paper"], **change), 50_000, 10_000)


def test_only_the_papers_images_are_its_images() -> None:
    def on(dataset: str) -> bool:
        return on_cifar100(dataclasses.replace(PRESETS["paper"], dataset=dataset))

    assert on("cifar100") and on("npz:some/where/cifar100.npz") and on("npz:cifar100.npz")
    assert not on("npz:data/blurred_cifar100.npz") and not on("shapes")


def test_repeated_trainings_are_stored_by_class(result: Result) -> None:
    found, classes = result.repeats, result.found.dataset.num_classes
    assert found.class_within.shape == (classes,) and len(result.found.repeat) == 2
    for _, row in result.found.repeat.iterrows():
        right = unpack(row["right"])
        np.testing.assert_allclose(right.sum(axis=1) / 80, row["accuracies"], atol=1e-6)


@pytest.mark.usefixtures("tables_only")
def test_repeated_trainings_keep_within_memory(result: Result, tmp_path: Path) -> None:
    """With memory for one network at a time, the trainings of a network come one after the other: the same numbers."""
    config = dataclasses.replace(SMALL, seeds=0, ensembles=False)
    seen: list[int] = []

    def counted(archs: Any, images: Any, settings: Any, **options: Any) -> Any:
        seen.append(len(archs) * len(settings.seeds))
        return whole(archs, images, settings, **options)

    whole = study.train_population
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "train_population", counted)
        found = run(config, tmp_path, progress=False, workers=1, memory_budget=100_000)
    assert set(seen) == {1}
    np.testing.assert_allclose(
        found.found.repeat["distance"], result.found.repeat["distance"], rtol=1e-3
    )


def test_the_report_knows_the_columns_of_the_table(result: Result) -> None:
    assert {UNPRODUCTIVE, *COLUMNS} <= set(result.report().table.columns)
