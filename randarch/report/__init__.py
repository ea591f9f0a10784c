"""Figures and the self-contained page of a study; the only user of plotting libraries."""

from randarch.report.figures import write_figures
from randarch.report.page import write_page
from randarch.report.study import DepthReport, Published, PublishedBin, StudyReport

__all__ = [
    "DepthReport",
    "Published",
    "PublishedBin",
    "StudyReport",
    "write_figures",
    "write_page",
]
