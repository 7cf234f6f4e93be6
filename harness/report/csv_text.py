"""A table as CSV."""

from __future__ import annotations

import csv
import io
import re

from harness.domain.shown import visible
from harness.report.blocks import Table, Tone

FORMULA = ("=", "+", "-", "@", "|", "%")
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:[ \u00a0\u202f]?[%A-Za-z$/]*)?")


def csv_text(t: Table) -> str:
    """Head and rows, each cell on one line; what a spreadsheet would run as a formula is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(head, number=False) for head in t.head])
    for row in t.rows:
        writer.writerow([_cell(c.text, number=c.tone is Tone.NUMBER) for c in row])
    return out.getvalue()


def _cell(text: str, *, number: bool) -> str:
    """Blanks before a sign do not stop a spreadsheet; a number's own sign is no formula."""
    text = visible(text)
    plain = number and _NUMBER.fullmatch(text)
    return f"'{text}" if text.lstrip()[:1] in FORMULA and text and not plain else text
