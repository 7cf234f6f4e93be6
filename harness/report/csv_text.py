"""A table as CSV."""

from __future__ import annotations

import csv
import io

from harness.report.blocks import Table


def csv_text(t: Table) -> str:
    """Head and rows; a cell that a spreadsheet would run as a formula is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(t.head)
    for row in t.rows:
        writer.writerow(["'" + c.text if c.text[:1] in ("=", "+", "-", "@") else c.text for c in row])
    return out.getvalue()
