"""The study: what a config refuses, what the paper printed, and a tiny run from start to end."""

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from randarch import data, geometry
from randarch.engine import Evaluator, Images, Normalization
from randarch.store import RunFolderError
from randarch.studies import rfm_correlation as rfm
from randarch.studies.rfm_correlation import published
from randarch.studies.rfm_correlation import study as module

# --- the config ---


def changed(changes: dict[str, Any]) -> rfm.Config:
    """A config with values that are checked by itself alone, not by these tests' type checks."""
    config = rfm.Config()
    for name, value in changes.items():
        object.__setattr__(config, name, value)
    config.__post_init__()
    return config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": (2,)}, "depth is 2; expected an integer from 3 to 64"),
        ({"depth": (9, 65)}, "depth is 65; expected an integer from 3 to 64"),
        ({"depth": ()}, r"depth is \(\)"),
        ({"depth": (5, 5)}, r"depth is \(5, 5\); expected one or more different"),
        ({"num_architectures": 0}, "num_architectures is 0; expected at least 1"),
        ({"depth": (3,), "num_architectures": 113}, "113, but there are 112 distinct .*depth 3"),
        ({"depth": (3,), "num_architectures": 73, "init_channels": 24}, "are 72 .*24 channels"),
        ({"init_channels": 8}, "init_channels is 8; expected one of 3, 24"),
        ({"train_size": 0}, "train_size is 0; expected at least 1"),
        ({"test_size": -3}, "test_size is -3; expected at least 1"),
        ({"readout_size": 0}, "readout_size is 0; expected at least 1"),
        ({"seed": -1}, "seed is -1; expected at least 0"),
        ({"seeds": 0}, "seeds is 0; expected at least 1"),
        ({"train_seeds": 0}, "train_seeds is 0; expected at least 1"),
        ({"weights": "tied"}, "weights is 'tied'; expected one of independent, shared"),
        ({"batch_norm": "none"}, "batch_norm is 'none'; expected one of calibrated, batch, ident"),
        ({"init": "xavier"}, "initialiser 'xavier' is unknown; expected one of pytorch, he"),
        ({"readout": "svm"}, "readout is 'svm'; expected one of ridge, paper"),
        ({"ridge_lambda": "best"}, "ridge_lambda is 'best'; expected 'loo' or a number >= 0"),
        ({"ridge_lambda": -0.1}, "ridge_lambda is -0.1; expected 'loo' or a number >= 0"),
        ({"ridge_lambda": math.nan}, "ridge_lambda is nan"),
        ({"ridge_lambda": math.inf}, "ridge_lambda is inf"),
        ({"feature_pool": 3}, "feature_pool is 3; expected one of none, 1, 2, 4"),
        ({"normalization": "cifar"}, "normalization is 'cifar'; expected one of train, paper"),
        ({"epochs": -1}, "epochs is -1; expected at least 0"),
        ({"batch_size": 0}, "batch_size is 0; expected at least 1"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1; expected a finite number >= 0"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"gradient_clip": -1.0}, "gradient_clip is -1.0; expected a finite number >= 0"),
        ({"gradient_clip": math.inf}, "gradient_clip is inf"),
        ({"top_k": 0}, "top_k is 0; expected at least 1"),
        ({"convergence_epochs": -1}, "convergence_epochs is -1; expected at least 0"),
    ],
)
def test_bad_values_are_refused_by_name_with_what_was_expected(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        changed(changes)


def test_good_values_are_not_refused() -> None:
    assert changed({}) == rfm.Config()


def test_the_whole_of_a_space_may_be_asked_for() -> None:
    # 2^3 kernels x the width rule: 14 chains from 3 channels; 3^2 from 24, whose first is fixed.
    assert rfm.Config(depth=(3,), num_architectures=112).num_architectures == 8 * 14
    assert rfm.Config(depth=(3,), num_architectures=72, init_channels=24)


def test_lambda_goes_with_the_readout_unless_it_is_given() -> None:
    assert rfm.Config().readout_settings().lambdas is None
    assert rfm.Config(readout="paper").readout_settings().lambdas == (0.7,)
    assert rfm.Config(readout="paper", ridge_lambda="loo").readout_settings().lambdas is None
    assert rfm.Config(ridge_lambda=3.0).readout_settings().lambdas == (3.0,)


def test_a_config_survives_json() -> None:
    config = rfm.Config(depth=(3, 5), ridge_lambda=0.7, train_size=None)
    read = json.loads(json.dumps(config.to_dict()))
    assert rfm.Config(**{**read, "depth": tuple(read["depth"])}) == config


def test_the_paper_preset_is_the_published_protocol() -> None:
    preset = rfm.PRESETS["paper"]
    assert (preset.dataset, preset.train_size, preset.test_size) == ("cifar10", 50_000, 10_000)
    readout, training = preset.readout_settings(), preset.training_settings()
    assert (readout.targets, readout.intercept, readout.lambdas) == ("one_hot", False, (0.7,))
    assert preset.readout_size is None
    assert preset.seeds == 3
    assert (training.epochs, training.batch_size, training.augment) == (10, 32, True)
    assert (training.learning_rate, training.final_learning_rate) == (0.1, 0.001)
    assert (training.momentum, training.weight_decay) == (0.9, 0.00004)
    assert preset.normalization == "paper"
    assert published.CIFAR10_MEAN == (0.4914, 0.4822, 0.4465)
    assert published.CIFAR10_STD == (0.2023, 0.1994, 0.2010)


def test_the_quick_preset_is_offline_and_large_enough() -> None:
    preset = rfm.PRESETS["quick"]
    assert preset.dataset == "shapes"
    assert preset.num_architectures >= 24
    assert preset.seeds >= 3
    assert preset.depth == (9,)


def test_the_learning_rate_never_rises() -> None:
    settings = rfm.Config(learning_rate=0.0005).training_settings()
    assert settings.final_learning_rate == 0.0005


# --- deviations ---

PAPER = (50_000, 10_000)


def letter(**changes: Any) -> rfm.Config:
    """The paper's text to the letter, then changes."""
    return dataclasses.replace(
        rfm.PRESETS["paper"], **{"gradient_clip": 0.0, "init_channels": 24, **changes}
    )


def test_the_letter_of_the_paper_deviates_only_where_the_paper_is_silent() -> None:
    (only,) = rfm.deviations(letter(), *PAPER)
    assert "does not say" in only
    assert "calibrated" in only
    assert "pytorch" in only


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "shapes"}, ["shapes", "CIFAR-10"]),
        ({"readout_size": 2000}, ["2,000"]),
        ({"epochs": 7}, ["7 epochs", "10"]),
        ({"gradient_clip": 2.5}, ["2.5", "--gradient_clip=0"]),
        ({"init_channels": 3}, ["from 3", "24", "Table V"]),
        ({"readout": "ridge", "ridge_lambda": 0.7}, ["+-1", "intercept", "one-hot"]),
        ({"ridge_lambda": "loo"}, ["leave-one-out", "0.7"]),
        ({"ridge_lambda": 5.0}, ["5.0", "0.7"]),
        ({"normalization": "train"}, ["own channel statistics"]),
        ({"feature_pool": 2}, ["2 x 2"]),
        ({"seeds": 5}, ["5", "3"]),
        ({"batch_size": 64}, ["batch size", "64", "32"]),
        ({"learning_rate": 0.05}, ["learning rate", "0.05", "0.1"]),
    ],
)
def test_each_change_adds_one_deviation_that_names_it(
    changes: dict[str, Any], words: list[str]
) -> None:
    usual = set(rfm.deviations(letter(), *PAPER))
    (new,) = [d for d in rfm.deviations(letter(**changes), *PAPER) if d not in usual]
    assert [word for word in words if word not in new] == []


