"""The page of the study (see `template` for what makes it self-contained)."""

from randarch.report.receptive_field import tables
from randarch.report.receptive_field.figures import (
    comparison_images,
    network_images,
    truncation_image,
)
from randarch.report.receptive_field.report import FieldReport
from randarch.report.template import fill


def render_page(report: FieldReport) -> str:
    """The page as text."""
    return fill(
        "receptive_field/page.html.j2",
        charts={},
        report=report,
        source="paper",
        fields=tables,
        truncation=truncation_image(report),
        comparisons=comparison_images(report),
        images=[network_images(network) for network in report.networks],
    )
