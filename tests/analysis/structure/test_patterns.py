"""Structures as letters, and their shares."""

import json

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.structure import analyze_patterns, structures_of
from randarch.analysis.structure.patterns import NAMED, wilson
from tests.analysis.structure.examples import KINDS, TYPES, make_sampled, sampled_from

ROWS = {
    (1, 2, 0, 3, 1): "CMC",
    (1, 0, 2, 1, 1): "C",
    (0, 0, 0, 0, 0): "",
    (3, 4, 3, 0, 3): "MAM",
    (0, 3, 3, 0, 3): "M",
    (4, 1, 3, 2, 0): "ACMC",
}


def test_runs_are_one_letter_and_identities_none() -> None:
    assert structures_of(np.array(list(ROWS)), TYPES, KINDS) == tuple(ROWS.values())


@pytest.mark.parametrize(
    ("structure", "name"),
    [
        ("CMC", "convolution - max-pooling - convolution"),
        ("C", "convolutions only"),
        ("M", "pooling only"),
        ("MA", "pooling only"),
        ("", "no layers"),
        ("CM", None),
        ("CMCM", None),
        ("CAC", None),
    ],
)
def test_named_patterns_exclude_each_other(structure: str, name: str | None) -> None:
    assert [n for n, test in NAMED.items() if test(structure)] == ([name] if name else [])


@pytest.mark.parametrize(("k", "n"), [(0, 20), (7, 20), (20, 20), (63, 100)])
def test_wilson_is_scipys(k: int, n: int) -> None:
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k / n, float(n)) == pytest.approx((expected.low, expected.high))


def test_shares_by_hand() -> None:
    layers = np.array(list(ROWS))
    accuracy = np.array([[0.9], [0.5], [0.1], [0.5], [0.2], [0.5]])
    sampled = sampled_from(layers, accuracy)
    found = analyze_patterns(
        sampled, sampled.accuracy, 3, KINDS, rng=np.random.default_rng(0), resamples=100
    )
    cmc = found.of("convolution - max-pooling - convolution")
    assert (cmc.n, cmc.mean, cmc.share_sample) == (1, 0.9, 1 / 6)
    assert cmc.share_top.value == pytest.approx(1 / 3) and cmc.lift.value == pytest.approx(2)
    pooling = found.of("pooling only")
    # Three equals share two places.
    assert pooling.n == 2 and pooling.share_top.value == pytest.approx(2 / 9)
    assert pooling.mean == pytest.approx(0.35)
    # Weights 1 and three times 2/3 are worth 3^2 / (1 + 3 * 4/9) observations, of four architectures.
    assert pooling.share_top.low == pytest.approx(wilson(2 / 9, 9 / (1 + 12 / 9))[0])
    assert pooling.share_top.n == 4
    assert found.of("no layers").lift.value == 0
    assert [p.name for p in found.structures] == ["CMC", "ACMC", "C", "MAM"]
    with pytest.raises(KeyError, match="expected one of"):
        found.of("MCM")
    json.dumps(found.to_summary(), allow_nan=False)


def test_copies_are_worth_one_observation() -> None:
    sampled = make_sampled(100, copies=3)
    apart = sampled_from(sampled.layers, sampled.class_accuracy)
    rng = np.random.default_rng(0)
    together, naive = (
        analyze_patterns(s, s.accuracy, 60, KINDS, rng=rng, resamples=100).structures[0]
        for s in (sampled, apart)
    )
    assert together.name == naive.name and together.share_top.value == naive.share_top.value > 0
    assert together.share_top.low == pytest.approx(wilson(together.share_top.value, 20.0)[0])
    assert together.share_top.low < naive.share_top.low


def test_a_pattern_that_no_network_has_is_undefined() -> None:
    sampled = sampled_from(np.ones((10, 2), int), np.linspace(0.1, 0.5, 10)[:, None])
    found = analyze_patterns(
        sampled, sampled.accuracy, 3, KINDS, rng=np.random.default_rng(0), resamples=40
    )
    none = found.of("no layers")
    assert none.n == 0 and np.isnan(none.mean) and not none.lift.defined
    assert none.share_top.value == 0 < none.share_top.high
    assert found.of("convolutions only").lift.value == 1


def test_a_pattern_of_a_few_networks_has_no_interval() -> None:
    """Two networks that are both among the best are so in every resample."""
    layers = np.full((40, 2), 1)
    layers[:2] = 0
    sampled = sampled_from(layers, np.linspace(0.9, 0.1, 40)[:, None])
    found = analyze_patterns(
        sampled, sampled.accuracy, 4, KINDS, rng=np.random.default_rng(0), resamples=100
    )
    rare, common = found.of("no layers"), found.of("convolutions only")
    assert rare.n == 2 and rare.lift.value == 10 and np.isnan(rare.lift.low)
    assert common.lift.low < common.lift.value < common.lift.high


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({k: v for k, v in KINDS.items() if k != "max2"}, "no kind of max2"),
        (KINDS | {"avg3": "pool"}, "kind pool; expected one of conv, max, avg, identity"),
    ],
)
def test_a_type_without_a_kind_is_refused(kinds: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        structures_of(np.zeros((1, 2), int), TYPES, kinds)
