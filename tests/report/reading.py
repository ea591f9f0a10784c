"""Reads a page as a person or a browser would: its visible text, its references, its charts."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_REFERENCES = {"src", "href", "srcset", "poster", "data", "action", "xlink:href", "background"}
_VOID = {"meta", "link", "img", "br", "input", "hr"}


EVIL = "<script>alert(\"1\")</script><img src=http://example.org/x> & 'quoted' </script>"
"""Text that would do harm if a page took it for markup."""

EVIL_RUN: dict[str, Any] = {
    "title": EVIL,
    "command": EVIL,
    "device": EVIL,
    "config": {EVIL: EVIL},
    "deviations": (EVIL,),
    "notes": (EVIL,),
    "versions": {EVIL: EVIL},
    "seconds": {EVIL: 1.0},
}
"""What every report has of a run, all of it such text."""


@dataclass
class Page:
    """What an HTML file shows and refers to."""

    text: str = ""
    references: list[str] = field(default_factory=list)
    styles: str = ""
    tags: list[str] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        for name, value in attrs:
            if name in _REFERENCES:
                self.page.references.append(value or "")
            if name == "style":
                self.page.styles += value or ""

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.page.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.page.styles += data
        elif "script" not in self._open:
            self.page.text += data

    def finish(self) -> Page:
        self.close()
        self.page.unclosed += self._open
        return self.page


def read(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    return reader.finish()


def charts(html: str) -> dict[str, Any]:
    """The interactive charts; raises on NaN and infinity, which browsers refuse in JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.S)
    assert found is not None
    result: dict[str, Any] = json.loads(found.group(1), parse_constant=refuse)
    return result


def assert_escaped(page: Page, clean: Page) -> None:
    """A page with evil text has no markup and no references that the one without does not have."""
    assert page.tags.count("script") == clean.tags.count("script")
    assert all(r.startswith(("#", "data:")) for r in page.references)
    assert page.unclosed == []


def assert_hover_escaped(text: str) -> None:
    """Plotly reads tags in hover text, so there too they are escaped, below the JSON."""
    assert re.findall(r"<(?!/?b>|br>)", text) == []
