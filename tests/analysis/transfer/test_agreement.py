"""Random weights against training."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.transfer import Errors, SourceAgreement, apr_matrix
from randarch.analysis.transfer.agreement import source_agreement
from tests.analysis.transfer.examples import FAMILY, bootstrap, noisy_errors

SHARED = ("base", "t2", "t8", "t90")
pytestmark = pytest.mark.filterwarnings("error")


def compared(trained: Errors, random: Errors, family=FAMILY) -> SourceAgreement:
    return source_agreement(
        trained,
        random,
        apr_matrix(trained, bootstrap(40)),
        apr_matrix(random, bootstrap(40)),
        family,
        bootstrap(),
        np.random.default_rng(0),
    )


def test_every_number_by_hand() -> None:
    trained = noisy_errors(20, datasets=("base", "t2", "t8", "other"))
    random = noisy_errors(20, 5, datasets=("new", "t8", "t2", "base"), source="random")
    random.values[2] += trained.values[1]
    found = compared(trained, random)
    assert list(found.per_dataset) == ["base", "t2", "t8"]

    def rho(x: np.ndarray, y: np.ndarray) -> float:
        return stats.spearmanr(x, y).statistic

    for name, estimate in found.per_dataset.items():
        assert estimate.value == pytest.approx(rho(random.mean(name), trained.mean(name)))
    assert found.carried.value == pytest.approx(
        np.mean([found.per_dataset[t].value for t in ("t2", "t8")])
    )
    assert found.carried_by_base.value == pytest.approx(
        np.mean([rho(trained.mean("base"), trained.mean(t)) for t in ("t2", "t8")])
    )
    first, second = (
        [rho(e.mean(a), e.mean(b)) for a, b in itertools.combinations(("base", "t2", "t8"), 2)]
        for e in (trained, random)
    )
    both = found.matrices
    assert both.datasets == ("base", "t2", "t8")
    assert both.spearman.value == pytest.approx(rho(np.array(first), np.array(second)))
    assert both.pearson.value == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert both.spearman.n == 3 and both.permutations == 6 and both.exact
    assert both.mean_absolute_difference == pytest.approx(
        np.mean(np.abs(np.subtract(first, second)))
    )


def test_versions_of_the_base_are_left_out_of_the_second_test() -> None:
    trained, random = (
        noisy_errors(20, seed, datasets=("base", "base:10", "few", "t2", "t8", "other"))
        for seed in (0, 5)
    )
    found = compared(trained, random)
    alone = compared(*(_only(errors, "base", "t2", "t8") for errors in (trained, random)))
    assert found.matrices.spearman.n == 6
    assert found.unrelated.to_summary() == alone.matrices.to_summary()
    assert found.unrelated.datasets == ("base", "t2", "t8")
    assert alone.unrelated.to_summary() == alone.matrices.to_summary()


def test_the_same_data_sets_have_one_p_value() -> None:
    names = ("base", *(f"t{i}" for i in range(9)))
    trained, random = (noisy_errors(12, seed, datasets=names) for seed in (0, 5))
    family = dataclasses.replace(FAMILY, targets=dict.fromkeys(names[1:], 3))
    found = compared(trained, random, family)
    assert not found.matrices.exact and found.unrelated is found.matrices


def _only(errors: Errors, *names: str) -> Errors:
    rows = [errors.datasets.index(name) for name in names]
    return dataclasses.replace(
        errors,
        datasets=names,
        values=errors.values[rows],
        test_images=tuple(errors.test_images[i] for i in rows),
    )


def test_the_same_errors_agree() -> None:
    trained = noisy_errors(20, datasets=SHARED)
    found = compared(trained, dataclasses.replace(trained, source="random"))
    assert found.carried.value == pytest.approx(1)
    assert found.matrices.spearman.value == pytest.approx(1)
    assert found.matrices.mean_absolute_difference == 0


@pytest.mark.parametrize("bad", [0.5, np.nan])
def test_targets_without_both_are_left_out(bad: float) -> None:
    trained = noisy_errors(15, datasets=SHARED)
    random = noisy_errors(15, 1, datasets=SHARED, source="random")
    random.values[1] = bad
    found = compared(trained, random)
    assert not found.per_dataset["t2"].defined
    assert found.carried.value == pytest.approx(
        np.mean([found.per_dataset[t].value for t in ("t8", "t90")])
    )
    assert found.carried_by_base.n == 15 and found.matrices.spearman.n == 3


def test_without_the_base_random_weights_still_carry() -> None:
    trained = noisy_errors(15, datasets=SHARED)
    found = compared(trained, trained, dataclasses.replace(FAMILY, base="other"))
    assert found.carried.defined and not found.carried_by_base.defined


def test_nothing_in_common() -> None:
    found = compared(noisy_errors(8, datasets=("a",)), noisy_errors(8, datasets=("b",)))
    assert found.per_dataset == {} and found.matrices.permutations == 0
    assert not found.carried.defined and not found.matrices.spearman.defined
    assert found.to_summary()["unrelated"]["mean_absolute_difference"] is None


def test_two_architectures_are_undefined() -> None:
    found = compared(noisy_errors(2), noisy_errors(2, 1))
    assert not found.carried.defined and not found.matrices.spearman.defined
