"""run.json: what was asked for, of whom, by which machine and versions."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import locust
import psutil

import harness
from harness.domain.plan import Purpose

PURPOSE_VARIABLE = "PILOT_PURPOSE"  # set by a race: its runs are no evidence, and say so themselves
PATHS = ("questions_file", "evaluation_file", "workspace", "evidence", "ca_file")
CONTENDED_SHARE = 0.1  # of the seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.domain.schedule import Schedule
    from harness.load.spec import RunSpec


def run_record(spec: RunSpec, schedule: Schedule, state: str, started_unix_s: float, workers: int) -> dict[str, Any]:
    """Everything that is known before the first request."""
    said = spec.to_message()
    root = Path(spec.workspace) if spec.workspace else Path.cwd()
    purpose = os.environ.get(PURPOSE_VARIABLE) or Purpose.EVIDENCE.value
    return {
        "state": state,
        **({} if purpose == Purpose.EVIDENCE else {"purpose": purpose}),
        "profile": spec.profile,
        "target": spec.target,
        "base_url": spec.base_url,
        "spec": {
            **{name: portable(value, root) if name in PATHS else value for name, value in said.items()},
            "headers_from_env": sorted(spec.headers_from_env),
            "load": {**said["load"], "trace_file": portable(said["load"]["trace_file"], root)},
        },
        "retry": "none" if spec.retry.attempts == 1 else asdict(spec.retry),
        "connections": spec.connections,
        "seed": spec.seed,
        "schedule_digest": schedule.digest,
        "questions_digest": spec.questions_digest,
        "planned": len(schedule),
        "total_s": spec.load.total_s,
        "started_utc": datetime.fromtimestamp(started_unix_s, UTC).isoformat(timespec="milliseconds"),
        "workers": workers,
        "versions": {
            "harness": harness.__version__,
            "locust": locust.__version__,
            "gevent": gevent.__version__,
            "python": platform.python_version(),
        },
        "generator": {
            "machine": platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
            "cores": psutil.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        },
        "command": [Path(sys.argv[0]).name, *(_portable_option(word, root) for word in sys.argv[1:])],
    }


def portable(path: str | None, root: Path) -> str | None:
    """As seen from the workspace; of what lies elsewhere only the name, for the rest is this machine's business."""
    if path is None or not Path(path).is_absolute():
        return path
    here = Path(os.path.normpath(path))
    for base in dict.fromkeys((root, root.resolve())):
        if here.is_relative_to(base):
            return str(here.relative_to(base))
    return f"…/{here.name}"


def _portable_option(word: str, root: Path) -> str:
    """``--evidence=/a/b`` too."""
    name, equals, value = word.partition("=")
    if name.startswith("-") and equals:
        return f"{name}={portable(value, root)}"
    return str(portable(word, root))


def contention(dones: Iterable[dict[str, Any]], *, embedded: bool) -> dict[str, Any]:
    """Whether this machine's cores were used up; with an embedded target, generator, service and model share them.

    ``contended`` is None where nothing was read: a run of less than two seconds.
    """
    said = list(dones)
    shares = [d["machine_busy_share"] for d in said if d.get("machine_busy_share") is not None]
    peaks = [d["machine_cpu_p95_pct"] for d in said if d.get("machine_cpu_p95_pct") is not None]
    return {
        "cores": psutil.cpu_count(),
        "machine_cpu_p95_pct": max(peaks, default=None),
        "machine_busy_share": max(shares, default=None),
        "target_shares_machine": embedded,
        "contended": max(shares) >= CONTENDED_SHARE if shares else None,
    }
