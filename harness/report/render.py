"""Sections to pages: the same Markdown source becomes HTML and Markdown."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import BadFile, Problem
from harness.report import html, markdown
from harness.report.blocks import Figure, PageOneVerdict, Table
from harness.report.content import Content
from harness.report.csv_text import csv_text
from harness.report.escape import markdown as escape_markdown
from harness.report.remote import css_loads, loads, parser_of
from harness.report.sections import Section, asset, find_sections

if TYPE_CHECKING:
    from jinja2 import Template  # imported where a page is made: every command comes by here

_HOLD = re.compile("<p>\ue000(\\d+)\ue001</p>|\ue000(\\d+)\ue001")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Placers:
    """How blocks become text in one format."""

    table: Callable[[Table], str]
    figure: Callable[[Figure], str]
    verdict: Callable[[PageOneVerdict], str]


HTML = Placers(html.table, html.figure, html.verdict)
MARKDOWN = Placers(markdown.table, markdown.figure, markdown.verdict)


PAGE = "report.html"


def files(content: Content, workspace_root: Path) -> dict[str, str]:
    """report.html, report.md, figures and tables, by their names in the report's folder."""
    sections = find_sections(workspace_root)
    tables = (*content.tables.values(), *(f.table for f in content.figures.values() if f.table))
    return {
        **{f"figures/{f.id}.svg": _standalone(f.svg) for f in content.figures.values()},
        **{f"tables/{t.id}.csv": csv_text(t) for t in tables},
        "report.md": as_markdown(content, sections),
        PAGE: as_html(content, sections, workspace_root),
    }


def as_markdown(content: Content, sections: list[Section]) -> str:
    """One Markdown document."""
    parts = [_fill(section, content, MARKDOWN, hold=None).strip() for section in sections]
    text = "\n\n".join(part for part in parts if part)
    return re.sub(r"\n{3,}", "\n\n", text) + f"\n\n---\n\n{escape_markdown(content.footer)}\n"


def as_html(content: Content, sections: list[Section], workspace_root: Path) -> str:
    """One self-contained HTML page; raw HTML in a section or a value stays text."""
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    parser = parser_of(html=False)
    filled = []
    for section in sections:
        held: list[str] = []
        source = _fill(section, content, HTML, hold=held)
        body = _HOLD.sub(lambda m, held=held: held[int(m.group(1) or m.group(2))], parser.render(source))  # type: ignore[misc]
        heading = _HEADING.search(source)
        filled.append({"id": section.id, "title": heading.group(1) if heading else "", "html": Markup(body)})  # noqa: S704 - escaped above
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(asset(workspace_root, "templates", "page.html.j2"))
    sheet, program = (asset(workspace_root, "style", name) for name in ("report.css", "report.js"))
    if elsewhere := css_loads(sheet):
        wrong = [Problem("", f"{visible(what, MOST_SHOWN)}: a report loads nothing") for what in elsewhere]
        raise BadFile(workspace_root / "reports" / "style" / "report.css", wrong)
    css, script = _inlined(sheet), _inlined(program)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {"title": content.title, "css": css, "script": script, "allowed": allowed, "footer": content.footer}
    return template.render(sections=filled, **values) + "\n"


def _inlined(text: str) -> Markup:
    return Markup(text.replace("</", "<\\/"))  # noqa: S704 - a file of ours or the team's


def _fill(section: Section, content: Content, place: Placers, hold: list[str] | None) -> str:
    """One section's Markdown, blocks written out, or held back behind markers for HTML."""
    from jinja2 import TemplateError  # noqa: PLC0415

    def placed(text: str) -> Markup:
        if hold is None:
            return Markup("\n" + text + "\n")  # noqa: S704 - escaped by the placer
        hold.append(text)
        return Markup(f"\n\ue000{len(hold) - 1}\ue001\n")  # noqa: S704

    def place_figure(name: str) -> Markup:
        found = content.figures.get(name)
        if found:
            return placed(place.figure(found))
        return Markup(f"*No chart {escape_markdown(name)}: no data supports it.*")  # noqa: S704 - escaped here

    values: dict[str, Any] = {
        **content.values,
        "table": lambda name: placed(place.table(content.tables[name])),
        "figure": place_figure,
        "verdict": lambda: placed(place.verdict(content.verdict)),
    }
    try:
        text = _template(section.path.read_text(encoding="utf-8-sig")).render(values)
    except (TemplateError, KeyError, TypeError) as error:
        raise BadFile(section.path, [Problem("", f"cannot be rendered: {type(error).__name__}: {error}")]) from None
    if elsewhere := loads(text):
        words = "would be loaded or run where the report is read: a report shows only its own text, tables and charts"
        raise BadFile(section.path, [Problem("", f"{visible(what, MOST_SHOWN)} {words}") for what in elsewhere])
    return text


@lru_cache(maxsize=64)
def _template(source: str) -> Template:
    """Compiled once for both formats; raises TemplateError."""
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    environment = SandboxedEnvironment(
        autoescape=False, finalize=escape_markdown, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


def _standalone(svg: str) -> str:
    """An SVG file of its own has no page to take colours from."""
    for variable, colour in (("--ink", "#1b1b1a"), ("--muted", "#5f5f5b"), ("--grid", "#dcdcd6")):
        svg = svg.replace(f"var({variable})", colour)
    return svg
