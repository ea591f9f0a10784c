"""Of the study of data sets: does a ranking of architectures made on one carry over to others?"""

from randarch.report.transfer.figures import write_figures
from randarch.report.transfer.names import short_names
from randarch.report.transfer.page import render_page
from randarch.report.transfer.report import DatasetCard, TransferReport

__all__ = ["DatasetCard", "TransferReport", "render_page", "short_names", "write_figures"]
