"""Depth, width and genes with errors."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from randarch.analysis.transfer.drivers import driver, train_depth
from tests.analysis.transfer.examples import bootstrap, errors_of, noisy_errors, population_of

pytestmark = pytest.mark.filterwarnings("error")


def test_correlations_with_depth_width_params_and_genes() -> None:
    errors, population = noisy_errors(40), population_of(40)
    found = driver(errors, "t2", population, bootstrap())
    own = errors.mean("t2")

    def rho(x: np.ndarray) -> float:
        return stats.spearmanr(own, x).statistic

    assert found.depth.value == pytest.approx(rho(population.depths.sum(axis=1)))
    assert found.width.value == pytest.approx(rho(population.widths.sum(axis=1)))
    assert found.params.value == pytest.approx(rho(population.params))
    assert len(found.genes) == 16
    assert list(found.genes)[:5] == ["depth_1", "depth_2", "depth_3", "depth_4", "width_1"]
    assert found.genes["group_width_4"].value == pytest.approx(rho(population.group_widths[:, 3]))
    assert found.genes["bottleneck_1"].value == pytest.approx(rho(population.bottlenecks[:, 0]))
    assert found.train_depth is None


def test_partial_correlations_by_their_closed_form() -> None:
    errors, population = noisy_errors(40), population_of(40)
    found = driver(errors, "base", population, bootstrap())
    table = {"e": errors.mean("base"), "d": population.depth, "w": population.width}
    r = pd.DataFrame(table).corr("spearman")

    def partial(x: str, given: str) -> float:
        left = r.loc["e", x] - r.loc["e", given] * r.loc[x, given]
        return left / np.sqrt((1 - r.loc["e", given] ** 2) * (1 - r.loc[x, given] ** 2))

    assert found.depth_given_width.value == pytest.approx(partial("d", "w"))
    assert found.width_given_depth.value == pytest.approx(partial("w", "d"))


def test_what_drives_is_found() -> None:
    population = population_of(60)
    noise = np.random.default_rng(0).normal(size=60)
    error = 0.3 + 0.004 * population.depth + 0.01 * noise
    found = driver(errors_of({"x": error}), "x", population, bootstrap(100))
    assert found.depth.low > 0.5 and found.depth_given_width.low > 0.5
    assert found.width_given_depth.contains_zero


def test_training_errors_with_depth() -> None:
    errors, population = noisy_errors(20, seed=3), population_of(20)
    found = train_depth(errors, "t8", population, bootstrap())
    assert found is not None
    assert found.value == pytest.approx(
        stats.spearmanr(errors.mean("t8"), population.depth).statistic
    )
    assert train_depth(errors, "other", population, bootstrap()) is None
    assert train_depth(None, "t8", population, bootstrap()) is None
    assert driver(errors, "t8", population, bootstrap(), train_depth=found).train_depth is found


@pytest.mark.parametrize("architectures", [1, 2, 3, 10])
@pytest.mark.parametrize("bad", [0.4, np.nan])
def test_constant_missing_and_few_errors_are_undefined(architectures: int, bad: float) -> None:
    population = population_of(architectures)
    found = driver(
        errors_of({"x": np.full(architectures, bad)}), "x", population, bootstrap()
    ).to_summary()
    assert found["depth"]["value"] is found["width_given_depth"]["value"] is None
    assert all(gene["value"] is None for gene in found["genes"].values())


def test_a_gene_that_all_share_is_undefined() -> None:
    population = population_of(12)
    fixed = dataclasses.replace(population, bottlenecks=np.ones((12, 4)))
    found = driver(noisy_errors(12), "base", fixed, bootstrap())
    assert not found.genes["bottleneck_2"].defined and found.genes["depth_2"].defined
