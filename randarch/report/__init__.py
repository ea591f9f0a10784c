"""Figures and the self-contained page of a study; the only user of plotting libraries."""

from randarch.report.figures import write_figures
from randarch.report.page import render_page
from randarch.report.study import DepthReport, Published, PublishedBin, StudyReport
from randarch.report.sweep_figures import write_sweep_figures
from randarch.report.sweep_page import render_sweep_page
from randarch.report.sweep_report import PublishedSweep, SweepReport

__all__ = [
    "DepthReport",
    "Published",
    "PublishedBin",
    "PublishedSweep",
    "StudyReport",
    "SweepReport",
    "render_page",
    "render_sweep_page",
    "write_figures",
    "write_sweep_figures",
]
