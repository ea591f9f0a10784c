"""Of the study of structurally randomized networks: layers of random types, trained, and compared class by class."""

from randarch.report.structure.figures import write_figures
from randarch.report.structure.page import render_page
from randarch.report.structure.report import (
    PublishedClass,
    PublishedStructure,
    RandomWeights,
    StructureReport,
)

__all__ = [
    "PublishedClass",
    "PublishedStructure",
    "RandomWeights",
    "StructureReport",
    "render_page",
    "write_figures",
]
