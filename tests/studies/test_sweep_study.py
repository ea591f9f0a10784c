"""The sweep end to end, small: what it writes, what it may not hang on, how it resumes."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from randarch.engine import BudgetError, Sweep
from randarch.studies import RunFolderError
from randarch.studies.random_conv_sweep import Config, Result, Study, choice, run
from randarch.studies.random_conv_sweep.result import CLOCKED

pytestmark = pytest.mark.usefixtures("compiled_once")

SMALL = Config(
    layers=2,
    kernels=(1, 3),
    strides=(1, 2),
    dilations=(1,),
    channels=4,
    max_ratio=4.0,
    dataset="shapes:12",
    train_size=60,
    test_size=40,
    images="stratified",
    trials=2,
    min_accuracy=0.1,
    min_throughput=0,
    train_top=0,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep") / "run"


@pytest.fixture(scope="module")
def result(folder: Path) -> Iterator[Result]:
    yield run(SMALL, folder, progress=False, workers=2)


def results_csv(folder: Path) -> bytes:
    return (folder / "results.csv").read_bytes()


def test_what_a_run_writes(result: Result, folder: Path) -> None:
    for name in ("summary.json", "results.csv", "throughput.csv", "report.html", "config.json"):
        assert (folder / name).stat().st_size > 100, name
    assert {f.suffix for f in (folder / "figures").iterdir()} == {".png", ".pdf"}
    summary = json.loads((folder / "summary.json").read_text())
    wanted = "valid evaluated kept best pareto gene_correlations paper engine seconds config"
    assert set(wanted.split()) <= set(summary)
    assert summary["valid"] == summary["evaluated"] == len(result.table) == 16
    assert summary["kept"] == result.table["kept"].sum()
    engine = summary["engine"]
    assert engine["programs"] > 0
    assert 0 < engine["wall_seconds"] < summary["seconds"]["total"]
    assert engine["peak_memory"] > 2**20
    assert 0 < engine["precision"]["largest_residual"] < 1e-6


def test_scores_are_consistent(result: Result) -> None:
    table = result.table
    assert table["digest"].is_unique
    assert (table["kept"] == (table["first_test_accuracy"] >= SMALL.min_accuracy)).all()
    assert table["kept"].sum() > 0
    kept = table[table["kept"]]
    seeds = kept[["test_accuracy_seed1", "test_accuracy_seed2"]]
    np.testing.assert_allclose(kept["test_accuracy"], seeds.mean(axis=1))
    np.testing.assert_allclose(kept["test_accuracy_min"], seeds.min(axis=1))
    np.testing.assert_allclose(kept["test_accuracy_max"], seeds.max(axis=1))
    assert (kept["trials"] == 2).all()
    rest = table[~table["kept"]]
    assert (rest["test_accuracy"] == rest["first_test_accuracy"]).all()
    assert (table["certificate"] < 1e-6).all() if "certificate" in table else True


@pytest.mark.usefixtures("tables_only")
def test_an_interrupted_run_with_other_options_resumes_to_the_same_table(
    result: Result, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither interruptions nor workers nor the memory budget change a number."""
    whole, parts = Sweep.run, 0

    def stopping(self: Sweep, *args: Any) -> Any:
        nonlocal parts
        parts += 1
        if parts % 5 == 0:
            raise KeyboardInterrupt
        return whole(self, *args)

    monkeypatch.setattr(Sweep, "run", stopping)
    interruptions = 0
    while interruptions < 20:
        try:
            run(SMALL, tmp_path, progress=False, workers=1, memory_budget=2**28)
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert 3 <= interruptions < 20
    assert results_csv(tmp_path) == results_csv(folder)


def test_a_finished_run_only_analyses(
    result: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*args: Any) -> Any:
        raise AssertionError("a part was run again")

    before = results_csv(folder)
    monkeypatch.setattr(Sweep, "run", nothing)
    run(SMALL, folder, progress=False)
    assert results_csv(folder) == before


def test_throughput_training_and_the_page(tmp_path: Path) -> None:
    config = dataclasses.replace(
        SMALL,
        min_throughput=0.001,
        throughput_sample=8,
        throughput_batch=4,
        train_top=1,
        train_epochs=1,
        train_channels=(4,),
        train_images=130,
        limit=10,
    )
    result = run(config, tmp_path, progress=False)
    table = result.table
    assert len(table) == 10
    assert table["predicted_throughput"].notna().all()
    assert table["throughput"].notna().sum() >= 8
    assert result.throughput_model is not None
    assert result.trained is not None and len(result.trained.table) == 1
    assert "images/s" in result.describe()
    assert (tmp_path / "trained.csv").exists()
    assert not set(CLOCKED) & set(pd.read_csv(tmp_path / "results.csv").columns)


@pytest.mark.usefixtures("tables_only")
def test_trials_for_all(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, trials_for_all=True, min_accuracy=1.0, limit=5)
    table = run(config, tmp_path, progress=False).table
    assert (table["trials"] == 2).all()
    assert not table["kept"].any()


