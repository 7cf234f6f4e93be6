"""What the pilot's own questions to the platforms cost: the layer that production never pays."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.domain.bounds import EVIDENCE_BYTES, RAW_BYTES
from harness.errors import BadFile
from harness.evidence.bills import FOLDER
from harness.evidence.files import parse, read_json
from harness.evidence.regular import opened
from harness.evidence.schema import BILL_FORMAT
from harness.evidence.store import RunRecord

PAGE_USD = Decimal("0.01")  # of Cost Explorer, as AWS says
METRIC_USD = Decimal("0.00001")  # of GetMetricData, for each metric asked for: general knowledge, unconfirmed
SCANNED_GB_USD = Decimal("0.005")  # of Logs Insights


def asking(records: Iterable[RunRecord], evidence: Path) -> Bill:
    """Lines of the pilot-only layer, from the answers that were kept; empty where nothing was asked of a cloud."""
    metrics = scanned = 0
    for record in records:
        for path in sorted((record.path / "readings" / "raw").glob("*.json.gz")):
            for said in _read(path):
                metrics += len(said.get("request", {}).get("MetricDataQueries", ()))
                scanned += (said.get("answer") or {}).get("statistics", {}).get("bytesScanned", 0)
    folders = [p for p in sorted((evidence / FOLDER).glob("*")) if p.is_dir()]
    pages = sum(_pages(folder) for folder in folders)
    lines = (
        ("Cost Explorer questions", Decimal(pages), "page", PAGE_USD),
        ("GetMetricData (price unconfirmed)", Decimal(metrics), "metric", METRIC_USD),
        ("Logs Insights scans", Decimal(str(scanned)) / 10**9, "GB", SCANNED_GB_USD),
    )
    return Bill(
        tuple(
            LineItem(label, quantity, unit, usd, CostLayer.PILOT, Basis.METERED, "asking")
            for label, quantity, unit, usd in lines
            if quantity
        )
    )


def _pages(folder: Path) -> int:
    """Of every answer, also those that a later one replaced: each was paid for."""
    found = 0
    for path in sorted(folder.glob("*.json")):
        try:
            found += int(read_json(path, BILL_FORMAT).get("pages", 0))
        except BadFile:
            continue
    return found


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        with opened(path, most=EVIDENCE_BYTES) as packed, gzip.open(packed, "rb") as file:
            raw = file.read(RAW_BYTES + 1)
        value = parse(raw) if len(raw) <= RAW_BYTES else None
    except (BadFile, OSError, ValueError, EOFError, zlib.error):
        return []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
