"""Fills a page's template: one HTML file that asks nothing of any network.

A Content-Security-Policy in the file forbids every request, so a browser enforces what is
promised here. All but the hover works without JavaScript: each chart is a picture first.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from plotly.offline import get_plotlyjs

from randarch.report import tables


def fill(template: str, charts: Mapping[str, Any], **context: object) -> str:
    """The page as text.

    Args:
      template: name of a template that extends `base.html.j2`.
      charts: data and layout for plotly.js by the id of the figure that they go into.
      **context: what the template shows; `base.html.j2` needs `report` (with title, notes,
        deviations, command, config, seconds, device and versions) and `source`, what it deviates
        from.
    """
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_read),
    )
    return environment.get_template(template).render(
        charts=charts,
        tables=tables,
        style=_read("page.css"),
        script=_read("page.js"),
        plotly=_inlined(get_plotlyjs()),
        **context,
    )


def _inlined(script: str) -> str:
    """A script as the content of a script element, which no string inside may close."""
    return script.replace("</script", r"<\/script")


def _read(name: str) -> str:
    return resources.files("randarch.report").joinpath(name).read_text(encoding="utf-8")
