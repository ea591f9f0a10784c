"""The page of a sweep (see `template` for what makes it self-contained)."""

from randarch.report.sweep import gene_tables, tables, words
from randarch.report.sweep.figures import sweep_images
from randarch.report.sweep.hover import omitted, sweep_chart, undrawn
from randarch.report.sweep.report import SweepReport
from randarch.report.sweep.scatter import SweepPoints
from randarch.report.template import fill


def render_page(report: SweepReport) -> str:
    """The page as text."""
    return fill(
        "sweep/page.html.j2",
        charts={"sweep-scatter": sweep_chart(report)},
        report=report,
        analysis=report.analysis,
        source="published sweep",
        words=words,
        sweep=tables,
        genes=gene_tables,
        images=sweep_images(report),
        undrawn=undrawn(report),
        omitted=omitted(SweepPoints.of(report)),
    )
