"""Short names of data sets."""

import pytest

from randarch.report.transfer import short_names
from randarch.report.transfer.names import LONGEST, Name


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("npz:data/cifar100.npz", "cifar100"),
        ("npz:data/cifar100.npz:classes=10", "cifar100, 10 classes"),
        ("npz:/a/b/x.npz:classes=2:per_class=50", "x, 2 classes, 50 a class"),
        ("shapes", "shapes"),
        ("shapes:16", "shapes"),
        ("shapes:16:balanced", "shapes, balanced"),
        ("a:other=3", "a, other 3"),
    ],
)
def test_a_name_is_shortened(full: str, short: str) -> None:
    name = short_names([full])[full]
    assert name == short and name.full == full


def test_names_stay_apart() -> None:
    def found(*names: str) -> list[str]:
        return [str(name) for name in short_names(names).values()]

    assert found("shapes:16", "shapes:32") == ["shapes, 16 px", "shapes, 32 px"]
    assert found("npz:a/x.npz", "npz:b/x.npz") == ["a/x", "b/x"]
    assert found("npz:c/a/x.npz", "npz:b/a/x.npz") == ["a/x (1)", "a/x (2)"]
    long = found(*(f"npz:data/{'long' * 20}_{i}.npz" for i in range(3)))
    assert len(set(long)) == 3 and all(len(name) == LONGEST for name in long)
    assert found("mnist", "mnist") == ["mnist"]


def test_a_page_has_the_full_name_as_a_title() -> None:
    name = Name("<short>", '"full" & more')
    assert name.__html__() == '<span title="&quot;full&quot; &amp; more">&lt;short&gt;</span>'
    assert Name("same", "same").__html__() == "same"
    assert f"{name}" == "<short>" and len(name) == 7
