"""The page of a study: one HTML file that asks nothing of any network.

A Content-Security-Policy in the file forbids every request, so a browser enforces what is
promised here. All but the hover works without JavaScript: each chart is a picture first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import jinja2
from plotly.offline import get_plotlyjs

from randarch.report import depth_tables, tables
from randarch.report.figures import DepthImages, across_images, depth_images
from randarch.report.hover import scatter_chart
from randarch.report.sentences import Finding, finding
from randarch.report.study import DepthReport, StudyReport
from randarch.report.tables import Table


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
        """A table of `depth_tables` by its name, e.g. `partial`."""
        table: Table | None = getattr(depth_tables, f"{name}_table")(self.report)
        return table

    def charts(self) -> Iterator[tuple[str, dict[str, object]]]:
        for name in self.images.scatter:
            yield (
                f"scatter-{self.depth}-{name}",
                scatter_chart(self.report, getattr(self.report.analysis, name)),
            )


def render_page(report: StudyReport) -> str:
    """The page as text."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    sections = [DepthSection(d, finding(d), depth_images(d)) for d in report.depths]
    return environment.from_string(_read("page.html.j2")).render(
        report=report,
        sections=sections,
        across=across_images(report),
        tables=tables,
        charts={key: chart for section in sections for key, chart in section.charts()},
        style=_read("page.css"),
        script=_read("page.js"),
        plotly=_inlined(get_plotlyjs()),
    )


def _inlined(script: str) -> str:
    """A script as the content of a script element, which no string inside may close."""
    return script.replace("</script", r"<\/script")


def _read(name: str) -> str:
    return resources.files("randarch.report").joinpath(name).read_text(encoding="utf-8")
