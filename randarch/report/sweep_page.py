"""The page of a sweep (see `template` for what makes it self-contained)."""

from randarch.report import sweep_gene_tables, sweep_tables, sweep_words
from randarch.report.sweep_figures import sweep_images
from randarch.report.sweep_hover import omitted, sweep_chart, undrawn
from randarch.report.sweep_report import SweepReport
from randarch.report.sweep_scatter import SweepPoints
from randarch.report.template import fill


def render_sweep_page(report: SweepReport) -> str:
    """The page as text."""
    return fill(
        "sweep_page.html.j2",
        charts={"sweep-scatter": sweep_chart(report)},
        report=report,
        analysis=report.analysis,
        source="published sweep",
        words=sweep_words,
        sweep=sweep_tables,
        genes=sweep_gene_tables,
        images=sweep_images(report),
        undrawn=undrawn(report),
        omitted=omitted(SweepPoints.of(report)),
    )
