"""The sweep's configs: what they refuse, what they are, how they deviate from the post."""

import dataclasses
from typing import Any

import pytest

from randarch.geometry import analyze
from randarch.studies import random_conv_sweep as study
from randarch.studies.random_conv_sweep import published
from randarch.studies.random_conv_sweep.config import PRESETS, Config, deviations


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 0}, "layers is 0"),
        ({"layers": 9}, "layers is 9"),
        ({"kernels": ()}, r"kernels is \(\)"),
        ({"kernels": (5, 3)}, "ascending"),
        ({"strides": (0, 1)}, "strides"),
        ({"dilations": (1, 1)}, "dilations"),
        ({"channels": 0}, "channels is 0"),
        ({"activation": "sine"}, "expected one of relu"),
        ({"padding": "full"}, "expected one of valid, same"),
        ({"weights": "tied"}, "expected one of shared, independent"),
        ({"images": "last"}, "expected one of stratified, first"),
        ({"max_ratio": 0.0}, "max_ratio is 0.0"),
        ({"max_ratio": float("inf")}, "max_ratio is inf"),
        ({"limit": 0}, "limit is 0"),
        ({"train_size": 0}, "train_size is 0"),
        ({"trials": 0}, "trials is 0"),
        ({"min_accuracy": 25.0}, "min_accuracy is 25.0; expected a share"),
        ({"min_throughput": -1.0}, "min_throughput is -1.0"),
        ({"min_throughput": float("nan")}, "min_throughput is nan"),
        ({"throughput_sample": 7}, "throughput_sample is 7; expected at least 8"),
        ({"ridge_lambda": 0.0}, "ridge_lambda is 0.0; expected a finite number above 0"),
        ({"train_top": -1}, "train_top is -1"),
        ({"train_epochs": 0}, "train_epochs is 0"),
        ({"train_channels": ()}, "train_channels"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "less than 2"),
        ({"init": "zeros"}, "zeros"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
    ],
)
def test_bad_values_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Config(**changes)


def test_the_paper_preset_is_the_posts_protocol() -> None:
    paper = PRESETS["paper"]
    assert paper.space().count_valid((96, 96, 3)).valid == 32_021
    assert (paper.train_size, paper.test_size, paper.images) == (500, 500, "first")
    assert (paper.trials, paper.min_accuracy, paper.min_throughput) == (5, 0.25, 200)
    settings = paper.training_settings()
    assert (settings.optimizer, settings.learning_rate, settings.batch_size) == ("adamw", 3e-4, 64)
    assert (settings.epochs, settings.augment) == (100, "trivial_augment_wide")
    # What is left is what a sweep changes or the post does not say.
    assert len(deviations(paper, 500, 500)) == 4


def test_trials_take_other_weights_than_the_pass_that_chose_them() -> None:
    assert Config(trials=3).trial_seeds == (1, 2, 3)
    assert study.PRESETS["quick"].trial_seeds[0] > 0


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"dataset": "shapes:96"}, "shapes:96, not STL-10"),
        ({"kernels": (3,)}, "kernels is 3, not 3,5,7,9"),
        ({"limit": 9}, "9 of the valid networks"),
        ({"trials": 2}, "2 trials a network, not 5"),
        ({"trials_for_all": True}, "Every network gets its trials"),
        ({"min_accuracy": 0.0}, "accuracy of 0 on"),
        ({"min_throughput": 0.0}, "Throughput is not measured"),
        ({"min_throughput": 50.0}, "50 images a second"),
        ({"ridge_lambda": 2.0}, "lambda is 2, not 1"),
        ({"train_epochs": 3}, "3 epochs of training, not 100"),
        ({"max_ratio": 2.0}, "2 times the input's size"),
        ({"images": "stratified"}, "stratified random choice"),
    ],
)
def test_deviations_are_said(changes: dict[str, Any], text: str) -> None:
    changed = dataclasses.replace(PRESETS["paper"], **changes)
    said = deviations(changed, 500, 500)
    assert any(text in sentence for sentence in said), said
    assert not any(text in sentence for sentence in deviations(PRESETS["paper"], 500, 500))


def test_published_numbers_are_of_networks_and_genes_of_the_space() -> None:
    space = PRESETS["paper"].space()
    assert set(published.CORRELATIONS) <= set(space.gene_names)
    for one in (*published.HANDPICKED, published.COUNTER_EXAMPLE):
        genome = space.from_values(one.kernels, one.strides, one.dilations)
        assert space.invalid_reason(genome, (96, 96, 3)) is None
        if one.ratio is not None:
            ours = analyze(space.decode(genome), (96, 96, 3)).output_size / (96 * 96 * 3)
            assert ours == pytest.approx(one.ratio, abs=1e-6)
