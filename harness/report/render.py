"""Sections to pages: the same Markdown source becomes HTML and Markdown, its blocks by the macros of each."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import BadFile, Problem
from harness.report import escape
from harness.report.blocks import Lacking
from harness.report.content import Content
from harness.report.csv_text import csv_text
from harness.report.filled import Filled, compiled, filled
from harness.report.page_one import PageOne
from harness.report.remote import css_loads
from harness.report.sections import asset, find_sections
from harness.report.svg import standalone
from harness.workspace.shipped import shipped

PAGE = "report.html"


def files(content: Content, workspace_root: Path) -> dict[str, str]:
    """report.html, report.md, figures and tables, by their names in the report's folder."""
    reader = parser()
    environment, lacking = _of_sections(), dict[str, Lacking]()
    found = find_sections(workspace_root)
    sections = [filled(section, content, reader, environment, lacking) for section in found]
    sections = [section for section in sections if section.source.strip()]
    tables = (*content.tables.values(), *(f.table for f in content.figures.values() if f.table))
    return {
        **{f"figures/{f.id}.svg": standalone(f.svg) for f in content.figures.values()},
        **{f"tables/{t.id}.csv": csv_text(t) for t in tables},
        "report.md": _markdown(content, sections),
        PAGE: _html(content, sections, reader, workspace_root),
    }


def page_one_html(page: PageOne) -> str:
    """Page one alone, as it stands in the page."""
    return str(_macros("blocks.html.j2", escape.html).page_one(page))


def parser() -> MarkdownIt:
    """Of sections: HTML is seen as such, so that what it would load is found, and written as text."""
    made = MarkdownIt("commonmark", {"html": True}).enable("table")
    for kind in ("html_block", "html_inline"):
        made.add_render_rule(kind, _as_text)
    return made


def _as_text(_: object, tokens: Sequence[Token], place: int, *_rest: object) -> str:
    return str(escape.html(tokens[place].content))


def _markdown(content: Content, sections: Sequence[Filled]) -> str:
    """One Markdown document."""
    macros = _macros("blocks.md.j2", escape.markdown)
    parts = [section.written(section.source, macros).strip() for section in sections]
    text = "\n\n".join(part for part in parts if part)
    return re.sub(r"\n{3,}", "\n\n", text) + f"\n\n---\n\n{escape.markdown(content.footer)}\n"


def _html(content: Content, sections: Sequence[Filled], reader: MarkdownIt, workspace_root: Path) -> str:
    """One self-contained HTML page."""
    macros = _macros("blocks.html.j2", escape.html)
    shown = []
    for section in sections:
        body = section.written(reader.renderer.render(section.tokens, reader.options, {}), macros)
        shown.append({"id": section.id, "title": section.heading, "html": Markup(body)})  # noqa: S704 - escaped above
    template = compiled(_of_pages(), asset(workspace_root, "templates", "page.html.j2"))
    sheet, program = (asset(workspace_root, "style", name) for name in ("report.css", "report.js"))
    if elsewhere := css_loads(sheet):
        wrong = [Problem("", f"{visible(what, MOST_SHOWN)}: a report loads nothing") for what in elsewhere]
        raise BadFile(workspace_root / "reports" / "style" / "report.css", wrong)
    css, script = _inlined(sheet), _inlined(program)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {"title": content.title, "css": css, "script": script, "allowed": allowed, "footer": content.footer}
    return template.render(sections=shown, **values) + "\n"


def _inlined(text: str) -> Markup:
    return Markup(text.replace("</", "<\\/"))  # noqa: S704 - a file of ours or the team's


def _environment(finalize: Callable[[object], object]) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        autoescape=True, finalize=finalize, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@functools.cache
def _of_sections() -> SandboxedEnvironment:
    return _environment(escape.markdown)


@functools.cache
def _of_pages() -> SandboxedEnvironment:
    return SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


@functools.cache
def _macros(name: str, finalize: Callable[[object], object]) -> Any:  # noqa: ANN401 - a template's module
    """How each block is written in one format: of the package, never of a workspace, for nothing checks what they load."""
    text = (shipped("reports") / "templates" / name).read_text(encoding="utf-8")
    environment = _environment(finalize)
    environment.globals["csv"] = lambda t: base64.b64encode(csv_text(t).encode()).decode()
    return environment.from_string(text).module
