"""Sections to pages: the same Markdown source becomes HTML and Markdown, its blocks by the macros of each."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from harness.domain.lines import lines_of
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import BadFile, Problem
from harness.report import anchors, escape
from harness.report.blocks import Lacking
from harness.report.content import Content
from harness.report.csv_text import csv_text
from harness.report.filled import Filled, compiled, filled
from harness.report.remote import css_loads
from harness.report.sections import asset, find_sections
from harness.report.svg import standalone
from harness.workspace.shipped import shipped

PAGE, LINKS = anchors.PAGE, "links"
_ID, _INWARD = re.compile(r'\bid="([^"]+)"'), re.compile(r'<a href="#([^"]+)">([^<]*)</a>')
_UNIT = re.compile(r"(?<=[\d∞]) (?=%|(?:ms|s|min|h)\b)")  # is never parted from its number at a line's end
_HEADING = re.compile(r"<h2>([^<]+)</h2>")  # of a block: those of sections have their link already


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


def parser() -> MarkdownIt:
    """Of sections: HTML is seen as such, so that what it would load is found, and written as text."""
    made = MarkdownIt("commonmark", {"html": True}).enable("table")
    made.add_render_rule("heading_close", _linked)
    for kind in ("html_block", "html_inline"):
        made.add_render_rule(kind, _as_text)
    return made


def _as_text(_: object, tokens: Sequence[Token], place: int, *_rest: object) -> str:
    return str(escape.html(tokens[place].content))


def _markdown(content: Content, sections: Sequence[Filled]) -> str:
    """One Markdown document."""
    written = macros("blocks.md.j2", escape.markdown)
    parts = [section.written(section.source, written).strip() for section in sections]
    text = "\n\n".join(part for part in parts if part)
    return re.sub(r"\n{3,}", "\n\n", text) + f"\n\n---\n\n{escape.markdown(content.footer)}\n"


def _html(content: Content, sections: Sequence[Filled], reader: MarkdownIt, workspace_root: Path) -> str:
    """One self-contained HTML page."""
    written = macros("blocks.html.j2", escape.html)
    shown = []
    for section in sections:
        found = _anchored(section)
        body = section.written(reader.renderer.render(section.tokens, reader.options, {LINKS: found}), written)
        body = _with_links(section.id, body)
        shown.append({"id": section.id, "title": section.heading, "html": Markup(body)})  # noqa: S704 - escaped above
    template = compiled(_of_pages(), asset(workspace_root, "templates", "page.html.j2"))
    sheet, program = (asset(workspace_root, "style", name) for name in ("report.css", "report.js"))
    if elsewhere := css_loads(sheet):
        wrong = [Problem("", f"{visible(what, MOST_SHOWN)}: a report loads nothing") for what in elsewhere]
        raise BadFile(workspace_root / "reports" / "style" / "report.css", wrong)
    css, script = _inlined(sheet), _inlined(lean(program))
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {"title": content.title, "css": css, "script": script, "allowed": allowed, "footer": content.footer}
    return _without_dead_links(template.render(sections=shown, **values)) + "\n"


def _anchored(section: Filled) -> dict[int, tuple[str, str]]:
    """Anchor and words of each heading, by the place of its end; the section itself has that of the first."""
    tokens = section.tokens
    heads = [place for place, token in enumerate(tokens) if token.type == "heading_open"]
    words = [tokens[place + 1].content for place in heads]
    first = next((place for place in heads if tokens[place].tag == "h2"), None)
    wanted = (
        section.id if at == first else f"{section.id}-{anchors.slug(w)}" for at, w in zip(heads, words, strict=True)
    )
    names = anchors.apart(wanted)
    for place, name in zip(heads, names, strict=True):
        if place != first:
            tokens[place].attrSet("id", name)
    return {place + 2: told for place, told in zip(heads, zip(names, words, strict=True), strict=True)}


def _linked(
    _: object, tokens: Sequence[Token], place: int, _options: object, env: Mapping[str, Mapping[int, tuple[str, str]]]
) -> str:
    found = env.get(LINKS, {}).get(place)
    return f"{_link(*found) if found else ''}</{tokens[place].tag}>\n"


def _link(name: str, words: str) -> str:
    return f'<a class="anchor" href="#{escape.html(name)}" aria-label="Link to {escape.html(words)}"></a>'


def _with_links(section: str, body: str) -> str:
    """The body, with an anchor and a link for each heading that a block writes."""
    words = _HEADING.findall(body)
    names = iter(anchors.apart(f"{section}-{anchors.slug(w)}" for w in words))

    def linked(found: re.Match[str]) -> str:
        name = next(names)
        return f'<h2 id="{name}">{found.group(1)}{_link(name, unescape(found.group(1)))}</h2>'

    return _HEADING.sub(linked, body)


def _without_dead_links(page: str) -> str:
    """A link to a part that this report does not have is only its words."""
    there = set(_ID.findall(page))
    return _INWARD.sub(lambda found: found.group() if found.group(1) in there else found.group(2), page)


def lean(program: str) -> str:
    """A script without its indentation and comment lines; as it is where a text of it goes over several lines."""
    lines = [line.strip() for line in lines_of(program)]
    if any(line.count("`") % 2 for line in lines):
        return program
    kept = [line for line in lines if line and not line.startswith("//")]
    return "".join(line if line.endswith((";", "{", ",")) else f"{line}\n" for line in kept)


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
def macros(name: str, finalize: Callable[[object], object]) -> Any:  # noqa: ANN401 - a template's module
    """How each block is written in one format: of the package, never of a workspace, for nothing checks what they load."""
    text = (shipped("reports") / "templates" / name).read_text(encoding="utf-8")
    environment = _environment(finalize)
    environment.filters["tight"] = lambda text: _UNIT.sub("\u00a0", text)
    environment.globals["csv"] = lambda t: base64.b64encode(csv_text(t).encode()).decode()
    return environment.from_string(text).module
