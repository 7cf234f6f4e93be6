"""What the embedded platforms write down: log lines as Lambda writes them, and figures once a second."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class PlatformLog:
    """Append-only log of one target; every line of ours starts with its wall-clock time."""

    def __init__(self, folder: Path, target: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{target}.log"
        self.figures_path = folder / f"{target}.figures.jsonl"
        self._file = self.path.open("a", encoding="utf-8", buffering=1)
        self._figures = self.figures_path.open("a", encoding="utf-8", buffering=1)

    def fileno(self) -> int:
        """For the instances' own output."""
        return self._file.fileno()

    def line(self, text: str) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._file.write(f"{stamp}\t{text}\n")

    def figures(self, values: dict[str, Any]) -> None:
        self._figures.write(json.dumps({"unix_s": round(time.time(), 3), **values}) + "\n")

    def close(self) -> None:
        self._file.close()
        self._figures.close()


def report_line(
    request_id: str, duration_ms: float, memory_mb: int, max_memory_mb: int, init_ms: float | None, status: str = ""
) -> str:
    """Lambda's REPORT line; billed duration is ceil(duration + init), as since August 2025."""
    billed = math.ceil(duration_ms + (init_ms or 0.0))
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {max_memory_mb} MB",
    ]
    if init_ms is not None:
        parts.append(f"Init Duration: {init_ms:.2f} ms")
    return "\t".join(parts) + "\t" + (f"Status: {status}\t" if status else "")


def init_report_line(init_ms: float, phase: str, status: str, error: str | None = None) -> str:
    """Lambda's INIT_REPORT line, written when an init fails; ``phase`` is ``init`` or ``invoke``."""
    kind = f"\tError Type: {error}" if error else ""
    return f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{kind}"


def instance_line(
    pid: int, lived_s: float, served: int, init_ms: float | None, init_cpu_ms: float | None, cpu_s: float, end: str
) -> str:
    """Our own line at the end of an instance: what it used, which no cloud platform writes down."""
    parts = [f"INSTANCE Pid: {pid}", f"Lived: {lived_s:.3f} s", f"Served: {served}"]
    if init_ms is not None:
        parts.append(f"Init: {init_ms:.2f} ms")
    if init_cpu_ms is not None:
        parts.append(f"Init CPU: {init_cpu_ms:.2f} ms")
    return "\t".join([*parts, f"CPU: {cpu_s:.3f} s", f"End: {end}"])
