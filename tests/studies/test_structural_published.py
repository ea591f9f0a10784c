"""The printed tables against each other, against CIFAR-100 and against the space."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from randarch.geometry import analyze
from randarch.spaces import LayerLibrary
from randarch.spec import Linear, append
from randarch.studies.structural_sampling import published
from randarch.studies.structural_sampling.published import TABLE_I, TABLE_II, TABLE_III, Counts

CIFAR100 = Path(__file__).resolve().parents[2] / "data" / "cifar100.npz"
SPACE = LayerLibrary()


def matrix(counts: Counts) -> np.ndarray:
    """Layer types by layers."""
    return np.array(list(counts.values()))


def params(words: tuple[str, ...]) -> int:
    arch = append(SPACE.decode(SPACE.parse(" - ".join(words))), Linear(published.CLASSES))
    return analyze(arch, (published.IMAGE_SIZE, published.IMAGE_SIZE, 3)).params


@pytest.mark.parametrize("counts", [TABLE_I, *TABLE_III.values()], ids=["all", *TABLE_III])
def test_each_layer_of_a_hundred_networks_has_one_type(counts: Counts) -> None:
    assert tuple(counts) == SPACE.library
    assert matrix(counts).shape == (10, SPACE.layers)
    assert matrix(counts).sum(0).tolist() == [100] * SPACE.layers
    assert (matrix(counts) >= 0).all()


def test_fifty_networks_were_counted_twice() -> None:
    for counts in TABLE_III.values():
        assert (matrix(counts) % 2 == 0).all()


def test_distances_of_the_two_tables_agree_but_for_snake() -> None:
    """What stands under snake in Table III is at the distance that Table II gives for spider."""
    distances = {
        name: int(np.abs(matrix(counts) - matrix(TABLE_I)).sum())
        for name, counts in TABLE_III.items()
    }
    assert distances == {"chair": 730, "snake": 236, "plain": 632, "shark": 628, "oak_tree": 610}
    wrong = [name for name, found in distances.items() if found != TABLE_II[name].distance]
    assert wrong == ["snake"]
    assert TABLE_II["snake"].distance == 692
    assert [name for name, row in TABLE_II.items() if row.distance == 236] == ["spider"]
    assert any("236" in remark and "692" in remark for remark in published.REMARKS)


def test_the_classes_of_table_three_have_the_largest_distances() -> None:
    ranked = sorted(TABLE_II, key=lambda name: -TABLE_II[name].distance)
    assert ranked[:5] == list(TABLE_III)
    # Both counts of a layer sum to 100, so that their differences sum to an even number.
    assert all(row.distance % 2 == 0 and row.distance <= 1000 for row in TABLE_II.values())


def test_there_are_a_hundred_classes_in_order() -> None:
    assert len(TABLE_II) == published.CLASSES == 100
    assert list(TABLE_II) == sorted(TABLE_II)
    named = {
        *published.RANKS_OF_BEST_NETWORK,
        *published.DOMINANT_COLOR,
        *published.POOLING_ONLY,
        *published.SMALL_KERNELS,
        *published.LARGE_KERNELS,
        *TABLE_III,
        published.CHAIR_SPECIALIST.class_name,
    }
    assert named <= set(TABLE_II)


@pytest.mark.skipif(not CIFAR100.exists(), reason="CIFAR-100 is not under data/")
def test_the_classes_are_those_of_cifar_100() -> None:
    with np.load(CIFAR100) as arrays:
        assert list(TABLE_II) == arrays["classes"].tolist()


def test_accuracies_are_what_100_test_images_a_class_allow() -> None:
    for name, row in TABLE_II.items():
        assert 0 < row.mean < row.top < 1, name
        assert 100 * row.top == pytest.approx(round(100 * row.top)), name
    best = TABLE_II["chair"].top
    assert best == published.CHAIR_SPECIALIST.accuracy > published.CHAIR_SPECIALIST.generalist


def test_class_means_average_less_than_the_overall_mean() -> None:
    """They would be equal, as the classes are equally frequent: ten points are missing in one hundred."""
    mean = math.fsum(row.mean for row in TABLE_II.values()) / len(TABLE_II)
    assert mean == pytest.approx(0.239538, abs=1e-9)
    assert published.MEAN_ACCURACY - mean > 10 * 0.00005  # far more than the rounding of both
    assert any("23.95 %" in remark for remark in published.REMARKS)


def test_parameters_as_printed_are_not_those_of_the_layers_in_the_text() -> None:
    assert params(published.BEST_NETWORK) == 80_132 != published.BEST_NETWORK_PARAMS
    assert params(("conv7",) * 5) == 209_028 > published.MOST_PARAMS


def test_ten_thousand_more_parameters_reconcile_the_three_numbers() -> None:
    more = 100 * 100 + 100
    counts: Counter[int] = Counter()
    # Weights of a convolution are 32 * kernel^2 a map that it reads: 3 maps for the first, then 32.
    squares = {"conv1": 1, "conv3": 9, "conv5": 25, "conv7": 49, "conv3d2": 9, "conv5d2": 25}
    states: Counter[tuple[int, int]] = Counter({(3, 0): 1})
    for _ in range(SPACE.layers):
        after: Counter[tuple[int, int]] = Counter()
        for (maps, total), times in states.items():
            for word in SPACE.library:
                square = squares.get(word)
                grown = (maps, total) if square is None else (32, total + 32 * square * maps + 64)
                after[grown] += times
        states = after
    for (maps, total), times in states.items():
        counts[total + 100 * (maps + 1)] += times
    assert sum(counts.values()) == SPACE.size
    assert max(counts) == 209_028

    def thousands(number: float) -> int:
        return round((number + more) / 1000) * 1000

    mean = sum(number * times for number, times in counts.items()) / SPACE.size
    assert thousands(mean) == published.MEAN_PARAMS
    assert thousands(params(published.BEST_NETWORK)) == published.BEST_NETWORK_PARAMS
    # The largest of 10,000 draws: none of the genomes above, at least one of those of this size.
    (most,) = (number for number in counts if thousands(number) == published.MOST_PARAMS)
    above = sum(times for number, times in counts.items() if number > most)
    not_above, not_here = (
        (1 - times / SPACE.size) ** published.NETWORKS for times in (above, counts[most])
    )
    assert (most, above, counts[most]) == (182_148, 14, 16)
    assert not_above * (1 - not_here) == pytest.approx(0.197, abs=0.001)


def test_settings_of_the_training() -> None:
    assert published.TRAIN_SIZE + published.TEST_SIZE == 60_000
    assert 0 < published.DROP_AFTER < published.EPOCHS
    assert published.LATER_LEARNING_RATE < published.LEARNING_RATE
    assert published.MEAN_ACCURACY < published.CUTOFF < published.BEST_ACCURACY
    assert SPACE.parse(" - ".join(published.BEST_NETWORK)) == (2, 4, 8, 8, 6)
