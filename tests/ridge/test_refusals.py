"""What the readout refuses, and that the message says what was expected."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from randarch.ridge import RidgeSettings, readout

CLASSES = 4

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "one class": (dict(y_train=np.zeros(60, int)), "at least 2"),
    "label range": (dict(y_train=np.arange(60) % 5), "0 to 3"),
    "negative label": (dict(y_test=np.full(400, -1)), "0 to 3"),
    "row count": (dict(y_train=np.arange(59) % 4), "one label a row"),
    "widths": (dict(test=np.zeros((3, 400, 91), np.float32)), "same networks"),
    "seeds": (dict(test=np.zeros((2, 400, 90), np.float32)), "same networks"),
    "not finite": (dict(train=np.full((3, 60, 90), np.nan, np.float32)), "finite"),
    "no chunk": (dict(train=lambda: iter(())), "no chunk"),
    "ragged chunks": (
        dict(train=lambda: iter([jnp.zeros((3, 30, 90)), jnp.zeros((3, 30, 89))])),
        "as in the first chunk",
    ),
    "short stream": (dict(train=lambda: iter([jnp.zeros((3, 30, 90))])), "one label a row"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused(what):
    change, message = BAD[what]
    train, test = np.ones((3, 60, 90), np.float32), np.ones((3, 400, 90), np.float32)
    y_train, y_test = np.arange(60) % CLASSES, np.arange(400) % CLASSES
    given: dict[str, Any] = {
        "train": train,
        "y_train": y_train,
        "test": test,
        "y_test": y_test,
    } | change
    with pytest.raises(ValueError, match=message):
        readout(**given, num_classes=CLASSES, settings=RidgeSettings())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(lambdas=()), "empty"),
        (dict(lambdas=(-1.0,)), ">= 0"),
        (dict(lambdas=(float("nan"),)), "finite"),
        (dict(max_eigh=0), "at least 1"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        RidgeSettings(**change)
