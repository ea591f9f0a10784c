"""Reference networks against the numbers that everybody knows them by."""

import pytest

from randarch.geometry import analyze
from randarch.reference import ATTENTIONS, NETWORKS, make_network, resnet, variant
from randarch.spec import Add, Conv, Gate

IMAGENET = (224, 224, 3)


@pytest.mark.parametrize(
    ("name", "options", "params"),
    [
        ("vgg11", {"head": "imagenet"}, 132_863_336),
        ("vgg13", {"head": "imagenet"}, 133_047_848),
        ("vgg16", {"head": "imagenet"}, 138_357_544),
        ("vgg19", {"head": "imagenet"}, 143_667_240),
        ("resnet18", {}, 11_689_512),
        ("resnet34", {}, 21_797_672),
        ("resnet18", {"attention": "se"}, 11_778_592),
    ],
)
def test_imagenet_parameters(name: str, options: dict, params: int) -> None:
    assert analyze(make_network(name, 1000, **options), IMAGENET).params == params


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("resnet18", 37_016_576),
        ("resnet34", 74_765_312),
        ("resnet18_no_stem", 555_422_720),
        ("resnet34_no_stem", 1_159_402_496),
    ],
)
def test_multiply_adds_at_32_pixels(name: str, macs: int) -> None:
    assert analyze(make_network(name, 10), (32, 32, 3)).macs == macs


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_classifies(name: str) -> None:
    for divisor in (1, 8, 1000):
        spec = make_network(name, 7, width_divisor=divisor)
        assert analyze(spec, (32, 32, 3)).output_shape == (1, 1, 7)
        names = [node.name for node in spec.nodes if isinstance(node.op, Conv)]
        assert all(names) and len(set(names)) == len(names)


def test_a_network_without_skips_is_the_same_but_for_the_shortcuts() -> None:
    with_skips, without = (make_network("resnet34", 10, skips=s) for s in (True, False))
    assert not any(isinstance(node.op, Add) for node in without.nodes)
    names = {n.name for n in with_skips.nodes if n.name} - {n.name for n in without.nodes if n.name}
    assert names == {f"stage{stage}_block1_shortcut" for stage in (2, 3, 4)}


def test_names_say_what_was_changed() -> None:
    named = make_network("resnet34_no_stem_no_skips_cbam", 10)
    assert named == resnet(34, 10, stem=False, skips=False, attention="cbam")
    assert make_network("resnet18_no_skips", 10, skips=False) == resnet(18, 10, skips=False)


@pytest.mark.parametrize(
    ("name", "options", "found"),
    [
        ("resnet18", {}, "resnet18"),
        ("resnet18", {"skips": True, "attention": "none"}, "resnet18"),
        ("resnet18", {"skips": False}, "resnet18_no_skips"),
        ("resnet18_se", {"skips": False}, "resnet18_no_skips_se"),
        ("resnet18_no_skips", {"attention": "cbam"}, "resnet18_no_skips_cbam"),
        ("resnet18_no_stem_no_skips_se", {"skips": False}, "resnet18_no_stem_no_skips_se"),
        ("resnet18_se", {"attention": "se"}, "resnet18_se"),
    ],
)
def test_variants_by_name(name: str, options: dict, found: str) -> None:
    assert variant(name, **options) == found
    assert found in NETWORKS


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("resnet18_se", {"attention": "none"}, ["'se'", "'none'", "plain"]),
        ("resnet18_se", {"attention": "cbam"}, ["'se'", "'cbam'", "plain"]),
        ("resnet18_no_skips", {"skips": True}, ["skips False", "True", "plain"]),
        ("vgg16", {"skips": True}, ["'vgg16' is not a ResNet"]),
        ("resnet50", {"skips": True}, ["'resnet50' is unknown"]),
        ("resnet18", {"attention": "self"}, ["attention is 'self'", "cbam"]),
    ],
)
def test_variants_that_contradict_their_name_are_refused(
    name: str, options: dict, words: list[str]
) -> None:
    with pytest.raises(ValueError) as refused:
        variant(name, **options)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_attention_adds_gates_to_every_block(attention: str) -> None:
    spec = make_network("resnet18", 10, attention=attention, width_divisor=4)
    gates = sum(isinstance(node.op, Gate) for node in spec.nodes)
    assert gates == 8 * {"none": 0, "se": 1, "spatial": 1, "cbam": 2}[attention]
    analyze(spec, (32, 32, 3))


def test_paths_of_multi_path_networks() -> None:
    convolutions = [
        sum(isinstance(node.op, Conv) for node in make_network(name, 10).nodes)
        for name in ("mpnet18", "mpnet36")
    ]
    assert convolutions == [1 + 4 * 2 * 2, 1 + 4 * 4 * 3]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("vgg61", {}, ["vgg61", "vgg16"]),
        ("vgg16", {"skips": False}, ["vgg16", "skips", "ResNets"]),
        ("resnet18", {"width_divisor": 0}, ["width_divisor is 0"]),
        ("resnet18", {"num_classes": 0}, ["num_classes is 0"]),
        ("resnet18", {"attention": "self"}, ["attention", "self", "cbam"]),
        ("resnet18_se", {"attention": "cbam"}, ["resnet18_se", "'se'", "'cbam'", "plain"]),
        (
            "resnet18_se_no_skips",
            {},
            ["resnet18_se_no_skips", "did you mean 'resnet18_no_s"],
        ),
    ],
)
def test_what_is_not_there_is_refused(name: str, options: dict, words: list[str]) -> None:
    with pytest.raises(ValueError) as refused:
        make_network(name, options.pop("num_classes", 10), **options)
    assert all(word in str(refused.value) for word in words)
