"""Values stay text: nothing that an answer, a name or a note holds becomes markup."""

from __future__ import annotations

import re
from html import escape

from markupsafe import Markup

from harness.domain.shown import visible

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#&])")
_MARKER = re.compile("[\ue000\ue001]")


def markdown(value: object) -> object:
    """Jinja's finalize: plain text with every character that Markdown reads escaped; Markup passes."""
    if isinstance(value, Markup) or value is None:
        return value
    text = visible(_MARKER.sub("", " ".join(str(value).split())))
    return Markup(_SPECIAL.sub(r"\\\1", text))  # noqa: S704 - this is the escape


def html(value: object) -> object:
    """The same for HTML: text that is neither markup nor steers a reader's eye."""
    return value if isinstance(value, Markup) else Markup(escape(visible(str(value))))  # noqa: S704 - this is the escape
