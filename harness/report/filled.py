"""A section filled with its blocks: what stands open, what is folded, and what is not there at all."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import BadFile, Problem
from harness.report.blocks import Lacking
from harness.report.content import Content
from harness.report.remote import loads
from harness.report.sections import Section

_HOLD = re.compile("<p>\ue000(\\d+)\ue001</p>|\ue000(\\d+)\ue001")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_ALONE = re.compile(r"\s*(?:## .+)?\s*")
FOLD, UNFOLD = "fold", "unfold"


@dataclass(frozen=True)
class Filled:
    """A section's Markdown, parsed once; ``blocks`` holds the blocks that its markers stand for, each with its macro's name."""

    id: str
    source: str
    tokens: Sequence[Token]
    blocks: Sequence[tuple[str, Any]]

    @property
    def heading(self) -> str:
        """Empty where it has none."""
        found = _HEADING.search(self.source)
        return found.group(1) if found else ""

    def written(self, text: str, macros: Any) -> str:  # noqa: ANN401 - a template's module
        """``text`` with each block as its macro writes it."""

        def block(found: re.Match[str]) -> str:
            name, made = self.blocks[int(found.group(1) or found.group(2))]
            return str(getattr(macros, name)(made)).strip()

        return _HOLD.sub(block, text)


@dataclass
class _Holder:
    """The blocks of one section, in the order in which its template asks for them."""

    content: Content
    lacking: dict[str, Lacking]
    blocks: list[tuple[str, Any]] = field(default_factory=list)

    def hold(self, macro: str, block: Any) -> Markup:  # noqa: ANN401 - what that macro writes
        self.blocks.append((macro, block))
        return Markup(f"\n\n\ue000{len(self.blocks) - 1}\ue001\n\n")  # noqa: S704 - no text of anybody's

    def table(self, name: str) -> Markup:
        """A table without rows is named once, at the end, and not shown."""
        made = self.content.tables[name]
        if made.values:
            return self.hold("table", made)
        return self.lacks(made.title[:1].lower() + made.title[1:])

    def figure(self, name: str) -> Markup:
        """Nothing where no data supports it: the table that it would draw says why."""
        found = self.content.figures.get(name)
        return self.hold("figure", found) if found else Markup("")

    def lacks(self, what: str, how: str = "") -> Markup:
        """``what`` was not measured; ``how`` would measure it."""
        self.lacking.setdefault(what, Lacking(what, how))
        return Markup("")

    def names(self) -> Mapping[str, Any]:
        """What a template may ask for."""
        return {
            **self.content.values,
            "table": self.table,
            "figure": self.figure,
            "page_one": lambda: self.hold("page_one", self.content.page_one),
            "promises": lambda name: self.hold("promise_table", self.content.promise_tables[name]),
            "undecided": lambda name: self.hold("undecided", self.content.promise_tables[name]),
            FOLD: lambda title: self.hold(FOLD, title),
            UNFOLD: lambda: self.hold(UNFOLD, None),
            "lacks": self.lacks,
            "lacking": lambda: self.hold("lacking", self.lacking.values()),
        }

    def without_empty_folds(self, text: str) -> str:
        """A fold in which nothing stands is none."""
        for place, (macro, _) in enumerate(self.blocks):
            if macro == FOLD:
                text = (
                    re.sub(f"\ue000{place}\ue001\\s*\ue000{place + 1}\ue001", "", text) if self._ends(place) else text
                )
        return "" if _ALONE.fullmatch(text) else text

    def _ends(self, place: int) -> bool:
        return self.blocks[place + 1 : place + 2] == [(UNFOLD, None)]


@functools.lru_cache(maxsize=64)  # a report has some thirty
def compiled(environment: SandboxedEnvironment, text: str) -> Template:
    """Once for every report of a process: half of what a report's pages take. Raises TemplateError."""
    return environment.from_string(text)


def filled(
    section: Section,
    content: Content,
    reader: MarkdownIt,
    environment: SandboxedEnvironment,
    lacking: dict[str, Lacking],
) -> Filled:
    """Raises BadFile where it cannot be filled, or would load or run anything; adds what it lacks to ``lacking``."""
    holder = _Holder(content, lacking)
    try:
        template = compiled(environment, section.path.read_text(encoding="utf-8-sig"))
        text = holder.without_empty_folds(template.render(holder.names()))
    except (TemplateError, KeyError, TypeError) as error:
        raise BadFile(section.path, [Problem("", f"cannot be rendered: {type(error).__name__}: {error}")]) from None
    if [m for m, _ in holder.blocks if m in (FOLD, UNFOLD)] != [FOLD, UNFOLD] * sum(
        m == FOLD for m, _ in holder.blocks
    ):
        raise BadFile(section.path, [Problem("", "each fold() wants its unfold(), and none inside another")])
    tokens = reader.parse(text)
    if elsewhere := loads(tokens):
        words = "would be loaded or run where the report is read: a report shows only its own text, tables and charts"
        raise BadFile(section.path, [Problem("", f"{visible(what, MOST_SHOWN)} {words}") for what in elsewhere])
    return Filled(section.id, text, tokens, holder.blocks)
