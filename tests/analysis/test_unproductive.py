"""Groups of networks by unproductive convolutions, against pandas."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from randarch.analysis import by_unproductive


def test_means_and_deviations_are_those_of_pandas() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"layers": rng.integers(0, 4, 50), "score": rng.random(50)})
    table.loc[3, "score"] = np.nan
    groups = by_unproductive(list(table["layers"]), {"score": list(table["score"])})
    oracle = table.groupby("layers")["score"].agg(["mean", "std", "size"])
    assert [g.unproductive for g in groups] == list(oracle.index)
    for group in groups:
        row = oracle.loc[group.unproductive]
        assert group.n == row["size"]
        assert group.known["score"] == group.n - (table.loc[3, "layers"] == group.unproductive)
        assert group.means["score"] == pytest.approx(row["mean"])
        assert group.sds["score"] == pytest.approx(row["std"])


def test_what_is_not_known_is_null() -> None:
    lonely, unknown = by_unproductive([1, 2], {"score": [0.5, math.nan]})
    assert math.isnan(lonely.sds["score"]) and math.isnan(unknown.means["score"])
    summary = json.loads(json.dumps(unknown.to_summary(), allow_nan=False))
    assert summary == {"unproductive": 2, "n": 1, "score": {"n": 0, "mean": None, "sd": None}}


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="1 networks have a score, but 2"):
        by_unproductive([0, 1], {"score": [0.5]})
