"""Figures and the self-contained page of a study; the only user of plotting libraries."""

from randarch.report.figures import write_figures
from randarch.report.page import render_page
from randarch.report.study import DepthReport, Published, PublishedBin, StudyReport

__all__ = [
    "DepthReport",
    "Published",
    "PublishedBin",
    "StudyReport",
    "render_page",
    "write_figures",
]
