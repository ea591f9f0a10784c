"""Networks as the comparison builds them in PyTorch, against ours with the same weights."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from randarch.geometry import analyze
from randarch.networks import Variables, draw_weights, gather_variables, network, node_key
from randarch.spaces import ConvChain, LayerLibrary
from randarch.spec import (
    Activation,
    ArchSpec,
    BatchNorm,
    Conv,
    GlobalPool,
    Linear,
    Operation,
    Pool,
    append,
    sequential,
)

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from benchmarks.pytorch_procedure import chain  # noqa: E402

pytestmark = pytest.mark.usefixtures("compiled_plainly")

THREADS = torch.get_num_threads()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Building a chain sets PyTorch's seed and threads for the whole process."""
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(THREADS)


def parameters(variables: Variables, index: int) -> dict[str, np.ndarray]:
    """The parameters of a node by PyTorch's names, laid out as PyTorch has them."""
    params: dict[str, Any] = variables["params"].get(node_key(index - 1), {})
    if "slope" in params:
        return {"weight": params["slope"]}
    if "layer" not in params:
        return {}
    kernel, bias = params["layer"]["kernel"], params["layer"]["bias"]
    return {"weight": kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T, "bias": bias}


def both(arch: ArchSpec, images: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The outputs of our network and of PyTorch's, channels last, with our weights in both."""
    shapes = [node.shape for node in analyze(arch, images.shape[1:]).nodes]
    drawn = draw_weights(arch, shapes, [seed], init_name="pytorch")
    variables = jax.tree.map(lambda v: v[0], gather_variables(drawn, 1, len(arch) - 1))
    rng = np.random.default_rng(seed)
    for tree in variables["params"].values():  # equal slopes would hide a wrong order of channels
        if "slope" in tree:
            tree["slope"] = rng.uniform(-0.5, 0.9, tree["slope"].shape).astype(np.float32)
    (ours,) = network(arch, precision="highest").apply(variables, jnp.asarray(images))
    module = chain(arch, images.shape[3], THREADS, seed)
    with_weights = [layer for layer in module if list(layer.parameters())]
    given = [found for i in range(1, len(arch)) if (found := parameters(variables, i))]
    with torch.inference_mode():
        for layer, values in zip(with_weights, given, strict=True):
            layer.load_state_dict({name: torch.from_numpy(v.copy()) for name, v in values.items()})
        theirs = module(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()
    theirs = theirs.transpose(0, 2, 3, 1) if theirs.ndim == 4 else theirs[:, None, None, :]
    return np.asarray(ours), theirs


def pixels(height: int, width: int) -> np.ndarray:
    # Below zero on average, so that a zero taken from the border would win a maximum.
    return np.random.default_rng(height).normal(-1, 1, (3, height, width, 3)).astype(np.float32)


def agree(arch: ArchSpec, images: np.ndarray, seed: int = 0) -> None:
    ours, theirs = both(arch, images, seed)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("number", range(20))
def test_networks_of_the_layer_library_are_the_same(number: int) -> None:
    space = LayerLibrary(channels=8)
    genome = space.draw(20, np.random.default_rng(0))[number]
    arch = append(space.decode(genome), Linear(10))
    # A side of 28 gives odd maps, 7 x 7, and one of 1 pixel; the other side differs from it.
    agree(arch, pixels(28, 32), seed=number)


@pytest.mark.parametrize("word", LayerLibrary().library)
@pytest.mark.parametrize("side", [1, 5, 8])
def test_every_layer_type_is_the_same(word: str, side: int) -> None:
    agree(LayerLibrary(2, (word,), channels=4).decode((0, 0)), pixels(side, side + 1))


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (4, 2), (5, 3), (2, 3), (3, 1)])
def test_poolings_are_the_same(kind: Any, padding: Any, window: int, stride: int) -> None:
    for side in (6, 7, 8, 9):
        agree(sequential([Pool(kind, window, stride, padding)]), pixels(side, side + 2))


@pytest.mark.parametrize(
    "op",
    [
        Conv(6, 3, 2, 2, "valid"),
        Conv(6, 4, 1, 1, "same"),
        Conv(6, 5, 1, 2, "same"),
        Conv(6, 3, 1, 1, "same", groups=3),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_convolutions_are_the_same(op: Conv) -> None:
    agree(sequential([op, Activation("relu")]), pixels(9, 11))


def test_the_other_studies_chains_are_built_as_before() -> None:
    module = chain(ConvChain(3).decode((0, 1, 1, 2, 0, 2)), 3, THREADS, 0)
    names = [type(layer).__name__ for layer in module]
    block = ["Conv2d", "ReLU", "BatchNorm2d"]
    assert names == [*block, "SamePool", *block, "SamePool", *block]
    assert module(torch.zeros(2, 3, 32, 32)).shape[2:] == (8, 8)
    bare = chain(sequential([Conv(4, bias=False)]), 3, THREADS, 0)
    assert bare[0].bias is None


@pytest.mark.parametrize(
    "ops",
    [
        [Conv(4, 3, stride=2, padding="same")],
        [Conv(4, 3, padding=1)],
        [Activation("gelu")],
        [Pool("max", 2, stride=1)],
        [Pool("avg", 3, padding=1)],
        [GlobalPool("max")],
        [BatchNorm(), Linear(10)],
    ],
    ids=str,
)
def test_what_it_cannot_build_is_refused(ops: list[Operation]) -> None:
    with pytest.raises(ValueError, match="is not supported here; expected Conv"):
        chain(sequential(ops), 3, THREADS, 0)
