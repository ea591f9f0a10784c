"""Of the receptive fields of networks: what they waste at a resolution."""

from randarch.report.receptive_field.figures import write_figures
from randarch.report.receptive_field.page import render_page
from randarch.report.receptive_field.report import FieldReport, NetworkReport, Stated, StemRemoved

__all__ = ["FieldReport", "NetworkReport", "Stated", "StemRemoved", "render_page", "write_figures"]
