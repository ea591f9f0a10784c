"""The study's config: what it refuses, its presets, its deviations, and what the paper printed."""

import dataclasses
import json
import math
from typing import Any

import pytest

from randarch.studies import rfm_correlation as rfm
from randarch.studies.rfm_correlation import published

# --- the config ---


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
        ({"seed": 2**63}, r"seed is 9223372036854775808; expected less than 2\^63"),
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
        ({"ridge_lambda": 1e300}, r"ridge_lambda is 1e\+300; expected .* <= 1e\+30"),
        ({"feature_pool": 3}, "feature_pool is 3; expected one of none, 1, 2, 4"),
        ({"feature_pool": "2"}, "feature_pool is '2'; expected one of none, 1, 2, 4"),
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
        rfm.Config(**changes)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("feature_pool", 2.0, "feature_pool is 2.0; expected one of none, 1, 2, 4"),
        ("feature_pool", True, "feature_pool is True; expected one of none, 1, 2, 4"),
        ("init_channels", 3.0, "init_channels is 3.0; expected one of 3, 24"),
        ("depth", [9], r"depth is \[9\]; expected a tuple such as \(9,\)"),
        ("depth", 9, "depth is 9; expected a tuple"),
    ],
)
def test_values_of_another_type_are_refused(name: str, value: Any, message: str) -> None:
    config = rfm.Config()
    config.__post_init__()  # unchanged, it is not refused
    object.__setattr__(config, name, value)  # these tests' own type checks would be first
    with pytest.raises(ValueError, match=message):
        config.__post_init__()


def test_the_largest_values_are_taken() -> None:
    assert rfm.Config(seed=2**63 - 1).seed == 2**63 - 1
    assert rfm.Config(ridge_lambda=1e30).ridge_lambda == 1e30


def test_a_whole_number_is_the_same_lambda() -> None:
    whole, point = rfm.Config(ridge_lambda=7), rfm.Config(ridge_lambda=7.0)
    assert whole == point
    assert json.dumps(whole.to_dict()) == json.dumps(point.to_dict())


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
    assert (training.epochs, training.batch_size) == (10, 32)
    assert (training.optimizer, training.schedule) == ("sgd", "cosine")
    assert training.augment == "pad_crop_flip"
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
        ({"weights": "shared"}, ["share their random weights", "independent"]),
        ({"train_seeds": 2}, ["mean of 2 trainings"]),
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
