"""What the paper prints, beside what was found; what went wrong, in sentences."""

import math

from randarch.analysis import Curves, Trainings
from randarch.receptive_field import FieldAnalysis, analyze_fields
from randarch.reference import make_network
from randarch.studies.receptive_field import published
from randarch.studies.receptive_field.comparison import stated
from randarch.studies.receptive_field.trained import Trained


def analyzed(
    name: str, resolution: int = 32, num_classes: int = 10, width: int = 1
) -> FieldAnalysis:
    return analyze_fields(make_network(name, num_classes, width_divisor=width), resolution)


def test_what_the_paper_prints_stands_beside_what_was_found() -> None:
    rows = stated({name: analyzed(name) for name in ("vgg16", *published.MACS_STATED, "mpnet18")})
    assert [(r.network, r.printed, r.found) for r in rows] == [
        ("vgg16", "Conv8", "border 8 conv4_1"),
        ("resnet18", "0.04 GFLOPS", "0.037 G multiply-adds"),
        ("resnet34", "0.76 GFLOPS", "0.075 G multiply-adds"),
        ("resnet18_no_stem", "0.56 GFLOPS", "0.555 G multiply-adds"),
        ("resnet34_no_stem", "1.16 GFLOPS", "1.159 G multiply-adds"),
    ]
    assert [bool(r.remark) for r in rows] == [False, False, True, False, False]


def test_other_widths_classes_and_resolutions_are_not_the_papers() -> None:
    assert stated({"resnet18": analyzed("resnet18", width=2)}) == ()
    assert stated({"resnet18": analyzed("resnet18", num_classes=100)}) == ()
    assert stated({"resnet18": analyzed("resnet18", 64), "vgg16": analyzed("vgg16", 64)}) == ()
    narrow = stated({"vgg16": analyzed("vgg16", width=8)})
    assert [r.what for r in narrow] == ["where the tail begins"]


def test_what_went_wrong_is_said() -> None:
    sound = Trainings((0.5, 0.6), (False, False))
    well = Trained(sound, 1, Curves((0.5, 0.5), (0.4, 0.5), (1e-4, 2e-3)), Curves())
    assert well.notes() == []
    failed = Trainings((0.1, 0.6), (True, False))
    curves = Curves((0.5,) * 3, (0.4, 0.5, math.nan), (0.2, 1e-4, math.nan))
    badly = Trained(failed, 2, curves, Curves())
    first, second = badly.notes()
    assert first.startswith("1 of 2 trainings failed")
    assert second.startswith("1 of 3 layers gave values that are not finite")
    assert (well.restless, badly.restless) == (0, 1)
