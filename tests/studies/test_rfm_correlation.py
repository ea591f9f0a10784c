"""Runs of the study: tiny ones from start to end, resumed ones, and what is refused before them."""

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

from randarch import data, geometry
from randarch.engine import EvaluationSettings, Evaluator, Images, Normalization, evaluate
from randarch.receptive_field import analyze_fields
from randarch.spec import ArchSpec
from randarch.store import RunFolderError
from randarch.studies import rfm_correlation as rfm
from randarch.studies import trained as module
from randarch.studies.rfm_correlation import checks
from randarch.studies.rfm_correlation.rows import random_metrics
from tests.engine.small import chain, small_images

# --- a tiny run ---

TINY = rfm.Config(
    depth=(3,), num_architectures=4, train_size=200, test_size=100, seeds=2, epochs=1, top_k=2
)
SUMMARY_KEYS = (
    *("study", "config", "num_architectures", "pearson", "spearman", "kendall", "ensemble"),
    *("partial_spearman", "final_size_spearman", "reliability", "by_bin", "dead", "paper"),
    *("deviations", "seconds"),
)


@dataclasses.dataclass(frozen=True)
class Run:
    folder: Path
    result: rfm.Result

    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "summary.json").read_text())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("rfm") / "run"
    yield Run(folder, rfm.run(TINY, folder, workers=2, progress=False, command="python -m me"))


@pytest.mark.slow
def test_summary_has_every_key_and_no_nan(tiny: Run) -> None:
    text = (tiny.folder / "summary.json").read_text()
    summary = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert [key for key in SUMMARY_KEYS if key not in summary] == []
    assert summary["study"] == "rfm_correlation"
    assert summary["config"] == TINY.to_dict()
    assert summary["num_architectures"] == 4
    for scope in (summary, summary["ensemble"]):
        for name in ("pearson", "spearman", "kendall"):
            assert {"value", "low", "high", "p"} <= scope[name].keys()
    assert summary["paper"]["pearson"] == 0.664021
    assert {"total", "compile", "evaluate", "train"} <= summary["seconds"].keys()
    assert all(value > 0 for value in summary["seconds"].values())
    assert len(summary["by_bin"]) in (1, 20)


@pytest.mark.slow
def test_the_table_says_what_the_genomes_are(tiny: Run) -> None:
    table, space = tiny.result.table, TINY.space(3)
    expected = space.sample(4, np.random.default_rng([TINY.seed, 3]))
    assert list(table["genome"]) == expected
    assert list(table["draw"]) == [0, 1, 2, 3]
    for row in table.itertuples():
        assert row.digest == space.decode(row.genome).digest
        assert row.genome_text == space.format(row.genome)
        # Two poolings leave 8 x 8 positions of 32 x 32.
        assert row.final_size == row.feature_size == 64 * space.channels(row.genome)[-1]
        fields = analyze_fields(space.decode(row.genome), 32)
        assert row.unproductive_layers == len(fields.unproductive)
        assert row.params == geometry.analyze(space.decode(row.genome), (32, 32, 3)).params
        for name in ("rfm_accuracy", "rfm_lambda", "rfm_loo_error"):
            seeds = [getattr(row, f"{name}_seed{i}") for i in range(TINY.seeds)]
            assert getattr(row, name) == pytest.approx(np.mean(seeds), rel=1e-12)
        assert row.trained_accuracy == row.trained_accuracy_seed0
        assert row.certificate < 1e-3


@pytest.mark.slow
def test_a_genome_alone_scores_as_in_the_run(tiny: Run) -> None:
    d = data.load("shapes", train_size=200, test_size=100, seed=0)
    pixels = Normalization(d.channel_mean, d.channel_std)
    images = Images(d.x_train, d.y_train, d.x_test, d.y_test, d.num_classes, pixels)
    row = tiny.result.table.iloc[2]
    evaluator = Evaluator(images, TINY.evaluation_settings(2**30), batch=40)
    scores = evaluator.evaluate(TINY.space(3).decode(row["genome"])).scores
    # Another batch size may round differently: one prediction in a thousand, here none of 100.
    expected = [row["rfm_accuracy_seed0"], row["rfm_accuracy_seed1"], row["ensemble_accuracy"]]
    found = [*scores.seeds.test_accuracy, float(scores.ensemble.test_accuracy)]
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.slow
def test_the_folder_holds_what_a_reader_needs(tiny: Run) -> None:
    assert {"summary.json", "report.html", "results.csv", "results.sqlite", "config.json"} <= {
        path.name for path in tiny.folder.iterdir()
    }
    figures = [p for p in (tiny.folder / "figures").iterdir()]
    stems = {p.stem for p in figures if p.suffix == ".png"}
    assert stems
    assert stems == {p.stem for p in figures if p.suffix == ".pdf"}
    page = (tiny.folder / "report.html").read_text(encoding="utf-8")
    assert "python -m me" in page
    assert all(text in page for text in tiny.result.table["genome_text"])
    assert "0.664" in page
    written = pd.read_csv(tiny.folder / "results.csv")
    assert list(written["draw"]) == [0, 1, 2, 3]
    # Floats are written so that they read back exactly.
    assert list(written["rfm_loo_error"]) == list(tiny.result.table["rfm_loo_error"])
    unwanted = ("created", "compile", "run", "kind")
    assert not [c for c in written if "second" in c or c in unwanted]


