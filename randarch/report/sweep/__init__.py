"""Of a sweep over all networks of a grid."""

from randarch.report.sweep.figures import write_figures
from randarch.report.sweep.page import render_page
from randarch.report.sweep.report import PublishedSweep, SweepReport

__all__ = ["PublishedSweep", "SweepReport", "render_page", "write_figures"]
