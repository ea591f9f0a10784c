"""The page of the study (see `template` for what makes it self-contained)."""

from randarch.report.structure import (
    class_table,
    comparison_tables,
    findings,
    layer_names,
    sentences,
    tables,
)
from randarch.report.structure.example_images import class_examples
from randarch.report.structure.figures import deviating_images, structure_images
from randarch.report.structure.hover import omitted, params_chart
from randarch.report.structure.report import StructureReport
from randarch.report.template import fill


def render_page(report: StructureReport) -> str:
    """The page as text."""
    return fill(
        "structure/page.html.j2",
        charts={"accuracy-params": params_chart(report)},
        report=report,
        analysis=report.analysis,
        source="paper",
        findings=findings,
        words=sentences,
        names=layer_names,
        networks=tables,
        beside=comparison_tables,
        classes=class_table,
        images=structure_images(report),
        deviating=deviating_images(report),
        examples=class_examples(report),
        omitted=omitted(report),
    )
