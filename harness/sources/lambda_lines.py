"""Lambda's REPORT lines, parsed; the same for CloudWatch and for the embedded platform."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"(?P<name>[A-Z][A-Za-z ]+): (?P<value>[0-9]+(?:\.[0-9]+)?) (?P<unit>ms|MB)")
_REQUEST = re.compile(r"REPORT RequestId: (\S+)")
_STATUS = re.compile(r"\tStatus: (\w+)")


@dataclass(frozen=True)
class Report:
    """One invocation as the platform billed it; ``init_ms`` only where it was cold."""

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: int | None = None
    status: str | None = None


def parse_report(line: str) -> Report | None:
    """The report in this line, None when it holds none or not a whole one."""
    request = _REQUEST.search(line)
    if request is None:
        return None
    fields = {m["name"]: float(m["value"]) for m in _FIELD.finditer(line)}
    status = _STATUS.search(line)
    try:
        return Report(
            request_id=request.group(1),
            duration_ms=fields["Duration"],
            billed_ms=int(fields["Billed Duration"]),
            memory_mb=int(fields["Memory Size"]),
            max_memory_mb=int(fields["Max Memory Used"]),
            init_ms=fields.get("Init Duration"),
            restore_ms=fields.get("Restore Duration"),
            billed_restore_ms=int(fields["Billed Restore Duration"]) if "Billed Restore Duration" in fields else None,
            status=status.group(1) if status else None,
        )
    except KeyError:
        return None
