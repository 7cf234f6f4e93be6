"""A report loads nothing from anywhere: what a section or a template would fetch from elsewhere is refused by name.

In the page its content security policy forbids the same; report.md has none, and whoever shows it fetches every image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

OWN = re.compile(r"(?:figures/[A-Za-z0-9_.-]+|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+)")
_LOADS = re.compile(
    r"(?i)<\s*/?\s*(?:script|style|iframe|frame|link|meta|base|object|embed|img|image|svg|video|audio|source|track|input|form)\b"
    r"|\b(?:src|srcset|href|poster|background|data|style|action|on\w+)\s*="
)
_CSS = re.compile(r"(?i)@import|url\(\s*[\"']?\s*(?!data:|#)[^)]*\)|image-set\(|expression\(")


def loads(tokens: Sequence[Token]) -> list[str]:
    """What a reader's program would fetch or run of this Markdown, as it is written; empty for a page of its own."""
    return list(dict.fromkeys(_of(tokens)))


def css_loads(css: str) -> list[str]:
    """The same of a style sheet."""
    return list(dict.fromkeys(found.group() for found in _CSS.finditer(css)))


def _of(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image" and not OWN.fullmatch(where := str(token.attrs.get("src", ""))):
            yield f"the image {where}"
        if token.type in ("html_block", "html_inline") and _LOADS.search(token.content):
            yield f"the HTML {token.content.strip()}"
        yield from _of(token.children or ())