@pytest.mark.slow
def test_a_notebook_sees_tables(tiny: Run) -> None:
    assert isinstance(tiny.result.table, pd.DataFrame)
    assert "<table" in tiny.result._repr_html_()
    said = tiny.result.describe()
    assert "0.664" in said
    assert all(sentence in said for sentence in tiny.result.deviations)


@pytest.mark.slow
def test_a_finished_run_is_not_computed_again(tiny: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (tiny.folder / "results.csv").read_bytes()
    summary = tiny.summary()

    def forbidden(*args: Any, **options: Any) -> Any:
        raise AssertionError("computed again")

    monkeypatch.setattr(module, "train", forbidden)
    monkeypatch.setattr(Evaluator, "evaluate", forbidden)
    rfm.run(TINY, tiny.folder, progress=False)
    assert (tiny.folder / "results.csv").read_bytes() == before
    again = tiny.summary()
    for part in (summary, again):
        del part["seconds"]["total"]
    assert again == summary


@pytest.mark.slow
def test_a_lost_shard_is_done_again_to_the_bit(
    tiny: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = module.train
    trained: list[str] = []

    def failing(spec: Any, *args: Any, **options: Any) -> Any:
        if len(trained) == 2:
            raise MemoryError("as if the machine gave up")
        trained.append(spec.digest)
        return original(spec, *args, **options)

    monkeypatch.setattr(module, "train", failing)
    with pytest.raises(MemoryError):
        rfm.run(TINY, tmp_path / "run", workers=1, progress=False)
    first = list(trained)

    def counting(spec: Any, *args: Any, **options: Any) -> Any:
        trained.append(spec.digest)
        return original(spec, *args, **options)

    monkeypatch.setattr(module, "train", counting)
    monkeypatch.setattr(Evaluator, "evaluate", lambda *args: pytest.fail("evaluated again"))
    rfm.run(TINY, tmp_path / "run", workers=2, progress=False)
    assert len(first) == 2
    assert sorted(trained) == sorted(tiny.result.table["digest"])
    expected = (tiny.folder / "results.csv").read_bytes()
    assert (tmp_path / "run" / "results.csv").read_bytes() == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"epochs": 2}, "epochs is 1 there, 2 here"),
        ({"seed": 1}, "seed is 0 there, 1 here"),
        ({"ridge_lambda": 0.7}, "ridge_lambda is null there, 0.7 here"),
    ],
)
def test_another_config_on_the_folder_is_refused(
    changes: dict[str, Any], difference: str, tiny: Run
) -> None:
    before = (tiny.folder / "results.csv").read_bytes()
    with pytest.raises(RunFolderError, match=difference):
        rfm.run(dataclasses.replace(TINY, **changes), tiny.folder, progress=False)
    assert (tiny.folder / "results.csv").read_bytes() == before


# --- several depths ---


@pytest.mark.slow
def test_several_depths_stand_beside_each_other(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, depth=(3, 4), num_architectures=3, top_k=1)
    result = rfm.run(config, tmp_path / "run", workers=2, progress=False)
    summary = Run(tmp_path / "run", result).summary()
    assert list(summary["depths"]) == ["3", "4"]
    for depth, found in zip(config.depth, result.depths, strict=True):
        one = summary["depths"][str(depth)]
        assert [key for key in SUMMARY_KEYS if key not in one] == []
        for name in ("study", "config", "deviations", "seconds"):
            assert one[name] == summary[name]
        assert one["num_architectures"] == 3
        assert one["pearson"]["value"] == found.analysis.to_summary()["pearson"]["value"]
    # The paper has no depth 4.
    assert summary["depths"]["3"]["paper"]["pearson"] == 0.664021
    assert summary["depths"]["4"]["paper"]["pearson"] is None
    written = pd.read_csv(tmp_path / "run" / "results.csv")
    keys = list(zip(written["depth"], written["draw"], strict=True))
    assert keys == [(depth, draw) for depth in (3, 4) for draw in range(3)]
    assert list(written["digest"]) == list(result.table["digest"])


# --- features that are not finite ---