def test_fewer_images_are_a_deviation() -> None:
    (new,) = set(rfm.deviations(letter(), 10_000, 5_000)) - set(rfm.deviations(letter(), *PAPER))
    assert "10,000 training and 5,000 test images, not 50,000 and 10,000" in new


# --- what the paper printed, typed from its tables ---

TABLE_II = """
3 0.664021 0.675301
5 0.70894 0.715277
7 0.709527 0.699675
9 0.746594 0.73908
11 0.527108 0.585333
"""
TABLE_III = """
9 85.23 0.4 84.75 0.87
11 84.55 0.46 83.62 1.23
"""
TABLE_IV = """
3 0.912154 0.726757
5 0.916082 0.744238
7 0.900444 0.697415
9 0.872316 0.715059
11 0.26569 0.593903
"""
TABLE_V = """
11 3033.6 3507.2 0.358299 0.297166
11 1612.8 2086.4 0.321455 0.339726
11 182.528 665.6 0.526462 0.517113
9 1660.8 1824.0 0.393931 0.467433
9 681.6 844.7 0.408181 0.410049
9 188.7 355.2 0.288102 0.288102
7 1142.4 1248.0 0.354627 0.27737
7 614.4 720.0 0.317162 0.331108
7 403.2 508.8 0.207533 0.220077
5 806.4 857.6 0.20966 0.275019
5 499.2 550.4 0.279318 0.201833
5 190.976 243.2 0.0694111 0.0636323
"""


def rows(text: str) -> list[tuple[int, list[float]]]:
    parsed = [line.split() for line in text.strip().splitlines()]
    return [(int(depth), [float(v) for v in values]) for depth, *values in parsed]


def test_published_tables() -> None:
    assert sorted(rfm.PUBLISHED) == [3, 5, 7, 9, 11]
    for depth, (pearson, spearman) in rows(TABLE_II):
        found = rfm.PUBLISHED[depth]
        assert (found.pearson, found.spearman) == (pearson, spearman)
    for depth, (trained, random) in rows(TABLE_IV):
        found = rfm.PUBLISHED[depth]
        assert (found.size_trained, found.size_rfm) == (trained, random)
    by_depth = {depth: values for depth, values in rows(TABLE_III)}
    for depth, found in rfm.PUBLISHED.items():
        pairs = (found.converged_trained, found.converged_rfm)
        if depth in by_depth:
            assert [v for pair in pairs for v in pair] == pytest.approx(
                [v / 100 for v in by_depth[depth]], rel=1e-12
            )
        else:
            assert pairs == (None, None)
    printed = sorted((depth, *values) for depth, values in rows(TABLE_V))
    ours = [
        (depth, b.low, b.high, b.pearson, b.spearman)
        for depth, found in rfm.PUBLISHED.items()
        for b in found.bins
    ]
    assert sorted(ours) == printed


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
    assert not [c for c in written if "second" in c or c in ("created", "compile", "run")]


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


# --- data that a run cannot use, found before anything is computed ---


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
