"""Lambda's log lines, parsed: REPORT and INIT_REPORT as text, platform events as JSON; one parser for every source.

Formats as published log lines show them (spec only for the cloud; the embedded
platform writes the text form, live). ``billed_ms`` holds the init already, as
Lambda bills since August 2025; nothing here adds it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_FIELD = re.compile(r"(?P<name>[A-Z][A-Za-z ]+): (?P<value>[0-9]+(?:\.[0-9]+)?) (?P<unit>ms|MB)")
_REQUEST = re.compile(r"REPORT RequestId: (\S+)")
_STATUS = re.compile(r"\tStatus: (\w+)")
_ERROR = re.compile(r"\tError ?Type: (\S+)")
_INIT = re.compile(r"INIT_REPORT Init Duration: ([0-9.]+) ms\s+Phase: (\w+)\s+Status: (\w+)")


class FunctionKind(StrEnum):
    """What the platform events say of the function: only the first writes a REPORT for each request."""

    STANDARD = "standard"
    WEB = "web function"


WEB_EVENTS = (
    "platform.invokeStart",
    "platform.requestComplete",
    "platform.invokeSummary",
    "platform.invokeReport",
    "platform.spinDown",
)


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
    error_type: str | None = None

    @property
    def whole_billed_ms(self) -> int:
        """With the restore of a snapshot, which is billed apart."""
        return self.billed_ms + (self.billed_restore_ms or 0)


@dataclass(frozen=True)
class InitReport:
    """An init that failed or was repeated; ``phase`` is ``init`` or ``invoke``."""

    init_ms: float
    phase: str
    status: str
    error_type: str | None = None


def parse_report(line: str) -> Report | None:
    """The report in this line, text or JSON; None when it holds none or not a whole one."""
    event = _event(line)
    if event is not None:
        return _report_of(event)
    request = _REQUEST.search(line)
    if request is None:
        return None
    fields = {m["name"]: float(m["value"]) for m in _FIELD.finditer(line)}
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
            status=_group(_STATUS, line),
            error_type=_group(_ERROR, line),
        )
    except KeyError:
        return None


def parse_init_report(line: str) -> InitReport | None:
    """The failed or repeated init in this line, None when it holds none."""
    event = _event(line)
    if event is not None:
        if event.get("type") != "platform.initReport":
            return None
        record = event.get("record") or {}
        metrics = record.get("metrics") or {}
        try:
            return InitReport(
                float(metrics["durationMs"]), str(record["phase"]), str(record["status"]), record.get("errorType")
            )
        except (KeyError, TypeError, ValueError):
            return None
    found = _INIT.search(line)
    return InitReport(float(found[1]), found[2], found[3], _group(_ERROR, line)) if found else None


def kind_of(line: str) -> FunctionKind | None:
    """What this line says of the function's kind; None when it says nothing."""
    event = _event(line)
    if event is None:
        return FunctionKind.STANDARD if _REQUEST.search(line) else None
    name = str(event.get("type", ""))
    if name.startswith(WEB_EVENTS):
        return FunctionKind.WEB
    return FunctionKind.STANDARD if name == "platform.report" else None


def _event(line: str) -> Mapping[str, Any] | None:
    """The platform event that this line is; None for text."""
    start = line.find('{"')
    if start < 0 or "platform." not in line:
        return None
    try:
        value = json.loads(line[start:])
    except ValueError:
        return None
    return value if isinstance(value, dict) and str(value.get("type", "")).startswith("platform.") else None


def _report_of(event: Mapping[str, Any]) -> Report | None:
    """Every metric may be a float."""
    if event.get("type") != "platform.report":
        return None
    record = event.get("record") or {}
    metrics = record.get("metrics") or {}
    restore = metrics.get("billedRestoreDurationMs")
    try:
        return Report(
            request_id=str(record["requestId"]),
            duration_ms=float(metrics["durationMs"]),
            billed_ms=round(float(metrics["billedDurationMs"])),
            memory_mb=round(float(metrics["memorySizeMB"])),
            max_memory_mb=round(float(metrics["maxMemoryUsedMB"])),
            init_ms=_number(metrics.get("initDurationMs")),
            restore_ms=_number(metrics.get("restoreDurationMs")),
            billed_restore_ms=None if restore is None else round(float(restore)),
            status=None if record.get("status") in (None, "success") else str(record["status"]),
            error_type=record.get("errorType"),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _group(pattern: re.Pattern[str], line: str) -> str | None:
    found = pattern.search(line)
    return found.group(1) if found else None
