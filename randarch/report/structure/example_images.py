"""A few images of the classes whose best networks deviate the most and the least, as pictures for the page."""

from dataclasses import dataclass

import numpy as np

from randarch.analysis import ClassResult
from randarch.report.images import side_by_side
from randarch.report.numbers import percent
from randarch.report.structure.layer_names import class_name, sequence
from randarch.report.structure.report import StructureReport


@dataclass(frozen=True)
class ClassExamples:
    """A class with images.

    Attributes:
      name: of the class, as a reader sees it.
      image: all its images side by side, a data URI.
      count: how many.
      caption: what the analysis says about it, in a sentence.
    """

    name: str
    image: str
    count: int
    caption: str


def class_examples(report: StructureReport) -> tuple[tuple[str, tuple[ClassExamples, ...]], ...]:
    """Those that deviate more than the median class and those that do not, the extremes first; each with a heading.

    A group without a class is left out.
    """
    results = report.analysis.classes.classes
    middle = float(np.median([r.distance for r in results]))
    shown = sorted((r for r in results if r.name in report.examples), key=lambda r: -r.distance)
    far = [r for r in shown if r.distance > middle]
    near = [r for r in reversed(shown) if r.distance <= middle]
    groups = (
        ("Classes whose best networks deviate the most", far),
        ("Classes whose best networks deviate the least", near),
    )
    return tuple(
        (heading, tuple(_examples(report, result) for result in group))
        for heading, group in groups
        if group
    )


def _examples(report: StructureReport, result: ClassResult) -> ClassExamples:
    images = report.examples[result.name]
    return ClassExamples(
        name=class_name(result.name),
        image=side_by_side(images),
        count=len(images),
        caption=(
            f"distance {result.distance:.0f}; best network {sequence(result.best_layers)}, {percent(result.top)} in "
            f"this class and {percent(result.best_accuracy_elsewhere)} in all"
        ),
    )
