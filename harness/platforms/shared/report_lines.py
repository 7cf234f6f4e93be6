"""Lambda's log lines, parsed: REPORT and INIT_REPORT as text, platform events as JSON; one parser for every source.

Formats as published log lines show them (spec only for the cloud; the embedded
platform writes the text form, live). Fields are separated by tabs, or by spaces
where a line was copied or shipped. ``billed_ms`` holds the init already, as Lambda
bills since August 2025, and a snapshot's restore; nothing here adds them again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.platforms.shared.answer import Answer, UnknownShape

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]+)?"
_FIELD = re.compile(
    r"\b(?P<name>Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Duration|Memory Size|Max Memory Used)"
    rf":\s+(?P<value>{_NUMBER})\s+(?:ms|MB)\b"
)
_REQUEST = re.compile(r"REPORT RequestId:\s+(\S+)")
_STATUS = re.compile(r"\sStatus:\s+(\w+)")
_ERROR = re.compile(r"\sError ?Type:\s+(\S+)")
_INIT = re.compile(rf"INIT_REPORT Init Duration:\s+({_NUMBER}) ms\s+Phase:\s+([\w-]+)\s+Status:\s+(\w+)")
SUCCESS = "success"


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
        """What is paid for: the restore of a snapshot is in ``billed_ms`` already, as the init is."""
        return self.billed_ms


@dataclass(frozen=True)
class InitReport:
    """An init by itself; ``phase`` is ``init``, ``invoke`` where it was repeated, or ``snap-start``.

    As text Lambda writes one for an init that failed; as JSON also for one that
    succeeded (provisioned concurrency, web functions, debug level).
    """

    init_ms: float
    phase: str
    status: str
    error_type: str | None = None

    @property
    def failed(self) -> bool:
        """Anything but a success, so that a status nobody has seen yet is not lost."""
        return self.status != SUCCESS


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
    """The init in this line, None when it holds none or not a whole one."""
    event = _event(line)
    if event is not None:
        return _init_of(event)
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
    start = line.find("{")
    if start < 0 or "platform." not in line:
        return None
    try:
        value = json.loads(line[start:])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and str(value.get("type", "")).startswith("platform.") else None


def _report_of(event: Mapping[str, Any]) -> Report | None:
    """Every metric may be a float."""
    if event.get("type") != "platform.report":
        return None
    record = Answer(event)["record"]
    try:
        metrics, status = record["metrics"], _text(record["status"])
        billed_restore = _number(metrics["billedRestoreDurationMs"])
        return Report(
            request_id=record["requestId"].text(),
            duration_ms=metrics["durationMs"].number(),
            billed_ms=round(metrics["billedDurationMs"].number()),
            memory_mb=round(metrics["memorySizeMB"].number()),
            max_memory_mb=round(metrics["maxMemoryUsedMB"].number()),
            init_ms=_number(metrics["initDurationMs"]),
            restore_ms=_number(metrics["restoreDurationMs"]),
            billed_restore_ms=None if billed_restore is None else round(billed_restore),
            status=None if status == SUCCESS else status,
            error_type=_text(record["errorType"]),
        )
    except UnknownShape:
        return None


def _init_of(event: Mapping[str, Any]) -> InitReport | None:
    if event.get("type") != "platform.initReport":
        return None
    record = Answer(event)["record"]
    try:
        init_ms = record["metrics"]["durationMs"].number()
        return InitReport(init_ms, record["phase"].text(), record["status"].text(), _text(record["errorType"]))
    except UnknownShape:
        return None


def _number(value: Answer) -> float | None:
    return value.number() if value.given else None


def _text(value: Answer) -> str | None:
    return value.text() if value.given else None


def _group(pattern: re.Pattern[str], line: str) -> str | None:
    found = pattern.search(line)
    return found.group(1) if found else None