@pytest.mark.usefixtures("tables_only")
def test_independent_weights(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, weights="independent", limit=6, trials=1)
    assert len(run(config, tmp_path, progress=False).table) == 6


WIDE = {"padding": "same", "kernels": (3,), "dilations": (1, 6)}
"""A kernel with gaps of 6 spans 13 pixels, one more than the image."""


@pytest.mark.usefixtures("tables_only")
def test_networks_are_chosen_by_their_receptive_field(tmp_path: Path) -> None:
    every = run(dataclasses.replace(SMALL, **WIDE), tmp_path / "all", progress=False).table
    first_spans_all = [text.rpartition("- ")[2].startswith("6") for text in every["genome_text"]]
    assert list(every["unproductive_layers"] == 1) == first_spans_all
    assert list(every["border_layer"].fillna(0) == 2) == first_spans_all
    assert every["border_layer"].isna().sum() == 8
    config = dataclasses.replace(SMALL, **WIDE, max_unproductive=0)
    result = run(config, tmp_path / "some", progress=False)
    kept = every[every["unproductive_layers"] == 0]
    assert list(result.table["genome"]) == list(kept["genome"])
    assert list(result.table["first_test_accuracy"]) == list(kept["first_test_accuracy"])
    assert result.counts.valid == 16
    summary = json.loads((tmp_path / "some" / "summary.json").read_text())
    assert [group["n"] for group in summary["receptive_field"]] == [8]
    assert any(
        "at most 0 convolutions that read windows larger" in d for d in summary["deviations"]
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": 17}, "limit is 17, but there are 16 valid"),
        ({**WIDE, "max_unproductive": -1}, "max_unproductive is -1; expected at least 0"),
        ({"max_unproductive": 0}, "max_unproductive is 0, but without padding no kernel fits"),
        ({**WIDE, "max_unproductive": 0, "limit": 9}, "limit is 9, but of the 16 valid networks 8"),
        (
            {**WIDE, "dilations": (6,), "max_unproductive": 0},
            "each of the 4 valid networks has more unproductive convolutions than",
        ),
        ({"kernels": (13,)}, "none of the 4 networks suits images of 12 x 12"),
        ({"max_ratio": 0.001}, "none of the 16 networks"),
        ({"dataset": "shapes:7"}, "8 to 1024"),
        ({"train_size": 9}, "10 classes"),
        ({"limit": 7, "min_throughput": 1.0}, "7 networks are too few to predict throughput"),
        ({"train_top": 1, "train_images": 50}, "batch_size is 64 with 50 images"),
        ({"train_top": 1, "train_images": 5}, "10 classes"),
        ({"layers": 8, "dilations": (1, 2)}, "more than can be listed"),
    ],
)
def test_what_cannot_be_run_is_refused_and_leaves_no_folder(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        Study(dataclasses.replace(SMALL, **changes), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_a_few_networks_of_a_grid_too_large_to_list(tmp_path: Path) -> None:
    config = dataclasses.replace(
        SMALL, layers=8, kernels=(1, 2, 3, 4), strides=(1,), dilations=(1, 2), limit=5
    )
    with Study(config, tmp_path, progress=False) as study:
        assert study.counts.total > 1_000_000
        assert len(set(study.genomes)) == 5
        for genome in study.genomes:
            assert study.space.invalid_reason(genome, (12, 12, 3), config.max_ratio) is None


def test_too_few_that_pass_in_a_grid_too_large_to_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "LISTED", 1)
    monkeypatch.setattr(choice, "LOOKED_AT", 1000)
    config = dataclasses.replace(SMALL, **WIDE, max_unproductive=0, limit=8)
    with Study(config, tmp_path / "some", progress=False) as study:
        assert len(study.genomes) == 8
    with pytest.raises(ValueError, match=r"^8 valid networks with at most 0 .* the limit is 9"):
        Study(dataclasses.replace(config, limit=9), tmp_path / "more", progress=False)


def test_the_budget_of_the_trials_is_looked_at_first(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, trials=500)
    with pytest.raises(BudgetError, match="500 seeds"):
        Study(config, tmp_path / "run", memory_budget=2**27)


@pytest.mark.usefixtures("tables_only")
def test_what_is_measured_later_does_not_change_what_was_kept(tmp_path: Path) -> None:
    config = dataclasses.replace(
        SMALL, min_throughput=0.001, throughput_sample=8, throughput_batch=4
    )
    first = run(config, tmp_path, progress=False)
    faked = first.table["throughput"].notna().sum()
    assert faked > 8 or len(first.analysis.pareto) <= 8
    again = run(config, tmp_path, progress=False)
    assert list(again.table["kept"]) == list(first.table["kept"])


def test_a_budget_that_one_network_does_not_fit_is_refused_with_the_number(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=r"needs 0\.\d\d GiB with 1 seed, 1 at a time"):
        Study(SMALL, tmp_path / "run", memory_budget=2**20)


def test_another_config_on_the_folder_is_refused(result: Result, folder: Path) -> None:
    with pytest.raises(RunFolderError, match="trials is 2 there, 3 here"):
        Study(dataclasses.replace(SMALL, trials=3), folder)