def test_features_that_overflow_have_no_score() -> None:
    pixels = Normalization((0.0,) * 3, (1e-30,) * 3)
    images = dataclasses.replace(small_images(), normalization=pixels)
    settings = EvaluationSettings(seeds=(0, 1), batch_norm="identity", certified_share=1.0)
    found = Evaluator(images, settings).evaluate(chain(3, 5))
    assert found.scores is None
    assert found.certificate is None
    metrics = random_metrics(found, 2)
    assert metrics.pop("finite") is False
    assert metrics.pop("feature_size") == found.feature_size == 6 * 6 * 4
    assert {f"rfm_accuracy{end}" for end in ("", "_seed0", "_seed1")} <= metrics.keys()
    assert "ensemble_accuracy" in metrics
    assert all(math.isnan(value) for value in metrics.values())


@pytest.mark.slow
def test_a_network_that_overflows_does_not_end_the_run(
    tiny: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, lost = evaluate.draw_weights, tiny.result.table["digest"][1]

    def exploding(arch: ArchSpec, *args: Any, **options: Any) -> Any:
        drawn = original(arch, *args, **options)
        scale = np.float32(1e38 if arch.digest == lost else 1)
        return jax.tree.map(lambda values: values * scale, drawn)

    monkeypatch.setattr(evaluate, "draw_weights", exploding)
    # Training has nothing to do with it, so that it is left out.
    config = dataclasses.replace(TINY, epochs=0)
    table = rfm.run(config, tmp_path / "run", workers=2, progress=False).table
    assert list(table["finite"]) == [True, False, True, True]
    scores = [c for c in table if str(c).startswith(("rfm_", "ensemble_"))]
    assert table.loc[1, scores].isna().all()
    kept = [0, 2, 3]
    pd.testing.assert_frame_equal(
        table.loc[kept, scores], tiny.result.table.loc[kept, scores], check_exact=True
    )
    text = (tmp_path / "run" / "summary.json").read_text()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert (tmp_path / "run" / "report.html").exists()


# --- what a run cannot use, found before anything is computed ---


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_size": 9, "batch_size": 8}, "10 classes"),
        ({"batch_size": 201}, "batch_size is 201 with 200 training images"),
        ({"readout_size": 201}, "readout_size is 201 with 200 training images"),
        ({"readout_size": 1}, "all of one class"),
        ({"dataset": "npz:"}, "npz:"),
    ],
)
def test_unusable_data_is_refused_before_the_folder_is_made(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        rfm.Study(dataclasses.replace(TINY, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_architectures_are_chosen_by_their_receptive_field(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, depth=(9,), num_architectures=6, max_unproductive=1)
    every = dataclasses.replace(config, max_unproductive=None)
    with rfm.Study(config, tmp_path / "some", progress=False) as some:
        counts = [len(analyze_fields(s, 32).unproductive) for s in specs(some)]
    assert max(counts) <= 1
    with rfm.Study(every, tmp_path / "all", progress=False) as study:
        assert max(len(analyze_fields(s, 32).unproductive) for s in specs(study)) > 1


def specs(study: rfm.Study) -> list[ArchSpec]:
    """Of the sampled architectures of depth 9."""
    return [study.config.space(9).decode(genome) for genome in study.genomes[9]]


def test_a_depth_that_no_machine_holds_is_refused(tmp_path: Path) -> None:
    # Widths double time and again over 64 layers: tens of millions of millions of parameters.
    config = dataclasses.replace(TINY, depth=(3, 64))
    with pytest.raises(ValueError, match=r"depth 64 .* parameters, .*; choose a smaller depth"):
        rfm.Study(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_memory_of_the_machine_is_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rfm.Study(TINY, tmp_path / "run"):
        pass
    monkeypatch.setattr(checks, "physical_memory", lambda: 1000)
    with pytest.raises(ValueError, match="depth 3 has a sampled architecture with"):
        rfm.Study(TINY, tmp_path / "run")


def test_paper_normalization_wants_three_channels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 8, 8), np.uint8), np.arange(40) % 4
    np.savez(tmp_path / "grey.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    config = dataclasses.replace(
        TINY,
        dataset=f"npz:{tmp_path / 'grey.npz'}",
        train_size=None,
        test_size=None,
        normalization="paper",
    )
    with pytest.raises(ValueError, match="3 channels, the images have 1; use 'train'"):
        rfm.Study(config, tmp_path / "run")


@pytest.mark.parametrize("options", [{"workers": 0}, {"memory_budget": 0}])
def test_options_below_one_are_refused(options: dict[str, int], tmp_path: Path) -> None:
    (name,) = options
    with pytest.raises(ValueError, match=f"{name} is 0; expected"):
        rfm.Study(TINY, tmp_path / "run", **options)
