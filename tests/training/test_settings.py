"""Which recipes are refused."""

import dataclasses
from typing import Any

import pytest

from randarch.training import TrainingSettings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": -1}, "epochs -1"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"seeds": ()}, "0 seeds"),
        ({"learning_rate": -0.1}, "learning_rate is -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"final_learning_rate": float("inf")}, "final_learning_rate is inf"),
        ({"momentum": -1.0}, "momentum is -1"),
        ({"weight_decay": -1e-4}, "weight_decay is -0.0001"),
        ({"gradient_clip": -1.0}, "gradient_clip is -1"),
        ({"drop_after": (0.5, 0.25)}, r"drop_after is \(0.5, 0.25\)"),
        ({"drop_after": (0.5, 1.0)}, r"drop_after is \(0.5, 1.0\)"),
    ],
    ids=str,
)
def test_bad_settings_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingSettings(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "adam"}, "optimizer is 'adam'; expected one of sgd, adamw"),
        ({"schedule": "step"}, "schedule is 'step'; expected one of cosine, constant"),
        ({"augment": "flip"}, "augment is 'flip'; expected one of none, pad_crop_flip, trivial"),
        ({"augment": True}, "augment is True; expected one of none, pad_crop_flip, trivial"),
    ],
    ids=str,
)
def test_other_names_are_refused(change: dict[str, Any], message: str) -> None:
    # The tests' run-time type checks come before our own, which is the one that users meet.
    settings = object.__new__(TrainingSettings)
    vars(settings).update(dataclasses.asdict(TrainingSettings()) | change)
    with pytest.raises(ValueError, match=message):
        settings.__post_init__()
