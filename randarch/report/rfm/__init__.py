"""Of the study of random-weight and trained accuracy, depth by depth."""

from randarch.report.rfm.figures import write_figures
from randarch.report.rfm.page import render_page
from randarch.report.rfm.report import DepthReport, Published, PublishedBin, StudyReport

__all__ = [
    "DepthReport",
    "Published",
    "PublishedBin",
    "StudyReport",
    "render_page",
    "write_figures",
]
