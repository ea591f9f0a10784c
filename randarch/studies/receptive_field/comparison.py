"""What the paper prints of the networks of a run, beside what was found."""

from collections.abc import Iterator, Mapping

from randarch.receptive_field import FieldAnalysis
from randarch.reference import make_network
from randarch.report.receptive_field import Stated
from randarch.studies.receptive_field import published
from randarch.studies.receptive_field.config import CLASSES, RESOLUTION


def stated(networks: Mapping[str, FieldAnalysis]) -> tuple[Stated, ...]:
    """Of the networks that are, at this resolution, as the paper has them.

    Args:
      networks: analyses by the names they were asked for.
    """
    return tuple(
        row
        for name, analysis in networks.items()
        if analysis.resolution == RESOLUTION
        for row in (*_tail(name, analysis), *_multiply_adds(name, analysis))
    )


def _tail(name: str, analysis: FieldAnalysis) -> Iterator[Stated]:
    """Borders do not depend on widths, classes or normalisation."""
    if name in published.TAILS:
        printed, found = published.TAILS[name], analysis.border_min
        text = "no border" if found is None else f"border {found.position} {found.name}"
        yield Stated(name, "where the tail begins", printed.layer, text, printed.where)


def _multiply_adds(name: str, analysis: FieldAnalysis) -> Iterator[Stated]:
    if name not in published.MACS_STATED:
        return
    if analysis.spec.digest != make_network(name, CLASSES).digest:
        return  # narrower, or of other classes
    printed, found = published.MACS_STATED[name], analysis.geometry.macs
    yield Stated(
        name,
        "cost of an image",
        f"{printed / 1e9:.2f} GFLOPS",
        f"{found / 1e9:.3f} G multiply-adds",
        "section VIII",
        published.MACS_REMARKS.get(name, ""),
    )
