"""Whether the machine's cores were used up while it measured: generator, model and embedded targets share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.analysis.dataset import RunData
from harness.domain.address import is_loopback


@dataclass(frozen=True)
class Contention:
    """Runs of one target under one profile."""

    target: str
    profile: str
    runs: int
    told: int  # runs that could tell
    contended: int  # with a tenth of their seconds or more at 90 % of all cores
    busiest_pct: float | None  # p95 over the seconds of a run, the highest of the runs
    shared: bool  # the target ran on the generator's machine
    loopback: bool = False  # it was reached at a loopback address: here, or behind a tunnel


def contention(target: str, profile: str, runs: Sequence[RunData]) -> Contention:
    """From what each run.json says."""
    records = [run.record.run for run in runs if run.record and run.record.run]
    said = [record["contention"] for record in records if record.get("contention")]
    told = [s["contended"] for s in said if s["contended"] is not None]
    peaks = [s["machine_cpu_p95_pct"] for s in said if s["machine_cpu_p95_pct"] is not None]
    return Contention(
        target,
        profile,
        len(runs),
        len(told),
        sum(told),
        max(peaks, default=None),
        any(s["target_shares_machine"] for s in said),
        any(is_loopback(urlsplit(str(record.get("base_url") or "")).hostname or "") for record in records),
    )
