"""Longer training, top-5 errors and pretraining."""

import numpy as np
import pytest
from scipy import stats

from randarch.analysis.transfer.longer import longer_training
from randarch.analysis.transfer.pretraining import pretraining
from randarch.analysis.transfer.top_five import discordant, top_five
from tests.analysis.transfer.examples import bootstrap, errors_of, noisy_errors

pytestmark = pytest.mark.filterwarnings("error")


def test_ranks_after_longer_training() -> None:
    trained = errors_of({"a": [0.5, 0.4, 0.3, 0.2], "b": [0.1, 0.2, 0.3, 0.4]})
    three = errors_of({"a": [0.4, 0.2, 0.3, np.nan], "b": np.full(4, np.nan)})
    six = errors_of({"b": [0.0, 0.1, 0.2, 0.3]})
    found = longer_training(trained, {6: six, 3: three}, bootstrap())
    assert [(one.dataset, one.factor) for one in found] == [("a", 3), ("b", 6)]
    first, second = found
    assert first.spearman.n == 3 and first.spearman.value == pytest.approx(0.5)
    assert first.mean_error == pytest.approx(0.4) and first.longer_error == pytest.approx(0.3)
    assert second.spearman.value == pytest.approx(1)
    assert longer_training(trained, {}, bootstrap()) == ()


def test_longer_training_of_others_says_nothing() -> None:
    trained = errors_of({"a": [0.5, np.nan]})
    assert longer_training(trained, {2: errors_of({"a": [np.nan, 0.1]})}, bootstrap()) == ()
    (found,) = longer_training(trained, {2: errors_of({"a": [0.3, 0.1]})}, bootstrap())
    assert not found.spearman.defined and found.longer_error == pytest.approx(0.3)


def test_a_monotone_top_five_error_orders_alike() -> None:
    first = np.random.default_rng(0).random(30)
    found = top_five("x", first, first**3, bootstrap())
    assert found.kendall.value == pytest.approx(1) and found.discordant == 0
    assert top_five("x", first, -first, bootstrap()).discordant == 1


def test_discordant_pairs_by_hand() -> None:
    x = np.array([1.0, 2, 3, 4, np.nan])
    y = np.array([1.0, 3, 2, 2, 0])
    # Untied in both: 12, 13, 14, 23, 24; of these 23 and 24 are turned round.
    assert discordant(x, y) == pytest.approx(2 / 5)
    found = top_five("x", x, y, bootstrap())
    assert found.kendall.value == pytest.approx(stats.kendalltau(x[:4], y[:4]).statistic)


def test_ties_alone_have_no_discordant_pairs() -> None:
    found = top_five("x", np.ones(5), np.arange(5.0), bootstrap())
    assert not found.kendall.defined and np.isnan(found.discordant)
    assert np.isnan(discordant(np.full(3, np.nan), np.ones(3)))


def test_pretraining_against_errors_on_the_base() -> None:
    trained = noisy_errors(20, datasets=("base", "a", "b"), repeats=1)
    base = trained.mean("base")
    after = base / 2
    after[4] = np.nan
    pretrained = errors_of({"a": after, "base": base, "c": base})
    (found,) = pretraining(trained, pretrained, "base", bootstrap())
    keep = np.arange(20) != 4
    rho = stats.spearmanr(trained.mean("a")[keep], base[keep]).statistic
    assert found.dataset == "a"
    assert found.from_scratch.value == pytest.approx(rho)
    assert found.pretrained.value == pytest.approx(1)
    assert found.change.value == pytest.approx(1 - rho) and found.change.n == 19
    assert found.mean_error == pytest.approx(trained.mean("a")[keep].mean())
    assert found.pretrained_error == pytest.approx(base[keep].mean() / 2)


def test_pretraining_without_a_base_or_errors() -> None:
    trained = noisy_errors(4, datasets=("base", "a"))
    assert pretraining(trained, trained, "other", bootstrap()) == ()
    missing = errors_of({"a": np.full(4, np.nan)})
    assert pretraining(trained, missing, "base", bootstrap()) == ()
    (found,) = pretraining(
        trained, errors_of({"a": [0.1, 0.1, np.nan, np.nan]}), "base", bootstrap()
    )
    assert not found.change.defined
