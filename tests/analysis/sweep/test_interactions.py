"""Shares of variance against explicit least squares on one-hot designs."""

import itertools

import numpy as np
import pytest

from randarch.analysis.sweep.interactions import gene_interactions


def r_squared(columns: list[np.ndarray], y: np.ndarray) -> tuple[float, int]:
    x = np.column_stack([np.ones(len(y)), *columns])
    fitted, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    rest = y - x @ fitted
    return 1 - rest @ rest / np.sum((y - y.mean()) ** 2), int(rank)


def dummies(values: np.ndarray) -> list[np.ndarray]:
    return [(values == v).astype(float) for v in np.unique(values)]


def unbalanced(n: int, seed: int = 0) -> np.ndarray:
    """Levels of four genes of 2, 3, 4 and 2 values; some combinations never occur."""
    rng = np.random.default_rng(seed)
    levels = np.stack([rng.integers(0, size, n) for size in (2, 3, 4, 2)], axis=1)
    return levels[~((levels[:, 1] == 2) & (levels[:, 2] >= 2))]


def test_shares_are_those_of_least_squares() -> None:
    levels = unbalanced(400)
    y = np.random.default_rng(1).normal(size=len(levels)) + levels[:, 1] * (levels[:, 2] == 1)
    names = ("a", "b", "c", "d")
    found = gene_interactions(names, levels, y)
    main = [c for gene in levels.T for c in dummies(gene)]
    base, base_rank = r_squared(main, y)
    assert found.n == len(y)
    assert found.main == pytest.approx(base)
    assert len(found.pairs) == 6
    for i, j in itertools.combinations(range(4), 2):
        (pair,) = [p for p in found.pairs if (p.first, p.second) == (names[i], names[j])]
        both, rank = r_squared([*main, *dummies(levels[:, i] * 10 + levels[:, j])], y)
        assert pair.share == pytest.approx(both - base)
        assert pair.degrees == rank - base_rank
        assert pair.by_chance == pytest.approx((1 - base) * pair.degrees / (len(y) - base_rank))
    shares = [p.share for p in found.pairs]
    assert shares == sorted(shares, reverse=True)
    assert (found.pairs[0].first, found.pairs[0].second) == ("b", "c")


def test_pure_interaction_explains_everything() -> None:
    levels = np.array(list(itertools.product(range(2), repeat=3)) * 3)
    y = np.where(levels[:, 0] == levels[:, 2], 0.3, 0.2)
    found = gene_interactions(("a", "b", "c"), levels, y)
    assert found.main == pytest.approx(0)
    assert [p.share for p in found.pairs] == pytest.approx([1, 0, 0], abs=1e-12)
    assert (found.pairs[0].first, found.pairs[0].second) == ("a", "c")


def test_noise_explains_by_chance_what_is_announced() -> None:
    levels = unbalanced(300)
    rng = np.random.default_rng(2)
    found = [
        gene_interactions(("a", "b", "c", "d"), levels, rng.normal(size=len(levels)))
        for _ in range(200)
    ]
    for pair in ("ab", "cd", "bc"):
        of = [p for f in found for p in f.pairs if p.first + p.second == pair]
        announced, shares = np.mean([p.by_chance for p in of]), [p.share for p in of]
        assert np.mean(shares) == pytest.approx(announced, abs=4 * np.std(shares) / np.sqrt(200))


def test_shared_draws_explain_by_chance_what_is_announced() -> None:
    """Two genes of a cluster of three, no interaction, but a draw that a cluster shares."""
    levels = np.array(list(itertools.product(range(3), range(4), range(3), range(4))))
    cluster = np.unique(levels[:, :3], axis=0, return_inverse=True)[1].ravel()
    rng = np.random.default_rng(3)
    shares, announced, alone = [], [], []
    for _ in range(200):
        y = rng.normal(size=36)[cluster] + 0.3 * rng.normal(size=len(levels))
        for names, into in ((("a", "b", "c"), announced), ((), alone)):
            found = gene_interactions(("a", "b", "c", "d"), levels, y, names)
            (pair,) = [p for p in found.pairs if p.first + p.second == "ab"]
            into.append(pair.by_chance)
        shares.append(pair.share)
    error = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(announced) == pytest.approx(np.mean(shares), abs=4 * error)
    assert np.mean(alone) < np.mean(shares) / 2


def test_equal_accuracies_have_no_variance_to_share() -> None:
    levels = unbalanced(50)
    y = np.where(np.arange(len(levels)) % 2, 0.3, 0.1 + 0.2)
    found = gene_interactions(("a", "b", "c", "d"), levels, y)
    assert np.isnan(found.main)
    assert len(found.pairs) == 6 and all(np.isnan(p.share) for p in found.pairs)


def test_one_network_and_one_gene() -> None:
    one = gene_interactions(("a", "b"), np.zeros((1, 2), dtype=int), np.array([0.3]))
    assert np.isnan(one.main) and np.isnan(one.pairs[0].by_chance)
    single = gene_interactions(
        ("a",), unbalanced(20)[:, :1], np.arange(20.0)[: len(unbalanced(20))]
    )
    assert single.pairs == () and 0 <= single.main <= 1
