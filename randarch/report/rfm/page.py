"""The page of a study of depths (see `template` for what makes it self-contained)."""

from collections.abc import Iterator
from dataclasses import dataclass

from randarch.report.rfm import study_tables, tables
from randarch.report.rfm.figures import DepthImages, across_images, depth_images
from randarch.report.rfm.hover import scatter_chart
from randarch.report.rfm.report import DepthReport, StudyReport
from randarch.report.rfm.sentences import Finding, finding
from randarch.report.tables import Table
from randarch.report.template import fill


@dataclass(frozen=True)
class DepthSection:
    """All that the template shows of one depth."""

    report: DepthReport
    finding: Finding
    images: DepthImages

    @property
    def depth(self) -> int:
        return self.report.depth

    def table(self, name: str) -> Table | None:
        """A table of `tables` by its name, e.g. `partial`."""
        table: Table | None = getattr(tables, f"{name}_table")(self.report)
        return table

    def charts(self) -> Iterator[tuple[str, dict[str, object]]]:
        for name in self.images.scatter:
            yield (
                f"scatter-{self.depth}-{name}",
                scatter_chart(self.report, getattr(self.report.analysis, name)),
            )


def render_page(report: StudyReport) -> str:
    """The page as text."""
    sections = [DepthSection(d, finding(d), depth_images(d)) for d in report.depths]
    return fill(
        "rfm/page.html.j2",
        charts={key: chart for section in sections for key, chart in section.charts()},
        report=report,
        source="paper",
        sections=sections,
        study_tables=study_tables,
        across=across_images(report),
    )
