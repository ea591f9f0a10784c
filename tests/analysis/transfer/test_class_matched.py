"""Targets against the base, and against its class-matched version."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.transfer import Errors, Family
from randarch.analysis.transfer.class_matched import class_matched
from randarch.analysis.transfer.mean_correlation import mean_spearman, spearman_of
from tests.analysis.transfer.examples import FAMILY, bootstrap, noisy_errors

pytestmark = pytest.mark.filterwarnings("error")


def rho(errors: Errors, first: str, second: str) -> float:
    return stats.spearmanr(errors.mean(first), errors.mean(second)).statistic


def test_correlations_gains_and_means() -> None:
    errors = noisy_errors(30)
    found = class_matched(errors, FAMILY, bootstrap())
    assert found is not None
    assert [(t.target, t.classes, t.matched) for t in found.targets] == [
        ("t2", 2, "base:2"),
        ("t8", 8, "base:10"),
        ("t90", 90, "base"),
    ]
    for target in found.targets:
        assert target.with_base.value == pytest.approx(rho(errors, target.target, "base"))
        assert target.with_matched.value == pytest.approx(
            rho(errors, target.target, target.matched)
        )
        assert target.gain.value == pytest.approx(
            target.with_matched.value - target.with_base.value
        )
        if target.matched == "base":  # the control says nothing of classes there
            assert target.with_control is None and target.gain_over_control is None
            continue
        assert target.with_control is not None
        assert target.with_control.value == pytest.approx(rho(errors, target.target, "few"))
        assert target.gain_over_control is not None
        assert target.gain_over_control.value == pytest.approx(
            target.with_matched.value - target.with_control.value
        )
    for name in ("with_control", "gain_over_control"):
        mean = getattr(found, f"mean_{name}")
        assert mean.value == pytest.approx(
            np.mean([getattr(t, name).value for t in found.targets[:2]])
        )
    for name in ("with_base", "with_matched", "gain"):
        mean = getattr(found, f"mean_{name}")
        assert mean.value == pytest.approx(np.mean([getattr(t, name).value for t in found.targets]))
        assert mean.low < mean.value < mean.high and mean.n == 30
    assert list(found.subsampling) == ["base:10", "base:2"]
    assert found.subsampling["base:2"].value == pytest.approx(rho(errors, "base", "base:2"))


def test_the_base_gains_nothing_on_itself() -> None:
    found = class_matched(noisy_errors(12), FAMILY, bootstrap())
    assert found is not None
    gain = found.targets[2].gain
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)


def test_a_true_gain_is_found() -> None:
    rng = np.random.default_rng(0)
    errors = noisy_errors(60, repeats=1)
    errors.values[2] = errors.values[4] + 0.01 * rng.normal(size=(60, 1))
    found = class_matched(errors, FAMILY, bootstrap(200))
    assert found is not None
    assert found.targets[0].gain.low > 0 and found.mean_gain.low > 0


def test_missing_errors_leave_differences_of_the_same_architectures() -> None:
    errors = noisy_errors(20)
    errors.values[2, 5] = np.nan  # base:2
    errors.values[4, 6] = np.nan  # t2
    found = class_matched(errors, FAMILY, bootstrap())
    assert found is not None
    first, second, _ = found.targets
    assert first.with_base.n == first.with_matched.n == first.gain.n == 18
    assert second.gain.n == 20 and found.mean_gain.n == 20
    assert first.gain.value == pytest.approx(first.with_matched.value - first.with_base.value)
    assert found.mean_with_base.value == pytest.approx(
        np.mean([t.with_base.value for t in found.targets])
    )


@pytest.mark.parametrize("bad", [0.5, np.nan])
def test_a_target_without_correlation_is_out_of_the_means(bad: float) -> None:
    errors = noisy_errors(15)
    errors.values[4] = bad
    found = class_matched(errors, FAMILY, bootstrap())
    assert found is not None
    assert not found.targets[0].with_base.defined
    assert found.mean_with_base.value == pytest.approx(
        np.mean([t.with_base.value for t in found.targets[1:]])
    )
    assert found.to_summary()["targets"][0]["gain"]["value"] is None


def test_a_member_without_errors_matches_nothing() -> None:
    errors = noisy_errors(10)
    errors.values[2] = np.nan
    found = class_matched(errors, FAMILY, bootstrap())
    assert found is not None
    assert found.targets[0].matched == "base:10" and list(found.subsampling) == ["base:10"]


def test_no_other_interval_depends_on_the_control() -> None:
    errors = noisy_errors(15)
    with_control = class_matched(errors, FAMILY, bootstrap())
    without = class_matched(errors, dataclasses.replace(FAMILY, control=None), bootstrap())
    assert with_control is not None and without is not None
    assert with_control.mean_gain == without.mean_gain
    assert with_control.subsampling == without.subsampling
    assert without.targets[0].with_control is None and without.mean_gain_over_control is None


def test_the_control_is_compared_on_the_architectures_that_it_has() -> None:
    errors = noisy_errors(20)
    errors.values[errors.datasets.index("few"), 5] = np.nan
    errors.values[errors.datasets.index("t2"), 6] = np.nan
    found = class_matched(errors, FAMILY, bootstrap())
    assert found is not None
    first, second = found.targets[0], found.targets[1]
    assert first.gain_over_control is not None and second.gain_over_control is not None
    assert first.gain_over_control.n == 18 and second.gain_over_control.n == 19
    assert first.gain.n == 19 and second.gain.n == 20
    matched = (errors.mean(name) for name in ("t2", "base:2", "few"))
    own, to_matched, to_control = (np.delete(x, [5, 6]) for x in matched)
    assert first.gain_over_control.value == pytest.approx(
        stats.spearmanr(own, to_matched).statistic - stats.spearmanr(own, to_control).statistic
    )


def test_a_true_gain_over_the_control_is_found() -> None:
    rng = np.random.default_rng(0)
    errors = noisy_errors(60, repeats=1)
    row = errors.datasets.index
    errors.values[row("base:2")] = errors.values[row("t2")] + 0.01 * rng.normal(size=(60, 1))
    errors.values[row("few")] = rng.uniform(size=(60, 1))
    found = class_matched(errors, FAMILY, bootstrap(200))
    assert found is not None and found.targets[0].gain_over_control is not None
    assert found.targets[0].gain_over_control.low > 0


def test_nothing_to_match() -> None:
    errors = noisy_errors(10)
    assert class_matched(errors, Family("base", {"base": 9}, None, {"t2": 2}), bootstrap()) is None
    assert class_matched(errors, dataclasses.replace(FAMILY, targets={}), bootstrap()) is None
    assert class_matched(errors, dataclasses.replace(FAMILY, base="other"), bootstrap()) is None


def test_two_architectures_are_undefined() -> None:
    found = class_matched(noisy_errors(2), FAMILY, bootstrap())
    assert found is not None
    assert not found.mean_gain.defined and not found.targets[0].with_base.defined


def test_a_resample_without_any_of_a_pair_is_undefined() -> None:
    x = np.array([1.0, 2.0, 3.0, np.nan])
    found = spearman_of(x, x)(np.array([[1.0, 1, 1, 1], [0, 0, 0, 4]]))
    assert found[0] == pytest.approx(1) and np.isnan(found[1])
    assert not mean_spearman([], bootstrap()).defined
