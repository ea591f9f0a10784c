"""The page of the study (see `template` for what makes it self-contained)."""

from dataclasses import replace

from randarch.report.template import fill
from randarch.report.transfer import comparison_tables, findings, heat_maps, tables
from randarch.report.transfer.cards import cards
from randarch.report.transfer.figures import transfer_images
from randarch.report.transfer.report import SOURCES, TransferReport
from randarch.report.transfer.scatter import first_pair, pair_chart, payload
from randarch.report.words import plural


def render_page(report: TransferReport) -> str:
    """The page as text."""
    report = replace(
        report,
        notes=tuple(report.shortened(text) for text in report.notes),
        deviations=tuple(report.shortened(text) for text in report.deviations),
    )
    main = report.sources[report.main]
    several = any(len(analysis.apr.datasets) > 1 for analysis in report.sources.values())
    return fill(
        "transfer/page.html.j2",
        charts={"apr-scatter": pair_chart(report)} if several else {},
        report=report,
        analysis=report.analysis,
        main=main,
        others=[source for source in report.sources if source != report.main],
        sources=SOURCES,
        source="paper's protocol",
        several=several,
        # Two panels would be too large on the whole width.
        panels="wide" if len(main.apr.datasets) > 2 else "single",
        findings=findings,
        maps=heat_maps,
        of_source=tables,
        beside=comparison_tables,
        cards=cards(report),
        images=transfer_images(report),
        errors=payload(report),
        first=first_pair(report, report.main),
        plural=plural,
    )
