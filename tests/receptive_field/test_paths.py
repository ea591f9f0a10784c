"""Which networks are two paths, and which layers are on each."""

import pytest

from randarch.receptive_field import analyze_fields, sequences, two_paths
from randarch.reference import make_network
from randarch.spec import Add, Conv, GraphBuilder, Zero, sequential


def test_a_multi_path_network_is_its_two_paths() -> None:
    analysis = analyze_fields(make_network("mpnet36", 10), 32)
    paths = two_paths(analysis)
    assert paths is not None
    small, large = ([layer.name for layer in path] for path in paths)
    names = [layer.name for layer in analysis.layers]
    assert set(small) | set(large) == set(names)
    assert set(small) & set(large) == {names[0]}
    assert all("3x3" in name for name in small[1:]) and len(small) == 1 + 16
    assert all("7x7" in name for name in large[1:]) and len(large) == 1 + 32
    for path, attribute in zip(paths, ("reads_min", "reads_max"), strict=True):
        values = [getattr(layer, attribute) for layer in path]
        assert values == sorted(values)


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "resnet18_no_skips", "resnet18_cbam"])
def test_chains_and_residual_networks_are_not(name: str) -> None:
    assert two_paths(analyze_fields(make_network(name, 10), 32)) is None


def test_three_paths_are_not_two() -> None:
    graph = GraphBuilder()
    x = graph.add(Conv(4, 3), graph.input)
    graph.add(Add(), *(graph.add(Conv(4, kernel), x) for kernel in (1, 3, 5)))
    assert two_paths(analyze_fields(graph.build(), 8)) is None


def test_a_network_is_one_sequence_or_two() -> None:
    chain, double = (analyze_fields(make_network(n, 10), 32) for n in ("vgg16", "mpnet18"))
    assert sequences(chain) == {"": chain.layers}
    assert tuple(sequences(double).values()) == two_paths(double)


def test_behind_a_zero_there_is_no_path() -> None:
    analysis = analyze_fields(sequential([Conv(4, 3), Zero(), Conv(4, 3)]), 8)
    assert two_paths(analysis) is None
